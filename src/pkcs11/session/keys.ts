/** Keys: made, derived, wrapped and unwrapped; and random bytes. */
import type { Template } from '../attribute-kinds.ts'
import { templateOf } from '../attribute-values.ts'
import { type Bytes, bytesOf, type CallOptions, requireNames } from '../call-options.ts'
import { wrongKind } from '../complaint.ts'
import { type MechanismInput, mechanismOf } from '../mechanism-input.ts'
import { handleOf, type Key, objectIn, type Pkcs11Object } from '../object.ts'
import { mapped } from '../operation.ts'
import * as crypto from '../operations/crypto.ts'
import * as keys from '../operations/keys.ts'
import { MOST_BYTES } from '../output.ts'
import type { Twin } from '../twin.ts'
import type { Result, Seating } from './seating.ts'

export interface KeyPairTemplates {
  readonly public?: Template | undefined
  readonly private?: Template | undefined
}

export interface KeyPair {
  readonly publicKey: Pkcs11Object
  readonly privateKey: Pkcs11Object
}

export function generateKey(
  seating: Seating,
): Twin<[mechanism: MechanismInput, template?: Template, options?: CallOptions], Pkcs11Object> {
  return seating.twin('generateKey', 2, ({ handle, life }, mechanism, template = {}) => {
    const checked = mechanismOf(mechanism, 'generateKey')
    const attributes = templateOf(template, 'generateKey')
    return mapped((frame) => keys.generateKey(frame, handle, checked, attributes), objectIn(life))
  })
}

export function generateKeyPair(
  seating: Seating,
): Twin<[mechanism: MechanismInput, templates?: KeyPairTemplates, options?: CallOptions], KeyPair> {
  return seating.twin('generateKeyPair', 2, ({ handle, life }, mechanism, templates = {}) => {
    const checked = mechanismOf(mechanism, 'generateKeyPair')
    requireNames(templates, ['public', 'private'], 'generateKeyPair', 'templates')
    const publicTemplate = templateOf(templates.public ?? {}, 'generateKeyPair: public')
    const privateTemplate = templateOf(templates.private ?? {}, 'generateKeyPair: private')
    const object = objectIn(life)
    return mapped(
      (frame) => keys.generateKeyPair(frame, handle, checked, publicTemplate, privateTemplate),
      ({ publicKey, privateKey }) => ({
        publicKey: object(publicKey),
        privateKey: object(privateKey),
      }),
    )
  })
}

export function deriveKey(
  seating: Seating,
): Twin<
  [mechanism: MechanismInput, baseKey: Key, template?: Template, options?: CallOptions],
  Pkcs11Object
> {
  return seating.twin('deriveKey', 3, ({ handle, life }, mechanism, baseKey, template = {}) => {
    const checked = mechanismOf(mechanism, 'deriveKey')
    const base = handleOf(baseKey, life, 'deriveKey: baseKey', 'C_DeriveKey')
    const attributes = templateOf(template, 'deriveKey')
    return mapped(
      (frame) => keys.deriveKey(frame, handle, checked, base, attributes),
      objectIn(life),
    )
  })
}

export function wrapKey(
  seating: Seating,
): Twin<[mechanism: MechanismInput, wrappingKey: Key, key: Key, options?: CallOptions], Result> {
  return seating.twin('wrapKey', 3, ({ handle, life }, mechanism, wrappingKey, key) => {
    const checked = mechanismOf(mechanism, 'wrapKey')
    const wrapping = handleOf(wrappingKey, life, 'wrapKey: wrappingKey', 'C_WrapKey')
    const wrapped = handleOf(key, life, 'wrapKey: key', 'C_WrapKey')
    return (frame) => keys.wrapKey(frame, handle, checked, wrapping, wrapped)
  })
}

export function unwrapKey(
  seating: Seating,
): Twin<
  [
    mechanism: MechanismInput,
    unwrappingKey: Key,
    wrapped: Bytes,
    template?: Template,
    options?: CallOptions,
  ],
  Pkcs11Object
> {
  return seating.twin(
    'unwrapKey',
    4,
    ({ handle, life }, mechanism, unwrappingKey, wrapped, template = {}) => {
      const checked = mechanismOf(mechanism, 'unwrapKey')
      const unwrapping = handleOf(unwrappingKey, life, 'unwrapKey: unwrappingKey', 'C_UnwrapKey')
      const bytes = bytesOf(wrapped, 'unwrapKey: wrapped')
      const attributes = templateOf(template, 'unwrapKey')
      return mapped(
        (frame) => keys.unwrapKey(frame, handle, checked, unwrapping, bytes, attributes),
        objectIn(life),
      )
    },
  )
}

export function random(seating: Seating): Twin<[bytes: number, options?: CallOptions], Result> {
  return seating.twin('random', 1, ({ handle }, bytes) => {
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > MOST_BYTES)
      throw wrongKind('random: bytes', `a whole number from 0 to ${MOST_BYTES}`, bytes)
    return (frame) => keys.generateRandom(frame, handle, bytes)
  })
}

export function seedRandom(seating: Seating): Twin<[seed: Bytes, options?: CallOptions], void> {
  return seating.twin('seedRandom', 1, ({ handle }, seed) => {
    const bytes = bytesOf(seed, 'seedRandom: seed')
    return (frame) => crypto.feed(frame, 'C_SeedRandom', handle, bytes)
  })
}
