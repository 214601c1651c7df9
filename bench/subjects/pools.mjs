// Pools of others that run tasks of a module: `start(filename, count)` makes one, whose work is `run` and end `destroy`.

const SAME = new URL('./programs/task.mjs', import.meta.url).href
const COMPUTE = new URL('./programs/compute-task.mjs', import.meta.url).href

export function workloadsOf(start) {
  const awaited = async () => {
    const pool = start(SAME, 1)
    return { run: () => pool.run(-1), close: () => pool.destroy() }
  }
  return {
    'awaited-call': awaited,
    'calls-in-flight': awaited,
    pool: async ({ members, rounds }) => {
      const pool = start(COMPUTE, members)
      return { run: () => pool.run(rounds), close: () => pool.destroy() }
    },
  }
}
