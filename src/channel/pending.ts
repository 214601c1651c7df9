import { FatThreadError } from '../errors.ts'
import type { Extent } from './arena.ts'
import { forget, heed } from './heed.ts'
import type { CallOptions, Request } from './request.ts'
import type { Written } from './written.ts'

/** What a request needs of the lane that it is on. */
export interface Line {
  /** Ends a request whose signal fired. */
  abort(pending: Pending): void
  /** The thread that serves it, where that is known. */
  readonly strand: object | undefined
  /** Blocks until something happens, for a request. */
  step(pending: Pending): void
  /** Whether it is the one that runs. */
  runs(pending: Pending): boolean
  /** Goes on with what is in flight, after a blocking wait. */
  resume(): void
}

/** Whose C function calls back. */
export interface Caller {
  /** The program waits for it without going on. */
  readonly blocking: boolean
  /** It calls nobody back any more. */
  readonly muted: boolean
  fail(error: unknown): void
  /** What its callbacks' results point to. */
  kept: Extent[] | undefined
}

/**
 * One request that was made and has not ended. There may be thousands, so it has no more fields than all of them need:
 * the time that a call costs is much of it memory that is written for the first time.
 */
export class Pending implements Caller {
  request: Request<unknown, unknown>
  input: unknown
  readonly #limits: CallOptions | undefined
  /** The lane that it is on; another one after a restart. */
  lane: Line | undefined
  /** When it became the one that runs, in milliseconds of `performance.now()`. */
  since: number | undefined
  /** How many processes ended when it was next to run. */
  attempts = 0
  /** `undefined` while it waits, and where it was posted as the block of its function. */
  written: Written | undefined
  kept: Extent[] | undefined
  readonly blocking: boolean
  open = true
  #failed = false
  #outcome: unknown
  /** What a callback threw. */
  #thrown: { readonly error: unknown } | undefined
  #resolve: Settle | undefined
  #reject: Settle | undefined
  /** Called when it has ended, however it did. */
  over: (() => void) | undefined

  constructor(
    request: Request<unknown, unknown>,
    input: unknown,
    options: CallOptions | undefined,
    blocking = false,
  ) {
    this.blocking = blocking
    this.request = request
    this.input = input
    if (options === undefined) return
    const { timeout, signal } = options
    this.#limits = { timeout, signal }
    if (signal !== undefined) heed(signal, this)
  }

  get timeout(): number | undefined {
    return this.#limits?.timeout
  }

  get signal(): AbortSignal | undefined {
    return this.#limits?.signal
  }

  get muted(): boolean {
    return !this.open || this.#thrown !== undefined
  }

  /** It is rejected with that error as soon as the C function is over; only the first one counts. */
  fail(error: unknown): void {
    this.#thrown ??= { error }
  }

  /** The C function is over. */
  settle(failed: boolean, outcome: unknown): void {
    if (this.#thrown === undefined) this.#end(failed, outcome)
    else this.#end(true, this.#thrown.error)
  }

  reject(error: unknown): void {
    this.#end(true, error)
  }

  #end(failed: boolean, outcome: unknown): void {
    if (!this.open) return
    this.open = false
    const { signal } = this
    if (signal !== undefined) forget(signal, this)
    this.#failed = failed
    this.#outcome = outcome
    this.over?.()
    this.#tell()
  }

  #tell(): void {
    const settle = this.#failed ? this.#reject : this.#resolve
    if (settle !== undefined) settle(this.#outcome)
  }

  /** The outcome of a request that has ended. */
  take(): unknown {
    if (this.#failed) throw this.#outcome
    return this.#outcome
  }

  /** Blocks until it has ended, on whatever lane it is by then; then as `take`. */
  block(): unknown {
    while (this.open) {
      if (this.lane === undefined) throw new FatThreadError('the request is on no lane')
      this.lane.step(this)
    }
    this.lane?.resume()
    return this.take()
  }

  /** Its signal fired. */
  abort(): void {
    this.lane?.abort(this)
  }

  /** Called once. */
  promise(): Promise<unknown> {
    const promise = new Promise(catchSettlers)
    this.#resolve = caught.resolve
    this.#reject = caught.reject
    if (!this.open) this.#tell()
    return promise
  }
}

type Settle = (outcome: unknown) => void

/** What the last promise is settled with: one function for all of them is quicker than a closure for each. */
const caught: { resolve: Settle | undefined; reject: Settle | undefined } = {
  resolve: undefined,
  reject: undefined,
}

function catchSettlers(resolve: Settle, reject: Settle): void {
  caught.resolve = resolve
  caught.reject = reject
}

/** All of them have ended well; throws what the first of those that did not failed with. */
export async function ended(pendings: readonly Pending[]): Promise<void> {
  for (const pending of pendings) await pending.promise()
}

/** The same, blocking. */
export function endedSync(pendings: readonly Pending[]): void {
  for (const pending of pendings) pending.block()
}
