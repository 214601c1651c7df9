import { ViolationError } from '../errors.ts'
import { INNER_REQUESTS, LANE, LIMITS, OFFSET, OPERATION, REQUEST } from '../protocol/protocol.ts'

const LOOKS_PER_CLOCK = 64

/**
 * The program's end of one lane: publishes requests, sees responses. The only user of `Atomics`.
 *
 * Both counters are private: what the host writes is compared with them, never taken for them.
 * Sequence numbers are 32 bits wide and wrap.
 */
export class Ring {
  /** Offset of the lane in the channel, in bytes. */
  readonly lane: number
  readonly #words: Int32Array
  readonly #requests: number
  readonly #responses: number
  readonly #programAsleep: number
  readonly #hostAsleep: number
  readonly #begun: number
  /** Slots minus one. */
  readonly #mask: number
  #posted = 0
  #completed = 0
  /** Requests that are laid and that the host does not see yet, the last ones. */
  #laid = 0

  /** `lane` is the lane's offset in the buffer, in bytes. */
  constructor(buffer: SharedArrayBuffer, lane: number, kind: 'outermost' | 'inner' = 'outermost') {
    const isInner = kind === 'inner'
    this.lane = lane
    this.#words = new Int32Array(buffer, 0, buffer.byteLength / 4)
    this.#mask = (isInner ? LIMITS.INNER_SLOTS : LIMITS.SLOTS) - 1
    this.#requests = lane + (isInner ? INNER_REQUESTS : OFFSET.REQUESTS)
    this.#responses = lane + OFFSET.RESPONSES
    this.#programAsleep = (lane + LANE.at.programAsleep) / 4
    this.#hostAsleep = (lane + LANE.at.hostAsleep) / 4
    this.#begun = (lane + LANE.at.begun) / 4
  }

