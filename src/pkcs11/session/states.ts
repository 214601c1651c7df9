/** What is active in a session: kept, gone on with, ended. */
import { type Bytes, bytesOf, type CallOptions } from '../call-options.ts'
import { wrongKind } from '../complaint.ts'
import { handleOf, type Key } from '../object.ts'
import * as sessions from '../operations/sessions.ts'
import type { Twin } from '../twin.ts'
import { isUlong, type Ulong } from '../words.ts'
import type { Result, Seating } from './seating.ts'

export function getOperationState(seating: Seating): Twin<[options?: CallOptions], Result> {
  return seating.plain('getOperationState', sessions.getOperationState)
}

export function setOperationState(
  seating: Seating,
): Twin<[state: Bytes, encryptionKey?: Key, authenticationKey?: Key, options?: CallOptions], void> {
  return seating.twin(
    'setOperationState',
    3,
    ({ handle, life }, state, encryptionKey, authenticationKey) => {
      const bytes = bytesOf(state, 'setOperationState: state')
      const keyOf = (key: Key | undefined): Ulong =>
        key === undefined ? 0 : handleOf(key, life, 'setOperationState: key', 'C_SetOperationState')
      const both = [keyOf(encryptionKey), keyOf(authenticationKey)] as const
      return (frame) => sessions.setOperationState(frame, handle, bytes, ...both)
    },
  )
}

export function cancel(seating: Seating): Twin<[flags: Ulong, options?: CallOptions], void> {
  return seating.twin('cancel', 1, ({ handle }, flags) => {
    if (!isUlong(flags)) throw wrongKind('cancel: flags', 'a whole number from 0 on', flags)
    return (frame) => sessions.sessionCancel(frame, handle, flags)
  })
}

export function getFunctionStatus(seating: Seating): Twin<[options?: CallOptions], void> {
  return seating.plain('getFunctionStatus', sessions.getFunctionStatus)
}

export function cancelFunction(seating: Seating): Twin<[options?: CallOptions], void> {
  return seating.plain('cancelFunction', sessions.cancelFunction)
}
