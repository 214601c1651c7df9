/** Operations on data that comes in parts. */
import { type Active, during, partsDuring, type Streaming } from './active-operation.ts'
import { bytesOf } from './call-options.ts'
import { Pkcs11Object } from './object.ts'
import {
  digestKey,
  type FeedFunction,
  feed,
  finish,
  lastRoom,
  transform,
  verifyFinal,
} from './operations/crypto.ts'
import { bytesIn } from './parts.ts'

export async function* cryptStream(
  kind: 'encrypt' | 'decrypt',
  given: () => Promise<Streaming>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const streaming = await given()
  const { seat, parts } = streaming
  const [update, final] =
    kind === 'encrypt'
      ? (['C_EncryptUpdate', 'C_EncryptFinal'] as const)
      : (['C_DecryptUpdate', 'C_DecryptFinal'] as const)
  yield* partsDuring(kind, streaming, async function* (active) {
    let given = 0
    for await (const part of bytesIn(parts, `${kind}Stream: parts`)) {
      given += part.length
      const made = await active.run((frame) => transform(frame, update, seat.handle, part))
      if (made.length > 0) yield made
    }
    const last = await active.last((frame) => finish(frame, final, seat.handle, lastRoom(given)))
    if (last.length > 0) yield last
  })
}

/** Parts may be keys, whose values go into the digest. */
export function digestStream(streaming: Streaming): Promise<Uint8Array<ArrayBuffer>> {
  const { seat, parts } = streaming
  return during('digest', streaming, async (active) => {
    for await (const part of parts) {
      if (part instanceof Pkcs11Object) {
        const key = part.in(seat.life, 'C_DigestKey')
        await active.run((frame) => digestKey(frame, seat.handle, key))
      } else {
        const bytes = bytesOf(part, 'digestStream: parts')
        await active.run((frame) => feed(frame, 'C_DigestUpdate', seat.handle, bytes))
      }
    }
    return active.last((frame) => finish(frame, 'C_DigestFinal', seat.handle))
  })
}

export function signStream(streaming: Streaming): Promise<Uint8Array<ArrayBuffer>> {
  const { seat } = streaming
  return during('sign', streaming, async (active) => {
    await feedAll(active, streaming, 'C_SignUpdate', 'signStream')
    return active.last((frame) => finish(frame, 'C_SignFinal', seat.handle))
  })
}

export function verifyStream(streaming: Streaming, signature: Uint8Array): Promise<boolean> {
  const { seat } = streaming
  return during('verify', streaming, async (active) => {
    await feedAll(active, streaming, 'C_VerifyUpdate', 'verifyStream')
    return (await active.last((frame) => verifyFinal(frame, seat.handle, signature))) === 0
  })
}

async function feedAll(
  active: Active,
  { seat, parts }: Streaming,
  name: FeedFunction,
  where: string,
): Promise<void> {
  for await (const part of bytesIn(parts, `${where}: parts`))
    await active.run((frame) => feed(frame, name, seat.handle, part))
}
