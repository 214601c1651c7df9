import { Tinypool } from 'tinypool'
import { corruptedImages, thumbnails } from '../job/workloads.mjs'

const SAME = new URL('./programs/task.mjs', import.meta.url).href
const COMPUTE = new URL('./programs/compute-task.mjs', import.meta.url).href

const start = (filename, count) =>
  new Tinypool({
    filename,
    runtime: 'child_process',
    minThreads: count,
    maxThreads: count,
  })

async function awaited() {
  const pool = start(SAME, 1)
  return { run: () => pool.run(-1), close: () => pool.destroy() }
}

export const workloads = {
  'awaited-call': awaited,
  'calls-in-flight': awaited,
  pool: async ({ members, rounds }) => {
    const pool = start(COMPUTE, members)
    return { run: () => pool.run(rounds), close: () => pool.destroy() }
  },
  thumbnails: thumbnails('tinypool'),
  'corrupted-images': corruptedImages('tinypool'),
}
