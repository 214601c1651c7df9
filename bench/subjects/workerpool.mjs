import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'

const TASKS = fileURLToPath(new URL('./programs/workerpool-task.mjs', import.meta.url))

const start = () => workerpool.pool(TASKS, { workerType: 'process', minWorkers: 1, maxWorkers: 1 })

async function awaited() {
  const pool = start()
  return { run: () => pool.exec('same', [-1]), close: () => pool.terminate(true) }
}

export const workloads = {
  'awaited-call': awaited,
  'calls-in-flight': awaited,
  restart: async () => {
    const pool = start()
    await pool.exec('same', [-1])
    return {
      run: async () => {
        await pool.exec('end').then(
          () => {},
          () => {},
        )
        await pool.exec('same', [-1])
      },
      close: () => pool.terminate(true),
    }
  },
}
