import { reentered } from '../frame.ts'
import { Pending } from '../pending.ts'
import { CALLED_BACK, type CallOptions, type Request } from '../request.ts'
import type { Answers } from './answers.ts'
import { mayWait, type Posting } from './posting.ts'
import type { AnyRequest, LaneState } from './state.ts'

/** Looks for the answer before an asynchronous call gives up its turn: about a microsecond. */
const LOOKS = 100
/**
 * Calls in a row that are waited for at once; those behind them are posted together, which is faster for many.
 * Whether they are in a row is looked at after each eighth.
 */
const MOST_TRIPS = 24
const TRIPS_BETWEEN_LOOKS = 8

/** Posts a request that nothing is before, and looks for its answer in the same breath: most are there at once. */
export class FirstLook {
  readonly #lane: LaneState
  readonly #posting: Posting
  readonly #answers: Answers
  /** Calls that were answered at once since the program waited for any. */
  #trips = 0
  readonly #endRow = (): void => {
    this.#trips = 0
  }

  constructor(lane: LaneState, posting: Posting, answers: Answers) {
    this.#lane = lane
    this.#posting = posting
    this.#answers = answers
  }

  /** So many have been looked for in a row that the next one goes out without. */
  get inRow(): boolean {
    return this.#trips >= MOST_TRIPS
  }

  /** One more was answered at once. */
  count(): void {
    if (++this.#trips % TRIPS_BETWEEN_LOOKS === 0) queueMicrotask(this.#endRow)
  }

  /** The result where it is there at once, and else the request, which is under way. */
  try<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
    blocking: boolean,
  ): Output | Pending {
    const { short } = request
    const { arena, frame, owner, ring, spin } = this.#lane
    if (short === undefined || arena.hasGrants || !short.fits(input))
      return this.#tryLong(request, input, options, blocking)
    if (frame.isWriting) throw reentered()
    short.fill(input, owner)
    const response = this.#trip(short.block, spin ? LOOKS : 0)
    if (response !== 0) {
      const result = this.#answers.believe(short.take, response)
      if (result !== CALLED_BACK) {
        this.#lane.completed++
        return result
      }
      ring.unread()
    }
    return this.#posting.flyBare(new Pending(request as AnyRequest, input, options, blocking))
  }

  #trip(block: Int32Array, looks: number): number {
    try {
      return this.#lane.ring.trip(block, looks)
    } catch (error) {
      this.#lane.keeper.retire(error as Error)
      throw error
    }
  }

  #tryLong<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
    blocking: boolean,
  ): Output | Pending {
    const pending = new Pending(request as AnyRequest, input, options, blocking)
    try {
      this.#posting.post(pending)
    } catch (error) {
      if (!mayWait(error)) throw error
      this.#posting.adopt(pending)
      return pending
    }
    if (this.#lane.spin && this.#lane.ring.look(LOOKS)) this.#answers.drain()
    return pending.open ? pending : (pending.take() as Output)
  }
}
