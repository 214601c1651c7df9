import { closeSync, openSync, readSync } from 'node:fs'

/** More than the number, the name and the state take. */
const head = Buffer.allocUnsafe(64)

/**
 * What a process does, asked again and again. It holds a file of the kernel about that very process: another one that
 * gets its number is not mistaken for it.
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export class ProcessState {
  #file: number | undefined

  /** Throws where there is no such process. */
  constructor(pid: number) {
    this.#file = openSync(`/proc/${pid}/stat`, 'r')
  }

  /** One letter, as the kernel has it: `T` is stopped, `Z` has ended; `undefined` when it is gone. */
  look(): string | undefined {
    if (this.#file === undefined) return undefined
    try {
      const stat = head.toString('latin1', 0, readSync(this.#file, head, 0, head.length, 0))
      // The name stands in parentheses, in 15 bytes at most, and may hold anything, parentheses too.
      return stat.charAt(stat.lastIndexOf(')') + 2)
    } catch {
      return undefined
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }
}
