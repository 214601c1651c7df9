import { type Origin, originOf, type SingleCall } from './bound-function.ts'
import { describe, wrongKind } from './call/complaint.ts'
import { tagOf } from './call/describe-type.ts'
import type { Argument, PlannedArgument } from './call/plan.ts'
import type { Entrance } from './channel/entrance.ts'
import { FatThreadError } from './errors.ts'
import type { CallParts } from './message/call.ts'
import { type Feed, type Ran, type SeriesStep, series, seriesIn } from './message/series.ts'
import { optionNames, requireOptions } from './option-names.ts'
import { timeoutOf } from './options.ts'
import { STOP, TAG } from './protocol/protocol.ts'

/** How a whole series may end early. */
export interface SeriesOptions {
  /** Milliseconds that all of it may run; then its process is killed. Default: the fat thread's `timeout`. */
  readonly timeout?: number | undefined
  /** Ends it; its process is killed if it has begun. */
  readonly signal?: AbortSignal | undefined
}

const RUN_OPTIONS = optionNames<SeriesOptions>('run', { timeout: true, signal: true })

/** A value, or what will be one when the series runs. */
export type Fed<T> = T | Step<T> | Part<T>

type FedAll<Values extends readonly unknown[]> = {
  readonly [Index in keyof Values]: Fed<Values[Index]>
}

/** Runs a series. */
interface Run {
  /**
   * Resolves when the last call is over. Rejects as a single call would, and then no result is there.
   * @throws {TypeError} {RangeError} for a wrong argument; nothing was sent then
   */
  (options?: SeriesOptions): Promise<void>
  /** The same, blocking. */
  sync(options?: SeriesOptions): void
}

const STOPS = { zero: STOP.ZERO, nonzero: STOP.NONZERO, negative: STOP.NEGATIVE } as const

/** Results that a series may stop on. */
export type StopOn = keyof typeof STOPS

const SIZES = new Map<number, number>([
  [TAG.BOOL, 1],
  [TAG.U8, 1],
  [TAG.I8, 1],
  [TAG.U16, 2],
  [TAG.I16, 2],
  [TAG.U32, 4],
  [TAG.I32, 4],
  [TAG.U64, 8],
  [TAG.I64, 8],
  [TAG.POINTER, 8],
])
const FLOATS: ReadonlySet<number> = new Set([TAG.F32, TAG.F64])
const TEXTS: ReadonlySet<number> = new Set([TAG.TEXT8, TAG.TEXT16, TAG.TEXT32])
const SIGNED: ReadonlySet<number> = new Set([TAG.I8, TAG.I16, TAG.I32, TAG.I64])

/** What stands in the place of a fed argument until the host has its value. */
const STAND_INS: Partial<Record<Argument['kind'], unknown>> = {
  integer: 0,
  wide: 0,
  f32: 0,
  f64: 0,
  bool: false,
  pointer: null,
}

/** What a step may take: the place of a value in an earlier one. */
interface Source {
  readonly step: Step<unknown>
  readonly argument: number | undefined
  readonly tag: number
}

/** One of several results of a step, for a later one. */
export class Part<T> {
  /** @internal */
  readonly source: Source
  /** Never there: by this TypeScript knows what it will be. */
  declare readonly value: T

  /** @internal Use `step.part`. */
  constructor(source: Source) {
    this.source = source
  }
}

/** One call of a series. */
export class Step<T> {
  readonly #series: Series
  readonly #parts: CallParts
  #stop: number = STOP.NEVER
  #outcome: { readonly value: T } | undefined

  /** @internal Use `series.call`. */
  constructor(series: Series, parts: CallParts) {
    this.#series = series
    this.#parts = parts
  }

  /** Whether it ran; not before the series has. */
  get ran(): boolean {
    return this.#outcome !== undefined
  }

