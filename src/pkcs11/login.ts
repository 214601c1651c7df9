/** Who logs in, and with what. */
import type { CallOptions } from './call-options.ts'
import { wrongKind } from './complaint.ts'
import { CKU_CONTEXT_SPECIFIC, CKU_SO, CKU_USER } from './constants/index.ts'
import type { Pin } from './operations/slots.ts'
import { isUlong, type Ulong } from './words.ts'

/** `so` is the security officer; a number is a vendor's. */
export type User = 'user' | 'so' | 'contextSpecific' | Ulong

/** A PIN, or what gives it whenever it is needed: so that a session can be logged in again after a restart. */
export type PinSource = Pin | (() => Pin | Promise<Pin>)

export interface LoginOptions extends CallOptions {
  readonly user?: User | undefined
  /** Of version 3. */
  readonly username?: string | undefined
}

const USERS = { user: CKU_USER, so: CKU_SO, contextSpecific: CKU_CONTEXT_SPECIFIC } as const

export function userTypeOf(user: unknown = 'user'): Ulong {
  if (isUlong(user)) return user
  if (typeof user === 'string' && Object.hasOwn(USERS, user))
    return USERS[user as keyof typeof USERS]
  throw wrongKind('login: user', "'user', 'so', 'contextSpecific' or a number", user)
}

/** @param where For messages, which never have the PIN. */
export function requirePin(pin: unknown, where: string): Pin {
  if (pin === null || typeof pin === 'string' || pin instanceof Uint8Array) return pin
  // A number may be a PIN as well.
  throw new TypeError(`${where}: pin must be a string, bytes or null, not a ${typeof pin}`)
}
