/** Encryption, digests, signatures: one call after the other, or all of an operation at once. */
import { AbortError } from '../../index.ts'
import {
  CKF_DECRYPT,
  CKF_DIGEST,
  CKF_ENCRYPT,
  CKF_SIGN,
  CKF_SIGN_RECOVER,
  CKF_VERIFY,
  CKF_VERIFY_RECOVER,
  CKR_SIGNATURE_INVALID,
  CKR_SIGNATURE_LEN_RANGE,
} from '../constants/index.ts'
import type { Frame } from '../frame.ts'
import type { FunctionName } from '../functions.ts'
import { type Call, call, type Steps, trip } from '../operation.ts'
import { mostFor, output, type Room } from '../output.ts'
import {
  type Mechanism,
  NO_MECHANISM,
  type PlacedMechanism,
  placeMechanism,
} from '../structures/mechanism.ts'
import type { Ulong } from '../words.ts'

/** Beyond the data: padding, a tag, a whole block of an RSA key. */
const MORE_BYTES = 2048

type InitFunction = Extract<FunctionName, `C_${string}Init`>

/** Functions that take data and give data. */
export type TransformFunction =
  | 'C_Encrypt'
  | 'C_EncryptUpdate'
  | 'C_Decrypt'
  | 'C_DecryptUpdate'
  | 'C_Digest'
  | 'C_Sign'
  | 'C_SignRecover'
  | 'C_VerifyRecover'
  | 'C_DigestEncryptUpdate'
  | 'C_DecryptDigestUpdate'
  | 'C_SignEncryptUpdate'
  | 'C_DecryptVerifyUpdate'

/** Functions that end an operation and give data. */
export type FinalFunction = 'C_EncryptFinal' | 'C_DecryptFinal' | 'C_DigestFinal' | 'C_SignFinal'

/** Functions that take data and give nothing. */
export type FeedFunction =
  | 'C_DigestUpdate'
  | 'C_SignUpdate'
  | 'C_VerifyUpdate'
  | 'C_VerifyFinal'
  | 'C_SeedRandom'

/**
 * Begins an operation with a mechanism, or ends the one that is active where there is none. The frame has to last as
 * long as the operation where its module writes to the parameter later on: see `Life.lease`.
 * @param key Of digests there is none.
 */
export function* begin(
  frame: Frame,
  name: InitFunction,
  session: Ulong,
  mechanism: Mechanism | null,
  key: Ulong | undefined,
): Steps<PlacedMechanism> {
  const placed = mechanism === null ? NO_MECHANISM : placeMechanism(frame, mechanism)
  yield beginning(name, session, placed, key)
  return placed
}

function beginning(
  name: InitFunction,
  session: Ulong,
  { address }: PlacedMechanism,
  key: Ulong | undefined,
): Call {
  return call(name, key === undefined ? [session, address] : [session, address, key])
}

export function* transform(
  frame: Frame,
  name: TransformFunction,
  session: Ulong,
  data: Uint8Array,
  room: Room = { bytes: data.length + MORE_BYTES },
): Steps<Uint8Array<ArrayBuffer>> {
  const { address, size } = frame.copy(data)
  return yield* output(frame, name, [session, address, size], room)
}

export function* finish(
  frame: Frame,
  name: FinalFunction,
  session: Ulong,
  room: Room = lastRoom(0),
): Steps<Uint8Array<ArrayBuffer>> {
  return yield* output(frame, name, [session], room)
}

/** Of an operation that was given so many bytes: some ciphers give all of them at the end. */
export function lastRoom(given: number): Room {
  return { bytes: MORE_BYTES, most: mostFor(given) }
}

export function* feed(
  frame: Frame,
  name: FeedFunction,
  session: Ulong,
  data: Uint8Array,
): Steps<void> {
  const { address, size } = frame.copy(data)
  yield call(name, [session, address, size])
}

export function* digestKey(_frame: Frame, session: Ulong, key: Ulong): Steps<void> {
  yield call('C_DigestKey', [session, key])
}

