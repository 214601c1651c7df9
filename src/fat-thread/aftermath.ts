import type { Leftover } from '../channel/entrance.ts'
import type { Pending } from '../channel/pending.ts'
import { beside, causeOf, type Evidence } from '../crash/cause.ts'
import { type Failure, ViolationError } from '../errors.ts'
import type { Incarnation } from '../incarnation.ts'
import { closedError } from './reasons.ts'

/** A request that so many processes died before without having begun it is not handed to another. */
const MOST_ATTEMPTS = 3

/** What becomes of the requests of a process that has ended, and who is told what. */
export class Aftermath {
  readonly #incarnation: Incarnation
  readonly #leftover: Leftover
  readonly #evidence: Evidence
  readonly #closing: boolean
  readonly #culprit: Pending | undefined
  readonly pid: number

  constructor(incarnation: Incarnation, leftover: Leftover, evidence: Evidence, closing: boolean) {
    this.#incarnation = incarnation
    this.#leftover = leftover
    this.#evidence = evidence
    this.#closing = closing
    this.#culprit = incarnation.culprit(leftover, evidence)
    this.pid = incarnation.process.pid
  }

  /** A process that could not even load its libraries has no better successor. */
  get fit(): boolean {
    return this.#incarnation.wasFit(this.#leftover)
  }

  /** It did something, or was doing it, beyond getting ready. */
  get useful(): boolean {
    const { served, retirement } = this.#incarnation
    const busy = this.#leftover.begun.length > 0 || retirement?.pending !== undefined
    return this.fit && (served || busy)
  }

  /** What has not begun, and may elsewhere. */
  waiting(hopeful: boolean): readonly Pending[] {
    if (!hopeful) return []
    const ended = this.#incarnation.retirement?.pending
    return this.#leftover.waiting.filter(
      (pending) => pending.open && pending !== ended && pending.attempts !== MOST_ATTEMPTS,
    )
  }

  /** Rejects all that does not go on. */
  settle(goingOn: readonly Pending[]): void {
    const { begun, waiting } = this.#leftover
    for (const pending of begun) pending.reject(this.reasonFor(pending))
    // Whatever the fat thread says has begun: the one that it was ended for is over.
    const ended = this.#incarnation.retirement?.pending
    if (ended?.open) ended.reject(this.reasonFor(ended))
    const others = new Set(goingOn)
    for (const pending of waiting) if (!others.has(pending)) pending.reject(this.reasonFor(pending))
  }

  reasonFor(pending: Pending): Error {
    const subject = this.#subjectOf(pending)
    if (this.#closing) return closedError(subject)
    const { retirement } = this.#incarnation
    const about = retirement === undefined ? this.#culprit : retirement.pending
    const own = retirement?.reason(pending) ?? causeOf(this.#evidence, subject)
    // Whoever writes into the channel could be any of them.
    if (about === undefined || own instanceof ViolationError) return own
    if (about.lane?.strand === pending.lane?.strand) return own
    const theirs = retirement?.reason(about) ?? causeOf(this.#evidence, this.#subjectOf(about))
    return beside(theirs, subject)
  }

  /** Why the process ended. */
  reason(): Error {
    const last = this.#culprit ?? this.#leftover.begun.at(-1)
    return (
      this.#incarnation.retirement?.reason(last) ?? causeOf(this.#evidence, this.#subjectOf(last))
    )
  }

  #subjectOf(pending: Pending | undefined): Failure {
    return { ...pending?.request.subject, pid: this.pid }
  }
}
