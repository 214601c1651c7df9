/** A slot, and the token in it. */
import { knownOr } from './attribute-values.ts'
import { type CallOptions, runOptionsOf } from './call-options.ts'
import { wrongKind } from './complaint.ts'
import type { Cryptoki } from './cryptoki.ts'
import { Kept } from './kept.ts'
import { requirePin } from './login.ts'
import { type MechanismInput, mechanismOf } from './mechanism-input.ts'
import type { NameOf } from './names.ts'
import { mapped, type Operation } from './operation.ts'
import { closeAllSessions } from './operations/sessions.ts'
import * as slots from './operations/slots.ts'
import { type Seat, type SessionOptions, takeSeat, takeSeatSync } from './seat.ts'
import { Session } from './session.ts'
import {
  type MechanismInfo,
  mechanismInfoOf,
  type SlotInfo,
  slotInfoOf,
  type TokenInfo,
  tokenInfoOf,
} from './token-info.ts'
import { type Twin, twin } from './twin.ts'
import type { Ulong } from './words.ts'

export class Slot {
  /** The number that the module knows it by. */
  readonly id: Ulong
  readonly #cryptoki: Cryptoki

  /** @internal Use `module.slots`. */
  constructor(cryptoki: Cryptoki, id: Ulong) {
    this.#cryptoki = cryptoki
    this.id = id
  }

  readonly info: Twin<[options?: CallOptions], SlotInfo> = this.#twin(0, 'info', () =>
    mapped((frame) => slots.getSlotInfo(frame, this.id), slotInfoOf),
  )

  /** The token that is in it. */
  readonly token: Twin<[options?: CallOptions], TokenInfo> = this.#twin(0, 'token', () =>
    mapped((frame) => slots.getTokenInfo(frame, this.id), tokenInfoOf),
  )

  /** What the token can do: names, and numbers that the standard doesn't name. */
  readonly mechanisms: Twin<[options?: CallOptions], readonly (NameOf<'CKM'> | Ulong)[]> =
    this.#twin(0, 'mechanisms', () =>
      mapped(
        (frame) => slots.getMechanismList(frame, this.id),
        (all) => all.map((each) => knownOr('CKM', each) as NameOf<'CKM'> | Ulong),
      ),
    )

  readonly mechanism: Twin<[mechanism: MechanismInput, options?: CallOptions], MechanismInfo> =
    this.#twin(1, 'mechanism', (given) => {
      const { mechanism } = mechanismOf(given, 'mechanism')
      return mapped((frame) => slots.getMechanismInfo(frame, this.id, mechanism), mechanismInfoOf)
    })

  /**
   * Makes a token anew: all that is on it is lost. Some modules give it a slot with another number.
   * @param label At most 32 bytes of UTF-8.
   */
  readonly initToken: Twin<[soPin: slots.Pin, label: string, options?: CallOptions], void> =
    this.#twin(2, 'initToken', (soPin, label) => {
      const pin = requirePin(soPin, 'initToken')
      if (typeof label !== 'string') throw wrongKind('initToken: label', 'a string', label)
      return (frame) => slots.initToken(frame, this.id, pin, label)
    })

  /** Opens a session; with `pin`, logs in too. */
  readonly open: Twin<[options?: SessionOptions], Session> = twin(
    async (options: SessionOptions = {}) => {
      const own = ownOptions(options)
      return this.#session(own, await takeSeat(this.#cryptoki, this.id, own))
    },
    (options: SessionOptions = {}) => {
      const own = ownOptions(options)
      return this.#session(own, takeSeatSync(this.#cryptoki, this.id, own))
    },
  )

  readonly closeAllSessions: Twin<[options?: CallOptions], void> = this.#twin(
    0,
    'closeAllSessions',
    () => (frame) => closeAllSessions(frame, this.id),
  )

  #session(options: SessionOptions, seat: Seat): Session {
    return new Session(this.#cryptoki, options, seat)
  }

  /** @param at Where the options of the call stand, behind its arguments. */
  #twin<Arguments extends readonly unknown[], Output>(
    at: number,
    name: string,
    make: (...given: Arguments) => Operation<Output>,
  ): Twin<Arguments, Output> {
    return twin(
      async (...given: Arguments) => {
        const options = runOptionsOf(given[at], name)
        return new Kept(given).during((values) => this.#cryptoki.run(make(...values), options))
      },
      (...given: Arguments) =>
        this.#cryptoki.runSync(make(...given), runOptionsOf(given[at], name)),
    )
  }
}

/** Bytes of a PIN as they are now: it is asked for later, and again where the session is opened in a new process. */
function ownOptions(options: SessionOptions): SessionOptions {
  const pin: unknown = options?.pin
  return pin instanceof Uint8Array ? { ...options, pin: new Uint8Array(pin) } : options
}
