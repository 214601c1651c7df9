import type { Pointer } from './pointer.ts'

/** Where a callback lives. */
export interface CallbackHome {
  pointerOf(callback: Callback): Pointer
  release(callback: Callback): void
}

/**
 * A function of the program that C can call until it is released, from any thread and after the call that was given
 * it. Fits wherever C wants a function pointer. After a restart of its fat thread it goes on in the new process.
 */
export class Callback implements Disposable {
  /** @internal The C type of the function. */
  readonly type: object
  /** @internal What messages call it. */
  readonly label: string
  /** @internal */
  readonly run: CallableFunction
  /** @internal */
  readonly home: CallbackHome
  #released = false

  /** @internal Use `thread.callback` or `library.callback`. */
  constructor(type: object, label: string, run: CallableFunction, home: CallbackHome) {
    this.type = type
    this.label = label
    this.run = run
    this.home = home
  }

  /** Where C finds it, in the process that serves now. */
  get pointer(): Pointer {
    return this.home.pointerOf(this)
  }

  /** What calls it from now on gets zeros. */
  [Symbol.dispose](): void {
    if (this.#released) return
    this.#released = true
    this.home.release(this)
  }

  /** @internal */
  get released(): boolean {
    return this.#released
  }
}

/**
 * Where C finds a function that it may call at any later time.
 * @internal
 */
export function lastingAddress(value: unknown, label: string, owner: object): number {
  if (value instanceof Callback) return Number(value.pointer.in(owner))
  throw new TypeError(
    `${label} takes a Callback, a Pointer or null: C may call it later; thread.callback makes one of a function`,
  )
}
