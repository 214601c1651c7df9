/** A module that an object of the class has loaded: runs its methods, and names its failures as pkcs11js does. */
import { isDeepStrictEqual } from 'node:util'
import { FatThreadError } from '../index.ts'
import { Cryptoki } from '../pkcs11/cryptoki.ts'
import { isCoded } from '../pkcs11/errors.ts'
import { Life, type RunOptions } from '../pkcs11/life.ts'
import type { InitializeArguments } from '../pkcs11/operations/general.ts'
import { type LoadingOptions, sheltered } from '../pkcs11/shelter.ts'
import type { Ulong } from '../pkcs11/words.ts'
import { failureOf, type Look } from './failure.ts'
import { keepAll } from './given.ts'
import { Handles, wordOf } from './handles.ts'
import { HeldBeginning } from './held-beginning.ts'
import type { Asked, Making } from './invocation.ts'
import { type IsolationOptions, optionsOf } from './isolation.ts'
import { LateFailures } from './late-failures.ts'
import type { PKCS11 } from './pkcs11.ts'

type Done = (error: unknown, value: unknown) => void

/** A module that is being finalized may be gone: longer than this, in milliseconds, it isn't waited for. */
const FINALIZE_LIMIT = 10_000

export class LoadedModule {
  readonly path: string
  readonly #owner: PKCS11
  readonly #options: LoadingOptions
  readonly #timeout: number | undefined
  readonly #limits: RunOptions | undefined
  readonly #onRestart: ((module: PKCS11) => void) | undefined
  #cryptoki: Cryptoki
  /** A process that is no other's successor yet, while `onRestart` works in it. */
  #fresh: Life | undefined
  /** The process whose handles these are. */
  #life: Life | undefined
  #handles = new Handles(0)
  #lives = 0
  #held: HeldBeginning | undefined
  #settlesSoon = false
  readonly #failures = new LateFailures()

  /** @throws {LoadError} for a library that can't be loaded, or is no PKCS #11 module */
  constructor(path: string, own: IsolationOptions, owner: PKCS11) {
    const { options, timeout, onRestart } = optionsOf(own)
    this.path = path
    this.#owner = owner
    this.#options = options
    this.#timeout = timeout
    this.#limits = timeout === undefined ? undefined : { timeout }
    this.#onRestart = onRestart
    this.#cryptoki = this.#begin(options)
  }

  #begin(options: LoadingOptions): Cryptoki {
    const cryptoki = Cryptoki.loadSync(this.path, options, this.#limits)
    const renew = (life: Life): void => this.#renew(life)
    cryptoki.renewal = { run: async (life) => renew(life), sync: renew }
    return cryptoki
  }

