/** A PKCS #11 module in a fat thread, which begins again when its process has ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Library, open } from '../index.ts'
import { becauseDenied } from './denied.ts'
import { coded, moduleClosed } from './errors.ts'
import { Frames } from './frame.ts'
import { Life, type RunOptions } from './life.ts'
import {
  findFunctions,
  type Limits,
  type ListFunctions,
  listFunctions,
  type ModuleFunctions,
} from './module-functions.ts'
import type { Operation } from './operation.ts'
import {
  finalize,
  type InitializeArguments,
  initialize,
  initializeAgain,
} from './operations/general.ts'
import { type LoadingOptions, type Shelter, sheltered } from './shelter.ts'
import { ahead, type Course, follow, followSync, type Step } from './step.ts'

/** Lanes: so many sessions are served at once. */
const THREADS = 4

/** What is done in a new process, behind `C_Initialize`, before anything else. */
export interface Renewal {
  run(life: Life): Promise<void>
  sync(life: Life): void
}

export class Cryptoki implements AsyncDisposable {
  readonly library: Library
  /** What it was let into when it was loaded. */
  readonly shelter: Shelter
  readonly #lists: ListFunctions
  /** Of the functions that are called before the module serves. */
  readonly #limits: Limits
  #life: Life | undefined
  #beginning: Promise<Life> | undefined
  #initialized: InitializeArguments | undefined
  #closed = false
  /** The way to the first life, begun while its process loads the module. */
  #asked: Course<Life> | undefined
  /** Whether a process before the one that serves was given a PIN. */
  #hadSecretsBefore = false
  /** The last one that was followed by another before that was needed. */
  #resumed: Life | undefined
  /** Asked of each process but the first one. */
  renewal: Renewal | undefined

  private constructor(library: Library, shelter: Shelter, limits: Limits) {
    this.library = library
    this.shelter = shelter
    this.#limits = limits
    this.#lists = listFunctions(library)
  }

  /**
   * Loads a module and finds its functions; it is not initialized yet.
   * @throws {LoadError} for a library that can't be loaded, or is no PKCS #11 module
   * @throws {RangeError} for what its profile needs and is not there
   */
  static async load(path: string | URL, given: LoadingOptions = {}): Promise<Cryptoki> {
    const { options, shelter } = sheltered(path, given)
    const asking = Cryptoki.#asking(shelter, {})
    const library = await open(path, {}, { threads: THREADS, ...options }, asking.ask)
    try {
      const cryptoki = asking.cryptoki()
      await follow(before(library, shelter))
      await cryptoki.#begin()
      return cryptoki
    } catch (error) {
      await library.thread.terminate()
      throw error
    }
  }

  /**
   * The same, blocking.
   * @param limits Of the functions that are called before the module serves, in each process.
   */
  static loadSync(path: string | URL, given: LoadingOptions = {}, limits: Limits = {}): Cryptoki {
    const { options, shelter } = sheltered(path, given)
    const asking = Cryptoki.#asking(shelter, limits)
    const library = open.sync(path, {}, { threads: THREADS, ...options }, asking.ask)
    try {
      const cryptoki = asking.cryptoki()
      followSync(before(library, shelter))
      cryptoki.#beginSync()
      return cryptoki
    } catch (error) {
      library[Symbol.dispose]()
      throw error
    }
  }

