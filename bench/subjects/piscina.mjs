import { Piscina } from 'piscina'

const TASK = new URL('./programs/task.mjs', import.meta.url).href

async function awaited() {
  const pool = new Piscina({ filename: TASK, minThreads: 1, maxThreads: 1 })
  return { run: () => pool.run(-1), close: () => pool.destroy() }
}

export const workloads = { 'awaited-call': awaited, 'calls-in-flight': awaited }