const INVALID = [CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE]

/** What `C_VerifyFinal` returns: `CKR_OK`, or that the signature is not one. */
export function* verifyFinal(frame: Frame, session: Ulong, signature: Uint8Array): Steps<number> {
  const { address, size } = frame.copy(signature)
  return yield call('C_VerifyFinal', [session, address, size], INVALID)
}

/** Operations on one piece of data. */
const WHOLE = {
  encrypt: { init: 'C_EncryptInit', run: 'C_Encrypt', flag: CKF_ENCRYPT, final: 'C_EncryptFinal' },
  decrypt: { init: 'C_DecryptInit', run: 'C_Decrypt', flag: CKF_DECRYPT, final: 'C_DecryptFinal' },
  digest: { init: 'C_DigestInit', run: 'C_Digest', flag: CKF_DIGEST, final: 'C_DigestFinal' },
  sign: { init: 'C_SignInit', run: 'C_Sign', flag: CKF_SIGN, final: 'C_SignFinal' },
  signRecover: {
    init: 'C_SignRecoverInit',
    run: 'C_SignRecover',
    flag: CKF_SIGN_RECOVER,
    final: undefined,
  },
  verifyRecover: {
    init: 'C_VerifyRecoverInit',
    run: 'C_VerifyRecover',
    flag: CKF_VERIFY_RECOVER,
    final: undefined,
  },
  verify: { init: 'C_VerifyInit', run: 'C_Verify', flag: CKF_VERIFY, final: 'C_VerifyFinal' },
} as const

/** What gives data; `verify` says yes or no. */
export type WholeOperation = Exclude<keyof typeof WHOLE, 'verify'>

/**
 * Begins an operation and does it on one piece of data.
 * @param key Of digests there is none.
 * @param room What is left out is as for any data.
 */
export function* whole(
  frame: Frame,
  kind: WholeOperation,
  session: Ulong,
  mechanism: Mechanism,
  key: Ulong | undefined,
  data: Uint8Array,
  room: Partial<Room> = {},
): Steps<Uint8Array<ArrayBuffer>> {
  const { init, run } = WHOLE[kind]
  const { address, size } = frame.copy(data)
  const placed = placeMechanism(frame, mechanism)
  const first = { call: beginning(init, session, placed, key), begun: false }
  try {
    const result = yield* output(frame, run, [session, address, size], roomFor(data, room), first)
    placed.back()
    return result
  } catch (error) {
    // It was stopped between two calls.
    if (first.begun && error instanceof AbortError) yield* cancel(frame, session, kind)
    throw error
  }
}

function roomFor(data: Uint8Array, room: Partial<Room>): Room {
  return { bytes: data.length + MORE_BYTES, ...room }
}

/** Begins a verification and does it. */
export function* verify(
  frame: Frame,
  session: Ulong,
  mechanism: Mechanism,
  key: Ulong,
  data: Uint8Array,
  signature: Uint8Array,
): Steps<boolean> {
  const signed = frame.copy(data)
  const { address, size } = frame.copy(signature)
  const placed = placeMechanism(frame, mechanism)
  const words = [session, signed.address, signed.size, address, size]
  const first = beginning('C_VerifyInit', session, placed, key)
  return (yield trip(first, call('C_Verify', words, INVALID))) === 0
}

/** Ends an operation that is active, as the module can: what comes of it is nobody's. */
export function* cancel(
  frame: Frame,
  session: Ulong,
  kind: WholeOperation | 'verify',
): Steps<void> {
  const { flag, final } = WHOLE[kind]
  try {
    yield call('C_SessionCancel', [session, flag])
  } catch {
    if (final === undefined) return
    const room = frame.room(MORE_BYTES)
    const last = final === 'C_VerifyFinal' ? MORE_BYTES : frame.word(MORE_BYTES).address
    try {
      yield call(final, [session, room.address, last])
    } catch {
      // It is over all the same.
    }
  }
}
