/** The most waits in a row for which staying awake is not tried. */
const BETWEEN_TRIES = 256

/**
 * Whether to stay awake. Where processors are scarce, what is waited for can't come meanwhile: then it is tried ever more
 * rarely. One wait that paid is enough to begin anew: where short calls and long ones take turns, staying awake pays for
 * the short ones, and costs no more than a sleep for the long ones.
 */
export class Patience {
  readonly #least: number
  readonly #most: number
  /** Waits since the last one that paid. */
  #vain = 0

  /** In milliseconds. */
  constructor(least: number, most: number) {
    this.#least = least
    this.#most = most
  }

  /** How long to stay awake this time, in milliseconds. */
  get milliseconds(): number {
    const vain = this.#vain
    const tries = (vain & (vain - 1)) === 0 || vain % BETWEEN_TRIES === 0
    return tries ? this.#most : this.#least
  }

  /** What was waited for came while awake. */
  paid(): void {
    this.#vain = 0
  }

  /** It did not come. */
  failed(): void {
    this.#vain = (this.#vain + 1) | 0
  }
}
