/** What is done with one piece of data. */
import {
  type Bytes,
  bytesOf,
  type CallOptions,
  placeOf,
  RESULT_OPTIONS,
  type ResultOptions,
} from '../call-options.ts'
import { type MechanismInput, mechanismOf } from '../mechanism-input.ts'
import { handleOf, type Key } from '../object.ts'
import * as crypto from '../operations/crypto.ts'
import type { Twin } from '../twin.ts'
import type { Result, Seating } from './seating.ts'

type Whole = Twin<
  [mechanism: MechanismInput, key: Key, data: Bytes, options?: ResultOptions],
  Result
>

export function encrypt(seating: Seating): Whole {
  return whole(seating, 'encrypt', 'C_EncryptInit')
}

export function decrypt(seating: Seating): Whole {
  return whole(seating, 'decrypt', 'C_DecryptInit')
}

export function sign(seating: Seating): Whole {
  return whole(seating, 'sign', 'C_SignInit')
}

export function signRecover(seating: Seating): Whole {
  return whole(seating, 'signRecover', 'C_SignRecoverInit')
}

export function verifyRecover(seating: Seating): Whole {
  return whole(seating, 'verifyRecover', 'C_VerifyRecoverInit')
}

export function digest(
  seating: Seating,
): Twin<[mechanism: MechanismInput, data: Bytes, options?: ResultOptions], Result> {
  return seating.twin(
    'digest',
    2,
    ({ handle }, mechanism, data, options) => {
      const checked = mechanismOf(mechanism, 'digest')
      const bytes = bytesOf(data, 'digest: data')
      const into = placeOf(options, 'digest')
      return (frame) => crypto.whole(frame, 'digest', handle, checked, undefined, bytes, { into })
    },
    RESULT_OPTIONS,
  )
}

export function verify(
  seating: Seating,
): Twin<
  [mechanism: MechanismInput, key: Key, data: Bytes, signature: Bytes, options?: CallOptions],
  boolean
> {
  return seating.twin('verify', 4, ({ handle, life }, mechanism, key, data, signature) => {
    const checked = mechanismOf(mechanism, 'verify')
    const target = handleOf(key, life, 'verify: key', 'C_VerifyInit')
    const signed = bytesOf(data, 'verify: data')
    const bytes = bytesOf(signature, 'verify: signature')
    return (frame) => crypto.verify(frame, handle, checked, target, signed, bytes)
  })
}

function whole(
  seating: Seating,
  kind: Exclude<crypto.WholeOperation, 'digest'>,
  method: string,
): Whole {
  return seating.twin(
    kind,
    3,
    ({ handle, life }, mechanism, key, data, options) => {
      const checked = mechanismOf(mechanism, kind)
      const target = handleOf(key, life, `${kind}: key`, method)
      const bytes = bytesOf(data, `${kind}: data`)
      const into = placeOf(options, kind)
      return (frame) => crypto.whole(frame, kind, handle, checked, target, bytes, { into })
    },
    RESULT_OPTIONS,
  )
}
