import type { CopyBack } from '../memory/place.ts'
import type { Extent } from './arena.ts'
import type { CallOptions, Request } from './request.ts'

/** What a request needs of the lane that it is on. */
export interface Line {
  /** Ends a request whose signal fired. */
  abort(pending: Pending): void
  /** Blocks until something happens. */
  step(): void
  /** Goes on with what is in flight, after a blocking wait. */
  resume(): void
}

/** One request that was made and has not ended. */
export class Pending {
  request: Request<unknown, unknown>
  input: unknown
  readonly timeout: number | undefined
  readonly signal: AbortSignal | undefined
  /** The lane that it is on; another one after a restart. */
  lane: Line | undefined
  /** When it became the one that runs, in milliseconds of `performance.now()`. */
  since = 0
  /** How often it was handed to a host. */
  attempts = 0
  back: CopyBack[] | undefined
  extents: Extent[] | undefined
  room = 0
  roomOffset = 0
  open = true
  #failed = false
  #outcome: unknown
  #settle: ((pending: Pending) => void) | undefined

  constructor(
    request: Request<unknown, unknown>,
    input: unknown,
    options: CallOptions | undefined,
  ) {
    this.request = request
    this.input = input
    this.timeout = options?.timeout
    this.signal = options?.signal
    this.signal?.addEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => {
    if (this.open) this.lane?.abort(this)
  }

  resolve(value: unknown): void {
    this.#end(false, value)
  }

  reject(error: unknown): void {
    this.#end(true, error)
  }

  #end(failed: boolean, outcome: unknown): void {
    if (!this.open) return
    this.open = false
    this.signal?.removeEventListener('abort', this.#onAbort)
    this.#failed = failed
    this.#outcome = outcome
    this.#settle?.(this)
  }

  /** The outcome of a request that has ended. */
  take(): unknown {
    if (this.#failed) throw this.#outcome
    return this.#outcome
  }

  promise(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (): void => (this.#failed ? reject(this.#outcome) : resolve(this.#outcome))
      if (this.open) this.#settle = settle
      else settle()
    })
  }
}
