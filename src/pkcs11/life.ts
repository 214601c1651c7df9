/** A PKCS #11 module in one process: runs operations there. */
import type { FatThread, Pointer, Series, Step } from '../index.ts'
import {
  CKR_CRYPTOKI_NOT_INITIALIZED,
  CKR_DEVICE_ERROR,
  CKR_SESSION_HANDLE_INVALID,
} from './constants/index.ts'
import { coded, moduleClosed, Pkcs11Error } from './errors.ts'
import type { Frame, Frames } from './frame.ts'
import type { Limits, ModuleFunctions } from './module-functions.ts'
import type { Call, Operation, Steps, Trip } from './operation.ts'
import { SessionLines } from './session-lines.ts'
import { exactly, type Ulong } from './words.ts'

export interface RunOptions extends Limits {
  /** It runs behind what this session does. */
  readonly session?: Ulong | undefined
  /** It runs although the module is being closed. */
  readonly last?: boolean | undefined
  /** Where its arguments are to be, in the place of a new frame; it ends with the operation. */
  readonly frame?: Frame | undefined
  /** Blocking calls of its session, and those that may end what it needs, come behind its trips: see `endTrips`. */
  readonly precedes?: boolean | undefined
}

const NONE: RunOptions = {}

/** The module in one process. Handles belong to it, and are worth nothing in the next one. */
export class Life {
  readonly functions: ModuleFunctions
  readonly #frames: Frames
  readonly #lines = new SessionLines()
  readonly #thread: FatThread
  /** Of something that is in that process. */
  readonly #pointer: Pointer
  /** Trips under way that blocking calls come behind, by the session: how to wait for each. */
  readonly #trips = new Map<Ulong, () => void>()
  #running = 0
  #shut = false
  #onIdle: (() => void) | undefined

  constructor(thread: FatThread, functions: ModuleFunctions, frames: Frames) {
    this.#thread = thread
    this.functions = functions
    this.#frames = frames
    this.#pointer = frames.pointer
  }

  /** Its process serves. */
  get isAlive(): boolean {
    return this.#thread.owns(this.#pointer)
  }

  /** It is not being closed either. */
  get serves(): boolean {
    return this.isAlive && !this.#shut
  }

  /** It was given a PIN. */
  get hadSecrets(): boolean {
    return this.#frames.hadSecrets
  }

  /** Operations that have not ended. */
  get running(): number {
    return this.#running
  }

  /** The program has closed the module, or does so. */
  get isShut(): boolean {
    return this.#shut
  }

  /** From now on new operations are refused. */
  shut(): void {
    this.#shut = true
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    if (this.#running === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** Arguments are taken now, whenever it is the operation's turn. */
  async run<Result>(operation: Operation<Result>, options: RunOptions = NONE): Promise<Result> {
    const { session } = options
    this.#admit(options)
    const frame = options.frame ?? this.#frames.lease()
    let entered = false
    this.#running++
    try {
      const steps = operation(frame)
      const first = steps.next()
      if (first.done) return first.value
      if (session !== undefined) {
        const turn = this.#lines.enter(session)
        entered = true
        if (turn !== undefined) await turn
      }
      return await this.#drive(steps, first.value, options)
    } finally {
      frame.end()
      if (entered) this.#lines.leave(session as Ulong)
      if (--this.#running === 0) this.#onIdle?.()
    }
  }

  /** Memory that lasts until its `end()`: for what a module still writes after a call. */
  lease(): Frame {
    return this.#frames.lease()
  }

  /** Whether a session does something in the background. */
  isBusy(session: Ulong): boolean {
    return this.#lines.isBusy(session)
  }

  /** Trips are under way that blocking calls come behind. */
  get hasTrips(): boolean {
    return this.#trips.size > 0
  }

  /** Blocks until those trips are over that precede what a session does next; without a session, those of all. */
  endTrips(session?: Ulong): void {
    const trips = session === undefined ? [...this.#trips.values()] : [this.#trips.get(session)]
    for (const end of trips) {
      try {
        end?.()
      } catch {
        // Whoever awaits it hears of it.
      }
    }
  }

  /** Blocking: it does not wait for what its session does in the background. */
  runSync<Result>(operation: Operation<Result>, options: RunOptions = NONE): Result {
    this.#admit(options)
    const frame = options.frame ?? this.#frames.lease()
    try {
      const steps = operation(frame)
      let limits = limitsOf(options)
      let next = steps.next()
      while (!next.done) {
        const step: Call | Trip = next.value
        let made: Made
        try {
          made = this.#make(step, limits, options)
        } catch (error) {
          next = this.#failed(steps, nameIn(step), error, options)
          limits = afterFailure(options)
          continue
        }
        next = answered(steps, step, made)
      }
      return next.value
    } finally {
      frame.end()
    }
  }

  /** After a failure, which is what counts: nobody hears what comes of it, and what stopped the call doesn't stop it. */
  async clearUp(operation: Operation<void>, { timeout, session }: RunOptions): Promise<void> {
    if (!this.serves) return
    try {
      await this.run(operation, { timeout, session })
    } catch {
      // Where its process ended over it, whoever calls next hears of that.
    }
  }

  /** The same, blocking. */
  clearUpSync(operation: Operation<void>, { timeout, session }: RunOptions): void {
    if (!this.serves) return
    try {
      this.runSync(operation, { timeout, session })
    } catch {
      // The same.
    }
  }

  /** A few blocking calls are quickest one after the other. */
  #make(step: Call | Trip, limits: Limits | undefined, options: RunOptions): Made {
    if (!('calls' in step)) return { call: step, rv: this.#call(step, limits, options) }
    if (!step.stops) return this.#travelSync(step, limits, options)
    let last: Made | undefined
    for (const call of step.calls) {
      const rv = this.#call(call, limits, options)
      step.returned.push(Number(rv))
      last = { call, rv }
      if (rv !== 0 && step.stops) break
    }
    return last as Made
  }

  #call({ name, words }: Call, limits: Limits | undefined, options: RunOptions): Ulong {
    this.#require(name, options)
    return exactly(this.functions.of(name, limits).sync(...words))
  }

  async #drive<Result>(
    steps: Steps<Result>,
    first: Call | Trip,
    options: RunOptions,
  ): Promise<Result> {
    let limits = limitsOf(options)
    let step = first
    for (;;) {
      let next: IteratorResult<Call | Trip, Result>
      let made: Made | undefined
      let failure: unknown
      try {
        this.#require(nameIn(step), options)
        if ('calls' in step) {
          made = await this.#travel(step, limits, options)
        } else {
          const rv = exactly(await this.functions.of(step.name, limits)(...step.words))
          made = { call: step, rv }
        }
      } catch (error) {
        failure = error
      }
      if (made === undefined) {
        next = this.#failed(steps, nameIn(step), failure, options)
        limits = afterFailure(options)
      } else {
        next = answered(steps, step, made)
      }
      if (next.done) return next.value
      step = next.value
    }
  }

  /** All of them at once: else the program would sleep and be woken for each. */
  async #travel(
    trip: Trip,
    limits: Limits | undefined,
    { precedes, session }: RunOptions,
  ): Promise<Made> {
    const { series, made } = this.#gather(trip)
    const running =
      precedes === true && session !== undefined
        ? this.#precede(session, series, limits)
        : series.run(limits)
    try {
      trip.meanwhile?.()
    } finally {
      await running
    }
    return taken(trip, made)
  }

  async #precede(session: Ulong, series: Series, limits: Limits | undefined): Promise<void> {
    const { block, ended } = series.begin(limits)
    this.#trips.set(session, block)
    try {
      await ended()
    } finally {
      this.#trips.delete(session)
    }
  }

