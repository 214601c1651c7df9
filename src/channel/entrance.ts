import type { Pending } from './pending.ts'
import type { CallOptions, Request } from './request.ts'

/** Where requests are made. */
export interface Entrance {
  /** Makes a request; the promise ends with it. */
  run<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Promise<Output>
  /** Makes a request and blocks until it has ended. */
  runSync<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Output
  /** Makes a request that its maker blocks for later. */
  post<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Pending
  /** Makes a request that later ones stand on; its maker waits for it later, awaited or blocking. */
  begin(request: Request<undefined, unknown>, options: CallOptions | undefined): Pending
}

/** The requests that a process leaves behind. */
export interface Leftover {
  /** Had begun. */
  readonly begun: readonly Pending[]
  /** Had not; they can go on elsewhere. */
  readonly waiting: readonly Pending[]
}

/** The entrance of a whole fat thread: one lane, or several that share the work. */
export interface MainEntrance extends Entrance {
  readonly inFlight: number
  readonly queued: number
  /** Answers so far. */
  readonly completed: number
  /** Takes a request at the end of the line. */
  adopt(pending: Pending): void
  /** Blocks until something happens. */
  step(): void
  /** The host rang; returns how many answers there were. */
  onRing(): number
  /** Posts nothing more and believes no more answers; what comes now waits for a successor. */
  stop(): void
  /** Rejects all requests. One that runs goes on running. */
  rejectAll(reason: (pending: Pending) => Error): void
  /** The process has ended. What is left is for a successor, or to be rejected. */
  end(): Leftover
}
