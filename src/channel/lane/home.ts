import type { HostProcess } from '../../host/process.ts'
import type { Callbacks } from '../callbacks.ts'
import type { Pending } from '../pending.ts'

/** What a lane asks of the fat thread that it belongs to. */
export interface LaneKeeper {
  /** The process has to go; `pending` is the request that it is about, if any. */
  retire(reason: Error, pending?: Pending): void
  /** The process can't be reached: it ends just now, or gave up its socket. */
  unreachable(): void
  /** The limit of the running request is over. */
  expired(pending: Pending): void
  /** The signal of the running request fired. */
  aborted(pending: Pending): void
  abortError(pending: Pending): Error
}

/** What all lanes of an incarnation have in common. */
export interface LaneHome {
  readonly process: HostProcess
  /** Pointers of this incarnation know it by this. */
  readonly owner: object
  readonly keeper: LaneKeeper
  /** Whether it pays to stay awake. */
  readonly spin: boolean
  readonly callbacks: Callbacks
}
