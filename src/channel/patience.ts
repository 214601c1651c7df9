/** Waits in a row for which staying awake is not tried, after it was in vain. */
const WAITS_BETWEEN_TRIES = 16

/**
 * How long staying awake has paid lately. Where processors are scarce, what is waited for can't come meanwhile: then it
 * is tried from time to time only.
 */
export class Patience {
  readonly #least: number
  readonly #most: number
  #now: number
  /** Waits since the last one that paid. */
  #vain = 0

  /** In milliseconds. */
  constructor(least: number, most: number) {
    this.#least = least
    this.#most = most
    this.#now = most
  }

  /** How long to stay awake this time, in milliseconds. */
  get milliseconds(): number {
    return this.#vain % WAITS_BETWEEN_TRIES === WAITS_BETWEEN_TRIES - 1 ? this.#most : this.#now
  }

  /** What was waited for came while awake. */
  paid(): void {
    this.#vain = 0
    this.#now = Math.min(this.#most, this.#now * 2)
  }

  /** It did not come. */
  failed(): void {
    this.#vain++
    this.#now = Math.max(this.#least, this.#now / 2)
  }
}
