import { AsyncResource } from 'node:async_hooks'
import { type Abortable, forget, heed } from '../channel/heed.ts'
import { Queue } from '../channel/queue.ts'
import { AbortError, type Failure } from '../errors.ts'
import type { Member } from './member.ts'
import type { InnerCall } from './standstill.ts'

/** A call, or a sequence of them, for one member. */
export interface Work {
  /** It has a member for itself. */
  readonly alone: boolean
  readonly signal: AbortSignal | undefined
  /** What it is, for messages. */
  readonly name: string
  readonly subject: Failure
  /** Makes it independent of what its maker changes while it waits. Throws what is wrong with it. */
  keep(): void
  run(member: Member): Promise<unknown>
}

/** Work that waits for a member. */
class Waiting extends AsyncResource implements Abortable {
  readonly work: Work
  readonly since = performance.now()
  /** Of a call that a sequence of the same pool made: the member that the sequence keeps. */
  readonly keeper: Member | undefined
  readonly promise: Promise<unknown>
  open = true
  #resolve: (value: unknown) => void = ignore
  #reject: (error: unknown) => void = ignore
  readonly #left: () => void

  /** `left` is called when it goes before its turn. */
  constructor(work: Work, keeper: Member | undefined, left: () => void) {
    super('FatThreadPoolCall', { requireManualDestroy: true })
    this.work = work
    this.keeper = keeper
    this.#left = left
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (work.signal !== undefined) heed(work.signal, this)
  }

  abort(): void {
    this.leave(abortedEarly(this.work))
  }

  /** Goes before its turn. */
  leave(error: Error): void {
    if (!this.open) return
    this.reject(error)
    this.#left()
  }

  reject(error: unknown): void {
    this.#end()
    this.#reject(error)
  }

  /** Its turn has come: what `run` gives is its outcome. */
  begin(run: () => Promise<unknown>): void {
    this.#end()
    this.#resolve(this.runInAsyncScope(run))
  }

  #end(): void {
    this.open = false
    if (this.work.signal !== undefined) forget(this.work.signal, this)
    this.emitDestroy()
  }
}

/** Work in the order in which it came. */
export class WaitingLine {
  readonly #queue = new Queue<Waiting>()
  readonly #left: () => void
  #size = 0
  readonly #inner = new Set<Waiting>()

  /** `left` is called when the line became shorter because work was aborted. */
  constructor(left: () => void) {
    this.#left = left
  }

  get size(): number {
    return this.#size
  }

  /** Those that sequences of the same pool made. */
  get innerCalls(): readonly InnerCall[] {
    for (const waiting of this.#inner) if (!waiting.open) this.#inner.delete(waiting)
    return [...this.#inner].map((waiting) => ({
      name: waiting.work.name,
      subject: waiting.work.subject,
      keeper: waiting.keeper as Member,
      reject: (error) => waiting.leave(error),
    }))
  }

  /** `keeper` is the member of the sequence that makes the call, if one does. */
  put(work: Work, keeper: Member | undefined): Promise<unknown> {
    const waiting = new Waiting(work, keeper, () => {
      this.#size--
      this.#left()
    })
    this.#size++
    this.#queue.put(waiting)
    if (keeper !== undefined) this.#inner.add(waiting)
    return waiting.promise
  }

  /** The first one; those that were aborted are passed over. */
  get first(): Work | undefined {
    for (let first = this.#queue.first; first !== undefined; first = this.#queue.first) {
      if (first.open) return first.work
      this.#queue.take()
    }
    return undefined
  }

  /** Begins the first one; `run` is told how long it waited, in milliseconds. */
  begin(run: (waited: number) => Promise<unknown>): void {
    if (this.first === undefined) return
    const waiting = this.#queue.take() as Waiting
    this.#size--
    waiting.begin(() => run(performance.now() - waiting.since))
  }

  rejectAll(reason: (work: Work) => Error): void {
    for (const waiting of this.#queue.takeAll())
      if (waiting.open) waiting.reject(reason(waiting.work))
    this.#size = 0
  }
}

/** Its signal fired before it began. */
export function abortedEarly({ name, signal, subject }: Work): AbortError {
  const cause = signal?.reason
  return new AbortError(`${name} was aborted before it began`, { ...subject, cause })
}

function ignore(): void {}
