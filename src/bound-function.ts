import type { CType, Signature } from './abi/types.ts'
import { describe } from './call/complaint.ts'
import { keepArguments } from './call/encode.ts'
import { makePlan, type Plan } from './call/plan.ts'
import { takeApart, withTypes } from './call/variadic.ts'
import type { Entrance } from './channel/entrance.ts'
import type { CallOptions, Request } from './channel/request.ts'
import { AbortError, type FatThreadError } from './errors.ts'
import type { Pointer } from './memory/pointer.ts'
import { type CallParts, call, callParts } from './message/call.ts'
import type { Disposal } from './message/disposal.ts'
import { optionNames, requireOptions } from './option-names.ts'
import { timeoutOf } from './options.ts'
import { ctypeOf, Type, type TypeLike } from './type.ts'

/** Options of one call, for `fn.with(…)`. */
export interface WithOptions {
  /** Milliseconds that the call may run; then its process is killed. */
  readonly timeout?: number | undefined
  /** Ends the call; its process is killed if it has begun. */
  readonly signal?: AbortSignal | undefined
  /** Whether the call resolves to `{ result, errno }`. */
  readonly errno?: boolean | undefined
}

const WITH_OPTIONS = optionNames<WithOptions>('with', { timeout: true, signal: true, errno: true })

/** A C function without its types. */
export interface UntypedFunction {
  (...values: readonly unknown[]): Promise<unknown>
  sync(...values: readonly unknown[]): unknown
  with(options: WithOptions): UntypedFunction
}

/** Where the calls of a function go. */
export interface FunctionHome {
  /** Binds the same symbol for one kind of call of a variadic function: `fixed` arguments before `...`. */
  variant(signature: Signature, fixed: number): BoundFunction
  /** Throws `ClosedError` after the end. */
  lane(): Entrance
  /** The number of a function of the library that takes a pointer back. */
  freeing(name: string): number
  /** The library's path, for messages; of what is known by its address, nobody knows it. */
  readonly path: string | undefined
  /** Of what is known by its address: the address, and the incarnation that has it. */
  readonly pointer?: Pointer
  readonly owner?: object
  /** The fat thread that knows it by its number. */
  readonly thread: object
  readonly timeout: number | undefined
}

const isType = (type: unknown): type is Type => type instanceof Type
const typeOf = (type: TypeLike): CType => ctypeOf(type, 'type')

/** One call of a function, to be made as a part of a series. */
export interface SingleCall {
  readonly parts: CallParts
  readonly signature: Signature
  readonly values: readonly unknown[]
}

/** What a series knows of a function that it is given. */
export interface Origin {
  readonly name: string
  /** The fat thread that knows its number. */
  readonly thread: object
  /** Whether it has a time limit or a signal of its own. */
  readonly limited: boolean
  single(values: readonly unknown[]): SingleCall
  /** Binds it where that has to be done for each call; throws `ClosedError` after the end. */
  ready(): void
}

const origins = new WeakMap<object, Origin>()

/** `undefined` for what is no function of a library. */
export function originOf(callable: unknown): Origin | undefined {
  return typeof callable === 'function' ? origins.get(callable) : undefined
}

/** Has no pointers. */
const NOBODY = {}

type CallRequest = Request<readonly unknown[], unknown>

/** What a call is made with. */
interface Made {
  readonly parts: CallParts
  readonly call: CallRequest
}

interface Calls {
  run(...values: readonly unknown[]): Promise<unknown>
  sync(...values: readonly unknown[]): unknown
}

/** A C function that is bound in every incarnation of a fat thread under one number. */
export class BoundFunction {
  readonly id: number
  readonly plan: Plan
  readonly #disposals: readonly Disposal[]
  #plain: Made | undefined
  #withErrno: Made | undefined
  readonly #home: FunctionHome

  readonly #signature: Signature
  /** Of a variadic function, by the types of the values behind `...`. */
  readonly #variants = new Map<string, BoundFunction>()

