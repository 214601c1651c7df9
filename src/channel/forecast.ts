import { Patience } from './patience.ts'

/** Awake so many milliseconds before what is expected: a timer is late, and an idle processor slow to come. */
const AHEAD = 0.2
/** Awake for so many milliseconds after that. */
const BEHIND = 0.15
/** What it takes, in milliseconds, to be woken instead. */
const WAKING = 0.1
/** Beyond so many milliseconds a wake-up is no part worth sparing. */
const LONGEST = 20
/** A shorter sleep is none. In milliseconds. */
const SHORTEST = 0.05
/** Short calls between the slow ones say nothing of those. In milliseconds. */
const SLOW = 0.1

/**
 * How long the slow calls of a lane take, by those before: a program that can do nothing else meanwhile sleeps for most
 * of that time, and is awake when the answer comes.
 */
export class Forecast {
  readonly #patience = new Patience(0, 1)
  /** Of the last three, in milliseconds; one that was delayed counts for nothing. */
  #last = 0
  #before = 0
  #earlier = 0

  get #expected(): number {
    const { max, min } = Math
    const [a, b, c] = [this.#last, this.#before, this.#earlier]
    return max(min(a, b), min(max(a, b), c))
  }

  /** How long to sleep now, `elapsed` milliseconds after the beginning. Undefined where that doesn't pay. */
  sleep(elapsed: number): number | undefined {
    const expected = this.#expected
    if (expected === 0 || expected > LONGEST || expected + BEHIND < elapsed) return undefined
    if (this.#patience.milliseconds === 0) {
      this.#patience.failed()
      return undefined
    }
    const left = expected - AHEAD - elapsed
    return left < SHORTEST ? 0 : left
  }

  /** How long to be awake after that sleep, in milliseconds. */
  awake(elapsed: number): number {
    return this.#expected + BEHIND - elapsed
  }

  /** The answer came while it was awake after such a sleep, or it did not. */
  tried(found: boolean): void {
    if (found) this.#patience.paid()
    else this.#patience.failed()
  }

  /** So long it took; `rung` says that the program had to be woken. In milliseconds. */
  took(elapsed: number, rung: boolean): void {
    const took = rung ? elapsed - WAKING : elapsed
    if (took < SLOW) return
    this.#earlier = this.#before
    this.#before = this.#last
    this.#last = took
  }
}
