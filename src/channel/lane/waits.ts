import { type Failure, FatThreadError } from '../../errors.ts'
import type { Pending } from '../pending.ts'
import { type Pump, RELOOK } from '../pump.ts'
import type { Answers } from './answers.ts'
import type { Limits } from './limits.ts'
import type { Posting } from './posting.ts'
import type { LaneState } from './state.ts'

/** How a lane waits while the program blocks, and what it does when a doorbell was rung. */
export class Waits {
  readonly #lane: LaneState
  readonly #posting: Posting
  readonly #answers: Answers
  readonly #limits: Limits
  readonly #pump: Pump

  constructor(lane: LaneState, posting: Posting, answers: Answers, limits: Limits, pump: Pump) {
    this.#lane = lane
    this.#posting = posting
    this.#answers = answers
    this.#limits = limits
    this.#pump = pump
  }

  /** Blocks until something happens on this lane, or a thread of the library calls back. */
  step(pending: Pending | undefined): void {
    const { callbacks, process, ring, spin, views } = this.#lane
    this.#pump.wakeUp()
    this.#posting.show()
    if (this.#lane.stopped) {
      // Whatever is answered now counts for nothing: only the end of the process is awaited.
      process.wait(RELOOK)
      return
    }
    if (this.#answers.drain() > 0) return
    if (this.#lane.awaited !== undefined && pending !== undefined) {
      pending.reject(endless(pending.request.subject))
      return
    }
    if (callbacks.hear() > 0) return
    this.#posting.wakeHost()
    if (spin && ring.inFlight > 0 && this.#pump.spin()) {
      this.#answers.drain()
      return
    }
    if (!ring.fallAsleep()) return
    if (!callbacks.fallAsleep()) {
      ring.wakeUp()
      return
    }
    const most = Math.ceil(Math.max(0, Math.min(this.#limits.left(), RELOOK)))
    const sleep = spin ? this.#pump.sleepAtMost(most) : most
    const event = process.wait(sleep, views.u8, ring.lane)
    if (this.#lane.dead) return
    ring.wakeUp()
    if (this.#answers.drain() > 0) {
      this.#pump.answered(event)
      return
    }
    this.#checkWaiting()
    this.#limits.check()
    if (!event && sleep === most) this.#posting.ringHost()
  }

  #checkWaiting(): void {
    try {
      this.#lane.ring.checkWaiting()
    } catch (error) {
      this.#lane.keeper.retire(error as Error)
    }
  }

  /** Goes on with what is in flight, after a blocking wait. */
  resume(): void {
    this.#pump.goOn()
    this.#lane.callbacks.rehear()
    this.#pump.go()
  }

  /** The host rang; returns how many answers there were. */
  onRing(): number {
    if (this.#lane.dead || !this.#pump.asleep) return 0
    return this.#take()
  }

  /** The program waits for another lane: takes what has been answered here meanwhile. */
  hear(): number {
    const { calling, dead, flight, ring } = this.#lane
    if (dead || calling || flight.size === 0 || !ring.ready()) return 0
    return this.#take()
  }

  #take(): number {
    this.#pump.wakeUp()
    const settled = this.#answers.drain()
    this.#pump.go()
    return settled
  }

  /** The program is about to wait for any doorbell. */
  listen(): void {
    const { dead, flight, ring } = this.#lane
    if (!dead && flight.size > 0) ring.sleep()
  }

  /** A doorbell has been rung: whether it was not the one of this lane, which sleeps on. */
  sleepsOn(): boolean {
    const { dead, ring } = this.#lane
    return !dead && this.#pump.asleep && ring.sleeping && !ring.ready()
  }
}

/** What it waits for needs the event loop, which it stops. */
export function endless(subject: Failure): FatThreadError {
  return new FatThreadError(
    `${subject.call ?? 'the call'} would wait for ever: before it, a call waits for the promise of its callback`,
    subject,
  )
}