  #travelSync(trip: Trip, limits: Limits | undefined, options: RunOptions): Made {
    this.#require(nameIn(trip), options)
    const { series, made } = this.#gather(trip)
    const { block } = series.begin(limits)
    try {
      trip.meanwhile?.()
    } finally {
      block()
    }
    return taken(trip, made)
  }

  #gather({ calls, stops }: Trip): { readonly series: Series; readonly made: readonly Making[] } {
    const series = this.#thread.series()
    const made = calls.map((call) => {
      const step = series.call(this.functions.of(call.name, undefined), ...call.words)
      return { call, step: stops ? step.stopOn('nonzero') : step }
    })
    return { series, made }
  }

  #admit({ last }: RunOptions): void {
    if (this.#shut && last !== true) throw moduleClosed('')
  }

  #require(name: string, options: RunOptions): void {
    if (this.isAlive) return
    if (this.#shut) throw moduleClosed(name)
    throw new Pkcs11Error(name, this.#lost(options), 'the process that it belongs to has ended')
  }

  /** What it means to an operation that the process is there no more. */
  #lost({ session }: RunOptions): number {
    if (this.#shut) return CKR_CRYPTOKI_NOT_INITIALIZED
    return session === undefined ? CKR_DEVICE_ERROR : CKR_SESSION_HANDLE_INVALID
  }

  /** Where the process is there still, the operation may clear up. */
  #failed<Result>(
    steps: Steps<Result>,
    name: string,
    error: unknown,
    options: RunOptions,
  ): IteratorResult<Call | Trip, Result> {
    const failure = coded(error, name, this.#lost(options))
    if (!this.isAlive) throw failure
    return steps.throw(failure)
  }
}

/** A call as a part of a series. */
interface Making {
  readonly call: Call
  readonly step: Step<unknown>
}

/** What those returned that were made. */
function taken({ returned }: Trip, made: readonly Making[]): Made {
  let last: Made | undefined
  for (const { call, step } of made) {
    if (!step.ran) break
    const rv = exactly(step.value)
    returned.push(Number(rv))
    last = { call, rv }
  }
  return last as Made
}

/** The last call that was made, and what it returned. */
interface Made {
  readonly call: Call
  readonly rv: Ulong
}

function answered<Result>(
  steps: Steps<Result>,
  step: Call | Trip,
  { call, rv }: Made,
): IteratorResult<Call | Trip, Result> {
  const isAsked = 'calls' in step && !step.stops
  const number = Number(rv)
  if (number === 0 || isAsked || call.accepts.includes(number)) return steps.next(number)
  return steps.throw(new Pkcs11Error(call.name, rv))
}

/** What messages call it before it is known which one failed. */
function nameIn(step: Call | Trip): string {
  return 'calls' in step ? (step.calls[0]?.name ?? '') : step.name
}

function limitsOf({ timeout, signal }: RunOptions): Limits | undefined {
  return timeout === undefined && signal === undefined ? undefined : { timeout, signal }
}

/** What clears up is not stopped by what stopped the operation. */
function afterFailure({ timeout }: RunOptions): Limits | undefined {
  return timeout === undefined ? undefined : { timeout }
}
