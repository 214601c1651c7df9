import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'

const TASKS = fileURLToPath(new URL('./programs/workerpool-task.mjs', import.meta.url))
const COMPUTE = fileURLToPath(new URL('./programs/workerpool-compute.mjs', import.meta.url))

const start = (tasks = TASKS, count = 1) =>
  workerpool.pool(tasks, { workerType: 'process', minWorkers: count, maxWorkers: count })

async function awaited() {
  const pool = start()
  return { run: () => pool.exec('same', [-1]), close: () => pool.terminate(true) }
}

export const workloads = {
  'awaited-call': awaited,
  'calls-in-flight': awaited,
  pool: async ({ members, rounds }) => {
    const pool = start(COMPUTE, members)
    return { run: () => pool.exec('compute', [rounds]), close: () => pool.terminate(true) }
  },
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
