import type { Signature } from './abi/types.ts'
import { describe } from './call/complaint.ts'
import { makePlan, type Plan } from './call/plan.ts'
import type { Lane } from './channel/lane.ts'
import type { Request } from './channel/request.ts'
import { AbortError, type FatThreadError } from './errors.ts'
import { call } from './message/call.ts'
import { timeoutOf } from './options.ts'

/** Options of one call, for `fn.with(…)`. */
export interface WithOptions {
  /** Milliseconds that the call may run; then its process is killed. */
  readonly timeout?: number | undefined
  /** Ends the call; its process is killed if it has begun. */
  readonly signal?: AbortSignal | undefined
  /** Whether the call resolves to `{ result, errno }`. */
  readonly errno?: boolean | undefined
}

/** A C function without its types. */
export interface UntypedFunction {
  (...values: readonly unknown[]): Promise<unknown>
  sync(...values: readonly unknown[]): unknown
  with(options: WithOptions): UntypedFunction
}

/** Where the calls of a function go. */
export interface FunctionHome {
  /** Throws `ClosedError` after the end. */
  lane(): Lane
  /** The library's path, for messages. */
  readonly path: string
  readonly timeout: number | undefined
}

type CallRequest = Request<readonly unknown[], unknown>

/** A C function that is bound in every incarnation of a fat thread under one number. */
export class BoundFunction {
  readonly id: number
  readonly plan: Plan
  readonly #call: CallRequest
  readonly #callWithErrno: CallRequest
  readonly #home: FunctionHome

  constructor(id: number, signature: Signature, home: FunctionHome) {
    this.id = id
    this.plan = makePlan(signature)
    this.#home = home
    this.#call = call(id, home.path, this.plan, false)
    this.#callWithErrno = call(id, home.path, this.plan, true)
  }

  callable(): UntypedFunction {
    return this.#make({})
  }

  #make(wanted: WithOptions): UntypedFunction {
    const home = this.#home
    const request = wanted.errno ? this.#callWithErrno : this.#call
    const { signal, timeout = home.timeout } = wanted
    const options = timeout === undefined && signal === undefined ? undefined : { timeout, signal }
    const run = (...values: readonly unknown[]): Promise<unknown> => {
      try {
        return home.lane().run(request, values, options)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    const sync = (...values: readonly unknown[]): unknown => {
      if (options?.signal?.aborted) throw this.#aborted(options.signal)
      return home.lane().runSync(request, values, options)
    }
    const callable = Object.assign(run, {
      sync,
      with: (more: WithOptions): UntypedFunction => {
        this.#check(more)
        return this.#make({ ...wanted, ...more })
      },
    })
    return Object.defineProperty(callable, 'name', { value: this.plan.name })
  }

  #check(options: WithOptions): void {
    if (typeof options !== 'object' || options === null)
      throw new TypeError(`${this.plan.name}.with takes an object, not ${describe(options)}`)
    const { signal, errno } = options
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw new TypeError(
        `${this.plan.name}.with: signal must be an AbortSignal, not ${describe(signal)}`,
      )
    if (errno !== undefined && typeof errno !== 'boolean')
      throw new TypeError(`${this.plan.name}.with: errno must be a boolean, not ${describe(errno)}`)
    timeoutOf(options.timeout)
  }

  #aborted(signal: AbortSignal): FatThreadError {
    const subject = { call: this.plan.name, library: this.#home.path, cause: signal.reason }
    return new AbortError(`${this.plan.name} was aborted before it began`, subject)
  }
}
