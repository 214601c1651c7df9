import { readFileSync } from 'node:fs'

/**
 * One letter for what a process does, as the kernel has it: `T` is stopped, `Z` has ended; `undefined` when it is gone.
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function processState(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name stands in parentheses and may hold anything, parentheses too.
    return stat.charAt(stat.lastIndexOf(')') + 2)
  } catch {
    return undefined
  }
}
