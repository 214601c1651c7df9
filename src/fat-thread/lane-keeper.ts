import type { LaneKeeper } from '../channel/lane/home.ts'
import { HANGUP_GRACE } from '../host/process.ts'
import type { Incarnation, Retirement } from '../incarnation.ts'
import type { Life } from './life.ts'
import { abortError, hangupError, timeoutError } from './reasons.ts'

/** What becomes of a process on whose lanes something went wrong. */
export function laneKeeperOf(life: Life): LaneKeeper {
  const retire = (retirement: Retirement): void => life.current?.retire(retirement)
  return {
    unreachable: () => {
      const current = life.current
      if (current !== undefined) setTimeout(() => hangUp(current), HANGUP_GRACE).unref()
    },
    retire: (reason, pending) => retire({ reason: () => reason, pending }),
    expired: (pending) => {
      pending.request.look?.()
      const { pid } = life
      retire({ reason: () => timeoutError(pending, pid), pending })
    },
    aborted: (pending) => retire({ reason: () => abortError(pending, true), pending }),
    abortError: (pending) => abortError(pending, false),
  }
}

export function hangUp(incarnation: Incarnation): void {
  const error = hangupError()
  incarnation.retire({ reason: () => error, pending: undefined })
}
