import { EventEmitter } from 'node:events'
import type { FunctionType } from '../abi/types.ts'
import { outOfRange, wrongKind } from '../call/complaint.ts'
import type { Callable } from '../callable.ts'
import type { CallablePointer } from '../callable-pointers.ts'
import { runSteps, runStepsSync } from '../channel/follow.ts'
import type { CallbackFor, Checked } from '../declaration/infer.ts'
import { LIBRARY_OPTIONS } from '../library.ts'
import type { Callback } from '../memory/callback.ts'
import { Pointer } from '../memory/pointer.ts'
import { SharedMemory } from '../memory/shared-memory.ts'
import { readSteps, writeSteps } from '../memory-access.ts'
import { requireOptions } from '../option-names.ts'
import {
  type FatThreadOptions,
  type Settings,
  settingsOf,
  sparesOf,
  THREAD_OPTIONS,
} from '../options.ts'
import type { Denial } from '../sandbox/denials.ts'
import type { Receipt } from '../sandbox/receipt.ts'
import { Series } from '../series.ts'
import { Spares } from '../spares.ts'
import type { Type, TypeLike } from '../type.ts'
import type { ValueOf } from '../type-builders.ts'
import { ByAddress } from './by-address.ts'
import type { FatThreadEvents } from './events.ts'
import { type Load, loadOf, type Spawn, spawnOf } from './forms.ts'
import { Life } from './life.ts'
import { OwnCallbacks } from './own-callbacks.ts'
import type { State, Stats } from './stats.ts'

/**
 * An isolated process that runs functions of libraries: one call after the other, or with the option `threads` several
 * at once. When it crashes, a new one takes its place: the calls that ran are rejected, those that waited go on.
 */
export class FatThread
  extends EventEmitter<FatThreadEvents>
  implements AsyncDisposable, Disposable
{
  static readonly spawn: Spawn = spawnOf((options) => new FatThread(options))

  readonly load: Load = loadOf(this)
  readonly #life: Life
  readonly #functions: ByAddress
  readonly #callbacks: OwnCallbacks

  /** @internal Use `FatThread.spawn` or `open`. */
  constructor(options: FatThreadOptions = {}) {
    super()
    this.#callbacks = new OwnCallbacks(() => this.#life)
    this.#life = new Life(settingsOf(options), {
      emitter: this,
      onBegin: (incarnation) => this.#functions.begin(incarnation),
      callbacks: this.#callbacks,
    })
    this.#functions = new ByAddress(this.#life, this)
    this.#life.start()
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

  /** The current process, or `undefined` between two and after the end. */
  get pid(): number | undefined {
    return this.#life.pid
  }

  get state(): State {
    return this.#life.state
  }

  /** What is enforced, and what is missing: of the process that serves now, or the last one that did. */
  get receipt(): Receipt {
    return this.#life.receipt
  }

  /**
   * System calls of this fat thread that were denied, the last ones of all its incarnations; what libraries
   * ordinarily look for and do without is left out.
   */
  get denials(): readonly Denial[] {
    return this.#life.denials
  }

  stats(): Stats {
    return this.#life.stats()
  }

  /**
   * Memory that the program and the library both see, zeroed; it lasts until it is disposed or the process ends.
   * @param bytes Its length; a `RangeError` says when there is no room left.
   */
  alloc(bytes: number): SharedMemory {
    if (typeof bytes !== 'number') throw new TypeError('alloc takes a number of bytes')
    if (!Number.isSafeInteger(bytes) || bytes < 1)
      throw new RangeError(`alloc takes a positive whole number of bytes, not ${bytes}`)
    const { channel, owner } = this.#life.incarnation()
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
    return new Pointer(address, this.#life.incarnation().owner)
  }

  /** Whether a pointer leads into the process that serves now; one from before a restart doesn't. */
  owns(pointer: Pointer): boolean {
    if (!(pointer instanceof Pointer)) throw wrongKind('owns: pointer', 'a Pointer', pointer)
    return pointer.isOf(this.#life.current?.owner)
  }

  /**
   * Reads a value of a C type: a text, such as `int`, `const char *`, `char[]` (a text) or `double[16]`, or a `Type`.
   * It is a copy; what it points to is not read, but for texts.
   * @throws {RangeError} for an address that can't be read
   * @throws {ClosedError} for a pointer of another fat thread, or from before a restart
   */
  async read<const T extends TypeLike>(pointer: Pointer, type: T): Promise<ValueOf<T>> {
    const { owner } = this.#life.incarnation()
    const lane = this.#life.lane()
    return (await runSteps(lane, readSteps(pointer, type, owner))) as ValueOf<T>
  }

  /** The same, blocking. */
  readSync<const T extends TypeLike>(pointer: Pointer, type: T): ValueOf<T> {
    const { owner } = this.#life.incarnation()
    const lane = this.#life.lane()
    return runStepsSync(lane, readSteps(pointer, type, owner)) as ValueOf<T>
  }

  /**
   * Writes a value of a C type; an array may be shorter than its type says. Pointers in it are a `Pointer` or null:
   * a string or bytes would not outlast the write. Throws as `read`.
   */
  async write(pointer: Pointer, type: TypeLike, value: unknown): Promise<void> {
    const { owner } = this.#life.incarnation()
    const lane = this.#life.lane()
    await runSteps(lane, writeSteps(pointer, type, value, owner))
  }

  /** The same, blocking. */
  writeSync(pointer: Pointer, type: TypeLike, value: unknown): void {
    const { owner } = this.#life.incarnation()
    const lane = this.#life.lane()
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
    return this.#functions.of(pointer, prototype)
  }

  /** Several calls that become one trip: results of earlier ones may be arguments of later ones. */
  series(): Series {
    const home = { lane: () => this.#life.lane(), owner: () => this.#life.incarnation().owner }
    return new Series(this, home, this.settings.timeout)
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
    return this.#callbacks.declared(prototype, run)
  }

  /** @internal */
  makeCallback(type: FunctionType, label: string, run: unknown): Callback {
    return this.#callbacks.make(type, label, run)
  }

  /**
   * Rejects what is in flight, lets the libraries' destructors run for at most a second, and ends the process.
   * Closing twice is closing once.
   */
  close(): Promise<void> {
    return this.#life.close()
  }

  /** Ends the process at once. */
  terminate(): Promise<void> {
    return this.#life.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** As `close`, blocking. */
  [Symbol.dispose](): void {
    this.#life.closeSync()
  }

  /** @internal The process that serves was given a secret: what it prints at its end is in no error. */
  conceal(): void {
    this.#life.current?.conceal()
  }

  /** @internal */
  get life(): Life {
    return this.#life
  }

  /** @internal */
  get settings(): Settings {
    return this.#life.settings
  }
}
