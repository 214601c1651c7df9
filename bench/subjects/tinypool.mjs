import { Tinypool } from 'tinypool'
import { corruptedImages, thumbnails } from '../job/workloads.mjs'

const TASK = new URL('./programs/task.mjs', import.meta.url).href

async function awaited() {
  const pool = new Tinypool({
    filename: TASK,
    runtime: 'child_process',
    minThreads: 1,
    maxThreads: 1,
  })
  return { run: () => pool.run(-1), close: () => pool.destroy() }
}

export const workloads = {
  'awaited-call': awaited,
  'calls-in-flight': awaited,
  thumbnails: thumbnails('tinypool'),
  'corrupted-images': corruptedImages('tinypool'),
}
