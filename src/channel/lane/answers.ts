import { type Failure, ViolationError } from '../../errors.ts'
import { holdEventLoop } from '../../host/events.ts'
import type { Back, CopyBack } from '../../memory/place.ts'
import { privateCopy } from '../../memory/private-copy.ts'
import { LIMITS, RESPONSE, STATUS } from '../../protocol/protocol.ts'
import type { Clock } from '../clock.ts'
import type { Pending } from '../pending.ts'
import { type Answer, CALLED_BACK, FollowUp, Later, type Short } from '../request.ts'
import type { Written } from '../written.ts'
import type { Limits } from './limits.ts'
import type { Posting } from './posting.ts'
import type { AnyRequest, LaneState } from './state.ts'

/** Answers taken before what waits is posted: the host works meanwhile. */
const PORTION = 32

/** From the ring to the request: reads answers, settles what they are for, and runs what is called back. */
export class Answers {
  readonly #lane: LaneState
  readonly #posting: Posting
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #answer: { -readonly [Key in keyof Answer]: Answer[Key] }

  constructor(lane: LaneState, posting: Posting, limits: Limits, clock: Clock) {
    this.#lane = lane
    this.#posting = posting
    this.#limits = limits
    this.#clock = clock
    this.#answer = {
      views: lane.views,
      owner: lane.owner,
      status: 0,
      errno: 0,
      length: 0,
      value: 0,
      roomOffset: 0,
      room: 0,
    }
  }

  /** Settles what has been answered and posts what waits; returns how many were settled. */
  drain(): number {
    let settled = 0
    for (let portion = PORTION; portion === PORTION && settled < LIMITS.SLOTS; settled += portion) {
      portion = this.#settleAnswered(PORTION, true)
      if (portion > 0) this.#posting.fill()
    }
    return settled
  }

  /** Takes answers while requests are made, so that fewer have to wait. Runs no callback; a result may go to a setter. */
  makeRoom(): void {
    if (this.#lane.dead || this.#lane.calling) return
    this.#settleAnswered(PORTION, false)
    this.#posting.fill()
  }

  /** Takes all that came before the end: those are answers. */
  takeLast(): void {
    this.#settleAnswered(Number.POSITIVE_INFINITY, false)
  }

  #settleAnswered(most: number, callingBack: boolean): number {
    const lane = this.#lane
    const { flight, ring } = lane
    let settled = 0
    // Code of the caller that runs meanwhile may take some of them: told by their numbers, not counted down.
    let there = ring.answered(most)
    while (ring.isOutstanding(there) && flight.size > 0 && !lane.stopped) {
      const pending = flight.oldest as Pending
      if (lane.awaited !== undefined) {
        lane.keeper.retire(early(), pending)
        break
      }
      const { written } = pending
      if (written === undefined ? !this.#settleBare(pending) : !this.#settle(pending, written)) {
        if (!callingBack) break
        settled++
        this.#callBack(pending)
        there = ring.answered(most - settled)
        continue
      }
      settled++
      const next = flight.oldest
      if (next !== undefined) this.#clock.start(next)
    }
    return settled
  }

  /** The oldest one, which was posted as no more than words; returns false if it calls back. */
  #settleBare(pending: Pending): boolean {
    const lane = this.#lane
    const { take } = pending.request.short as Short<unknown, unknown>
    let failed = false
    let outcome: unknown
    try {
      outcome = this.believe(take, lane.ring.oldestResponse)
      if (outcome === CALLED_BACK) return false
    } catch (error) {
      failed = true
      outcome = error
    }
    lane.flight.shift()
    lane.completed++
    lane.ring.consume()
    if (pending.kept !== undefined) {
      lane.arena.freeAll(pending.kept)
      pending.kept = undefined
    }
    pending.settle(failed, outcome)
    return true
  }

  /** What an answer means that is one word, at that offset in bytes. */
  believe<Output>(
    take: Short<unknown, Output>['take'],
    response: number,
  ): Output | typeof CALLED_BACK {
    const { keeper, owner, views } = this.#lane
    try {
      return take(views, response, owner)
    } catch (error) {
      if (error instanceof ViolationError) keeper.retire(error)
      throw error
    }
  }

  /** The oldest one; returns false if it calls back. */
  #settle(pending: Pending, written: Written): boolean {
    if (this.#callsBack()) return false
    const { flight, keeper, waiting } = this.#lane
    flight.shift()
    try {
      const result = this.#read(pending, written)
      if (result instanceof FollowUp) {
        pending.request = result.request as AnyRequest
        pending.input = undefined
        waiting.putFirst(pending)
      } else {
        pending.settle(false, result)
      }
    } catch (error) {
      if (error instanceof ViolationError) keeper.retire(error)
      pending.settle(true, error)
    }
    return true
  }

  #callsBack(): boolean {
    const { ring, views } = this.#lane
    return views.u32[(ring.oldestResponse + RESPONSE.at.status) >> 2] === STATUS.CALLBACK
  }

  /** Reads the oldest answer. */
  #read(pending: Pending, { back, extents, room, roomOffset, slots, told }: Written): unknown {
    const { request, input } = pending
    const { arena, callbacks, frame, ring, views } = this.#lane
    const answer = this.#answer
    const at = ring.oldestResponse
    answer.status = views.u32[(at + RESPONSE.at.status) >> 2] as number
    answer.errno = views.i32[(at + RESPONSE.at.error) >> 2] as number
    answer.length = views.u32[(at + RESPONSE.at.length) >> 2] as number
    answer.value = at + RESPONSE.at.value
    answer.roomOffset = roomOffset
    answer.room = room
    let result: unknown
    let copies: readonly DataView[] | undefined
    try {
      if (answer.status === STATUS.CUT_OFF) throw cutOff(request.subject)
      result = request.read(answer, input)
      copies = back?.copies.map(copyOf)
    } finally {
      this.#lane.completed++
      ring.consume()
      if (told !== 0) arena.take(told)
      if (extents !== undefined) frame.free(extents)
      if (slots !== undefined) callbacks.slots.giveBack(slots)
      if (pending.kept !== undefined) arena.freeAll(pending.kept)
      pending.written = undefined
      pending.kept = undefined
    }
    // From here on code of the caller may run, and call on this lane.
    const found = result instanceof Later ? result.work() : result
    return back === undefined ? found : finish(back, copies as readonly DataView[], found)
  }

  /** The request that runs calls back, and goes on when it is answered. */
  #callBack(pending: Pending): void {
    const state = this.#lane
    const { callbacks, depth, keeper, lane, memory, strand } = state
    try {
      if (pending.timeout !== undefined || state.opened !== undefined) this.#limits.check()
      if (state.stopped) return
      state.calling = true
      const invocation = callbacks.invoke(pending, memory, strand, depth, lane)
      if (invocation?.open !== true) return
      state.awaited = invocation
      holdEventLoop()
    } catch (error) {
      keeper.retire(error as Error, pending)
    } finally {
      state.calling = false
    }
  }
}

function early(): ViolationError {
  return new ViolationError(
    'the fat thread broke the protocol: it went on without waiting for its callback',
  )
}

function cutOff(subject: Failure): ViolationError {
  return new ViolationError('the fat thread closed its end of the channel', {}, subject)
}

/** A brief copy has its memory until the next one is made. */
function copyOf(
  { place, length, brief }: CopyBack,
  _: number,
  { length: copies }: readonly CopyBack[],
): DataView {
  return privateCopy(place, length, brief && copies === 1)
}

function finish({ copies, finish }: Back, found: readonly DataView[], result: unknown): unknown {
  for (const [index, { into }] of copies.entries()) into(found[index] as DataView)
  return finish === undefined ? result : finish(result)
}
