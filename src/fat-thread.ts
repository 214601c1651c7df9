import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FunctionType } from './abi/types.ts'
import { outOfRange, wrongKind } from './call/complaint.ts'
import { pointedFunction } from './call/plan.ts'
import type { Callable, CheckedAll } from './callable.ts'
import { type CallableHome, type CallablePointer, CallablePointers } from './callable-pointers.ts'
import type { Entrance, Leftover } from './channel/entrance.ts'
import { runSteps, runStepsSync } from './channel/follow.ts'
import { Lane, type LaneKeeper } from './channel/lane.ts'
import { ended, endedSync, type Pending } from './channel/pending.ts'
import { beside, causeOf, type Evidence } from './crash/cause.ts'
import type { CallbackFor, Checked, CheckedText } from './declaration/infer.ts'
import { parsePrototype } from './declaration/parse.ts'
import {
  AbortError,
  ClosedError,
  CrashError,
  ExitError,
  type Failure,
  FatThreadError,
  SandboxError,
  StartError,
  TimeoutError,
  ViolationError,
} from './errors.ts'
import {
  type DeniedCalls,
  HANGUP_GRACE,
  holdEventLoop,
  type Output,
  releaseEventLoop,
} from './host/process.ts'
import { residentMemory } from './host/resident-memory.ts'
import { waitedTime } from './host/waited-time.ts'
import { IdleWatch, type Watched } from './idle-watch.ts'
import { Incarnation, type IncarnationKeeper, type Retirement } from './incarnation.ts'
import {
  type Declarations,
  LIBRARY_OPTIONS,
  Library,
  type LibraryOptions,
  type Prototypes,
} from './library.ts'
import { Callback } from './memory/callback.ts'
import { Pointer, pointerOf } from './memory/pointer.ts'
import { SharedMemory } from './memory/shared-memory.ts'
import { readSteps, writeSteps } from './memory-access.ts'
import { shapeOf } from './message/callback-shape.ts'
import { close, ping } from './message/control.ts'
import { requireOptions } from './option-names.ts'
import {
  type FatThreadOptions,
  type Settings,
  settingsOf,
  sparesOf,
  THREAD_OPTIONS,
} from './options.ts'
import { type Denial, denialsIn } from './sandbox/denials.ts'
import { type Facts, type Receipt, receiptOf } from './sandbox/receipt.ts'
import { Series } from './series.ts'
import { Spares, takeSpare } from './spares.ts'
import { Type, type TypeLike } from './type.ts'
import type { ValueOf } from './type-builders.ts'

/** Bytes of a library's output that wait in the program for a slow reader; beyond that they are dropped. */
const MOST_UNREAD = 4 * 2 ** 20
/** Prototypes of calls by address that are kept. */
const MOST_PROTOTYPES = 4096
/** Destructors may take so many milliseconds. */
const CLOSE_LIMIT = 1000
/** Denials that are kept. */
const MOST_DENIALS = 256
/** Milliseconds between two events that tell of denials. */
const QUIET = 100
/** Milliseconds between two looks whether several lanes have ended what they do. */
const LOOK = 5
/** A request that so many processes died before without having begun it is not handed to another. */
const MOST_ATTEMPTS = 3

export type State = 'running' | 'restarting' | 'closed'

/** How a process ended, for the `exit` event. */
export interface ExitInfo {
  readonly pid: number
  readonly exitCode: number | undefined
  readonly signal: string | undefined
}

export interface FatThreadEvents {
  /** The process ended by itself. */
  crash: [error: CrashError | ExitError]
  /** A new process serves. */
  restart: []
  /** The library broke the policy: a denied system call, or what its process was ended for. */
  violation: [error: ViolationError]
  /** Bytes of a stream that was asked for with `'pipe'`. */
  stdout: [bytes: Buffer]
  stderr: [bytes: Buffer]
  /** A process of this fat thread has ended, whatever the reason. */
  exit: [info: ExitInfo]
  /** C called a callback after its end; without a listener it is a warning of the process. */
  warning: [error: Error]
  /** What a callback threw that a thread of the library called, for which no call can fail. */
  error: [error: unknown]
}

export interface Stats {
  readonly pid: number | undefined
  readonly state: State
  /** Requests answered, in all incarnations. */
  readonly completed: number
  /** Handed to the process and not answered. */
  readonly inFlight: number
  /** Not handed to it yet. */
  readonly queued: number
  readonly restarts: number
  /** Processes that wait for a start with the same options, where `spares` asks for some. */
  readonly spares: number
  /** System calls that were denied and told of, in all incarnations. */
  readonly denied: number
  /** Bytes of resident memory of the process, shared pages included. */
  readonly residentMemory: number | undefined
  /** Seconds of processor time that the process has used. */
  readonly processorTime: number | undefined
}

