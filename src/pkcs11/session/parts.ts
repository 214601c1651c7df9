/** What is done with data that comes in parts. */
import type { Streaming } from '../active-operation.ts'
import { type Bytes, bytesOf, type CallOptions } from '../call-options.ts'
import {
  type DualKind,
  DualStream,
  digestEnd,
  type End,
  type Pair,
  signEnd,
  verifyEnd,
} from '../dual-streams.ts'
import type { MechanismInput } from '../mechanism-input.ts'
import type { Key, Pkcs11Object } from '../object.ts'
import type { Parts } from '../parts.ts'
import { type Asked, streamings } from '../stream-input.ts'
import * as streams from '../streams.ts'
import type { Result, Seating } from './seating.ts'

const crypting =
  (kind: 'encrypt' | 'decrypt') =>
  (seating: Seating) =>
  (
    mechanism: MechanismInput,
    key: Key,
    parts: Parts,
    options?: CallOptions,
  ): AsyncGenerator<Result> => {
    const asked = { mechanism, key: ['key', key] } as const
    return streams.cryptStream(kind, streaming(seating, `${kind}Stream`, asked, parts, options))
  }

export const encryptStream = crypting('encrypt')
export const decryptStream = crypting('decrypt')

export function digestStream(seating: Seating) {
  return async (
    mechanism: MechanismInput,
    parts: Parts<Bytes | Pkcs11Object>,
    options?: CallOptions,
  ): Promise<Result> => {
    return streams.digestStream(
      await streaming(seating, 'digestStream', { mechanism }, parts, options)(),
    )
  }
}

export function signStream(seating: Seating) {
  return async (
    mechanism: MechanismInput,
    key: Key,
    parts: Parts,
    options?: CallOptions,
  ): Promise<Result> => {
    const asked = { mechanism, key: ['key', key] } as const
    return streams.signStream(await streaming(seating, 'signStream', asked, parts, options)())
  }
}

export function verifyStream(seating: Seating) {
  return async (
    mechanism: MechanismInput,
    key: Key,
    parts: Parts,
    signature: Bytes,
    options?: CallOptions,
  ): Promise<boolean> => {
    const bytes = new Uint8Array(bytesOf(signature, 'verifyStream: signature'))
    const asked = { mechanism, key: ['key', key] } as const
    return streams.verifyStream(
      await streaming(seating, 'verifyStream', asked, parts, options)(),
      bytes,
    )
  }
}

export function digestEncryptStream(seating: Seating) {
  return (
    digest: MechanismInput,
    mechanism: MechanismInput,
    key: Key,
    parts: Parts,
    options?: CallOptions,
  ): DualStream<Result> => {
    const asked = [{ mechanism, key: ['key', key] }, { mechanism: digest }] as const
    return dual(seating, 'digestEncrypt', asked, parts, options, digestEnd)
  }
}

export function decryptDigestStream(seating: Seating) {
  return (
    mechanism: MechanismInput,
    key: Key,
    digest: MechanismInput,
    parts: Parts,
    options?: CallOptions,
  ): DualStream<Result> => {
    const asked = [{ mechanism, key: ['key', key] }, { mechanism: digest }] as const
    return dual(seating, 'decryptDigest', asked, parts, options, digestEnd)
  }
}

export function signEncryptStream(seating: Seating) {
  return (
    sign: MechanismInput,
    signKey: Key,
    mechanism: MechanismInput,
    key: Key,
    parts: Parts,
    options?: CallOptions,
  ): DualStream<Result> => {
    const signing = { mechanism: sign, key: ['signKey', signKey] } as const
    const asked = [{ mechanism, key: ['key', key] }, signing] as const
    return dual(seating, 'signEncrypt', asked, parts, options, signEnd)
  }
}

export function decryptVerifyStream(seating: Seating) {
  return (
    mechanism: MechanismInput,
    key: Key,
    verify: MechanismInput,
    verifyKey: Key,
    parts: Parts,
    signature: Bytes,
    options?: CallOptions,
  ): DualStream<boolean> => {
    const bytes = new Uint8Array(bytesOf(signature, 'decryptVerifyStream: signature'))
    const verifying = { mechanism: verify, key: ['verifyKey', verifyKey] } as const
    const asked = [{ mechanism, key: ['key', key] }, verifying] as const
    return dual(seating, 'decryptVerify', asked, parts, options, verifyEnd(bytes))
  }
}

/** Arguments are checked at once, whenever the stream begins. */
function streaming(
  seating: Seating,
  where: string,
  asked: Asked,
  parts: unknown,
  options: CallOptions | undefined,
): () => Promise<Streaming> {
  const [seen] = streamings(where, [asked], parts, options)
  return async () => seen(await seating.seat(where))
}

function dual<Outcome>(
  seating: Seating,
  kind: DualKind,
  asked: readonly [cipher: Asked, other: Asked],
  parts: unknown,
  options: CallOptions | undefined,
  end: End<Outcome>,
): DualStream<Outcome> {
  const where = `${kind}Stream`
  const [cipher, other] = streamings(where, asked, parts, options)
  const pair = async (): Promise<Pair> => {
    const seat = await seating.seat(where)
    return { cipher: cipher(seat), other: other(seat) }
  }
  return new DualStream(kind, pair, end)
}
