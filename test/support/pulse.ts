import { stopwatch } from './stopwatch.ts'

/** Feels whether the event loop goes on: the longest time that a 10 ms timer was late, by the stopwatch. */
export class Pulse {
  readonly #timer: NodeJS.Timeout
  #sinceLast = stopwatch()
  #longest = 0

  constructor() {
    this.#timer = setInterval(() => this.#beat(), 10)
  }

  #beat(): void {
    this.#longest = Math.max(this.#longest, this.#sinceLast())
    this.#sinceLast = stopwatch()
  }

  /** Milliseconds of the longest pause so far; stops feeling. */
  stop(): number {
    clearInterval(this.#timer)
    this.#beat()
    return this.#longest
  }
}