/** What has to be done again in a new process: load a library and bind its functions. */
export interface Resident {
  /** What was asked for: all of it has to end well. */
  settle(incarnation: Incarnation): Pending[]
  /** The fat thread is closed for good. */
  leave(): void
}

/** What whoever has several fat threads is told of one whose process has ended. */
export interface ProcessEnd {
  /** It did something, or was doing it, beyond getting ready. */
  readonly useful: boolean
  /** Why it ended. */
  readonly error: Error
}

interface NamedFunction {
  readonly type: FunctionType
  readonly name?: string
}

/** How a fat thread is begun. */
export interface Spawn {
  /** Starts a process that holds nothing yet; resolves when it serves. */
  (options?: FatThreadOptions): Promise<FatThread>
  /** The same, blocking. */
  sync(options?: FatThreadOptions): FatThread
}

/** How a library is loaded beside others. */
export interface Load {
  /**
   * Loads a library beside those that are there already.
   * @throws {LoadError} for a library, a dependency or a symbol that can't be loaded
   */
  <const Text extends string>(
    library: string | URL,
    declarations: CheckedText<Text>,
    options?: LibraryOptions,
  ): Promise<Library<Text>>
  <const D extends Prototypes = Record<never, string>>(
    library: string | URL,
    declarations?: CheckedAll<D>,
    options?: LibraryOptions,
  ): Promise<Library<D>>
  /** The same, blocking. */
  readonly sync: LoadSync
}

export interface LoadSync {
  <const Text extends string>(
    library: string | URL,
    declarations: CheckedText<Text>,
    options?: LibraryOptions,
  ): Library<Text>
  <const D extends Prototypes = Record<never, string>>(
    library: string | URL,
    declarations?: CheckedAll<D>,
    options?: LibraryOptions,
  ): Library<D>
}

/**
 * An isolated process that runs functions of libraries: one call after the other, or with the option `threads` several
 * at once. When it crashes, a new one takes its place: the calls that ran are rejected, those that waited go on.
 */
