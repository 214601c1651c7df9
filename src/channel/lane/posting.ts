import { ViolationError } from '../../errors.ts'
import type { Back } from '../../memory/place.ts'
import { OPERATION } from '../../protocol/protocol.ts'
import type { Clock } from '../clock.ts'
import { Busy, reentered, Unprepared, Unreachable } from '../frame.ts'
import { Pending } from '../pending.ts'
import type { Pump } from '../pump.ts'
import { Request } from '../request.ts'
import { NOTHING_WRITTEN } from '../written.ts'
import type { AnyRequest, LaneState } from './state.ts'

/**
 * Behind so many requests, short calls are published in lots of so many: each request that is published alone waits for
 * a line of the host's cache.
 */
const LOT = 8

/**
 * So many times the host is woken apart from the program, which goes on meanwhile: some schedulers put it where it slept,
 * though another processor is idle. Behind that it has learned by itself whether it stands in the way.
 */
const FIRST_RINGS = 8

/** A request that only tells of grants. */
const TELL = new Request<unknown, unknown>({ operation: OPERATION.PING, read: () => undefined })

/** From a request to the ring: writes, publishes, and wakes a host that sleeps. */
export class Posting {
  readonly #lane: LaneState
  readonly #clock: Clock
  readonly #pump: Pump
  /** The host is not woken just now. */
  #gentle = false
  /** What is laid is published behind the running code at the latest. */
  #showsLater = false
  readonly #showLate = (): void => {
    this.#showsLater = false
    this.show()
  }
  #afterwards: (() => void) | undefined
  /** The first ones. */
  #rings = 0

  constructor(lane: LaneState, clock: Clock, pump: Pump) {
    this.#lane = lane
    this.#clock = clock
    this.#pump = pump
  }

  /** Takes a request at the end of the line. */
  adopt(pending: Pending): void {
    pending.lane = this.#lane.lane
    this.#lane.waiting.put(pending)
    this.fill()
    this.#pump.go()
  }

  /** The same; a host that sleeps is woken behind the running code, where nothing else has woken it. */
  adoptGently(pending: Pending): void {
    this.#gentle = true
    try {
      this.adopt(pending)
    } finally {
      this.#gentle = false
      queueMicrotask(() => this.wakeHost())
    }
  }

  /** Posts a call that is no more than words, if it is that and need not wait for its turn. */
  postNow(pending: Pending): boolean {
    if (!this.#isNext(pending) || !this.#postBare(pending)) return false
    this.#showSoon()
    this.#pump.go()
    return true
  }

  #isNext({ signal }: Pending): boolean {
    const { ring, waiting, stopped } = this.#lane
    return waiting.size === 0 && signal === undefined && !ring.full && !stopped
  }

  /**
   * Posts a call that is no more than words, if it is that; its maker shows it.
   * Its words may be wrong: then it has ended.
   */
  #postBare(pending: Pending): boolean {
    const { request, input } = pending
    const { short } = request
    const { arena, frame, keeper, owner, ring } = this.#lane
    if (short === undefined || arena.hasGrants || !short.fits(input)) return false
    try {
      if (frame.isWriting) throw reentered()
      short.fill(input, owner)
    } catch (error) {
      pending.reject(error)
      return true
    }
    try {
      ring.lay(short.block, short.block.length)
    } catch (error) {
      keeper.retire(error as Error)
      pending.reject(error)
      return true
    }
    this.flyBare(pending)
    return true
  }

  /** In lots where the host has work; never later than behind the running code. */
  #showSoon(): void {
    const { laid } = this.#lane.ring
    if (laid >= LOT || this.#lane.flight.size - laid < LOT) {
      this.show()
    } else if (!this.#showsLater) {
      this.#showsLater = true
      queueMicrotask(this.#showLate)
    }
  }

  /** Publishes what is laid. */
  show(): void {
    const { ring } = this.#lane
    if (ring.laid === 0) return
    ring.show()
    this.wakeHost()
  }

  /** Writes and publishes in the next slot, behind what the host has to be asked first, and notes it. */
  post(pending: Pending): void {
    for (let first = this.#write(pending); first !== undefined; first = this.#write(pending)) {
      this.post(new Pending(first, undefined, undefined))
      if (this.#lane.ring.full) throw new Busy(undefined)
    }
    this.#fly(pending)
  }

  #write(pending: Pending): AnyRequest | undefined {
    const { request, input } = pending
    const { frame, keeper } = this.#lane
    frame.open(request.operation, request.id, request.words)
    let back: Back | undefined
    try {
      back = request.write(frame, input)
      frame.publish()
    } catch (error) {
      frame.abandon()
      if (error instanceof Unprepared) return error.request
      if (error instanceof ViolationError) keeper.retire(error)
      if (error instanceof Unreachable) {
        this.#lane.stop()
        keeper.unreachable()
      }
      throw error
    }
    const { extents, head, room, roomOffset, slots, told } = frame
    pending.written = { head, back, extents, slots, told, room, roomOffset }
    if (slots !== undefined) for (const slot of slots) slot.pending = pending
    return undefined
  }

  /** Notes a request that was just published. */
  #fly(pending: Pending): Pending {
    const { lane, flight } = this.#lane
    pending.lane = lane
    flight.put(pending)
    if (flight.size === 1) this.#clock.start(pending)
    return pending
  }

  /** Notes a request that was posted as the block of its function. */
  flyBare(pending: Pending): Pending {
    pending.written = undefined
    return this.#fly(pending)
  }

  /** Posts what waits, as far as the ring has slots. */
  fill(): void {
    const { flight, ring } = this.#lane
    const before = flight.size
    this.#postWaiting()
    ring.show()
    if (flight.size > before) this.wakeHost()
    if (this.#afterwards === undefined || !this.#lane.quiet) return
    const work = this.#afterwards
    this.#afterwards = undefined
    work()
  }

  #postWaiting(): void {
    const { ring, waiting } = this.#lane
    for (let pending = waiting.first; pending !== undefined; pending = waiting.first) {
      if (ring.full || this.#lane.stopped) return
      // One that may be aborted goes out only when it is next to run: then aborted means never begun.
      if (pending.signal !== undefined && pending.open && ring.inFlight > 0) return
      waiting.take()
      if (!pending.open) continue
      if (this.#postBare(pending)) continue
      try {
        this.post(pending)
      } catch (error) {
        if (!mayWait(error)) {
          pending.reject(error)
          continue
        }
        waiting.putFirst(pending)
        this.#tellGrants()
        return
      }
    }
  }

  /** The socket is full: the host takes what is in it when a request tells of it. */
  #tellGrants(): void {
    const { frame, ring, stopped } = this.#lane
    if (stopped || !frame.owesGrants || ring.full) return
    frame.publishGrants(OPERATION.PING)
    const teller = new Pending(TELL, undefined, undefined)
    teller.written = NOTHING_WRITTEN
    this.#fly(teller)
  }

  /** Does something as soon as nothing is on the lane. */
  whenQuiet(work: () => void): void {
    this.#afterwards = work
  }

  /** After requests were published: a host that is awake sees them by itself. */
  wakeHost(): void {
    if (this.#gentle || this.#lane.dead || !this.#lane.ring.hostSleeps()) return
    this.ringHost()
    this.#pump.hostWoken()
  }

  ringHost(): void {
    const { process, ring, strand, views } = this.#lane
    // Of the host's threads it is the first one that is put elsewhere: another one would not be helped.
    const apart = strand.first === 0 && this.#rings < FIRST_RINGS
    if (apart) this.#rings++
    process.ring(views.u8, ring.lane, apart)
  }
}

/** The request is in order; it is the fat thread that can't take it now. */
export function mayWait(error: unknown): boolean {
  return error instanceof Busy || error instanceof Unreachable
}