  /** Requests without a response. */
  get inFlight(): number {
    return (this.#posted - this.#completed) | 0
  }

  get full(): boolean {
    return this.inFlight > this.#mask
  }

  /** Offset of the slot for the next request, in bytes. */
  get nextRequest(): number {
    return this.#requests + ((this.#posted + 1) & this.#mask) * LIMITS.REQUEST_BYTES
  }

  /** Offset of the slot of the oldest request without a response, in bytes. */
  get oldestRequest(): number {
    return this.#requests + ((this.#completed + 1) & this.#mask) * LIMITS.REQUEST_BYTES
  }

  /** Offset of the oldest outstanding response, in bytes. */
  get oldestResponse(): number {
    return this.#responses + ((this.#completed + 1) & this.#mask) * LIMITS.RESPONSE_BYTES
  }

  /**
   * Publishes the first `count` words of `request` in the next slot. The host may sleep: see `hostSleeps`.
   *
   * The host looks at the slot's first line all the time, and each look takes the line away: so it is written
   * in one go, when all is known.
   */
  publish(request: Int32Array, count: number): void {
    if (this.#laid > 0) {
      this.lay(request, count)
      this.show()
      return
    }
    const at = this.#write(request, count)
    Atomics.store(this.#words, at + REQUEST.at.sequence / 4, this.#posted)
  }

  /**
   * Writes a request into the next slot, for `show` to publish with others: the host looks at one slot after the other,
   * so it sees none of them before the first one. The lines of all of them come from its processor at the same time
   * then; each one that is published alone is waited for.
   */
  lay(request: Int32Array, count: number): void {
    const at = this.#write(request, count)
    if (this.#laid++ > 0) this.#words[at + REQUEST.at.sequence / 4] = this.#posted
  }

  /** Counts it as posted; returns where its slot is. */
  #write(request: Int32Array, count: number): number {
    const words = this.#words
    const sequence = (this.#posted + 1) | 0
    if (words[this.#response(sequence)] === sequence) throw lie('answered before it was asked')
    const at = this.#request(sequence)
    for (let i = 1; i < count; i++) words[at + i] = request[i] as number
    this.#posted = sequence
    return at
  }

  /** Publishes what is laid; the host may sleep: see `hostSleeps`. */
  show(): void {
    if (this.#laid === 0) return
    const first = (this.#posted - this.#laid + 1) | 0
    this.#laid = 0
    Atomics.store(this.#words, this.#request(first) + REQUEST.at.sequence / 4, first)
  }

  /** Requests that are laid. */
  get laid(): number {
    return this.#laid
  }

  /**
   * Publishes, and looks for the answer right away. A request that nothing is in flight before.
   * Returns the offset of the answer in bytes and counts it as read, or 0 when it is not there yet.
   */
  trip(request: Int32Array, looks: number): number {
    this.publish(request, request.length)
    const words = this.#words
    const next = this.#posted
    const response = this.#responses + (next & this.#mask) * LIMITS.RESPONSE_BYTES
    for (let i = 0; i < looks; i++) {
      if (Atomics.load(words, response >> 2) !== next) continue
      this.#completed = next
      return response
    }
    return 0
  }

  /** Whether the host said that it sleeps since it was last woken; whoever asks wakes it. */
  hostSleeps(): boolean {
    return (
      Atomics.load(this.#words, this.#hostAsleep) !== 0 &&
      Atomics.exchange(this.#words, this.#hostAsleep, 0) !== 0
    )
  }

  /** Whether the oldest outstanding response is there. */
  ready(): boolean {
    const next = (this.#completed + 1) | 0
    return Atomics.load(this.#words, this.#response(next)) === next
  }

  /**
   * The number of the last one of the oldest outstanding responses that are there, at most so many; if none is, of the
   * one before them. Their lines come from the host's processor at the same time; each one that is looked for alone is
   * waited for.
   */
  answered(most: number): number {
    const words = this.#words
    const bound = Math.min(most, this.inFlight - this.#laid)
    let last = this.#completed
    for (let found = 0; found < bound; found++) {
      const next = (last + 1) | 0
      if (words[this.#response(next)] !== next) break
      last = next
    }
    if (last === this.#completed) return last
    // The host publishes them in order: who has seen the last one with order sees all that was written before it.
    return Atomics.load(words, this.#response(last)) === last ? last : this.#completed
  }

  /** Whether the response of that number has not been consumed. */
  isOutstanding(sequence: number): boolean {
    return ((sequence - this.#completed) | 0) > 0
  }

  /** Looks for the oldest outstanding response up to `looks` times in a row. */
  look(looks: number): boolean {
    const next = (this.#completed + 1) | 0
    const index = this.#response(next)
    for (let i = 0; i < looks; i++) if (Atomics.load(this.#words, index) === next) return true
    return false
  }

  /** Looks for so many milliseconds. */
  spin(milliseconds: number): boolean {
    const end = performance.now() + milliseconds
    do {
      if (this.look(LOOKS_PER_CLOCK)) return true
    } while (performance.now() < end)
    return false
  }

  /** Throws unless what stands for the oldest outstanding response is it, its predecessor or nothing. */
  checkWaiting(): void {
    const next = (this.#completed + 1) | 0
    const found = Atomics.load(this.#words, this.#response(next))
    if (found !== next && found !== 0 && found !== ((next - this.#mask - 1) | 0))
      throw lie(`answered ${found >>> 0} where ${next >>> 0} was asked`)
  }

  /**
   * Takes back the request that comes so many behind the oldest one; `head` is its operation as it was published, with
   * what stands beside that. Returns false if the host has begun it.
   */
  withdraw(behind: number, head: number): boolean {
    const slot = (this.#completed + 1 + behind) & this.#mask
    const at = (this.#requests + slot * LIMITS.REQUEST_BYTES + REQUEST.at.operation) >> 2
    const withdrawn = (head & ~0xffff) | OPERATION.WITHDRAWN
    return Atomics.compareExchange(this.#words, at, head, withdrawn) === head
  }

  /** Done with the oldest response; its slots are free. */
  consume(): void {
    this.#completed = (this.#completed + 1) | 0
  }

  /** The oldest response was none: it is looked for again. The host goes on only when it is told to. */
  reopen(): void {
    this.#words[this.#response((this.#completed + 1) | 0)] = 0
  }

  /** The response that `trip` found was none. */
  unread(): void {
    this.#completed = (this.#completed - 1) | 0
  }

  /** The request that was just published has no response. Nothing else is in flight. */
  skip(): void {
    this.#completed = this.#posted
    this.#words[this.#response(this.#posted)] = this.#posted
  }

  /** How many of the outstanding requests the host says it began: at most those in flight. */
  begun(): number {
    const begun = (Atomics.load(this.#words, this.#begun) - this.#completed) | 0
    return Math.max(0, Math.min(begun, this.inFlight))
  }

  /** Says that the program waits for its doorbell. Returns false if there is a response already. */
  fallAsleep(): boolean {
    Atomics.store(this.#words, this.#programAsleep, 1)
    if (!this.ready()) return true
    this.wakeUp()
    return false
  }

  /** Says that the program waits for its doorbell, whatever there is. */
  sleep(): void {
    Atomics.store(this.#words, this.#programAsleep, 1)
  }

  /** Whether the doorbell has not been rung since. */
  get sleeping(): boolean {
    return Atomics.load(this.#words, this.#programAsleep) !== 0
  }

  wakeUp(): void {
    Atomics.store(this.#words, this.#programAsleep, 0)
  }

  #request(sequence: number): number {
    return (this.#requests >> 2) + (sequence & this.#mask) * (LIMITS.REQUEST_BYTES / 4)
  }

  #response(sequence: number): number {
    return (this.#responses >> 2) + (sequence & this.#mask) * (LIMITS.RESPONSE_BYTES / 4)
  }
}

function lie(what: string): ViolationError {
  return new ViolationError(`the fat thread broke the protocol: it ${what}`)
}