  /**
   * What the call resolves to elsewhere.
   * @throws {FatThreadError} where it did not run
   */
  get value(): T {
    if (this.#outcome !== undefined) return this.#outcome.value
    throw this.#series.without(this.name)
  }

  /** One of its results, where it has several: an argument of a later call. */
  part<const Name extends keyof T & string>(name: Name): Part<T[Name]> {
    const { plan } = this.#parts
    if (name === 'result') return new Part(this.source)
    const argument = plan.arguments.findIndex(
      ({ type }) => type.kind === 'result' && type.name === name,
    )
    const type = plan.arguments[argument]?.type
    if (type?.kind !== 'result') throw new TypeError(`${plan.name} has no result ${name}`)
    const isWord = type.count === undefined && SCALARS.has(type.type.kind)
    const tag = isWord ? tagOf(type.type) : TAG.AGGREGATE
    return new Part({ step: this, argument, tag })
  }

  /** The calls behind it don't run where its result is 0 (or null, or false), is not, or is negative. */
  stopOn(kind: StopOn): this {
    const { plan } = this.#parts
    if (!Object.hasOwn(STOPS, kind))
      throw wrongKind(`${plan.name}: stopOn`, "'zero', 'nonzero' or 'negative'", kind)
    this.#series.requireFresh()
    const tag = plan.types[0] as number
    if (!SIZES.has(tag) && !TEXTS.has(tag))
      throw new TypeError(`${plan.name}: only a whole number or a pointer stops a series`)
    if (kind === 'negative' && !SIGNED.has(tag))
      throw new TypeError(`${plan.name} has no negative results`)
    this.#stop = STOPS[kind]
    return this
  }

  /** @internal */
  get name(): string {
    return this.#parts.plan.name
  }

  /** @internal */
  get series(): Series {
    return this.#series
  }

  /** @internal */
  get stop(): number {
    return this.#stop
  }

  /** @internal Its own result, where that is a word. */
  get source(): Source {
    return { step: this, argument: undefined, tag: this.#parts.plan.types[0] as number }
  }

  /** @internal */
  get gives(): 'one' | 'several' {
    const { plan } = this.#parts
    return plan.collects && plan.aggregate === undefined ? 'several' : 'one'
  }

  /** @internal */
  settle(value: T): void {
    this.#outcome = { value }
  }
}

const SCALARS: ReadonlySet<string> = new Set(['integer', 'float', 'bool', 'enum', 'pointer'])

interface Recorded {
  readonly step: Step<unknown>
  readonly origin: Origin
  readonly parts: CallParts
  readonly values: readonly unknown[]
  readonly feeds: readonly Feed[]
}

/** Where it runs. */
interface SeriesHome {
  readonly lane: () => Entrance
  /** Whose is what the process that serves now has. */
  readonly owner: () => object
}

/** What was begun, and is waited for in one of two ways. */
interface Begun {
  readonly ended: () => Promise<void>
  readonly block: () => void
}

/**
 * Several calls that are made in one trip, one after the other, on one lane. What an earlier one gives may be an
 * argument of a later one, without the program seeing it in between. It runs once.
 */
export class Series {
  /** Runs all of it. */
  readonly run: Run
  readonly #thread: object
  readonly #home: SeriesHome
  readonly #timeout: number | undefined
  readonly #recorded: Recorded[] = []
  readonly #indices = new Map<Step<unknown>, number>()
  #state: 'fresh' | 'running' | 'over' | 'failed' = 'fresh'
  #stopped: Step<unknown> | undefined

  /** @internal Use `thread.series()`. */
  constructor(thread: object, home: SeriesHome, timeout: number | undefined) {
    this.#thread = thread
    this.#home = home
    this.#timeout = timeout
    const sync = (options: SeriesOptions = {}): void => this.begin(options).block()
    this.run = Object.assign((options: SeriesOptions = {}) => this.#run(options), { sync })
  }

  /** The call whose result stopped it, if one did. */
  get stopped(): Step<unknown> | undefined {
    return this.#stopped
  }

  /**
   * Adds a call: a function of any library of the fat thread, with its arguments. In the place of a number, a boolean
   * or a pointer an earlier step may stand, which gives it; a text that is a result can't, since it is a copy.
   * The arguments are looked at when the series runs.
   */
  call<Values extends readonly unknown[], Result>(
    function_: (...values: Values) => Promise<Result>,
    ...values: FedAll<Values>
  ): Step<Result> {
    this.requireFresh()
    const origin = originOf(function_)
    if (origin === undefined) throw wrongKind('call', 'a function of a library', function_)
    if (origin.thread !== this.#thread)
      throw new TypeError(`${origin.name} is a function of another fat thread`)
    if (origin.limited)
      throw new TypeError(
        `${origin.name}: in a series a time limit or a signal is an option of run`,
      )
    const single = origin.single(values)
    const { parts } = single
    const feeds: Feed[] = []
    const isFed = single.values.some(isSource)
    const plain = isFed ? this.#feed(single, feeds) : single.values
    const step = new Step<Result>(this, parts)
    this.#indices.set(step, this.#recorded.length)
    this.#recorded.push({ step, origin, parts, values: plain, feeds })
    return step
  }

  /** The values with something else in the place of what is fed. */
  #feed({ parts, signature, values }: SingleCall, feeds: Feed[]): readonly unknown[] {
    const given = parts.plan.arguments.filter(({ type }) => type.kind !== 'result' || type.given)
    return values.map((value, index) => {
      const source = this.#sourceOf(value, parts, given[index])
      if (source === undefined) return value
      const argument = given[index] as PlannedArgument
      const word = parts.plan.arguments.indexOf(argument)
      requireFit(parts, argument, tagOf(signature.parameters[word]?.type as never), source)
      const step = this.#indices.get(source.step) as number
      feeds.push({ word, step, argument: source.argument, tag: source.tag })
      return STAND_INS[argument.type.kind]
    })
  }

  /** @internal */
  requireFresh(): void {
    if (this.#state !== 'fresh') throw new FatThreadError('the series has begun')
  }

  /** @internal Why a step has no value. */
  without(name: string): FatThreadError {
    switch (this.#state) {
      case 'fresh':
      case 'running':
        return new FatThreadError(`${name} has not run: run the series first`)
      case 'failed':
        return new FatThreadError(`${name} has no result: the series failed`)
      default:
        return new FatThreadError(`${name} did not run: ${this.#stopped?.name} stopped the series`)
    }
  }

  #sourceOf(
    value: unknown,
    { plan }: CallParts,
    argument: PlannedArgument | undefined,
  ): Source | undefined {
    if (!isSource(value)) return undefined
    const source = value.source
    const where = `${plan.name}: ${argument?.label ?? 'an argument too many'}`
    if (!this.#indices.has(source.step)) throw new TypeError(`${where} is a step of another series`)
    if (value instanceof Step && value.gives === 'several')
      throw new TypeError(
        `${where} takes one result of ${value.name}: step.part(name) is one of them`,
      )
    if (argument === undefined || !(argument.type.kind in STAND_INS))
      throw new TypeError(`${where} takes no result of ${source.step.name}`)
    if (plan.arguments.some(({ type }) => isCount(type, plan.arguments.indexOf(argument))))
      throw new TypeError(`${where} is the length of a result, which has to be known before`)
    return source
  }

  #begin(options: SeriesOptions): { timeout: number | undefined; signal: AbortSignal | undefined } {
    if (typeof options !== 'object' || options === null)
      throw new TypeError(`run takes an object, not ${describe(options)}`)
    requireOptions(options, [RUN_OPTIONS])
    const { signal } = options
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw new TypeError(`run: signal must be an AbortSignal, not ${describe(signal)}`)
    const timeout = timeoutOf(options.timeout) ?? this.#timeout
    if (this.#state !== 'fresh') throw new FatThreadError('a series runs once')
    this.#state = 'running'
    return { timeout, signal }
  }

  async #run(options: SeriesOptions): Promise<void> {
    const limits = this.#begin(options)
    try {
      const steps = this.#ready()
      if (steps.length > 0) this.#settle(await this.#home.lane().run(series(steps), steps, limits))
      this.#state = 'over'
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }

  /** @internal Begins it for whoever waits later: awaited, or blocking, or both. One of them has to be called. */
  begin(options: SeriesOptions = {}): Begun {
    const limits = this.#begin(options)
    const attempt = <Result>(work: () => Result): Result => {
      try {
        return work()
      } catch (error) {
        this.#state = 'failed'
        throw error
      }
    }
    const posted = attempt(() => {
      const steps = this.#ready()
      return steps.length === 0 ? undefined : this.#home.lane().post(series(steps), steps, limits)
    })
    const over = (found: unknown): void => {
      if (posted !== undefined) this.#settle(found as Ran)
      this.#state = 'over'
    }
    return {
      ended: async () => {
        try {
          over(await posted?.promise())
        } catch (error) {
          this.#state = 'failed'
          throw error
        }
      },
      block: () => attempt(() => over(posted?.block())),
    }
  }

  /**
   * @internal Begins it where its functions are being bound, right behind that: they need not be there yet. It is of no
   * use to another process, so it goes on in none.
   */
  ahead(options: SeriesOptions = {}): Begun {
    const limits = this.#begin(options)
    const pending = this.#home.lane().begin(seriesIn(this.#home.owner(), this.#ready()), limits)
    // Whoever asked may find the library itself missing, and not wait.
    const ran = pending.promise() as Promise<Ran>
    ran.catch(() => {})
    const settle = (found: Ran): void => {
      this.#settle(found)
      this.#state = 'over'
    }
    return {
      ended: async () => settle(await ran),
      block: () => settle(pending.block() as Ran),
    }
  }

  #ready(): readonly SeriesStep[] {
    for (const origin of new Set(this.#recorded.map((each) => each.origin))) origin.ready()
    return this.#recorded.map(({ step, parts, values, feeds }) => ({
      parts,
      values,
      feeds,
      stop: step.stop,
    }))
  }

  #settle({ results, stopped }: Ran): void {
    for (const [index, value] of results.entries()) this.#recorded[index]?.step.settle(value)
    if (stopped || results.length < this.#recorded.length)
      this.#stopped = this.#recorded[results.length - 1]?.step
  }
}

function isSource(value: unknown): value is Step<unknown> | Part<unknown> {
  return value instanceof Step || value instanceof Part
}

function isCount(type: Argument, argument: number): boolean {
  return (
    type.kind === 'result' && typeof type.count === 'object' && type.count.argument === argument
  )
}

/** Whether a value of one type may become an argument of another: as C converts, without loss of bits. */
function requireFit(
  { plan }: CallParts,
  argument: PlannedArgument,
  to: number,
  { step, tag: from }: Source,
): void {
  const where = `${plan.name}: ${argument.label}`
  if (TEXTS.has(from))
    throw new TypeError(`${where} takes no result of ${step.name}: a text is copied`)
  const isNumber = SIZES.has(from) && SIZES.has(to)
  const isAddress = (tag: number): boolean => SIZES.get(tag) === 8
  const fits =
    from === to ||
    (isNumber && from !== TAG.POINTER && to !== TAG.POINTER && to !== TAG.BOOL) ||
    (isNumber && isAddress(from) && isAddress(to))
  if (!fits || (!isNumber && !FLOATS.has(from)))
    throw new TypeError(`${where} takes no result of ${step.name}`)
  if ((SIZES.get(from) ?? 0) > (SIZES.get(to) ?? 0))
    throw new TypeError(`${where} is smaller than the result of ${step.name}`)
}
