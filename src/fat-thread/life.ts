import type { Entrance, Leftover } from '../channel/entrance.ts'
import type { LaneKeeper } from '../channel/lane/home.ts'
import { Lane } from '../channel/lane.ts'
import { Lanes } from '../channel/lanes.ts'
import { ended, endedSync, type Pending } from '../channel/pending.ts'
import type { Evidence } from '../crash/cause.ts'
import {
  ClosedError,
  CrashError,
  ExitError,
  FatThreadError,
  StartError,
  ViolationError,
} from '../errors.ts'
import { holdEventLoop, releaseEventLoop } from '../host/events.ts'
import { residentMemory } from '../host/resident-memory.ts'
import type { IdleWatch } from '../idle-watch.ts'
import { Incarnation, type IncarnationKeeper } from '../incarnation.ts'
import type { CallbackHome } from '../memory/callback.ts'
import { close, ping } from '../message/control.ts'
import type { Settings } from '../options.ts'
import type { Denial } from '../sandbox/denials.ts'
import type { Receipt } from '../sandbox/receipt.ts'
import { Spares, takeSpare } from '../spares.ts'
import { Aftermath } from './aftermath.ts'
import { Denied } from './denied.ts'
import type { Emitter } from './events.ts'
import { watchIdle } from './idleness.ts'
import { hangUp, laneKeeperOf } from './lane-keeper.ts'
import { OutputPassage } from './output.ts'
import { closedError } from './reasons.ts'
import { Receipts, requireWhole } from './receipts.ts'
import type { State, Stats } from './stats.ts'

/** Destructors may take so many milliseconds. */
const CLOSE_LIMIT = 1000

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

/** Whose life it is. */
export interface LifeKeeper {
  readonly emitter: Emitter
  /** A process was begun, and nothing has been asked of it. */
  onBegin(incarnation: Incarnation): void
  readonly callbacks: CallbackHome
}

/** The incarnations of one fat thread, one after the other, from the first one to the end. */
export class Life {
  readonly settings: Settings
  readonly #owner: LifeKeeper
  readonly #emitter: Emitter
  readonly #residents: Resident[] = []
  readonly #laneKeeper: LaneKeeper
  readonly #keeper: IncarnationKeeper
  readonly #receipts: Receipts
  readonly #denied: Denied
  #current: Incarnation | undefined
  #state: State = 'running'
  /** What the current process needs before it is of use, and its end. */
  #preparations: readonly Pending[] = []
  #settled: Promise<void> = Promise.resolve()
  #pid = 0
  #completed = 0
  #restarts = 0
  #useful = false
  #closing: Promise<void> | undefined
  #renewing: Promise<void> | undefined
  #onRenewed: (() => void) | undefined
  #onClosed: (() => void) | undefined
  #watch: IdleWatch | undefined
  #spares: Spares | undefined
  /** The end of the spares that only this fat thread wanted. */
  #sparesEnd: Promise<void> | undefined
  #functions = 0
  #libraries = 0
  /** Told of each process that ended while the fat thread was open, before the events. */
  onProcessEnd: ((end: ProcessEnd) => void) | undefined

  constructor(settings: Settings, owner: LifeKeeper) {
    this.settings = settings
    this.#owner = owner
    this.#emitter = owner.emitter
    this.#receipts = new Receipts(settings.policy)
    this.#denied = new Denied(settings.policy.granted, (error) => {
      if (this.#closing === undefined) this.#emitter.emit('violation', error)
    })
    this.#laneKeeper = laneKeeperOf(this)
    const output = new OutputPassage(settings, this.#emitter)
    this.#keeper = {
      onOutput: (printed) => output.pass(printed),
      onDenied: ({ process }, denied) => this.#denied.add(denied, process.pid),
      onHangup: (incarnation) => hangUp(incarnation),
      onEnd: (incarnation, leftover, evidence) => this.#onEnd(incarnation, leftover, evidence),
      onStaleCallback: (error) => this.#warn(error),
      onCallbackError: (error) => process.nextTick(() => this.#emitter.emit('error', error)),
      callbacks: owner.callbacks,
    }
  }

