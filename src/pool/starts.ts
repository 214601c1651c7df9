/** Milliseconds after a start that failed; doubled with each that fails after it. */
const SHORTEST = 100
const LONGEST = 5_000
/** So many rounds of starts that failed, one after the other, and the library counts as broken. */
const MOST = 3

/**
 * How starts of processes went lately, so that a library which fails at each is tried ever more seldom.
 * Starts that are under way together fail together: they are one round.
 */
export class Starts {
  #failures = 0
  #failedAt = Number.NEGATIVE_INFINITY
  #error: Error | undefined

  /** Why the last one failed. */
  get error(): Error | undefined {
    return this.#error
  }

  /** One or more failed, and none that began later has served. */
  get doubtful(): boolean {
    return this.#failures > 0
  }

  /** There is no use in waiting for the next one. */
  get broken(): boolean {
    return this.#failures >= MOST
  }

  get failures(): number {
    return this.#failures
  }

  /** Milliseconds until the next one may begin. */
  get left(): number {
    if (this.#failures === 0) return 0
    const delay = Math.min(LONGEST, SHORTEST * 2 ** (this.#failures - 1))
    return Math.max(0, this.#failedAt + delay - performance.now())
  }

  /** A process failed whose start was at `begun`, in milliseconds of `performance.now()`. */
  failed(error: Error, begun: number): void {
    if (begun >= this.#failedAt) {
      this.#failures++
      this.#failedAt = performance.now()
    }
    this.#error = error
  }

  /** A process was of use whose start was at `begun`. */
  served(begun: number): void {
    if (this.#failures === 0 || begun < this.#failedAt) return
    this.#failures = 0
    this.#error = undefined
  }
}
