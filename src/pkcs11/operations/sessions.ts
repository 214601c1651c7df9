/** Sessions and logins. */
import { copyOf, type Frame, wordIn } from '../frame.ts'
import { call, type Steps } from '../operation.ts'
import { output, type Room } from '../output.ts'
import { readSessionInfo, SESSION_INFO_BYTES, type SessionInfo } from '../structures/info.ts'
import type { Ulong } from '../words.ts'
import { type Pin, placePin } from './slots.ts'

/** @param flags `CKF_SERIAL_SESSION` has to be among them. */
export function* openSession(frame: Frame, slot: Ulong, flags: Ulong): Steps<Ulong> {
  const session = frame.zeroed(8)
  yield call('C_OpenSession', [slot, flags, 0, 0, session.address])
  return wordIn(session)
}

export function* closeSession(_frame: Frame, session: Ulong): Steps<void> {
  yield call('C_CloseSession', [session])
}

export function* closeAllSessions(_frame: Frame, slot: Ulong): Steps<void> {
  yield call('C_CloseAllSessions', [slot])
}

export function* getSessionInfo(frame: Frame, session: Ulong): Steps<SessionInfo> {
  const place = frame.zeroed(SESSION_INFO_BYTES)
  yield call('C_GetSessionInfo', [session, place.address])
  return readSessionInfo(new DataView(copyOf(place, SESSION_INFO_BYTES).buffer))
}

export function* getOperationState(
  frame: Frame,
  session: Ulong,
  room: Room = { bytes: 4096 },
): Steps<Uint8Array<ArrayBuffer>> {
  return yield* output(frame, 'C_GetOperationState', [session], room)
}

export function* setOperationState(
  frame: Frame,
  session: Ulong,
  state: Uint8Array,
  encryptionKey: Ulong = 0,
  authenticationKey: Ulong = 0,
): Steps<void> {
  const { address, size } = frame.copy(state)
  yield call('C_SetOperationState', [session, address, size, encryptionKey, authenticationKey])
}

export function* login(frame: Frame, session: Ulong, userType: Ulong, pin: Pin): Steps<void> {
  yield call('C_Login', [session, userType, ...placePin(frame, pin)])
}

export function* loginUser(
  frame: Frame,
  session: Ulong,
  userType: Ulong,
  pin: Pin,
  username: string,
): Steps<void> {
  const name = frame.text(username)
  yield call('C_LoginUser', [session, userType, ...placePin(frame, pin), name.address, name.size])
}

export function* logout(_frame: Frame, session: Ulong): Steps<void> {
  yield call('C_Logout', [session])
}

/** Sets the user's PIN, as the security officer. */
export function* initPin(frame: Frame, session: Ulong, pin: Pin): Steps<void> {
  yield call('C_InitPIN', [session, ...placePin(frame, pin)])
}

export function* setPin(frame: Frame, session: Ulong, oldPin: Pin, newPin: Pin): Steps<void> {
  yield call('C_SetPIN', [session, ...placePin(frame, oldPin), ...placePin(frame, newPin)])
}

/** Ends active operations. @param flags Which ones, such as `CKF_SIGN`. */
export function* sessionCancel(_frame: Frame, session: Ulong, flags: Ulong): Steps<void> {
  yield call('C_SessionCancel', [session, flags])
}

/** Of version 1, where functions ran beside the program: modules return `CKR_FUNCTION_NOT_PARALLEL`. */
export function* getFunctionStatus(_frame: Frame, session: Ulong): Steps<void> {
  yield call('C_GetFunctionStatus', [session])
}

/** The same. */
export function* cancelFunction(_frame: Frame, session: Ulong): Steps<void> {
  yield call('C_CancelFunction', [session])
}
