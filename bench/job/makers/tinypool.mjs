// Two Node processes with koffi in them, behind tinypool.
import { Tinypool } from 'tinypool'

const TASK = new URL('./tinypool-task.mjs', import.meta.url).href

/** `name` is the codecs' module beside this folder. */
export async function pool({ name }) {
  const members = new Tinypool({
    filename: TASK,
    runtime: 'child_process',
    serialization: 'advanced', // bytes stay bytes
    minThreads: 2,
    maxThreads: 2,
  })
  return {
    make: (path) => members.run({ path, name }),
    close: () => members.destroy(),
  }
}
