/** A module that an object of the class has loaded: runs its methods, and names its failures as pkcs11js does. */
import { FatThreadError } from '../index.ts'
import { Cryptoki } from '../pkcs11/cryptoki.ts'
import type { Frame } from '../pkcs11/frame.ts'
import type { FunctionName } from '../pkcs11/functions.ts'
import { Life, type RunOptions } from '../pkcs11/life.ts'
import type { Steps } from '../pkcs11/operation.ts'
import type { InitializeArguments } from '../pkcs11/operations/general.ts'
import type { LoadingOptions } from '../pkcs11/shelter.ts'
import type { Ulong } from '../pkcs11/words.ts'
import { failureOf, type Look } from './failure.ts'
import { keepAll } from './given.ts'
import { Handles } from './handles.ts'
import type { Asked, Making } from './invocation.ts'
import { type IsolationOptions, optionsOf } from './isolation.ts'
import type { PKCS11 } from './pkcs11.ts'

type Done = (error: unknown, value: unknown) => void

/** A module that is being finalized may be gone: longer than this, in milliseconds, it isn't waited for. */
const FINALIZE_LIMIT = 10_000

export class LoadedModule {
  readonly path: string
  readonly #owner: PKCS11
  readonly #options: LoadingOptions
  readonly #timeout: number | undefined
  readonly #onRestart: ((module: PKCS11) => void) | undefined
  #cryptoki: Cryptoki
  /** A process that is no other's successor yet, while `onRestart` works in it. */
  #fresh: Life | undefined
  /** The process whose handles these are. */
  #life: Life | undefined
  #handles = new Handles(0)
  #lives = 0

  /** @throws {LoadError} for a library that can't be loaded, or is no PKCS #11 module */
  constructor(path: string, own: IsolationOptions, owner: PKCS11) {
    const { options, timeout, onRestart } = optionsOf(own)
    this.path = path
    this.#owner = owner
    this.#options = options
    this.#timeout = timeout
    this.#onRestart = onRestart
    this.#cryptoki = this.#begin(options)
  }

  #begin(options: LoadingOptions): Cryptoki {
    const cryptoki = Cryptoki.loadSync(this.path, options)
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
      const { libraryParameters } = given
      // They may say where its files are, and what it may read is decided before it is loaded.
      if (libraryParameters !== undefined && !this.#cryptoki.isInitialized) {
        const options = { ...this.#options, libraryParameters }
        const next = this.#begin(options)
        this.#cryptoki.closeSync()
        this.#cryptoki = next
        this.#life = undefined
      }
      this.#cryptoki.initializeSync(given, this.#limits())
    })
  }

  /** Whatever else goes on in the module, and whatever becomes of it. */
  finalize(): void {
    this.#naming('C_Finalize', 'wrapped', () => {
      const timeout = Math.min(this.#timeout ?? FINALIZE_LIMIT, FINALIZE_LIMIT)
      this.#cryptoki.finalizeSync({ timeout })
      this.#handles.searches.endAll()
    })
  }

  close(): void {
    this.#cryptoki.closeSync()
  }

  /** Blocking. */
  run<Result>(
    name: FunctionName,
    look: Look,
    make: (frame: Frame, handles: Handles) => Steps<Result>,
    isLimited = true,
  ): Result {
    return this.#naming(name, look, () => {
      const life = this.#fresh ?? this.#cryptoki.lifeSync()
      const limits = isLimited ? this.#limits() : undefined
      const handles = this.#handlesOf(life)
      return life.runSync((frame) => make(frame, handles), limits)
    })
  }

  /** The next handle that a session's search has found already, if there is one. */
  next(session: Ulong): Buffer | undefined {
    const life = this.#life
    const serves = life?.isAlive && (this.#fresh === undefined || this.#fresh === life)
    return serves ? this.#handles.next(session) : undefined
  }

  /** In the background; the arguments are taken now. */
  start(asked: Asked, make: Making, done: Done): void {
    const { name, kinds, values } = asked
    const begin = (life: Life, kept: Asked): Promise<unknown> => {
      const handles = this.#handlesOf(life)
      return life.run((frame) => make(kept, frame, handles), {
        session: values[0] as Ulong,
        ...this.#limits(),
      })
    }
    const fail = (error: unknown): void => {
      const scene = { method: name, module: this.path, look: 'wrapped' } as const
      process.nextTick(done, failureOf(error, scene), null)
    }
    let running: Promise<unknown>
    try {
      const life = this.#fresh ?? this.#cryptoki.life()
      if (life instanceof Life) running = begin(life, asked)
      else {
        const kept = { ...asked, values: keepAll(kinds, values) }
        running = life.then((next) => begin(next, kept))
      }
    } catch (error) {
      fail(error)
      return
    }
    // What the program's callback throws is nobody's rejection.
    running.then((value) => process.nextTick(done, null, value), fail)
  }

  #handlesOf(life: Life): Handles {
    if (life !== this.#life) {
      if (this.#life !== undefined) this.#handles = new Handles(++this.#lives)
      this.#life = life
    }
    return this.#handles
  }

  #limits(): RunOptions | undefined {
    const timeout = this.#timeout
    return timeout === undefined ? undefined : { timeout }
  }

  #naming<Result>(method: string, look: Look, run: () => Result): Result {
    try {
      return run()
    } catch (error) {
      if (!(error instanceof FatThreadError)) throw error
      throw failureOf(error, { method, module: this.path, look })
    }
  }
}
