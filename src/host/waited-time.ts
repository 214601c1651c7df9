import { readdirSync, readFileSync } from 'node:fs'

/**
 * Seconds that the threads of a process were ready to run and had no processor, since they began; 0 where the kernel
 * does not count that.
 * https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
 */
export function waitedTime(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return threads.reduce((sum, thread) => sum + waitedBy(`/proc/${pid}/task/${thread}`), 0)
  } catch {
    return 0
  }
}

function waitedBy(thread: string): number {
  try {
    const [, nanoseconds = ''] = readFileSync(`${thread}/schedstat`, 'latin1').split(' ')
    return Number(nanoseconds) / 1e9
  } catch {
    return 0 // it has ended
  }
}
