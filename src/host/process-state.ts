import { closeSync, openSync, readSync } from 'node:fs'

/** More than the number, the name and the state take. */
const head = Buffer.allocUnsafe(64)

/**
 * One letter for what a process does, as the kernel has it: `T` is stopped, `Z` has ended; `undefined` when it is gone.
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function processState(pid: number): string | undefined {
  let file: number | undefined
  try {
    file = openSync(`/proc/${pid}/stat`, 'r')
    const stat = head.toString('latin1', 0, readSync(file, head))
    // The name stands in parentheses, in 15 bytes at most, and may hold anything, parentheses too.
    return stat.charAt(stat.lastIndexOf(')') + 2)
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
