import { EventEmitter } from 'node:events'
import { describe } from '../call/complaint.ts'
import type { CheckedAll, Symbols } from '../callable.ts'
import type { CheckedText } from '../declaration/infer.ts'
import {
  ClosedError,
  type CrashError,
  type ExitError,
  type Failure,
  FatThreadError,
  QueueFullError,
  StartError,
  type ViolationError,
} from '../errors.ts'
import type { ExitInfo } from '../fat-thread/events.ts'
import type { FatThread } from '../fat-thread/fat-thread.ts'
import type { Declarations, Library, Prototypes } from '../library.ts'
import { planLoad } from '../loader/load-plan.ts'
import { Crew } from './crew.ts'
import { type PoolHistogram, Times } from './histogram.ts'
import type { Make, Member } from './member.ts'
import { type PoolOptions, type PoolSettings, poolSettingsOf } from './options.ts'
import { type PooledHome, pooledFunction } from './pooled-function.ts'
import { keptBy, type RunOptions, sequence } from './sequence.ts'
import { Standstill } from './standstill.ts'
import { abortedEarly, WaitingLine, type Work } from './waiting-line.ts'

/** What a pool tells of itself and of its fat threads. */
export interface PoolEvents {
  /** After all places were taken, or calls waited: nothing waits, and a place is free. */
  drain: []
  /** The process of a fat thread ended by itself. */
  crash: [error: CrashError | ExitError, thread: FatThread]
  /** A new process serves in the place of one that ended. */
  restart: [thread: FatThread]
  /** A library broke the policy. */
  violation: [error: ViolationError, thread: FatThread]
  /** Bytes of a stream that was asked for with `'pipe'`. */
  stdout: [bytes: Buffer, thread: FatThread]
  stderr: [bytes: Buffer, thread: FatThread]
  /** A process has ended, whatever the reason. */
  exit: [info: ExitInfo, thread: FatThread]
  /** C called a callback after its end; without a listener it is a warning of the process. */
  warning: [error: Error, thread: FatThread]
  /** What a callback threw that a thread of a library called, for which no call can fail. */
  error: [error: unknown, thread: FatThread]
}

export interface CloseOptions {
  /** Whether what waits is rejected. Default: it is done first. */
  readonly force?: boolean | undefined
}

/** Events of fat threads that are passed on as they are. */
const PASSED_ON = ['crash', 'violation', 'stdout', 'stderr', 'exit', 'error'] as const

/**
 * Several fat threads that hold the same library. Each call runs in the one that is least busy; a call for which
 * none has time waits. When one crashes, the call that it ran is rejected, and no other.
 */
