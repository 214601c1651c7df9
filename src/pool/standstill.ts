import { type Failure, FatThreadError } from '../errors.ts'
import type { Member } from './member.ts'

/** Milliseconds after which sequences that wait for one another count as waiting for ever. */
const PATIENCE = 10_000
/** Milliseconds between two looks. */
const LOOK = 500

/** A call that a sequence made of its own pool, and that waits for a fat thread. */
export interface InnerCall {
  readonly name: string
  readonly subject: Failure
  /** The one that the sequence keeps. */
  readonly keeper: Member
  reject(error: Error): void
}

/** What can be seen of a pool. */
interface Seen {
  readonly calls: readonly InnerCall[]
  readonly members: readonly Member[]
  /** One more fat thread may begin. */
  readonly mayGrow: boolean
}

/**
 * Sequences that keep all fat threads of their pool, and wait for one. Whether a sequence awaits such a call nobody
 * can see, so it is given time to go on; while it does something in its fat thread, no time counts.
 */
export class Standstill {
  readonly #look: () => Seen
  #timer: NodeJS.Timeout | undefined
  #since: number | undefined

  constructor(look: () => Seen) {
    this.#look = look
  }

  /**
   * There is such a call. The timer keeps the program alive until there is none: nothing else may, and the call has to
   * end in some way.
   */
  watch(): void {
    this.#timer ??= setInterval(() => this.#check(), LOOK)
  }

  #check(): void {
    const { calls, members, mayGrow } = this.#look()
    if (calls.length === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
    const keepers = new Set(calls.map(({ keeper }) => keeper))
    if (mayGrow || !members.every((member) => keepers.has(member) && isStill(member))) {
      this.#since = undefined
      return
    }
    this.#since ??= performance.now()
    if (performance.now() - this.#since < PATIENCE) return
    this.#since = undefined
    for (const { name, subject, reject } of calls)
      reject(
        new FatThreadError(
          `${name} waited ${PATIENCE / 1000} s for a fat thread of the pool, all of which (${members.length}) are kept by sequences that wait so: call it by the sequence's own library, or raise maxThreads`,
          subject,
        ),
      )
  }
}

function isStill({ thread, held }: Member): boolean {
  const { inFlight, queued } = thread.stats()
  return held && inFlight + queued === 0
}
