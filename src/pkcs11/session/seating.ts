/** Where a session is, and how calls get there: opened anew after a restart, if its options say how. */
import { type CallOptions, RESULT_OPTIONS, runOptionsOf } from '../call-options.ts'
import { CKR_SESSION_CLOSED, CKR_SESSION_HANDLE_INVALID } from '../constants/index.ts'
import type { Cryptoki } from '../cryptoki.ts'
import { moduleClosed, Pkcs11Error } from '../errors.ts'
import type { Frame } from '../frame.ts'
import { Kept } from '../kept.ts'
import type { Operation, Steps } from '../operation.ts'
import * as sessions from '../operations/sessions.ts'
import { isReopened, type Seat, type SessionOptions, takeSeat, takeSeatSync } from '../seat.ts'
import { type Twin, twin } from '../twin.ts'
import type { Ulong } from '../words.ts'

export type Result = Uint8Array<ArrayBuffer>

/** What a session is made of, beside what it can do. */
export class Seating implements AsyncDisposable, Disposable {
  readonly #cryptoki: Cryptoki
  readonly #options: SessionOptions
  #seat: Seat
  #reopening: Promise<Seat> | undefined
  #closed = false

  /** @internal Use `slot.open`. */
  constructor(cryptoki: Cryptoki, options: SessionOptions, seat: Seat) {
    this.#cryptoki = cryptoki
    this.#options = options
    this.#seat = seat
  }

  /** The number that the module knows it by; another one after a restart. */
  get handle(): Ulong {
    return this.#seat.handle
  }

  /** Closes it behind what it does; of a process that has ended, nothing is left to close. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const { life, handle } = this.#seat
    if (!life.serves) return
    await life.run((frame) => sessions.closeSession(frame, handle), { session: handle })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** As `close`, blocking. */
  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    const { life, handle } = this.#seat
    if (life.serves) life.runSync((frame) => sessions.closeSession(frame, handle))
  }

  /** @internal Where it is now: opened anew after a restart, if its options say how. */
  seat(method: string): Seat | Promise<Seat> {
    this.#requireOpen(method)
    if (this.#seat.life.isAlive) return this.#seat
    this.#requireReopen(method)
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = undefined
    })
    return this.#reopening
  }

  /** @internal @param at Where the options of the call stand, behind its arguments. @param more Beside those of all calls. */
  twin<Arguments extends readonly unknown[], Output>(
    name: string,
    at: number,
    make: (seat: Seat, ...given: Arguments) => Operation<Output>,
    more?: readonly string[],
  ): Twin<Arguments, Output> {
    return twin(
      async (...given: Arguments) => {
        const options = runOptionsOf(given[at], name, more)
        const found = this.seat(name)
        if (!(found instanceof Promise)) {
          const operation = make(found, ...given)
          return found.life.run(operation, { ...options, session: found.handle })
        }
        return new Kept(given, more === RESULT_OPTIONS ? at : undefined).during(async (values) => {
          const seat = await found
          const operation = make(seat, ...values)
          return seat.life.run(operation, { ...options, session: seat.handle })
        })
      },
      (...given: Arguments) => {
        const options = runOptionsOf(given[at], name, more)
        const seat = this.#seatSync(name)
        return seat.life.runSync(make(seat, ...given), { ...options, session: seat.handle })
      },
    )
  }

  /** @internal Of what takes nothing but the session. */
  plain<Output>(
    name: string,
    operation: (frame: Frame, session: Ulong) => Steps<Output>,
  ): Twin<[options?: CallOptions], Output> {
    return this.twin(
      name,
      0,
      ({ handle }) =>
        (frame) =>
          operation(frame, handle),
    )
  }

  #seatSync(method: string): Seat {
    this.#requireOpen(method)
    if (this.#seat.life.isAlive) return this.#seat
    this.#requireReopen(method)
    const { slot, token } = this.#seat
    this.#seat = takeSeatSync(this.#cryptoki, slot, this.#options, token)
    return this.#seat
  }

  async #reopen(): Promise<Seat> {
    const { slot, token } = this.#seat
    const seat = await takeSeat(this.#cryptoki, slot, this.#options, token)
    // A blocking call may have been quicker.
    if (!this.#seat.life.isAlive) this.#seat = seat
    return this.#seat
  }

  #requireOpen(method: string): void {
    if (this.#closed) throw new Pkcs11Error(method, CKR_SESSION_CLOSED, 'the session was closed')
  }

  #requireReopen(method: string): void {
    if (this.#seat.life.isShut) throw moduleClosed(method)
    if (isReopened(this.#options)) return
    throw new Pkcs11Error(
      method,
      CKR_SESSION_HANDLE_INVALID,
      'the process that the session was in has ended',
    )
  }
}