export class Pool<D extends Declarations = Declarations>
  extends EventEmitter<PoolEvents>
  implements AsyncDisposable
{
  /** The declared functions. A `Pointer` belongs to one of the fat threads: what takes or gives some is for `run`. */
  readonly symbols: Symbols<D>
  /** The library's file. */
  readonly path: string
  readonly #settings: PoolSettings
  readonly #crew: Crew
  readonly #times = new Times()
  readonly #line = new WaitingLine(() => this.#serve())
  readonly #standstill = new Standstill(() => ({
    calls: this.#line.innerCalls,
    members: this.#crew.members,
    mayGrow: this.#crew.mayGrow,
  }))
  readonly #begun = performance.now()
  /** Milliseconds of all that ended. */
  #worked = 0
  #completed = 0
  #needsDrain = false
  #closed = false
  #terminated = false
  #closing: Promise<void> | undefined
  /** Called when nothing runs or waits. */
  #onQuiet: (() => void) | undefined

  private constructor(settings: PoolSettings, make: Make) {
    super()
    this.#settings = settings
    this.path = make.plan.path
    this.symbols = Object.create(null) as Symbols<D>
    this.#crew = new Crew(settings, make, {
      onFree: () => this.#serve(),
      onBroken: () => this.#rejectWaiting((subject) => this.#startError(subject)),
      onMember: (thread) => this.#listen(thread),
      onReplaced: (thread) => process.nextTick(() => this.emit('restart', thread)),
    })
  }

  /**
   * Opens a library in `minThreads` fat threads at once.
   *
   * @param library A path, or a name that is resolved as the system's loader would.
   * @param declarations As for `open`.
   * @throws what `open` throws: a library that can't be opened is no pool
   */
  static async open<const Text extends string>(
    library: string | URL,
    declarations: CheckedText<Text>,
    options?: PoolOptions,
  ): Promise<Pool<Text>>
  static async open<const D extends Prototypes = Record<never, string>>(
    library: string | URL,
    declarations?: CheckedAll<D>,
    options?: PoolOptions,
  ): Promise<Pool<D>>
  static async open<D extends Declarations>(
    library: string | URL,
    declarations?: unknown,
    options: PoolOptions = {},
  ): Promise<Pool<D>> {
    const settings = poolSettingsOf(options)
    const { thread } = settings
    const plan = planLoad(library, thread)
    const make = { plan, declarations: (declarations ?? {}) as Declarations, options: thread }
    const pool = new Pool<D>(settings, make)
    try {
      pool.#declare(await pool.#crew.begin())
    } catch (error) {
      await pool.terminate()
      throw error
    }
    return pool
  }

  #declare(library: Library): void {
    const home: PooledHome = {
      submit: (work) => this.#submit(work),
      block: (run) => this.#block(run),
      template: library,
    }
    const symbols = this.symbols as Record<string, unknown>
    for (const name of Object.keys(library.symbols)) symbols[name] = pooledFunction(name, home)
  }

  /**
   * Runs a sequence of calls in one fat thread, which does nothing else meanwhile: for state that the library
   * keeps between calls, and for pointers. The library is the sequence's until its promise has ended.
   *
   * @throws {TimeoutError} {AbortError} when it was ended early; its process was killed
   */
  async run<Result>(
    steps: (library: Library<D>) => Result,
    options: RunOptions = {},
  ): Promise<Awaited<Result>> {
    const kill = (member: Member): void => this.#crew.terminate(member)
    const work = sequence(steps as (library: Library) => unknown, options, this.path, kill)
    return (await this.#submit(work)) as Awaited<Result>
  }

  /** Fat threads, those that are about to serve too. */
  get size(): number {
    return this.#crew.size
  }

  get threads(): readonly FatThread[] {
    return this.#crew.threads
  }

  get minThreads(): number {
    return this.#settings.minThreads
  }

  get maxThreads(): number {
    return this.#settings.maxThreads
  }

  /** Calls and sequences that wait, beyond those that fat threads will serve that are just being opened. */
  get queueSize(): number {
    return Math.max(0, this.#line.size - this.#crew.coming)
  }

  /** Calls and sequences that have ended, well or not. */
  get completed(): number {
    return this.#completed
  }

  /** Milliseconds since the pool was opened. */
  get duration(): number {
    return performance.now() - this.#begun
  }

  /** The share of the time that `maxThreads` fat threads could have run, and did; from 0 to 1, of what has ended. */
  get utilization(): number {
    return Math.min(1, this.#worked / (this.duration * this.#places))
  }

  /** How long calls and sequences waited, and how long they ran. */
  get histogram(): PoolHistogram {
    return this.#times
  }

  /** All places are taken, or calls wait: `drain` will tell of the end of that. */
  get needsDrain(): boolean {
    return this.#needsDrain
  }

  /**
   * Takes no more calls, waits for those that run and those that wait, for `closeTimeout` at most, and closes the
   * fat threads as `FatThread.close` does. Closing twice is closing once.
   */
  close(options: CloseOptions = {}): Promise<void> {
    if (typeof options !== 'object' || options === null)
      return Promise.reject(
        new TypeError(`close: options must be an object, not ${describe(options)}`),
      )
    const { force = false } = options
    if (typeof force !== 'boolean')
      return Promise.reject(new TypeError(`close: force must be a boolean, not ${describe(force)}`))
    this.#closed = true
    this.#crew.startClosing()
    if (force) this.#rejectWaiting(closedError)
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { closeTimeout } = this.#settings
    await new Promise<void>((resolve) => {
      this.#onQuiet = resolve
      // What runs may be waiting for something else than its process.
      const timer = closeTimeout === Infinity ? undefined : setTimeout(resolve, closeTimeout)
      this.#onQuiet = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#checkQuiet()
    })
    this.#rejectWaiting(closedError)
    await this.#crew.end(!this.#terminated)
  }

  /** Ends all processes at once; what runs and what waits is rejected. */
  async terminate(): Promise<void> {
    this.#closed = true
    this.#terminated = true
    this.#rejectWaiting(closedError)
    this.#onQuiet?.()
    await this.#crew.end(false)
    await this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #rejectWaiting(reason: (subject: Failure) => Error): void {
    this.#line.rejectAll(({ subject }) => reason(subject))
    this.#checkDrain()
    this.#checkQuiet()
  }

  /** Calls that can run at a time. */
  get #places(): number {
    return this.#settings.maxThreads * this.#settings.lanes
  }

  #submit(work: Work): Promise<unknown> {
    try {
      // What a callback asks for is for the fat thread that calls back: no other has its pointers, and it waits.
      const inside = this.#crew.inside()
      if (inside !== undefined) return work.run(inside)
      if (this.#closed) throw closedError(work.subject)
      if (work.signal?.aborted) throw abortedEarly(work)
      const member = this.#line.size === 0 ? this.#crew.free(work.alone) : undefined
      if (member !== undefined) return this.#perform(work, member, 0)
      return this.#wait(work)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #wait(work: Work): Promise<unknown> {
    const { maxQueue } = this.#settings
    work.keep()
    if (!this.#crew.hopeless) this.#crew.grow(this.#line.size + 1)
    if (this.#crew.hopeless) throw this.#startError(work.subject)
    if (this.#line.size - this.#crew.coming >= maxQueue) {
      this.#needsDrain = true
      const message = `${work.name} was not called: all fat threads of the pool are busy, and ${maxQueue} calls wait, which is the most`
      throw new QueueFullError(message, maxQueue, work.subject)
    }
    this.#needsDrain = true
    const keeper = keptBy((member) => this.#crew.keeps(member))
    const waiting = this.#line.put(work, keeper)
    if (keeper !== undefined) this.#standstill.watch()
    return waiting
  }

  async #perform(work: Work, member: Member, waited: number): Promise<unknown> {
    const { alone } = work
    this.#begin(member, alone, waited)
    const begun = performance.now()
    let served = false
    try {
      const result = await work.run(member)
      served = true
      return result
    } finally {
      this.#end(member, alone, served, begun)
    }
  }

  #begin(member: Member, alone: boolean, waited: number): void {
    this.#crew.take(member, alone)
    this.#times.waited(waited)
    if (this.#crew.usage >= this.#places) this.#needsDrain = true
  }

  #end(member: Member, alone: boolean, served: boolean, begun: number): void {
    const ran = performance.now() - begun
    this.#times.ran(ran)
    this.#worked += ran
    this.#completed++
    this.#crew.release(member, alone, served)
    this.#serve()
  }

  /**
   * A blocking call takes a fat thread that is free, or one more, or waits behind what runs in the least busy one:
   * before calls that wait, since those can't go on while the program blocks.
   */
  #block(run: (member: Member) => unknown): unknown {
    const crew = this.#crew
    const inside = crew.inside()
    if (inside !== undefined) return run(inside)
    if (this.#closed) throw closedError()
    const member = crew.forBlocking()
    if (member === undefined) {
      if (crew.size === 0) throw this.#startError()
      throw new FatThreadError(
        'no fat thread of the pool can take a blocking call: all of them are kept by sequences',
        { library: this.path },
      )
    }
    this.#begin(member, false, 0)
    const begun = performance.now()
    let served = false
    try {
      const result = run(member)
      served = true
      return result
    } finally {
      this.#end(member, false, served, begun)
    }
  }

  /** Hands out what waits. */
  #serve(): void {
    for (let work = this.#line.first; work !== undefined; work = this.#line.first) {
      const next = work
      const member = this.#crew.free(next.alone)
      if (member === undefined) break
      this.#line.begin((waited) => this.#perform(next, member, waited))
    }
    this.#crew.grow(this.#line.size)
    this.#checkDrain()
    this.#checkQuiet()
  }

  #checkDrain(): void {
    if (!this.#needsDrain || this.#line.size > 0 || this.#crew.usage >= this.#places) return
    this.#needsDrain = false
    if (!this.#closed) process.nextTick(() => this.emit('drain'))
  }

  #checkQuiet(): void {
    if (this.#line.size === 0 && this.#crew.usage === 0) this.#onQuiet?.()
  }

  #listen(thread: FatThread): void {
    const emit = this.emit.bind(this) as (name: string, ...values: unknown[]) => boolean
    for (const name of PASSED_ON)
      thread.on(name, (value: unknown) => {
        emit(name, value, thread)
      })
    thread.on('restart', () => emit('restart', thread))
    thread.on('warning', (error) => {
      if (emit('warning', error, thread)) return
      process.emitWarning(error.message, { type: 'FatThreadWarning', code: 'FAT_THREAD_CALLBACK' })
    })
  }

  #startError(subject?: Failure): FatThreadError {
    if (this.#crew.exhausted)
      return new ClosedError("the pool's fat threads have ended, and restart is 'never'", {
        library: this.path,
        ...subject,
        cause: this.#crew.lastEnd,
      })
    const { error, failures, left } = this.#crew.starts
    const why = error === undefined ? '' : `; the last one: ${error.message}`
    const what = failures === 1 ? 'a start failed' : `${failures} starts in a row failed`
    const message = `${this.path}: ${what}, and the next one may begin in ${Math.ceil(left)} ms${why}`
    return new StartError(message, { library: this.path, ...subject, cause: error })
  }
}

function closedError(subject?: Failure): ClosedError {
  return new ClosedError('the pool is closed', subject)
}
