import { NestingError } from '../../errors.ts'
import { OPERATION } from '../../protocol/protocol.ts'
import type { CallbackShape } from '../callback-shape.ts'
import type { Invocation } from '../invocation.ts'
import { Keeping } from '../keeping.ts'
import type { Caller } from '../pending.ts'
import type { Posting } from './posting.ts'
import type { AnyRequest, LaneState } from './state.ts'

/** Calls within callbacks: how deep they go, and an inner lane, which is open for one callback after the other. */
export class Nesting {
  readonly #lane: LaneState
  readonly #posting: Posting

  constructor(lane: LaneState, posting: Posting) {
    this.#lane = lane
    this.#posting = posting
  }

  /** Calls and callbacks don't nest deeper than there are lanes. */
  requireDepth({ operation, subject }: Pick<AnyRequest, 'operation' | 'subject'>): void {
    const { depth, last } = this.#lane
    if (!last || (operation !== OPERATION.CALL && operation !== OPERATION.SERIES)) return
    throw new NestingError(
      `${subject.call}: calls and callbacks are nested ${depth} deep, which is the most`,
      depth,
      subject,
    )
  }

  /** An inner lane is there for a callback. */
  open(invocation: Invocation): void {
    this.#lane.opened = invocation
    this.#lane.setShut(false)
  }

  /**
   * Ends the callback: its result, or zeros where there is no shape.
   * @throws {TypeError} {RangeError} for a result that its type does not take
   */
  answer(shape: CallbackShape | undefined, value: unknown, flags: number, caller: Caller): void {
    const { arena, depth, frame, ring, stopped } = this.#lane
    if (stopped) return
    frame.open(OPERATION.ANSWER, flags, 1)
    try {
      if (shape === undefined) frame.clear()
      else shape.encode(value, shape.points ? new Keeping(frame, arena, caller) : frame)
      if (shape?.points) frame.publish()
      else frame.publishBare()
    } catch (error) {
      frame.abandon()
      throw error
    }
    ring.skip()
    this.#lane.setShut(depth > 0)
    this.#posting.wakeHost()
  }
}