export class FatThread
  extends EventEmitter<FatThreadEvents>
  implements AsyncDisposable, Disposable
{
  static readonly spawn: Spawn = Object.assign(FatThread.#spawn, { sync: FatThread.#spawnSync })

  readonly load: Load = Object.assign(
    async (library: string | URL, declarations: unknown = {}, options: LibraryOptions = {}) => {
      requireOptions(options, [LIBRARY_OPTIONS], [THREAD_OPTIONS])
      return Library.load(this, library, declarations as Declarations, options, false)
    },
    {
      sync: (library: string | URL, declarations: unknown = {}, options: LibraryOptions = {}) => {
        requireOptions(options, [LIBRARY_OPTIONS], [THREAD_OPTIONS])
        return Library.loadSync(this, library, declarations as Declarations, options, false)
      },
    },
  ) as Load
  readonly #settings: Settings
  readonly #residents: Resident[] = []
  readonly #laneKeeper: LaneKeeper
  readonly #keeper: IncarnationKeeper
  #current: Incarnation | undefined
  #state: State = 'running'
  /** What the current process needs before it is of use, and its end. */
  #preparations: readonly Pending[] = []
  #settled: Promise<void> = Promise.resolve()
  #pid = 0
  #completed = 0
  #restarts = 0
  #useful = false
  /** Bytes that could not be passed on and that nobody was told of. */
  readonly #dropped = { stdout: 0, stderr: 0 }
  #closing: Promise<void> | undefined
  #renewing: Promise<void> | undefined
  #onRenewed: (() => void) | undefined
  #onClosed: (() => void) | undefined
  #receipt: Receipt | undefined
  #receiptOf: Incarnation | undefined
  readonly #denials: Denial[] = []
  #denied = 0
  #muted = false
  readonly #watch: IdleWatch | undefined
  readonly #spares: Spares | undefined
  /** The end of the spares that only this fat thread wanted. */
  #sparesEnd: Promise<void> | undefined
  #callables: CallablePointers | undefined
  readonly #callableHome: CallableHome
  /** So that calling by the same text twice is calling the same function. */
  readonly #prototypes = new Map<string, NamedFunction>()
  #ids = 0
  #libraries = 0
  /** @internal Told of each process that ended while the fat thread was open, before the events. */
  onProcessEnd: ((end: ProcessEnd) => void) | undefined

  /** @internal Use `FatThread.spawn` or `open`. */
  constructor(options: FatThreadOptions = {}) {
    super()
    this.#settings = settingsOf(options)
    this.#laneKeeper = this.#makeLaneKeeper()
    this.#keeper = {
      onOutput: (output) => this.#onOutput(output),
      onDenied: (incarnation, denied) => this.#onDenied(incarnation, denied),
      onHangup: (incarnation) => hangUp(incarnation),
      onEnd: (incarnation, leftover, evidence) => this.#onEnd(incarnation, leftover, evidence),
      onStaleCallback: (error) => this.#warn(error),
      onCallbackError: (error) => process.nextTick(() => this.emit('error', error)),
      callbacks: {
        pointerOf: (callback) => this.#pointerOf(callback),
        release: (callback) => this.#current?.callbacks.slots.release(callback),
      },
    }
    this.#callableHome = {
      incarnation: () => {
        this.#useful = true
        return this.incarnation()
      },
      nextFunction: () => this.nextFunction(),
      slots: [],
      thread: this,
      timeout: this.#settings.timeout,
      loadTimeout: this.#settings.loadTimeout,
      lanes: this.#settings.lanes,
    }
    this.#begin()
    const { spares } = this.#settings
    this.#spares = spares > 0 ? new Spares(this.#settings, spares) : undefined
    this.#watch = this.#settings.policy.sandboxed ? this.#watchIdle() : undefined
  }

  /**
   * Starts processes ahead: fat threads with the same options begin with one of them for as long as there are some.
   * Resolves when they wait. They never keep the program alive; `close` gives them up.
   * @param count From 1 to 64.
   * @throws {StartError} when a process can't be started
   */
  static async warm(options: FatThreadOptions = {}, count = 1): Promise<Spares> {
    requireOptions(options, [THREAD_OPTIONS], [LIBRARY_OPTIONS])
    const settings = settingsOf(options)
    const spares = new Spares(settings, sparesOf('warm: count', count, 1))
    try {
      await spares.filled(settings.loadTimeout)
    } catch (error) {
      await spares.close()
      throw error
    }
    return spares
  }

  static async #spawn(options: FatThreadOptions = {}): Promise<FatThread> {
    requireOptions(options, [THREAD_OPTIONS], [LIBRARY_OPTIONS])
    const thread = new FatThread(options)
    try {
      await thread.#settled
      await thread.verified()
    } catch (error) {
      await thread.terminate()
      throw error
    }
    return thread
  }

  static #spawnSync(options: FatThreadOptions = {}): FatThread {
    requireOptions(options, [THREAD_OPTIONS], [LIBRARY_OPTIONS])
    const thread = new FatThread(options)
    try {
      endedSync(thread.#preparations)
      thread.verifiedSync()
    } catch (error) {
      thread.terminateSync()
      throw error
    }
    return thread
  }

  /** The current process, or `undefined` between two and after the end. */
  get pid(): number | undefined {
    if (this.#current === undefined) return undefined
    if (this.#pid === 0) this.#pid = this.#current.process.pid
    return this.#pid === 0 ? undefined : this.#pid
  }

  get state(): State {
    return this.#state
  }

  /** What is enforced, and what is missing: of the process that serves now, or the last one that did. */
  get receipt(): Receipt {
    const { policy } = this.#settings
    const current = this.#current
    if (current !== undefined && (this.#receipt === undefined || this.#receiptOf !== current)) {
      this.#receipt = receiptOf(policy, current.facts())
      this.#receiptOf = current.process.pid === 0 ? undefined : current // not complete before that
    }
    this.#receipt ??= receiptOf(policy, NO_FACTS)
    return this.#receipt
  }

  /**
   * System calls of this fat thread that were denied, the last ones of all its incarnations; what libraries
   * ordinarily look for and do without is left out.
   */
  get denials(): readonly Denial[] {
    this.#current?.process.takeDenials()
    return [...this.#denials]
  }

  /** @internal With `strict`: resolves once everything is known to be enforced, before anything is loaded. */
  async verified(): Promise<void> {
    if (!this.#settings.strict) return
    await this.#settled
    this.#verify()
  }

  /** @internal The same, blocking. */
  verifiedSync(): void {
    if (!this.#settings.strict) return
    endedSync(this.#preparations)
    this.#verify()
  }

  #verify(): void {
    const { missing } = this.receipt
    if (missing.length === 0) return
    const names = missing.map(({ what }) => what)
    const [{ what, why, feature } = { what: '', why: '', feature: '' }] = missing
    throw new SandboxError(
      `this machine can't enforce ${names.join(', ')}; ${what}: ${why} (${feature}). \`fat-threads doctor\` tells what would help`,
      names,
    )
  }

  stats(): Stats {
    const lane = this.#current?.lane
    return {
      pid: this.pid,
      state: this.#state,
      completed: this.answered,
      inFlight: lane?.inFlight ?? 0,
      queued: lane?.queued ?? 0,
      restarts: this.#restarts,
      spares: this.#spares?.waiting ?? 0,
      denied: this.#denied,
      residentMemory: this.residentMemory,
      processorTime: this.#current?.process.usedTime,
    }
  }

  /**
   * Memory that the program and the library both see, zeroed; it lasts until it is disposed or the process ends.
   * @param bytes Its length; a `RangeError` says when there is no room left.
   */
  alloc(bytes: number): SharedMemory {
    if (typeof bytes !== 'number') throw new TypeError('alloc takes a number of bytes')
    if (!Number.isSafeInteger(bytes) || bytes < 1)
      throw new RangeError(`alloc takes a positive whole number of bytes, not ${bytes}`)
    const { channel, owner } = this.incarnation()
    const extent = channel.arena.allocate(bytes, true)
    const view = new Uint8Array(extent.buffer, 0, bytes)
    return new SharedMemory(view, extent.address, owner, () => channel.arena.free(extent, true))
  }

  /**
   * A pointer to an address that a library gave as a number.
   * @throws {RangeError} for 0, which is `null`, and what is no address
   */
  pointer(address: bigint): Pointer {
    if (typeof address !== 'bigint') throw wrongKind('pointer: address', 'a bigint', address)
    if (address < 1n || address >= 2n ** 64n)
      throw outOfRange('pointer: address', 1, 2n ** 64n - 1n, address)
    return new Pointer(address, this.incarnation().owner)
  }

  /** Whether a pointer leads into the process that serves now; one from before a restart doesn't. */
  owns(pointer: Pointer): boolean {
    if (!(pointer instanceof Pointer)) throw wrongKind('owns: pointer', 'a Pointer', pointer)
    return pointer.isOf(this.#current?.owner)
  }

  /**
   * Reads a value of a C type: a text, such as `int`, `const char *`, `char[]` (a text) or `double[16]`, or a `Type`.
   * It is a copy; what it points to is not read, but for texts.
   * @throws {RangeError} for an address that can't be read
   * @throws {ClosedError} for a pointer of another fat thread, or from before a restart
   */
  async read<const T extends TypeLike>(pointer: Pointer, type: T): Promise<ValueOf<T>> {
    const { owner } = this.incarnation()
    const lane = this.lane()
    return (await runSteps(lane, readSteps(pointer, type, owner))) as ValueOf<T>
  }

  /** The same, blocking. */
  readSync<const T extends TypeLike>(pointer: Pointer, type: T): ValueOf<T> {
    const { owner } = this.incarnation()
    const lane = this.lane()
    return runStepsSync(lane, readSteps(pointer, type, owner)) as ValueOf<T>
  }

  /**
   * Writes a value of a C type; an array may be shorter than its type says. Pointers in it are a `Pointer` or null:
   * a string or bytes would not outlast the write. Throws as `read`.
   */
  async write(pointer: Pointer, type: TypeLike, value: unknown): Promise<void> {
    const { owner } = this.incarnation()
    const lane = this.lane()
    await runSteps(lane, writeSteps(pointer, type, value, owner))
  }

  /** The same, blocking. */
  writeSync(pointer: Pointer, type: TypeLike, value: unknown): void {
    const { owner } = this.incarnation()
    const lane = this.lane()
    runStepsSync(lane, writeSteps(pointer, type, value, owner))
  }

  /**
   * The function at an address, such as one out of a table: with `sync`, `with` and `pointer`. Nobody checks that
   * there is a function of that type; what comes of calling something else stays in the fat thread.
   * @param prototype A C prototype, or a `Type` of function pointers.
   * @throws {ClosedError} for a pointer of another fat thread, or from before a restart
   */
  call<const Prototype extends string>(
    pointer: Pointer | { readonly pointer: Pointer },
    prototype: Checked<Prototype>,
  ): Callable<Prototype> & { readonly pointer: Pointer }
  call<Value>(
    pointer: Pointer | { readonly pointer: Pointer },
    type: Type<Value>,
  ): unknown extends Value ? CallablePointer : NonNullable<Value>
  call(pointer: unknown, prototype: unknown): unknown {
    const found = pointerOf(pointer)
    if (found === undefined) throw wrongKind('call: pointer', 'a Pointer', pointer)
    const { type, name } = this.#functionType(prototype)
    const { owner } = this.incarnation()
    found.in(owner)
    return this.#callables?.of(found, type, name)
  }

  /** Several calls that become one trip: results of earlier ones may be arguments of later ones. */
  series(): Series {
    return new Series(this, () => this.lane(), this.#settings.timeout)
  }

  #functionType(prototype: unknown): NamedFunction {
    if (prototype instanceof Type) {
      const type = pointedFunction(prototype.ctype)
      if (type !== undefined) return { type }
    }
    if (typeof prototype !== 'string')
      throw wrongKind('call: prototype', 'a C prototype or a Type of function pointers', prototype)
    let known = this.#prototypes.get(prototype)
    if (known === undefined) {
      const { name, free, ...rest } = parsePrototype(prototype)
      if (free !== undefined)
        throw new TypeError(
          `${name}: _Free_(${free}) is for functions of a library, not for an address`,
        )
      known = { type: { kind: 'function', ...rest }, name }
      if (this.#prototypes.size === MOST_PROTOTYPES) this.#prototypes.clear()
      this.#prototypes.set(prototype, known)
    }
    return known
  }

  /**
   * A function that C can call until it is released, from any thread of the library.
   * @param prototype of the C function that it stands for, such as `int compare(const void *a, const void *b)`
   * @throws {DeclarationError} for a prototype that doesn't parse
   */
  callback<const Prototype extends string>(
    prototype: Checked<Prototype>,
    run: CallbackFor<Prototype>,
  ): Callback
  /** The same of a `Type` of function pointers. */
  callback(type: Type, run: (...values: never[]) => unknown): Callback
  callback(prototype: string | Type, run: unknown): Callback {
    if (prototype instanceof Type) {
      const { ctype } = prototype
      if (ctype.kind === 'pointer' && ctype.to.kind === 'function')
        return this.makeCallback(ctype.to, prototype.name, run)
    }
    if (typeof prototype !== 'string')
      throw wrongKind(
        'callback: prototype',
        'a C prototype or a Type of function pointers',
        prototype,
      )
    const { name, ...type } = parsePrototype(prototype)
    return this.makeCallback({ kind: 'function', ...type }, name, run)
  }

  /** @internal */
  makeCallback(type: FunctionType, label: string, run: unknown): Callback {
    if (typeof run !== 'function') throw wrongKind(`callback: ${label}`, 'a function', run)
    shapeOf(type, label) // says what is wrong with the type
    const callback = new Callback(type, label, run, this.#keeper.callbacks)
    // Its code is made ahead: where C finds it can then be asked at any time.
    if (this.incarnation().channel.callbackCode() !== undefined) void callback.pointer
    return callback
  }

  #pointerOf(callback: Callback): Pointer {
    const { callbacks, channel, lane } = this.incarnation()
    if (channel.callbackCode() === undefined)
      lane.runSync(ping, undefined, { timeout: this.#settings.loadTimeout })
    return callbacks.slots.pointer(callback)
  }

  /** Without a listener it is a warning of the process: it must not pass unseen. */
  #warn(error: Error): void {
    process.nextTick(() => {
      if (this.emit('warning', error)) return
      process.emitWarning(error.message, { type: 'FatThreadWarning', code: 'FAT_THREAD_CALLBACK' })
    })
  }

  /**
   * Rejects what is in flight, lets the libraries' destructors run for at most a second, and ends the process.
   * Closing twice is closing once.
   */
  close(): Promise<void> {
    return this.#shut(true)
  }

  /** Ends the process at once. */
  terminate(): Promise<void> {
    if (this.#closing !== undefined) this.#current?.process.kill()
    return this.#shut(false)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** As `close`, blocking. */
  [Symbol.dispose](): void {
    this.#shutSync(true)
  }

  /** @internal As `terminate`, blocking. */
  terminateSync(): void {
    this.#shutSync(false)
  }

  /** @internal The one that serves; begun anew where the last one ended without a successor. */
  incarnation(): Incarnation {
    if (this.#closing !== undefined || this.#state === 'closed') throw closedError()
    return this.#current ?? this.#begin()
  }

  /** @internal */
  get settings(): Settings {
    return this.#settings
  }

  /** @internal Ends the process and begins another one; what had begun is rejected. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async #renew(): Promise<void> {
    const current = this.incarnation()
    this.#useful = true
    holdEventLoop()
    try {
      await new Promise<void>((resolve) => {
        this.#onRenewed = resolve
        const reason = (): Error => new ClosedError('the library was reloaded')
        current.retire({ reason, pending: undefined })
      })
      if (this.#closing !== undefined) throw closedError()
      await this.#settled
    } finally {
      releaseEventLoop()
    }
  }

  /** @internal Where a request goes that the user made. */
  lane(): Entrance {
    this.#useful = true
    const current = this.#current
    if (current !== undefined && this.#closing === undefined)
      return current.callbacks.front ?? current.callbacks.find()
    return this.incarnation().lane
  }

  /** @internal A process serves, or begins to. */
  get begun(): boolean {
    return this.#current !== undefined
  }

  /** @internal Whether the code that asks runs in a callback of this fat thread, beyond `await` too. */
  get callsBack(): boolean {
    return this.#current?.callbacks.inside ?? false
  }

  /** @internal Requests answered, in all incarnations. */
  get answered(): number {
    return this.#completed + (this.#current?.lane.completed ?? 0)
  }

  /** @internal Bytes of resident memory of the process, shared pages included. */
  get residentMemory(): number | undefined {
    const { pid } = this
    return pid === undefined ? undefined : residentMemory(pid)
  }

  /** @internal Resolves when all has ended that was asked for so far where the code runs that asks. */
  async quiet(): Promise<void> {
    const current = this.#current
    const lane = current?.callbacks.lane()
    if (lane instanceof Lane) {
      if (!lane.quiet) await lane.run(ping, undefined, undefined).catch(() => {})
      return
    }
    // Of several lanes, nobody tells when the last one has ended.
    while (current !== undefined && this.#current === current) {
      if (current.lane.inFlight + current.lane.queued === 0) return
      await sleep(LOOK)
    }
  }

  /** @internal A number for a library or a function, the same in every incarnation. */
  nextLibrary(): number {
    return this.#libraries++
  }

  /** @internal */
  nextFunction(): number {
    return this.#ids++
  }

  /** @internal From now on part of every incarnation. */
  addResident(resident: Resident): void {
    this.#residents.push(resident)
  }

  /** @internal */
  removeResident(resident: Resident): void {
    const index = this.#residents.indexOf(resident)
    if (index >= 0) this.#residents.splice(index, 1)
  }

  #begin(): Incarnation {
    const incarnation = this.#bear()
    this.#current = incarnation
    this.#callables = new CallablePointers(this.#callableHome, incarnation)
    this.#pid = 0
    // Everything is asked for at once, in order: what is asked later waits behind it by itself.
    this.#preparations = [
      incarnation.prepare(ping, this.#settings.loadTimeout),
      ...this.#residents.flatMap((resident) => resident.settle(incarnation)),
    ]
    this.#settled = ended(this.#preparations).catch((error) => {
      incarnation.retire({ reason: () => error as Error, pending: undefined })
      throw error
    })
    this.#settled.catch(() => {}) // whoever waits for it hears of it too
    incarnation.whenReady(() => this.#onReady(incarnation))
    return incarnation
  }

  #bear(): Incarnation {
    try {
      return (
        takeSpare(this.#settings)?.adopt(this.#laneKeeper, this.#keeper) ??
        new Incarnation(this.#settings, this.#laneKeeper, this.#keeper)
      )
    } catch (cause) {
      if (cause instanceof FatThreadError) throw cause
      throw new StartError(`a fat thread can't be started: ${messageOf(cause)}`, { cause })
    }
  }

  #watchIdle(): IdleWatch {
    const watched = (): Watched => {
      const { lane, callbacks, process } = this.#current ?? {}
      const inFlight = (lane?.inFlight ?? 0) + (lane?.queued ?? 0) + (callbacks?.outside ?? 0)
      const completed = (lane?.completed ?? 0) + (callbacks?.count ?? 0)
      const { pid } = this
      const waited = (): number => (pid === undefined ? 0 : waitedTime(pid))
      return { pid, used: process?.usedTime, waited, completed, inFlight }
    }
    return new IdleWatch(watched, (what) => {
      const error = new ViolationError(
        `a library ${what} while none of its functions was called; its process was ended`,
        {},
        { pid: this.pid },
      )
      this.#current?.retire({ reason: () => error, pending: undefined })
    })
  }

  #onDenied(incarnation: Incarnation, { records, dropped }: DeniedCalls): void {
    const denials = denialsIn(records, this.#settings.policy.granted)
    this.#denied += denials.length + dropped
    this.#denials.push(...denials)
    this.#denials.splice(0, this.#denials.length - MOST_DENIALS)
    const [first] = denials
    if (first === undefined || this.#muted) return
    // One event for what came together, and no more than some in a second.
    this.#muted = true
    setTimeout(() => {
      this.#muted = false
    }, QUIET).unref()
    const { pid } = incarnation.process
    process.nextTick(() => {
      if (this.#closing === undefined) this.emit('violation', deniedError(first, pid))
    })
  }

  #onReady(incarnation: Incarnation): void {
    if (this.#settings.strict) {
      try {
        this.#verify()
      } catch (error) {
        incarnation.retire({ reason: () => error as Error, pending: undefined })
        return
      }
    }
    incarnation.ready = true
    this.#spares?.fill()
    if (this.#current !== incarnation || this.#state !== 'restarting') return
    this.#state = 'running'
    this.#restarts++
    process.nextTick(() => this.emit('restart'))
  }

  #onEnd(incarnation: Incarnation, leftover: Leftover, evidence: Evidence): void {
    const pid = incarnation.process.pid
    this.#completed += incarnation.lane.completed
    if (this.#current === incarnation) this.#current = undefined
    const { retirement } = incarnation
    const culprit = incarnation.culprit(leftover, evidence)
    const because = (pending: Pending): Error => {
      const subject = { ...pending.request.subject, pid }
      if (this.#closing !== undefined) return closedError(subject)
      const about = retirement === undefined ? culprit : retirement.pending
      const own = retirement?.reason(pending) ?? causeOf(evidence, subject)
      // Whoever writes into the channel could be any of them.
      if (about === undefined || own instanceof ViolationError) return own
      if (about.lane?.strand === pending.lane?.strand) return own
      const failure = { ...about.request.subject, pid }
      return beside(retirement?.reason(about) ?? causeOf(evidence, failure), subject)
    }
    for (const pending of leftover.begun) pending.reject(because(pending))
    // Whatever the fat thread says has begun: the one that it was ended for is over.
    const ended = retirement?.pending
    if (ended?.open) ended.reject(because(ended))
    const last = culprit ?? leftover.begun.at(-1)
    // A process that could not even load its libraries has no better successor.
    const fit = incarnation.wasFit(leftover)
    const hopeful = fit || this.#onRenewed !== undefined
    for (const pending of leftover.waiting)
      if (!hopeful || pending.attempts === MOST_ATTEMPTS) pending.reject(because(pending))
    const waiting = leftover.waiting.filter((pending) => pending.open)

    const restarts = this.#settings.restart || this.#onRenewed !== undefined
    if (this.#closing !== undefined || !restarts) {
      this.#finish(waiting)
    } else {
      this.#state = 'restarting'
      this.#goOn(waiting, because)
    }
    this.#onRenewed?.()
    this.#onRenewed = undefined
    const busy = leftover.begun.length > 0 || retirement?.pending !== undefined
    const useful = fit && (incarnation.served || busy)
    this.#announce(evidence, retirement, last, pid, useful)
  }

  /** A new process at once where the last one was of use; else the next request begins it. */
  #goOn(waiting: readonly Pending[], because: (pending: Pending) => Error): void {
    const useful = this.#useful
    this.#useful = false
    if (!useful && waiting.length === 0) return
    try {
      const { lane } = this.#begin()
      for (const pending of waiting) lane.adopt(pending)
    } catch (error) {
      for (const pending of waiting) pending.reject(error ?? because(pending))
    }
  }

  #finish(waiting: readonly Pending[]): void {
    this.#state = 'closed'
    this.#watch?.end()
    this.#sparesEnd = this.#spares?.close()
    for (const pending of waiting) pending.reject(closedError())
    for (const resident of this.#residents.splice(0)) resident.leave()
    this.#onClosed?.()
  }

  /** Events run the user's code: after all bookkeeping, and not inside a blocking call. */
  #announce(
    evidence: Evidence,
    retirement: Retirement | undefined,
    last: Pending | undefined,
    pid: number,
    useful: boolean,
  ): void {
    const closing = this.#closing !== undefined
    const { end } = evidence
    process.nextTick(() => {
      const subject: Failure = last?.request.subject ?? {}
      const error = closing
        ? undefined
        : (retirement?.reason(last) ?? causeOf(evidence, { ...subject, pid }))
      if (error !== undefined) this.onProcessEnd?.({ useful, error })
      this.emit('exit', {
        pid,
        exitCode: end.kind === 'exit' ? end.exitCode : undefined,
        signal: end.kind === 'signal' ? end.signal : undefined,
      })
      if (error instanceof ViolationError) this.emit('violation', error)
      else if (error instanceof CrashError || error instanceof ExitError) this.emit('crash', error)
    })
  }

  #onOutput({ stream, bytes, dropped }: Output): void {
    const pass = this.#settings[stream] === 'inherit' ? relay : this.#emitOutput
    // Whoever reads the program's stream may be slower than the library writes.
    const full = pass === relay && process[stream].writableLength > MOST_UNREAD
    this.#dropped[stream] += full ? dropped + bytes.length : dropped
    if (full) return
    if (bytes.length > 0)
      pass(stream, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    const lost = this.#dropped[stream]
    this.#dropped[stream] = 0
    if (lost > 0) pass(stream, Buffer.from(`[fat-threads: ${lost} bytes dropped]\n`))
  }

  /** After all bookkeeping: what a listener throws must not stop it. */
  readonly #emitOutput = (stream: Output['stream'], bytes: Buffer): void => {
    process.nextTick(() => this.emit(stream, bytes))
  }

  #makeLaneKeeper(): LaneKeeper {
    const retire = (retirement: Retirement): void => this.#current?.retire(retirement)
    return {
      unreachable: () => {
        const current = this.#current
        if (current !== undefined) setTimeout(() => hangUp(current), HANGUP_GRACE).unref()
      },
      retire: (reason, pending) => retire({ reason: () => reason, pending }),
      expired: (pending) => {
        pending.request.look?.()
        const { subject } = pending.request
        const timeout = pending.timeout ?? 0
        const { pid } = this
        const what = subject.call ?? `loading ${subject.library ?? 'a library'}`
        retire({
          reason: () =>
            new TimeoutError(
              `${what} ran longer than ${timeout} ms; its process was killed`,
              timeout,
              { ...subject, pid },
            ),
          pending,
        })
      },
      aborted: (pending) => retire({ reason: () => abortError(pending, true), pending }),
      abortError: (pending) => abortError(pending, false),
    }
  }

  #shut(gently: boolean): Promise<void> {
    this.#closing ??= this.#state === 'closed' ? Promise.resolve() : this.#doShut(gently)
    return this.#closing
  }

  /** Every turn of the wait is short, so that the limit holds whatever runs there. */
  #shutSync(gently: boolean): void {
    const current = this.#current
    const end = performance.now() + (gently ? CLOSE_LIMIT : 0)
    void (gently ? this.close() : this.terminate())
    while (current !== undefined && !current.process.ended) {
      if (performance.now() >= end) current.process.kill()
      current.lane.step()
    }
    this.#spares?.closeSync()
  }

  #doShut(gently: boolean): Promise<void> {
    const current = this.#current
    if (current === undefined) {
      this.#finish([])
      return this.#sparesEnd ?? Promise.resolve()
    }
    holdEventLoop()
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = () => {
        releaseEventLoop()
        resolve()
      }
    })
    const reason = (pending: Pending): Error => closedError(pending.request.subject)
    current.callbacks.rejectAll(reason)
    current.lane.rejectAll(reason)
    if (gently) {
      current.lane.run(close, undefined, { timeout: CLOSE_LIMIT }).catch(() => {})
      setTimeout(() => current.process.kill(), CLOSE_LIMIT).unref()
    } else {
      current.process.kill()
    }
    return closed.then(() => this.#sparesEnd)
  }
}

function relay(stream: Output['stream'], bytes: Buffer): void {
  process[stream].write(bytes)
}

function hangUp(incarnation: Incarnation): void {
  const error = new ViolationError('the fat thread closed its end of the channel')
  incarnation.retire({ reason: () => error, pending: undefined })
}

function deniedError({ syscall, path }: Denial, pid: number): ViolationError {
  const what = path === undefined ? syscall : `${syscall} of ${path}`
  return new ViolationError(
    `the library tried ${what}, which is not permitted; the call failed inside the fat thread`,
    { syscall, ...(path === undefined ? {} : { path }) },
    { pid },
  )
}

const NO_FACTS: Facts = { introduction: undefined, namespaces: 0, listening: false, status: '' }

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function closedError(subject?: Failure): ClosedError {
  return new ClosedError('the fat thread is closed', subject)
}

function abortError(pending: Pending, begun: boolean): AbortError {
  const { subject } = pending.request
  const how = begun ? 'was aborted; its process was killed' : 'was aborted before it began'
  return new AbortError(`${subject.call ?? 'the call'} ${how}`, {
    ...subject,
    cause: pending.signal?.reason,
  })
}