  #renew(life: Life): void {
    this.#fresh = life
    try {
      this.#onRestart?.(this.#owner)
    } finally {
      this.#fresh = undefined
    }
  }

  initialize(given: InitializeArguments): void {
    this.#naming('C_Initialize', 'wrapped', () => {
      this.#settle()
      this.#life?.endTrips()
      this.#handles.beginnings.forget()
      if (!this.#cryptoki.isInitialized) this.#shelterAnew(given)
      this.#cryptoki.initializeSync(given, this.#limits)
    })
  }

  /**
   * What it may reach is decided before it is loaded. The parameters may say where its files are, and the environment
   * or a configuration may name others by now than when the program loaded it.
   */
  #shelterAnew({ libraryParameters }: InitializeArguments): void {
    const told = libraryParameters !== undefined
    const options = told ? { ...this.#options, libraryParameters } : this.#options
    const { shelter } = sheltered(this.path, options)
    if (!told && isDeepStrictEqual(shelter, this.#cryptoki.shelter)) return
    const next = this.#begin(options)
    this.#cryptoki.closeSync()
    this.#cryptoki = next
    this.#life = undefined
  }

  /** Whatever else goes on in the module, and whatever becomes of it. */
  finalize(): void {
    this.#naming('C_Finalize', 'wrapped', () => {
      this.#settle()
      this.#failures.forget()
      this.#handles.beginnings.forget()
      const timeout = Math.min(this.#timeout ?? FINALIZE_LIMIT, FINALIZE_LIMIT)
      this.#cryptoki.finalizeSync({ timeout })
      this.#handles.searches.endAll()
    })
  }

  close(): void {
    this.#settle()
    this.#cryptoki.closeSync()
  }

  /** Blocking. */
  run<Result>(asked: Asked, look: Look, make: Making<Result>, isLimited = true): Result {
    try {
      this.#comesNext(asked, look)
      const life = this.#fresh ?? this.#cryptoki.lifeSync()
      const handles = this.#handlesOf(life)
      const { beginnings } = handles
      const isHeld = beginnings.isOfUse && this.#holds(asked, handles, life)
      if (isHeld) return undefined as Result
      try {
        const limits = isLimited ? this.#limits : undefined
        const options = { session: sessionOf(asked), ...limits }
        const result = life.runSync((frame) => make(asked, frame, handles), options)
        if (beginnings.isOfUse) beginnings.done(asked)
        // The number may be that of a session that failed.
        if (asked.name === 'C_OpenSession') this.#failures.take(wordOf(result as Buffer))
        return result
      } catch (error) {
        beginnings.forget()
        throw error
      }
    } catch (error) {
      throw this.#named(error, asked.name, look)
    }
  }

  /** What has been called before is there before a blocking call. */
  #comesNext(asked: Asked, look: Look): void {
    if (this.#held !== undefined) this.#settle()
    if (!this.#failures.isEmpty) this.#tell(asked, look)
    const life = this.#life
    if (life === undefined || !life.hasTrips) return
    const session = sessionOf(asked)
    if (asked.deed.effect === 'changes') life.endTrips()
    else if (session !== undefined) life.endTrips(session)
  }

  /** The next handle that a session's search has found already, if there is one. */
  next(session: Ulong): Buffer | undefined {
    if (this.#held !== undefined || !this.#failures.isEmpty) return undefined
    const life = this.#life
    const serves = life?.isAlive && (this.#fresh === undefined || this.#fresh === life)
    return serves ? this.#handles.next(session) : undefined
  }

  /** In the background; the arguments are taken now. */
  start(asked: Asked, make: Making, done: Done): void {
    const { name, kinds, values } = asked
    let held: HeldBeginning | undefined
    const fail = (error: unknown): void => {
      const method = isCoded(error) && error.method === held?.name ? held.name : name
      const scene = { method, module: this.path, look: 'wrapped' } as const
      process.nextTick(done, failureOf(error, scene), null)
    }
    const begin = (life: Life, kept: Asked): Promise<void> => {
      const handles = this.#handlesOf(life)
      const { beginnings } = handles
      const entered = beginnings.entered(asked)
      const options = { session: values[0] as Ulong, ...this.#limits, ...behind(held) }
      const call = held?.call
      const running = life.run((frame) => make(kept, frame, handles, call), options)
      return running.then(
        (value) => {
          beginnings.done(asked, entered)
          // What the program's callback throws is nobody's rejection.
          process.nextTick(done, null, value)
        },
        (error) => {
          beginnings.forget()
          fail(error)
        },
      )
    }
    try {
      if (this.#held?.precedes(asked) && this.#held.life.isAlive) {
        held = this.#held
        this.#held = undefined
      } else {
        this.#settle()
        if (!this.#failures.isEmpty) this.#tell(asked, 'wrapped')
      }
      // What was made by itself may have ended its process.
      const life = held?.life ?? this.#fresh ?? this.#cryptoki.life()
      if (life instanceof Life) {
        void begin(life, asked)
      } else {
        const kept = { ...asked, values: keepAll(kinds, values) }
        life.then((next) => begin(next, kept)).catch(fail)
      }
    } catch (error) {
      fail(error)
    }
  }

  /** What will be good is made with what follows, or when the running code ends. */
  #holds(asked: Asked, handles: Handles, life: Life): boolean {
    const { beginnings } = handles
    if (asked.deed.effect !== 'begins' || !beginnings.foresees(asked)) return false
    if (life.isBusy(asked.values[0] as Ulong)) return false
    this.#held = new HeldBeginning(asked, handles, life)
    beginnings.done(asked)
    if (this.#settlesSoon) return true
    this.#settlesSoon = true
    queueMicrotask(() => {
      this.#settlesSoon = false
      this.#settle()
    })
    return true
  }

  /** What is held comes before whatever else is called; who uses its session next hears of its failure. */
  #settle(): void {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    const { beginnings } = held.handles
    beginnings.lost(held.asked)
    try {
      held.make(this.#limits)
    } catch (error) {
      beginnings.forget()
      this.#failures.note(held.session, { error, method: held.name })
    }
  }

  /** Throws what a call failed with that this session has made before. */
  #tell(asked: Asked, look: Look): void {
    const session = sessionOf(asked)
    if (asked.name === 'C_CloseAllSessions') this.#failures.forget()
    const failure = session === undefined ? undefined : this.#failures.take(session)
    if (failure === undefined) return
    const { error, method } = failure
    throw failureOf(error, { method, module: this.path, look })
  }

  #handlesOf(life: Life): Handles {
    if (life !== this.#life) {
      if (this.#life !== undefined) this.#handles = new Handles(++this.#lives)
      this.#life = life
    }
    return this.#handles
  }

  #naming(method: string, look: Look, run: () => void): void {
    try {
      run()
    } catch (error) {
      throw this.#named(error, method, look)
    }
  }

  #named(error: unknown, method: string, look: Look): unknown {
    if (!(error instanceof FatThreadError)) return error
    return failureOf(error, { method, module: this.path, look })
  }
}

function sessionOf({ kinds, values }: Asked): Ulong | undefined {
  return kinds[0] === 'session' ? (values[0] as Ulong) : undefined
}

function behind(held: HeldBeginning | undefined): RunOptions | undefined {
  return held === undefined ? undefined : { frame: held.frame, precedes: true }
}
