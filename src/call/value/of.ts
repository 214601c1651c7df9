import type { CType } from '../../abi/types.ts'
import { elementOf } from '../plan.ts'
import { structCodec, unionCodec } from './aggregate.ts'
import { arrayCodec } from './array.ts'
import { bytesCodec } from './bytes.ts'
import type { Codec, Reading } from './codec.ts'
import { pointedUnit, pointerCodec } from './pointer.ts'
import { scalarCodec } from './scalar.ts'

const codecs = new WeakMap<CType, Codec>()

/** The codec of a type that values have; throws `TypeError` for `void` and what is known by its tag only. */
export function codecOf(type: CType): Codec {
  let codec = codecs.get(type)
  if (codec === undefined) {
    codec = makeCodec(type)
    codecs.set(type, codec)
  }
  return codec
}

function makeCodec(type: CType): Codec {
  switch (type.kind) {
    case 'pointer':
      return pointerCodec(type, codecOf)
    case 'struct':
      return type.bytes ? bytesCodec(type) : structCodec(type, codecOf)
    case 'union':
      return type.bytes ? bytesCodec(type) : unionCodec(type, codecOf)
    case 'array':
      return arrayCodec(type, codecOf)
    case 'opaque':
      throw new TypeError(`${type.keyword} ${type.tag} is incomplete: its members are not declared`)
    default: {
      const element = elementOf(type)
      if (element === undefined) throw new TypeError(`${type.kind} is no type of a value in memory`)
      return scalarCodec(element)
    }
  }
}

/** A value that may be a pointer to text: its string comes later. */
export function readWithText(
  type: CType,
  memory: DataView,
  reading: Reading,
  put: (value: unknown) => void,
): void {
  const value = codecOf(type).read(memory, 0, reading)
  put(value)
  reading.text(value, pointedUnit(type), put)
}
