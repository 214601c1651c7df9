/** A PKCS #11 module in one process: runs operations there. */
import { ClosedError, type FatThread, type Pointer } from '../index.ts'
import { CKR_DEVICE_ERROR, CKR_SESSION_HANDLE_INVALID } from './constants/index.ts'
import { coded, Pkcs11Error } from './errors.ts'
import type { Frame, Frames } from './frame.ts'
import type { Limits, ModuleFunctions } from './module-functions.ts'
import type { Call, Operation, Steps } from './operation.ts'
import { SessionLines } from './session-lines.ts'
import type { Ulong } from './words.ts'

export interface RunOptions extends Limits {
  /** It runs behind what this session does. */
  readonly session?: Ulong | undefined
  /** It runs although the module is being closed. */
  readonly last?: boolean | undefined
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

  /** Operations that have not ended. */
  get running(): number {
    return this.#running
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
    const frame = this.#frames.lease()
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

  /** Blocking: it does not wait for what its session does in the background. */
  runSync<Result>(operation: Operation<Result>, options: RunOptions = NONE): Result {
    this.#admit(options)
    const frame = this.#frames.lease()
    try {
      const steps = operation(frame)
      let limits = limitsOf(options)
      let next = steps.next()
      while (!next.done) {
        const { name, words } = next.value
        let returned: unknown
        try {
          this.#require(name, options)
          returned = this.functions.of(name, limits).sync(...words)
        } catch (error) {
          next = this.#failed(steps, name, error)
          limits = afterFailure(options)
          continue
        }
        next = answered(steps, next.value, returned)
      }
      return next.value
    } finally {
      frame.end()
    }
  }

  async #drive<Result>(steps: Steps<Result>, first: Call, options: RunOptions): Promise<Result> {
    let limits = limitsOf(options)
    let call = first
    for (;;) {
      const { name, words } = call
      let next: IteratorResult<Call, Result>
      let returned: unknown
      let failure: { readonly error: unknown } | undefined
      try {
        this.#require(name, options)
        returned = await this.functions.of(name, limits)(...words)
      } catch (error) {
        failure = { error }
      }
      if (failure === undefined) {
        next = answered(steps, call, returned)
      } else {
        next = this.#failed(steps, name, failure.error)
        limits = afterFailure(options)
      }
      if (next.done) return next.value
      call = next.value
    }
  }

  #admit({ last }: RunOptions): void {
    if (this.#shut && last !== true) throw coded(new ClosedError('the module is closed'), '')
  }

  #require(name: string, { session }: RunOptions): void {
    if (this.isAlive) return
    const rv = session === undefined ? CKR_DEVICE_ERROR : CKR_SESSION_HANDLE_INVALID
    throw new Pkcs11Error(name, rv, 'the process that it belongs to has ended')
  }

  /** Where the process is there still, the operation may clear up. */
  #failed<Result>(
    steps: Steps<Result>,
    name: string,
    error: unknown,
  ): IteratorResult<Call, Result> {
    const failure = coded(error, name)
    if (!this.isAlive) throw failure
    return steps.throw(failure)
  }
}

function answered<Result>(
  steps: Steps<Result>,
  { name, accepts }: Call,
  returned: unknown,
): IteratorResult<Call, Result> {
  const rv = Number(returned)
  if (rv === 0 || accepts.includes(rv)) return steps.next(rv)
  return steps.throw(new Pkcs11Error(name, rv))
}

function limitsOf({ timeout, signal }: RunOptions): Limits | undefined {
  return timeout === undefined && signal === undefined ? undefined : { timeout, signal }
}

/** What clears up is not stopped by what stopped the operation. */
function afterFailure({ timeout }: RunOptions): Limits | undefined {
  return timeout === undefined ? undefined : { timeout }
}
