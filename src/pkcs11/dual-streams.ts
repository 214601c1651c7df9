/** Two operations at once on data that comes in parts: a cipher, and one that goes by what is not encrypted. */
import { type Active, partsDuring, type Streaming } from './active-operation.ts'
import { CKR_OPERATION_ACTIVE } from './constants/index.ts'
import { Pkcs11Error } from './errors.ts'
import { feed, finish, lastRoom, transform, verifyFinal } from './operations/crypto.ts'
import { bytesIn } from './parts.ts'

type Result = Uint8Array<ArrayBuffer>

const DUALS = {
  digestEncrypt: {
    update: 'C_DigestEncryptUpdate',
    cipher: 'encrypt',
    cipherFinal: 'C_EncryptFinal',
    other: 'digest',
    otherUpdate: undefined,
  },
  decryptDigest: {
    update: 'C_DecryptDigestUpdate',
    cipher: 'decrypt',
    cipherFinal: 'C_DecryptFinal',
    other: 'digest',
    otherUpdate: 'C_DigestUpdate',
  },
  signEncrypt: {
    update: 'C_SignEncryptUpdate',
    cipher: 'encrypt',
    cipherFinal: 'C_EncryptFinal',
    other: 'sign',
    otherUpdate: undefined,
  },
  decryptVerify: {
    update: 'C_DecryptVerifyUpdate',
    cipher: 'decrypt',
    cipherFinal: 'C_DecryptFinal',
    other: 'verify',
    otherUpdate: 'C_VerifyUpdate',
  },
} as const

export type DualKind = keyof typeof DUALS

/** What both of them are given; the parts are the same. */
export interface Pair {
  readonly cipher: Streaming
  readonly other: Streaming
}

/** Parts that the cipher makes, and what came of the other operation. It can be iterated once. */
export class DualStream<Outcome> implements AsyncIterable<Result> {
  readonly #kind: DualKind
  readonly #parts: AsyncGenerator<Result, Outcome>
  #outcome: { readonly value: Outcome } | undefined

  /** @internal Use `session.digestEncryptStream`, and the like. */
  constructor(kind: DualKind, pair: () => Promise<Pair>, end: End<Outcome>) {
    this.#kind = kind
    this.#parts = both(kind, pair, end)
  }

  /**
   * The digest, the signature, or whether the signature is one.
   * @throws {Pkcs11Error} as long as not all parts were taken
   */
  get outcome(): Outcome {
    if (this.#outcome !== undefined) return this.#outcome.value
    const { update } = DUALS[this.#kind]
    throw new Pkcs11Error(update, CKR_OPERATION_ACTIVE, 'not all parts were taken')
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Result> {
    this.#outcome = { value: yield* this.#parts }
  }
}

/** Ends the other operation. */
export type End<Outcome> = (other: Active, streaming: Streaming) => Promise<Outcome>

export const digestEnd: End<Result> = (other, { seat }) =>
  other.last((frame) => finish(frame, 'C_DigestFinal', seat.handle))

export const signEnd: End<Result> = (other, { seat }) =>
  other.last((frame) => finish(frame, 'C_SignFinal', seat.handle))

export function verifyEnd(signature: Uint8Array): End<boolean> {
  return async (other, { seat }) =>
    (await other.last((frame) => verifyFinal(frame, seat.handle, signature))) === 0
}

async function* both<Outcome>(
  kind: DualKind,
  pair: () => Promise<Pair>,
  end: End<Outcome>,
): AsyncGenerator<Result, Outcome> {
  const { update, cipher, cipherFinal, other, otherUpdate } = DUALS[kind]
  const given = await pair()
  const { handle } = given.cipher.seat
  return yield* partsDuring(cipher, given.cipher, (first) =>
    partsDuring(other, given.other, async function* (second) {
      let bytes = 0
      for await (const part of bytesIn(given.cipher.parts, `${kind}Stream: parts`)) {
        bytes += part.length
        const made = await first.run((frame) => transform(frame, update, handle, part))
        if (made.length > 0) yield made
      }
      const last = await first.last((frame) => finish(frame, cipherFinal, handle, lastRoom(bytes)))
      if (last.length > 0) {
        // What decryption held back until now has gone through it alone.
        if (otherUpdate !== undefined)
          await second.run((frame) => feed(frame, otherUpdate, handle, last))
        yield last
      }
      return await end(second, given.other)
    }),
  )
}