  constructor(id: number, signature: Signature, home: FunctionHome, fixed?: number) {
    this.id = id
    this.#signature = signature
    this.plan = makePlan(signature, fixed ?? (signature.variadic && signature.parameters.length))
    this.#home = home
    this.#disposals = this.plan.disposals.map((each) => ({
      ...each,
      function: home.freeing(each.free),
    }))
  }

  /** Made when it is asked for: most functions are never asked for errno, and none while its library is not loaded. */
  #made(errno: boolean | undefined): Made {
    if (errno) {
      this.#withErrno ??= this.#make(true)
      return this.#withErrno
    }
    this.#plain ??= this.#make(false)
    return this.#plain
  }

  #make(errno: boolean): Made {
    const { path, owner } = this.#home
    const parts = callParts(this.id, path, this.plan, errno, owner, this.#disposals)
    return { parts, call: call(parts) }
  }

  callable(): UntypedFunction {
    return this.#callable({})
  }

  #callable(wanted: WithOptions): UntypedFunction {
    const home = this.#home
    const { signal, timeout = home.timeout } = wanted
    const options = timeout === undefined && signal === undefined ? undefined : { timeout, signal }
    const refuse = (): void => {
      if (options?.signal?.aborted) throw this.#aborted(options.signal)
    }
    const { run, sync } = this.#signature.variadic
      ? this.#variadicCalls(wanted, options, refuse)
      : this.#calls(this.#request(wanted), options, refuse)
    const callable = Object.assign(run, {
      sync,
      with: (more: WithOptions): UntypedFunction => {
        this.#check(more)
        return this.#callable({ ...wanted, ...more })
      },
    })
    if (home.pointer !== undefined)
      Object.defineProperty(callable, 'pointer', { value: home.pointer, enumerable: true })
    origins.set(callable, {
      name: this.plan.name,
      thread: home.thread,
      limited: wanted.timeout !== undefined || signal !== undefined,
      single: (values) => this.#single(wanted, values),
      ready: () => {
        home.lane()
      },
    })
    return Object.defineProperty(callable, 'name', { value: this.plan.name })
  }

  /** The arguments as they are now, for a call that begins later and elsewhere. */
  keep(values: readonly unknown[]): readonly unknown[] {
    if (!this.#signature.variadic) return keepArguments(this.plan, values, NOBODY)
    const { types, values: apart } = takeApart(this.#signature, values, isType)
    const fixed = this.#signature.parameters.length
    const plan = makePlan(withTypes(this.#signature, types, typeOf), fixed)
    const before = apart.length - types.length
    return keepArguments(plan, apart, NOBODY).map((value, index) =>
      index < before ? value : [types[index - before], value],
    )
  }

  #request(wanted: WithOptions): CallRequest {
    return this.#made(wanted.errno).call
  }

  #calls(request: CallRequest, options: CallOptions | undefined, refuse: () => void): Calls {
    const home = this.#home
    return {
      run: (...values) => {
        try {
          return home.lane().run(request, values, options)
        } catch (error) {
          return Promise.reject(error)
        }
      },
      sync: (...values) => {
        refuse()
        return home.lane().runSync(request, values, options)
      },
    }
  }

  #variadicCalls(wanted: WithOptions, options: CallOptions | undefined, refuse: () => void): Calls {
    const home = this.#home
    const prepare = (all: readonly unknown[]): [CallRequest, readonly unknown[]] => {
      const { key, types, values } = takeApart(this.#signature, all, isType)
      return [this.#variant(key, types).#request(wanted), values]
    }
    return {
      run: (...all) => {
        try {
          const lane = home.lane()
          return lane.run(...prepare(all), options)
        } catch (error) {
          return Promise.reject(error)
        }
      },
      sync: (...all) => {
        refuse()
        const lane = home.lane()
        return lane.runSync(...prepare(all), options)
      },
    }
  }

  #single(wanted: WithOptions, all: readonly unknown[]): SingleCall {
    if (this.#signature.variadic) {
      const { key, types, values } = takeApart(this.#signature, all, isType)
      return this.#variant(key, types).#single(wanted, values)
    }
    const { parts } = this.#made(wanted.errno)
    return { parts, signature: this.#signature, values: all }
  }

  #variant(key: string, types: readonly TypeLike[]): BoundFunction {
    let variant = this.#variants.get(key)
    if (variant === undefined) {
      const signature = withTypes(this.#signature, types, typeOf)
      variant = this.#home.variant(signature, this.#signature.parameters.length)
      this.#variants.set(key, variant)
    }
    return variant
  }

  #check(options: WithOptions): void {
    if (typeof options !== 'object' || options === null)
      throw new TypeError(`${this.plan.name}.with takes an object, not ${describe(options)}`)
    requireOptions(options, [WITH_OPTIONS])
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