  /** Begins the first one. */
  start(): void {
    this.#begin()
    const { spares, policy } = this.settings
    this.#spares = spares > 0 ? new Spares(this.settings, spares) : undefined
    this.#watch = policy.sandboxed ? watchIdle(this) : undefined
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

  get receipt(): Receipt {
    return this.#receipts.of(this.#current)
  }

  get denials(): readonly Denial[] {
    this.#current?.process.takeDenials()
    return this.#denied.kept
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
      denied: this.#denied.count,
      residentMemory: this.residentMemory,
      processorTime: this.#current?.process.usedTime,
    }
  }

  /** Requests answered, in all incarnations. */
  get answered(): number {
    return this.#completed + (this.#current?.lane.completed ?? 0)
  }

  /** Bytes of resident memory of the process, shared pages included. */
  get residentMemory(): number | undefined {
    const { pid } = this
    return pid === undefined ? undefined : residentMemory(pid)
  }

  /** Resolves when the current process serves, with all that it needs. */
  settled(): Promise<void> {
    return this.#settled
  }

  settledSync(): void {
    endedSync(this.#preparations)
  }

  /** With `strict`: resolves once everything is known to be enforced, before anything is loaded. */
  async verified(): Promise<void> {
    if (!this.settings.strict) return
    await this.#settled
    requireWhole(this.receipt)
  }

  /** The same, blocking. */
  verifiedSync(): void {
    if (!this.settings.strict) return
    this.settledSync()
    requireWhole(this.receipt)
  }

  /** The one that serves, if there is one. */
  get current(): Incarnation | undefined {
    return this.#current
  }

  /** The one that serves; begun anew where the last one ended without a successor. */
  incarnation(): Incarnation {
    if (this.#closing !== undefined || this.#state === 'closed') throw closedError()
    return this.#current ?? this.#begin()
  }

  /** The same, for what the user asks of it. */
  incarnationAtWork(): Incarnation {
    this.#useful = true
    return this.incarnation()
  }

  /** Where a request goes that the user made. */
  lane(): Entrance {
    this.#useful = true
    const current = this.#current
    if (current !== undefined && this.#closing === undefined)
      return current.callbacks.front ?? current.callbacks.find()
    return this.incarnation().lane
  }

  /** Whether the code that asks runs in a callback of this fat thread, beyond `await` too. */
  get callsBack(): boolean {
    return this.#current?.callbacks.inside ?? false
  }

  /** Resolves when all has ended that was asked for so far where the code runs that asks. */
  async quiet(): Promise<void> {
    const current = this.#current
    const lane = current?.callbacks.lane()
    if (lane instanceof Lane) {
      if (!lane.quiet) await lane.run(ping, undefined, undefined).catch(() => {})
      return
    }
    if (lane instanceof Lanes) await lane.idle()
  }

  /** A number for a library or a function, the same in every incarnation. */
  nextLibrary(): number {
    return this.#libraries++
  }

  nextFunction(): number {
    return this.#functions++
  }

  /** From now on part of every incarnation. */
  addResident(resident: Resident): void {
    this.#residents.push(resident)
  }

  removeResident(resident: Resident): void {
    const index = this.#residents.indexOf(resident)
    if (index >= 0) this.#residents.splice(index, 1)
  }

  /** Ends the process and begins another one; what had begun is rejected. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async #renew(): Promise<void> {
    const current = this.incarnationAtWork()
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

  #begin(): Incarnation {
    const incarnation = this.#bear()
    this.#current = incarnation
    this.#owner.onBegin(incarnation)
    this.#pid = 0
    // One that waited has said already that it is there. What is to be loaded mostly follows.
    const { met } = incarnation
    const isThere = met ? [] : [incarnation.prepare(ping, this.settings.loadTimeout, true)]
    // Everything is asked for at once, in order: what is asked later waits behind it by itself.
    this.#preparations = [
      ...isThere,
      ...this.#residents.flatMap((resident) => resident.settle(incarnation)),
    ]
    this.#settled = ended(this.#preparations).catch((error) => {
      incarnation.retire({ reason: () => error as Error, pending: undefined })
      throw error
    })
    this.#settled.catch(() => {}) // whoever waits for it hears of it too
    const awaitReady = (): void => incarnation.whenReady(() => this.#onReady(incarnation))
    if (this.#preparations.length > 0) awaitReady()
    // The code that runs may ask for what it is begun for.
    else queueMicrotask(() => incarnation.process.ended || awaitReady())
    return incarnation
  }

  #bear(): Incarnation {
    try {
      return (
        takeSpare(this.settings)?.adopt(this.#laneKeeper, this.#keeper) ??
        new Incarnation(this.settings, this.#laneKeeper, this.#keeper)
      )
    } catch (cause) {
      if (cause instanceof FatThreadError) throw cause
      throw new StartError(`a fat thread can't be started: ${messageOf(cause)}`, { cause })
    }
  }

  #onReady(incarnation: Incarnation): void {
    if (this.settings.strict) {
      try {
        requireWhole(this.receipt)
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
    process.nextTick(() => this.#emitter.emit('restart'))
  }

  #onEnd(incarnation: Incarnation, leftover: Leftover, evidence: Evidence): boolean {
    this.#completed += incarnation.lane.completed
    if (this.#current === incarnation) this.#current = undefined
    const aftermath = new Aftermath(incarnation, leftover, evidence, this.#closing !== undefined)
    const waiting = aftermath.waiting(aftermath.fit || this.#onRenewed !== undefined)
    const restarts = this.settings.restart || this.#onRenewed !== undefined
    const ends = this.#closing !== undefined || !restarts
    // Where the last one was of no use, the next request begins one.
    const goesOn = !ends && (this.#useful || waiting.length > 0)
    this.#useful = false
    if (ends) {
      aftermath.settle(waiting)
      this.#finish(waiting)
    } else {
      this.#state = 'restarting'
      // It gets ready while what became of the last one is found out.
      if (goesOn && this.#isAwaited(waiting)) this.#goOn(waiting, aftermath)
      // Else whoever hears of the end comes first: to start one takes a millisecond or two of this thread.
      else if (goesOn) setImmediate(() => this.#goOnIdle(aftermath))
      aftermath.settle(waiting)
    }
    this.#onRenewed?.()
    this.#onRenewed = undefined
    this.#announce(evidence, aftermath)
    return goesOn
  }

  /** Whether somebody has asked for the next process already, or it is there. */
  #isAwaited(waiting: readonly Pending[]): boolean {
    const owned = this.#onRenewed !== undefined || this.onProcessEnd !== undefined
    return waiting.length > 0 || owned || (this.#spares?.waiting ?? 0) > 0
  }

  #goOn(waiting: readonly Pending[], aftermath: Aftermath): void {
    try {
      const { lane } = this.#begin()
      for (const pending of waiting) lane.adopt(pending)
    } catch (error) {
      for (const pending of waiting) pending.reject(error ?? aftermath.reasonFor(pending))
    }
  }

  /** Unless a request has begun it meanwhile. */
  #goOnIdle(aftermath: Aftermath): void {
    if (this.#current === undefined && this.#closing === undefined) this.#goOn([], aftermath)
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
  #announce({ end }: Evidence, aftermath: Aftermath): void {
    const closing = this.#closing !== undefined
    const { useful, pid } = aftermath
    process.nextTick(() => {
      const error = closing ? undefined : aftermath.reason()
      if (error !== undefined) this.onProcessEnd?.({ useful, error })
      this.#emitter.emit('exit', {
        pid,
        exitCode: end.kind === 'exit' ? end.exitCode : undefined,
        signal: end.kind === 'signal' ? end.signal : undefined,
      })
      if (error instanceof ViolationError) this.#emitter.emit('violation', error)
      else if (error instanceof CrashError || error instanceof ExitError)
        this.#emitter.emit('crash', error)
    })
  }

  /** Without a listener it is a warning of the process: it must not pass unseen. */
  #warn(error: Error): void {
    process.nextTick(() => {
      if (this.#emitter.emit('warning', error)) return
      process.emitWarning(error.message, { type: 'FatThreadWarning', code: 'FAT_THREAD_CALLBACK' })
    })
  }

  /** Rejects what is in flight, lets destructors run for a second, and ends the process. */
  close(): Promise<void> {
    return this.#shut(true)
  }

  /** Ends the process at once. */
  terminate(): Promise<void> {
    if (this.#closing !== undefined) this.#current?.process.kill()
    return this.#shut(false)
  }

  /** As `close`, blocking. */
  closeSync(): void {
    this.#shutSync(true)
  }

  /** As `terminate`, blocking. */
  terminateSync(): void {
    this.#shutSync(false)
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
