/** Version 3: one key, many messages, each with a parameter of its own. */
import { CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE } from '../constants/index.ts'
import { type Frame, wordIn } from '../frame.ts'
import type { FunctionName } from '../functions.ts'
import { call, type Steps } from '../operation.ts'
import { output, type Room, takeBytes } from '../output.ts'
import { type Parameter, placeParameter } from '../structures/mechanism.ts'
import type { Ulong } from '../words.ts'

const MORE_BYTES = 2048

export type MessageKind = 'Encrypt' | 'Decrypt' | 'Sign' | 'Verify'

/** Ends what `begin` with `C_Message…Init` began. */
export function* messageFinal(_frame: Frame, kind: MessageKind, session: Ulong): Steps<void> {
  yield call(`C_Message${kind}Final`, [session])
}

/** What the module writes into the parameter, such as an IV and a tag, is copied back. */
export function* cryptMessage(
  frame: Frame,
  kind: 'Encrypt' | 'Decrypt',
  session: Ulong,
  parameter: Parameter,
  associatedData: Uint8Array,
  data: Uint8Array,
  room: Room = { bytes: data.length + MORE_BYTES },
): Steps<Uint8Array<ArrayBuffer>> {
  const placed = placeParameter(frame, parameter)
  const associated = frame.copy(associatedData)
  const { address, size } = frame.copy(data)
  const words = [session, placed.address, placed.length, associated.address, associated.size]
  const result = yield* output(frame, `C_${kind}Message`, [...words, address, size], room)
  placed.back()
  return result
}

/** The parameter stays in the frame, which has to last until the last part: see `Life.lease`. */
export function* cryptMessageBegin(
  frame: Frame,
  kind: 'Encrypt' | 'Decrypt',
  session: Ulong,
  parameter: Parameter,
  associatedData: Uint8Array,
): Steps<MessageParameter> {
  const placed = placeParameter(frame, parameter)
  const { address, size } = frame.copy(associatedData)
  const words = [session, placed.address, placed.length, address, size]
  yield call(`C_${kind}MessageBegin`, words)
  return placed
}

/** A parameter that several calls are given. */
export interface MessageParameter {
  readonly address: number
  readonly length: number
  readonly back: () => void
}

/** @param flags `CKF_END_OF_MESSAGE` with the last part. */
export function* cryptMessageNext(
  frame: Frame,
  kind: 'Encrypt' | 'Decrypt',
  session: Ulong,
  parameter: MessageParameter,
  part: Uint8Array,
  flags: Ulong,
): Steps<Uint8Array<ArrayBuffer>> {
  const { address, size } = frame.copy(part)
  const name: FunctionName = `C_${kind}MessageNext`
  const room = frame.room(part.length + MORE_BYTES)
  const length = frame.word(room.size)
  const words = [session, parameter.address, parameter.length, address, size]
  yield call(name, [...words, room.address, length.address, flags])
  parameter.back()
  return takeBytes(name, room, wordIn(length))
}

export function* signMessage(
  frame: Frame,
  session: Ulong,
  parameter: Parameter,
  data: Uint8Array,
  room: Room = { bytes: MORE_BYTES },
): Steps<Uint8Array<ArrayBuffer>> {
  const placed = placeParameter(frame, parameter)
  const { address, size } = frame.copy(data)
  const words = [session, placed.address, placed.length, address, size]
  const signature = yield* output(frame, 'C_SignMessage', words, room)
  placed.back()
  return signature
}

export function* messageBegin(
  frame: Frame,
  kind: 'Sign' | 'Verify',
  session: Ulong,
  parameter: Parameter,
): Steps<MessageParameter> {
  const placed = placeParameter(frame, parameter)
  yield call(`C_${kind}MessageBegin`, [session, placed.address, placed.length])
  return placed
}

/** A part that is not the last one. */
export function* messageNext(
  frame: Frame,
  kind: 'Sign' | 'Verify',
  session: Ulong,
  parameter: MessageParameter,
  part: Uint8Array,
): Steps<void> {
  const { address, size } = frame.copy(part)
  const words = [session, parameter.address, parameter.length, address, size, 0, 0]
  yield call(`C_${kind}MessageNext`, words)
}

/** The last part, and the signature. */
export function* signMessageLast(
  frame: Frame,
  session: Ulong,
  parameter: MessageParameter,
  part: Uint8Array,
  room: Room = { bytes: MORE_BYTES },
): Steps<Uint8Array<ArrayBuffer>> {
  const { address, size } = frame.copy(part)
  const words = [session, parameter.address, parameter.length, address, size]
  const signature = yield* output(frame, 'C_SignMessageNext', words, room)
  parameter.back()
  return signature
}

const INVALID = [CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE]

/** `CKR_OK`, or that the signature is not one. */
export function* verifyMessage(
  frame: Frame,
  session: Ulong,
  parameter: Parameter,
  data: Uint8Array,
  signature: Uint8Array,
): Steps<number> {
  const placed = placeParameter(frame, parameter)
  return yield* lastOfVerify(frame, 'C_VerifyMessage', session, placed, data, signature)
}

/** The same, of a message in parts: the last one. */
export function* verifyMessageLast(
  frame: Frame,
  session: Ulong,
  parameter: MessageParameter,
  part: Uint8Array,
  signature: Uint8Array,
): Steps<number> {
  return yield* lastOfVerify(frame, 'C_VerifyMessageNext', session, parameter, part, signature)
}

function* lastOfVerify(
  frame: Frame,
  name: 'C_VerifyMessage' | 'C_VerifyMessageNext',
  session: Ulong,
  parameter: MessageParameter,
  data: Uint8Array,
  signature: Uint8Array,
): Steps<number> {
  const { address, size } = frame.copy(data)
  const last = frame.copy(signature)
  const words = [session, parameter.address, parameter.length, address, size]
  return yield call(name, [...words, last.address, last.size], INVALID)
}
