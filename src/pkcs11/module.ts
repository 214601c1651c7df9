/** A PKCS #11 module, initialized. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FatThread } from '../index.ts'
import { type CallOptions, requireNames, runOptionsOf } from './call-options.ts'
import { wrongKind } from './complaint.ts'
import { CKF_DONT_BLOCK, CKR_CANT_LOCK } from './constants/index.ts'
import { Cryptoki } from './cryptoki.ts'
import { Pkcs11Error } from './errors.ts'
import type { FunctionName } from './functions.ts'
import type { RunOptions } from './life.ts'
import { mapped } from './operation.ts'
import { getInfo, type InitializeArguments } from './operations/general.ts'
import { getSlotList, waitForSlotEvent } from './operations/slots.ts'
import { LOADING_OPTIONS, type LoadingOptions } from './shelter.ts'
import { Slot } from './slot.ts'
import type { Version } from './structures/info.ts'
import { type ModuleInfo, moduleInfoOf } from './token-info.ts'
import { type Twin, twin } from './twin.ts'

export interface ModuleOptions extends LoadingOptions {
  /**
   * Threads of the module's process: so many sessions are served at once. Default: 4, or 1 of a module that can't be
   * called by several.
   */
  readonly threads?: number | undefined
  /** What the module is told, such as NSS's `configdir='sql:/path'`. */
  readonly libraryParameters?: string | undefined
  /**
   * Called when the process has ended and the module is initialized in a new one: to open sessions and log in again.
   * Calls wait for it; those that it makes don't.
   */
  readonly onRestart?: ((module: Module) => void | Promise<void>) | undefined
}

export interface SlotOptions extends CallOptions {
  /** Only slots that have a token. Default: true. */
  readonly tokenPresent?: boolean | undefined
}

export interface SlotEventOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds between two looks. Default: 500. */
  readonly interval?: number | undefined
}

/** Milliseconds that calls have to end in when the module is closed, and `C_Finalize` has after that. */
const CLOSE_LIMIT = 1000
const LOOK = 500

const MODULE_OPTIONS = [...LOADING_OPTIONS, 'onRestart']
const ABORTED = Symbol('aborted')

export class Module implements AsyncDisposable, Disposable {
  /**
   * Loads a module in a fat thread of its own and initializes it.
   * @throws {LoadError} for a library that can't be loaded, or is no PKCS #11 module
   * @throws {RangeError} for what its profile needs and is not there
   * @throws {Pkcs11Error} for what `C_Initialize` returned
   */
  static readonly open: Twin<[path: string | URL, options?: ModuleOptions], Module> = twin(
    (path: string | URL, options: ModuleOptions = {}) => Module.#open(path, options),
    (path: string | URL, options: ModuleOptions = {}) => Module.#openSync(path, options),
  )

  readonly #cryptoki: Cryptoki
  #closing: Promise<void> | undefined

  private constructor(cryptoki: Cryptoki, options: ModuleOptions) {
    this.#cryptoki = cryptoki
    const { onRestart } = options
    if (onRestart === undefined) return
    this.thread.on('restart', () => cryptoki.resume())
    cryptoki.renewal = {
      run: async () => onRestart(this),
      sync: () => {
        // Whoever blocks can't wait for it.
        void onRestart(this)
      },
    }
  }

