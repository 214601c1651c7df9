import type { Pending } from './pending.ts'

/** What a clock asks of its lane. */
export interface Timed {
  /** Takes what has been answered; returns the request that runs then, if any. */
  running(): Pending | undefined
  /** Its limit is over. */
  expired(pending: Pending): void
}

/** The time limit of the request that runs: one timer a lane, which is late for most and then set again. */
export class Clock {
  readonly #lane: Timed
  #timer: NodeJS.Timeout | undefined
  #due = 0

  constructor(lane: Timed) {
    this.#lane = lane
  }

  /** A request begins to run. */
  start(pending: Pending): void {
    const { timeout } = pending
    if (timeout === undefined) return
    const now = performance.now()
    pending.since = now
    if (this.#timer !== undefined && this.#due <= now + timeout) return
    clearTimeout(this.#timer)
    this.#set(timeout)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #set(milliseconds: number): void {
    this.#due = performance.now() + milliseconds
    // A request in flight keeps the event loop alive by itself.
    this.#timer = setTimeout(() => this.#ring(), Math.ceil(milliseconds)).unref()
  }

  #ring(): void {
    this.#timer = undefined
    const running = this.#lane.running()
    if (running?.timeout === undefined || this.#timer !== undefined) return
    const left = timeLeft(running)
    if (left <= 0) this.#lane.expired(running)
    else this.#set(left)
  }
}

/** Milliseconds that a request which runs has left. */
export function timeLeft({ timeout, since }: Pending): number {
  if (timeout === undefined || since === undefined) return Number.POSITIVE_INFINITY
  return timeout - (performance.now() - since)
}
