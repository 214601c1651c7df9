/** The methods, each described once: its three forms are made of that. */
import type { FunctionName } from '../pkcs11/functions.ts'
import type { Steps } from '../pkcs11/operation.ts'
import type { Ulong } from '../pkcs11/words.ts'
import {
  type Gives,
  handle,
  mechanismInfo,
  nothing,
  own,
  pair,
  session,
  sessionInfo,
  size,
  slotInfo,
  tokenInfo,
  truth,
} from './answers.ts'
import { findObjects, getAttributeValue, getMechanismList, getOperationState } from './asking.ts'
import { deedOf } from './beginnings.ts'
import { type Kind, requireCount, takeAll } from './given.ts'
import type { Handles } from './handles.ts'
import { type Asked, invocation, type Making } from './invocation.ts'
import { convertDates } from './template.ts'

export interface Method {
  /** Arguments without a callback. */
  readonly count: number
  /** It has a form with a callback and one with a promise. */
  readonly isAsync: boolean
  /** pkcs11js doesn't wrap its errors. */
  readonly isPlain: boolean
  /** @throws {TypeError} for wrong arguments */
  readonly take: (given: readonly unknown[]) => Asked
  readonly make: Making
}

interface Traits {
  readonly isAsync?: boolean
  /** More arguments are ignored, and missing ones are `undefined`. */
  readonly isUncounted?: boolean
  readonly isPlain?: boolean
}

/** What goes in, in the order of the function's parameters; the rest stands behind. */
function method(name: FunctionName, takes: string, make: Making, traits: Traits = {}): Method {
  const kinds = takes.split(' ') as Kind[]
  const deed = deedOf(name)
  const { isAsync = false, isPlain = false, isUncounted = false } = traits
  return {
    count: kinds.length,
    isAsync,
    isPlain,
    take(given) {
      if (!isUncounted) requireCount(kinds.length, given)
      return { name, kinds, values: takeAll(kinds, given), given, deed }
    },
    make,
  }
}

/** One call. */
const once =
  <Result>(gives: Gives<Result>): Making =>
  (asked, frame, handles, begin) =>
    invocation(asked, gives, frame, handles, begin)

/** The same, with which a session's search ends: where it is good, or whatever becomes of it. */
const ending =
  (making: Making, when: 'good' | 'over'): Making =>
  (asked, frame, handles) =>
    end(making(asked, frame, handles), handles, when, asked.values[0] as Ulong)

function* end(
  steps: Steps<unknown>,
  { searches }: Handles,
  when: 'good' | 'over',
  session: Ulong,
): Steps<unknown> {
  let isOver = when === 'over'
  try {
    const result = yield* steps
    isOver = true
    return result
  } finally {
    if (isOver) searches.end(session)
  }
}

/** Of what closes the sessions of one slot: those of others go on with their searches. */
const closing =
  (making: Making): Making =>
  (asked, frame, handles) => {
    handles.searches.doubtAll()
    return making(asked, frame, handles)
  }

const later: Traits = { isAsync: true }
const hidden: Traits = { isPlain: true, isUncounted: true }

/** Of what changes dates in the template that it is given. */
function dated(made: Method): Method {
  return {
    ...made,
    take(given) {
      convertDates(given[made.count - 1])
      return made.take(given)
    },
  }
}

type Row = readonly [takes: string, making: Making, traits?: Traits]

const init: Row = ['session mechanism object', once(nothing)]
const data: Row = ['session bytes', once(nothing)]
const whole: Row = ['session bytes output', once(nothing), later]
const part: Row = ['session bytes output', once(nothing)]
const last: Row = ['session output', once(nothing), later]

const ROWS = {
  C_GetSlotInfo: ['slot', once(slotInfo)],
  C_GetTokenInfo: ['slot', once(tokenInfo)],
  C_GetMechanismList: ['slot', getMechanismList],
  C_GetMechanismInfo: ['slot number', once(mechanismInfo)],
  C_InitToken: ['slot pin label', once(nothing)],
  C_InitPIN: ['session pin', once(nothing)],
  C_SetPIN: ['session pin pin', once(nothing)],
  C_OpenSession: ['slot number', once(session)],
  C_CloseSession: ['session', ending(once(nothing), 'over')],
  C_CloseAllSessions: ['slot', closing(once(nothing))],
  C_GetSessionInfo: ['session', once(sessionInfo)],
  C_GetOperationState: ['session', getOperationState],
  C_SetOperationState: ['session bytes object object', once(nothing)],
  C_Login: ['session number pin', once(nothing)],
  C_Logout: ['session', once(nothing)],
  C_SeedRandom: data,
  C_GenerateRandom: ['session random', once(own(1))],
  C_CreateObject: ['session template', once(handle), hidden],
  C_CopyObject: ['session object template', once(handle), hidden],
  C_DestroyObject: ['session object', once(nothing)],
  C_GetObjectSize: ['session object', once(size)],
  C_GetAttributeValue: ['session object template', getAttributeValue],
  C_SetAttributeValue: ['session object template', once(nothing), hidden],
  C_FindObjectsInit: ['session template', ending(once(nothing), 'good')],
  C_FindObjects: ['session number', findObjects, { isPlain: true }],
  C_FindObjectsFinal: ['session', ending(once(nothing), 'over')],
  C_DigestInit: ['session mechanism', once(nothing)],
  C_Digest: whole,
  C_DigestUpdate: data,
  C_DigestKey: ['session object', once(nothing)],
  C_DigestFinal: last,
  C_GenerateKey: ['session mechanism template', once(handle), later],
  C_GenerateKeyPair: ['session mechanism template template', once(pair), later],
  C_SignInit: init,
  C_Sign: whole,
  C_SignUpdate: data,
  C_SignFinal: last,
  C_VerifyInit: init,
  C_Verify: ['session bytes bytes', once(truth), later],
  C_VerifyUpdate: data,
  C_VerifyFinal: ['session bytes', once(truth), later],
  C_EncryptInit: init,
  C_Encrypt: whole,
  C_EncryptUpdate: part,
  C_EncryptFinal: last,
  C_DecryptInit: init,
  C_Decrypt: whole,
  C_DecryptUpdate: part,
  C_DecryptFinal: last,
  C_DeriveKey: ['session mechanism object template', once(handle), later],
  C_WrapKey: ['session mechanism object object output', once(nothing), later],
  C_UnwrapKey: ['session mechanism object bytes template', once(handle), later],
  C_SignRecoverInit: init,
  C_SignRecover: part,
  C_VerifyRecoverInit: init,
  C_VerifyRecover: part,
  C_DigestEncryptUpdate: whole,
  C_DecryptDigestUpdate: whole,
  C_SignEncryptUpdate: whole,
  C_DecryptVerifyUpdate: whole,
} as const satisfies Partial<Record<FunctionName, Row>>

export const METHODS: Readonly<Partial<Record<FunctionName, Method>>> = Object.fromEntries(
  Object.entries(ROWS).map(([name, [takes, making, traits]]: [string, Row]) => {
    const made = method(name as FunctionName, takes, making, traits)
    return [name, traits === hidden ? dated(made) : made]
  }),
)
