import { OPERATION, REQUEST } from '../../protocol/protocol.ts'
import { Pending } from '../pending.ts'
import { Request } from '../request.ts'
import { NOTHING_WRITTEN } from '../written.ts'
import type { LaneState } from './state.ts'

/** Takes calls back that the host has not begun, for another lane to have them. */
export class Withdrawal {
  readonly #lane: LaneState
  /** What the host passes by where a call was. */
  readonly #passedBy = new Request<unknown, unknown>({
    operation: OPERATION.PING,
    read: () => {
      this.#lane.standIns--
      this.#lane.completed--
    },
  })

  constructor(lane: LaneState) {
    this.#lane = lane
  }

  /** Calls that wait behind the one that runs. */
  get behind(): number {
    const { flight, standIns } = this.#lane
    return Math.max(0, flight.size - standIns - 1)
  }

  /** Takes calls back that wait behind the one that runs, the last ones, as far as the host has not begun them. */
  take(most: number): Pending[] {
    const { flight, ring } = this.#lane
    const taken: Pending[] = []
    for (let index = flight.size - 1; index > 0 && taken.length < most; index--) {
      const pending = flight.at(index) as Pending
      if (!pending.open || pending.request.operation !== OPERATION.CALL) continue
      if (!ring.withdraw(index, headOf(pending))) break
      flight.replace(index, this.#standIn(pending))
      taken.unshift(pending)
    }
    return taken
  }

  /** Has what was made for a request that was taken back, until the host has passed it by. */
  #standIn(pending: Pending): Pending {
    const standIn = new Pending(this.#passedBy, undefined, undefined)
    standIn.lane = this.#lane.lane
    // Nothing is copied back: the call has it from where it is begun, maybe long before.
    standIn.written = { ...(pending.written ?? NOTHING_WRITTEN), back: undefined }
    pending.written = undefined
    standIn.settle(false, undefined)
    this.#lane.standIns++
    return standIn
  }
}

/** The operation as it was published, with what stands beside it. */
function headOf({ request, written }: Pending): number {
  return written?.head ?? (request.short?.block[REQUEST.at.operation / 4] as number)
}