  /** Asks for the module's functions behind the module; where it needs other libraries, they come first. */
  static #asking(
    shelter: Shelter,
    limits: Limits,
  ): {
    readonly ask: (library: Library) => void
    readonly cryptoki: () => Cryptoki
  } {
    let outcome: () => Cryptoki
    return {
      ask: (library) => {
        try {
          const made = new Cryptoki(library, shelter, limits)
          if (shelter.libraries.length === 0) made.#asked = ahead(made.#coded())
          outcome = () => made
        } catch (error) {
          // Told later: that the process can't load it comes before.
          outcome = () => {
            throw error
          }
        }
      },
      cryptoki: () => outcome(),
    }
  }

  /** Whether `C_Initialize` was called, and `C_Finalize` was not. */
  get isInitialized(): boolean {
    return this.#initialized !== undefined
  }

  async initialize(given: InitializeArguments = {}, options?: RunOptions): Promise<void> {
    try {
      await this.run((frame) => initialize(frame, given), options)
      this.#initialized = given
    } catch (error) {
      throw this.#uninitialized(error)
    }
  }

  initializeSync(given: InitializeArguments = {}, options?: RunOptions): void {
    try {
      this.runSync((frame) => initialize(frame, given), options)
      this.#initialized = given
    } catch (error) {
      throw this.#uninitialized(error)
    }
  }

  /** One that is initialized already refuses it for that. */
  #uninitialized(error: unknown): unknown {
    return this.isInitialized ? error : becauseDenied(error, this.library.thread, this.#hadSecrets)
  }

  get #hadSecrets(): boolean {
    return this.#hadSecretsBefore || this.#life?.hadSecrets === true
  }

  async finalize(options?: RunOptions): Promise<void> {
    try {
      await this.run(finalize, options)
      this.#initialized = undefined
    } catch (error) {
      throw this.#unfinished(error)
    }
  }

  finalizeSync(options?: RunOptions): void {
    try {
      this.runSync(finalize, options)
      this.#initialized = undefined
    } catch (error) {
      throw this.#unfinished(error)
    }
  }

  /** Where its process ended over it, there is nothing left to finalize, and nothing to initialize again. */
  #unfinished(error: unknown): unknown {
    if (!this.#life?.isAlive) this.#initialized = undefined
    return error
  }

  /** The process that serves now; begun, and initialized as the last one was, where that has ended. */
  life(): Life | Promise<Life> {
    const life = this.#life
    if (life?.isAlive && !this.#closed) return life
    return this.#begin()
  }

  /** The same, blocking. */
  lifeSync(): Life {
    const life = this.#life
    return life?.isAlive && !this.#closed ? life : this.#beginSync()
  }

  /** Begins in a new process before it is needed: once, so that what fails each time does not go on for ever. */
  resume(): void {
    const life = this.#life
    if (this.#closed || life === undefined || life.isAlive || this.#resumed === life) return
    this.#resumed = life
    this.#begin().catch(() => {}) // whoever needs it hears of it
  }

  /** Runs an operation that needs no handle of an earlier process. */
  async run<Result>(operation: Operation<Result>, options?: RunOptions): Promise<Result> {
    const life = this.life()
    return (life instanceof Life ? life : await life).run(operation, options)
  }

  runSync<Result>(operation: Operation<Result>, options?: RunOptions): Result {
    return this.lifeSync().runSync(operation, options)
  }

  /** The functions that the module had in the process that served last. */
  get functions(): ModuleFunctions {
    return (this.#life as Life).functions
  }

  /** Refuses new calls, waits for those that run, finalizes and closes; each wait has that limit in milliseconds. */
  async shut(limit: number): Promise<void> {
    const life = this.#life
    this.#end()
    if (life?.isAlive && this.#initialized !== undefined) {
      if (await within(life.idle(), limit))
        await life.run(finalize, { timeout: limit, last: true }).catch(() => {})
    }
    await this.library.close()
  }

  /** The same, blocking: what runs can't be waited for. */
  shutSync(limit: number): void {
    const life = this.#life
    this.#end()
    if (life?.isAlive && this.#initialized !== undefined && life.running === 0) {
      try {
        life.runSync(finalize, { timeout: limit, last: true })
      } catch {
        // Its process ends in any case.
      }
    }
    this.library[Symbol.dispose]()
  }

  /** Ends the process; what is in flight is rejected. `C_Finalize` is the caller's. */
  async close(): Promise<void> {
    this.#end()
    await this.library.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** As `close`, blocking. */
  closeSync(): void {
    this.#end()
    this.library[Symbol.dispose]()
  }

  #end(): void {
    this.#closed = true
    this.#life?.shut()
  }

  #begin(): Promise<Life> {
    this.#beginning ??= follow(this.#way()).finally(() => {
      this.#beginning = undefined
    })
    return this.#beginning
  }

  #beginSync(): Life {
    return followSync(this.#way())
  }

  #way(): Course<Life> {
    const asked = this.#asked
    this.#asked = undefined
    return asked ?? this.#coded()
  }

  *#coded(): Course<Life> {
    try {
      return yield* this.#course()
    } catch (error) {
      throw coded(error, 'C_Initialize')
    }
  }

  *#course(): Course<Life> {
    if (this.#closed) throw moduleClosed('C_Initialize')
    const { library } = this
    const { thread } = library
    const frames = new Frames(thread)
    const frame = frames.lease()
    const functions = yield* findFunctions(library, this.#lists, frame, this.#limits)
    frame.end()
    const life = new Life(thread, functions, frames)
    const isFirst = this.#life === undefined
    if (this.#initialized !== undefined) yield initializing(life, this.#initialized, this.#limits)
    // A blocking call may have been quicker.
    if (this.#life?.isAlive) return this.#life
    this.#hadSecretsBefore = this.#hadSecrets
    this.#life = life
    const { renewal } = this
    if (!isFirst && renewal !== undefined)
      yield { run: () => renewal.run(life), sync: () => renewal.sync(life) }
    return life
  }
}

async function within(work: Promise<void>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController()
  const late = sleep(milliseconds, false, { signal: timer.signal }).catch(() => false)
  const inTime = await Promise.race([work.then(() => true), late])
  timer.abort()
  return inTime
}

/** What the module loads by itself is there when it does so, in `C_Initialize` or later; in each process. */
function* before({ thread }: Library, { libraries }: Shelter): Course<void> {
  for (const name of libraries)
    yield { run: () => thread.load(name, {}), sync: () => thread.load.sync(name, {}) }
}

function initializing(life: Life, given: InitializeArguments, limits: Limits): Step {
  const operation: Operation<void> = (frame) => initializeAgain(frame, given)
  return { run: () => life.run(operation, limits), sync: () => life.runSync(operation, limits) }
}