  static async #open(path: string | URL, options: ModuleOptions): Promise<Module> {
    const [loading, initializing] = partsOf(options)
    const cryptoki = await Cryptoki.load(path, loading)
    try {
      await cryptoki.initialize(initializing)
      return new Module(cryptoki, options)
    } catch (error) {
      await cryptoki.close()
      if (!mustBeAlone(error, options)) throw error
      return Module.#open(path, { ...options, threads: 1 })
    }
  }

  static #openSync(path: string | URL, options: ModuleOptions): Module {
    const [loading, initializing] = partsOf(options)
    const cryptoki = Cryptoki.loadSync(path, loading)
    try {
      cryptoki.initializeSync(initializing)
      return new Module(cryptoki, options)
    } catch (error) {
      cryptoki.closeSync()
      if (!mustBeAlone(error, options)) throw error
      return Module.#openSync(path, { ...options, threads: 1 })
    }
  }

  /** The process that the module is in: its events, its receipt, its end. */
  get thread(): FatThread {
    return this.#cryptoki.library.thread
  }

  /** The module's file. */
  get path(): string {
    return this.#cryptoki.library.path
  }

  /** Of the list of functions that the module gives. */
  get version(): Version {
    return this.#cryptoki.functions.version
  }

  /** Whether the module has a function, such as `C_EncryptMessage` of version 3. */
  has(name: FunctionName): boolean {
    return this.#cryptoki.functions.has(name)
  }

  readonly info: Twin<[options?: CallOptions], ModuleInfo> = twin(
    async (options?: CallOptions) =>
      moduleInfoOf(await this.#cryptoki.run(getInfo, runOptionsOf(options, 'info'))),
    (options?: CallOptions) =>
      moduleInfoOf(this.#cryptoki.runSync(getInfo, runOptionsOf(options, 'info'))),
  )

  readonly slots: Twin<[options?: SlotOptions], Slot[]> = twin(
    async (options: SlotOptions = {}) => {
      const limits = slotLimits(options)
      return this.#cryptoki.run(this.#slotsOperation(options), limits)
    },
    (options: SlotOptions = {}) => {
      const limits = slotLimits(options)
      return this.#cryptoki.runSync(this.#slotsOperation(options), limits)
    },
  )

  /**
   * Slots where a token was put in or taken out. It asks again and again instead of waiting in the module: many
   * modules can't, and a wait would hold a thread of the process.
   */
  async *slotEvents(options: SlotEventOptions = {}): AsyncGenerator<Slot> {
    requireNames(options, ['signal', 'interval'], 'slotEvents', 'options')
    const { signal, interval = LOOK } = options
    if (typeof interval !== 'number' || !(interval >= 0))
      throw wrongKind('slotEvents: interval', 'a number of milliseconds', interval)
    while (!signal?.aborted) {
      const looking = this.#cryptoki.run((frame) => waitForSlotEvent(frame, CKF_DONT_BLOCK))
      const slot = await unlessAborted(looking, signal)
      if (slot === ABORTED) return
      if (slot !== undefined) yield new Slot(this.#cryptoki, slot)
      else if (!(await rested(interval, signal))) return
    }
  }

  /**
   * Waits for what runs, for a second at most, calls `C_Finalize` and ends the process. Calls that are made meanwhile
   * are refused.
   */
  close(): Promise<void> {
    this.#closing ??= this.#cryptoki.shut(CLOSE_LIMIT)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** As `close`, blocking; what runs in the background is rejected. */
  [Symbol.dispose](): void {
    this.#closing ??= Promise.resolve()
    this.#cryptoki.shutSync(CLOSE_LIMIT)
  }

  #slotsOperation({ tokenPresent = true }: SlotOptions) {
    if (typeof tokenPresent !== 'boolean')
      throw wrongKind('slots: tokenPresent', 'a boolean', tokenPresent)
    return mapped(
      (frame) => getSlotList(frame, tokenPresent),
      (ids) => ids.map((id) => new Slot(this.#cryptoki, id)),
    )
  }
}

function slotLimits(options: SlotOptions): RunOptions {
  return runOptionsOf(options, 'slots', ['tokenPresent'])
}

/** A module that can't lock gets one thread, where the caller didn't ask for several. */
function mustBeAlone(error: unknown, { threads }: ModuleOptions): boolean {
  return error instanceof Pkcs11Error && error.rv === CKR_CANT_LOCK && threads === undefined
}

/** The names of the others are checked where the module is loaded. */
function partsOf(options: unknown): [LoadingOptions, InitializeArguments] {
  requireNames(options, MODULE_OPTIONS, 'open', 'options')
  const { libraryParameters, onRestart, ...loading } = options as ModuleOptions
  if (onRestart !== undefined && typeof onRestart !== 'function')
    throw wrongKind('open: onRestart', 'a function', onRestart)
  if (libraryParameters !== undefined && typeof libraryParameters !== 'string')
    throw wrongKind('open: libraryParameters', 'a string', libraryParameters)
  return [
    { ...loading, libraryParameters },
    { libraryParameters, locking: loading.threads !== 1 },
  ]
}

/** A look that hangs in the module is left to itself: to abort it would end the process, and all its sessions. */
async function unlessAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result | typeof ABORTED> {
  if (signal === undefined) return work
  let abort = (): void => {}
  const aborted = new Promise<typeof ABORTED>((resolve) => {
    abort = () => resolve(ABORTED)
    signal.addEventListener('abort', abort)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Whether it was not called off. */
async function rested(milliseconds: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal })
    return true
  } catch {
    return false
  }
}
