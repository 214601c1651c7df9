import { types } from 'node:util'
import { Cast } from './cast.ts'
import { infoOf } from './type-object.ts'
import { UnionValue, unionType } from './union-value.ts'

/** What a value is called in messages. */
export function kindOf(value: unknown): string {
  if (value === null) return 'Null'
  if (Array.isArray(value)) return 'Array'
  if (value instanceof Cast) return value.info.name
  if (value instanceof UnionValue) return unionType(value).name
  if (Buffer.isBuffer(value)) return 'Uint8Array'
  if (types.isTypedArray(value)) return value.constructor.name
  if (types.isAnyArrayBuffer(value)) return 'ArrayBuffer'
  if (types.isDataView(value)) return 'DataView'
  if (infoOf(value) !== undefined) return 'TypeObject'
  const kind = typeof value
  return kind === 'bigint' ? 'BigInt' : `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`
}
