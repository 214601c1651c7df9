import { Worker } from 'node:worker_threads'
import { conversation } from './echo.mjs'

const ECHO = new URL('./programs/echo-worker.mjs', import.meta.url)

async function start() {
  const worker = new Worker(ECHO)
  const ask = conversation(worker, (message) => worker.postMessage(message))
  await ask(-1)
  return { ask, stop: () => worker.terminate() }
}

async function awaited() {
  const { ask, stop } = await start()
  return { run: () => ask(-1), close: stop }
}

const opening = async () => ({ run: async () => (await start()).stop })

export const workloads = {
  'awaited-call': awaited,
  'calls-in-flight': awaited,
  open: opening,
  'first-open': opening,
}
