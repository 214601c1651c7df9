/** A session in one process: opened, logged in, and found again in the next one. */
import { type CallOptions, runOptionsOf } from './call-options.ts'
import { wrongKind } from './complaint.ts'
import {
  CKF_RW_SESSION,
  CKF_SERIAL_SESSION,
  CKR_TOKEN_NOT_PRESENT,
  CKR_USER_ALREADY_LOGGED_IN,
} from './constants/index.ts'
import type { Cryptoki } from './cryptoki.ts'
import { Pkcs11Error } from './errors.ts'
import type { Frame } from './frame.ts'
import { Life, type RunOptions } from './life.ts'
import { type LoginOptions, type PinSource, requirePin, type User, userTypeOf } from './login.ts'
import type { Operation, Steps } from './operation.ts'
import { closeSession, login, loginUser, openSession } from './operations/sessions.ts'
import { getSlotList, getTokenInfo, type Pin } from './operations/slots.ts'
import type { Ulong } from './words.ts'

export interface SessionOptions extends CallOptions {
  /** Whether objects of the token can be made and changed. Default: false. */
  readonly readWrite?: boolean | undefined
  /** Logs in. A function is asked again after a restart. */
  readonly pin?: PinSource | undefined
  /** Who logs in. Default: `user`. */
  readonly user?: User | undefined
  /** Whether the session goes on in a new process, opened anew. Default: where `pin` is a function. */
  readonly reopen?: boolean | undefined
}

export interface Seat {
  readonly life: Life
  readonly handle: Ulong
  readonly slot: Ulong
  /** The token that is in the slot, where the session may have to find it again: slots may change their numbers. */
  readonly token: string | undefined
}

/** What the module said of a session that it opened. */
type Opened = Omit<Seat, 'life'>

export function isReopened({ pin, reopen = typeof pin === 'function' }: SessionOptions): boolean {
  return reopen
}

const SESSION_OPTIONS = ['readWrite', 'pin', 'user', 'reopen']

function limitsOf(options: SessionOptions): RunOptions {
  const limits = runOptionsOf(options, 'open', SESSION_OPTIONS)
  for (const name of ['readWrite', 'reopen'] as const) {
    const value = options[name]
    if (value !== undefined && typeof value !== 'boolean')
      throw wrongKind(`open: ${name}`, 'a boolean', value)
  }
  return limits
}

/** @param token To be in the slot, or else in another one. */
export async function takeSeat(
  cryptoki: Cryptoki,
  slot: Ulong,
  options: SessionOptions,
  token?: string,
): Promise<Seat> {
  const limits = limitsOf(options)
  const { pin, user } = options
  const found = cryptoki.life()
  const life = found instanceof Life ? found : await found
  const opened = await life.run(opening(slot, token, options), limits)
  const { handle } = opened
  if (pin === undefined) return { life, ...opened }
  try {
    const given = requirePin(typeof pin === 'function' ? await pin() : pin, 'open')
    await life.run(loginOnce(handle, given, user), { ...limits, session: handle })
  } catch (error) {
    await life.clearUp((frame) => closeSession(frame, handle), limits)
    throw error
  }
  return { life, ...opened }
}

/** The same, blocking. */
export function takeSeatSync(
  cryptoki: Cryptoki,
  slot: Ulong,
  options: SessionOptions,
  token?: string,
): Seat {
  const limits = limitsOf(options)
  const { pin, user } = options
  const life = cryptoki.lifeSync()
  const opened = life.runSync(opening(slot, token, options), limits)
  const { handle } = opened
  if (pin === undefined) return { life, ...opened }
  try {
    const given = requirePin(typeof pin === 'function' ? pin() : pin, 'open.sync')
    life.runSync(loginOnce(handle, given, user), limits)
  } catch (error) {
    life.clearUpSync((frame) => closeSession(frame, handle), limits)
    throw error
  }
  return { life, ...opened }
}

function opening(
  slot: Ulong,
  token: string | undefined,
  options: SessionOptions,
): Operation<Opened> {
  const flags =
    options.readWrite === true ? CKF_SERIAL_SESSION | CKF_RW_SESSION : CKF_SERIAL_SESSION
  return function* (frame) {
    const found = token === undefined ? slot : yield* slotOf(frame, slot, token)
    const handle = yield* openSession(frame, found, flags)
    const name = isReopened(options) ? (token ?? (yield* nameOfToken(frame, found))) : undefined
    return { handle, slot: found, token: name }
  }
}

function* slotOf(frame: Frame, slot: Ulong, token: string): Steps<Ulong> {
  const all = yield* getSlotList(frame, true)
  // Mostly it is where it was.
  const likely = all.includes(slot) ? [slot, ...all] : all
  for (const each of likely) if ((yield* nameOfToken(frame, each)) === token) return each
  throw new Pkcs11Error('C_OpenSession', CKR_TOKEN_NOT_PRESENT, 'the token is in no slot any more')
}

function* nameOfToken(frame: Frame, slot: Ulong): Steps<string> {
  const { manufacturerID, model, serialNumber, label } = yield* getTokenInfo(frame, slot)
  return [manufacturerID, model, serialNumber, label].join('\n')
}

export function loginOperation(
  handle: Ulong,
  pin: Pin,
  options: LoginOptions = {},
): Operation<void> {
  const checked = requirePin(pin, 'login')
  const user = userTypeOf(options.user)
  const { username } = options
  if (username !== undefined && typeof username !== 'string')
    throw wrongKind('login: username', 'a string', username)
  if (username === undefined) return (frame) => login(frame, handle, user, checked)
  return (frame) => loginUser(frame, handle, user, checked, username)
}

/** Another session of the program may have logged in already. */
function loginOnce(handle: Ulong, pin: Pin, user: User | undefined): Operation<void> {
  const operation = loginOperation(handle, pin, { user })
  return function* (frame) {
    try {
      yield* operation(frame)
    } catch (error) {
      if (!(error instanceof Pkcs11Error) || error.rv !== CKR_USER_ALREADY_LOGGED_IN) throw error
    }
  }
}
