/** Keys: made, derived, wrapped and unwrapped; and random bytes. */
import { type Frame, wordIn } from '../frame.ts'
import { call, type Steps } from '../operation.ts'
import { output, type Room, takeBytes } from '../output.ts'
import { type Attribute, placeTemplate } from '../structures/attributes.ts'
import { type Mechanism, placeMechanism } from '../structures/mechanism.ts'
import type { Ulong } from '../words.ts'

export interface KeyPair {
  readonly publicKey: Ulong
  readonly privateKey: Ulong
}

/** Most wrapped keys are no longer. */
const WRAPPED: Room = { bytes: 8192 }

export function* generateKey(
  frame: Frame,
  session: Ulong,
  mechanism: Mechanism,
  template: readonly Attribute[],
): Steps<Ulong> {
  const { address, back } = placeMechanism(frame, mechanism)
  const key = frame.zeroed(8)
  yield call('C_GenerateKey', [session, address, ...placeTemplate(frame, template), key.address])
  back()
  return wordIn(key)
}

export function* generateKeyPair(
  frame: Frame,
  session: Ulong,
  mechanism: Mechanism,
  publicTemplate: readonly Attribute[],
  privateTemplate: readonly Attribute[],
): Steps<KeyPair> {
  const { address, back } = placeMechanism(frame, mechanism)
  const publicKey = frame.zeroed(8)
  const privateKey = frame.zeroed(8)
  yield call('C_GenerateKeyPair', [
    session,
    address,
    ...placeTemplate(frame, publicTemplate),
    ...placeTemplate(frame, privateTemplate),
    publicKey.address,
    privateKey.address,
  ])
  back()
  return { publicKey: wordIn(publicKey), privateKey: wordIn(privateKey) }
}

export function* wrapKey(
  frame: Frame,
  session: Ulong,
  mechanism: Mechanism,
  wrappingKey: Ulong,
  key: Ulong,
  room: Room = WRAPPED,
): Steps<Uint8Array<ArrayBuffer>> {
  const { address, back } = placeMechanism(frame, mechanism)
  const wrapped = yield* output(frame, 'C_WrapKey', [session, address, wrappingKey, key], room)
  back()
  return wrapped
}

export function* unwrapKey(
  frame: Frame,
  session: Ulong,
  mechanism: Mechanism,
  unwrappingKey: Ulong,
  wrapped: Uint8Array,
  template: readonly Attribute[],
): Steps<Ulong> {
  const { address, back } = placeMechanism(frame, mechanism)
  const bytes = frame.copy(wrapped)
  const key = frame.zeroed(8)
  yield call('C_UnwrapKey', [
    session,
    address,
    unwrappingKey,
    bytes.address,
    bytes.size,
    ...placeTemplate(frame, template),
    key.address,
  ])
  back()
  return wordIn(key)
}

/** 0 for mechanisms that give their keys in the parameter. */
export function* deriveKey(
  frame: Frame,
  session: Ulong,
  mechanism: Mechanism,
  baseKey: Ulong,
  template: readonly Attribute[],
): Steps<Ulong> {
  const { address, back } = placeMechanism(frame, mechanism)
  const key = frame.zeroed(8)
  yield call('C_DeriveKey', [
    session,
    address,
    baseKey,
    ...placeTemplate(frame, template),
    key.address,
  ])
  back()
  return wordIn(key)
}

export function* generateRandom(
  frame: Frame,
  session: Ulong,
  bytes: number,
): Steps<Uint8Array<ArrayBuffer>> {
  const place = frame.room(bytes)
  yield call('C_GenerateRandom', [session, place.address, bytes])
  return takeBytes('C_GenerateRandom', place, bytes)
}
