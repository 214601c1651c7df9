import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { memoryOf } from '../harness/memory.mjs'
import { conversation } from './echo.mjs'

const ECHO = fileURLToPath(new URL('./programs/echo-child.mjs', import.meta.url))

async function start() {
  const child = fork(ECHO, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ended = once(child, 'exit')
  const ask = conversation(child, (message) => child.send(message))
  await ask(-1)
  // No abort: a core file of 40 MB would be part of the measure.
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  return { ask, pid: child.pid, kill }
}

async function awaited() {
  const { ask, kill } = await start()
  return { run: () => ask(-1), close: kill }
}

const opening = async () => ({ run: async () => (await start()).kill })

export const workloads = {
  'awaited-call': awaited,
  'calls-in-flight': awaited,
  open: opening,
  'first-open': opening,
  memory: async ({ key }) => ({
    report: async () => {
      const { pid, kill } = await start()
      try {
        return [await memoryOf(pid, key)]
      } finally {
        await kill()
      }
    },
  }),
  restart: async () => {
    let child = await start()
    return {
      run: async () => {
        await child.kill()
        child = await start()
      },
      close: () => child.kill(),
    }
  },
}
