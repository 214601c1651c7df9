import { ViolationError } from '../errors.ts'
import { waitedTime } from '../host/waited-time.ts'
import { IdleWatch, type Watched } from '../idle-watch.ts'
import type { Life } from './life.ts'

/** Ends a process whose libraries work, or grow, while none of their functions was called. */
export function watchIdle(life: Life): IdleWatch {
  const watched = (): Watched => {
    const { lane, callbacks, process } = life.current ?? {}
    const inFlight = (lane?.inFlight ?? 0) + (lane?.queued ?? 0) + (callbacks?.outside ?? 0)
    const completed = (lane?.completed ?? 0) + (callbacks?.count ?? 0)
    const { pid } = life
    const waited = (): number => (pid === undefined ? 0 : waitedTime(pid))
    return { process, pid, used: process?.usedTime, waited, completed, inFlight }
  }
  return new IdleWatch(watched, (what) => {
    const error = new ViolationError(
      `a library ${what} while none of its functions was called; its process was ended`,
      {},
      { pid: life.pid },
    )
    life.current?.retire({ reason: () => error, pending: undefined })
  })
}
