import { sizeOf } from '../../abi/layout.ts'
import type { Member } from '../../abi/types.ts'
import { wrongKind } from '../complaint.ts'
import type { Codec, Writing } from './codec.ts'
import { wideValue } from './scalar.ts'

/** A bit-field, which shares its bytes with others. */
export function bitsCodec({ type, bits }: Member): Codec {
  const { shift, width } = bits as NonNullable<Member['bits']>
  const bytes = Math.ceil((shift + width) / 8)
  const signed =
    (type.kind === 'enum' && type.sign === undefined) || (type.kind === 'integer' && type.signed)
  const large = sizeOf(type) === 8
  const whole = (memory: DataView, at: number): bigint => {
    let value = 0n
    for (let index = bytes - 1; index >= 0; index--)
      value = (value << 8n) | BigInt(memory.getUint8(at + index))
    return value
  }
  return {
    size: bytes,
    lazy: false,
    keep: (value) => value,
    write(value, memory, at, writing) {
      const given = type.kind === 'bool' ? bitOf(value, writing) : value
      if (!large && typeof given !== 'number') throw wrongKind(writing.where, 'a number', value)
      const stored = BigInt.asUintN(width, wideValue(given, width, signed, writing))
      const mask = ((1n << BigInt(width)) - 1n) << BigInt(shift)
      let all = (whole(memory, at) & ~mask) | (stored << BigInt(shift))
      for (let index = 0; index < bytes; index++, all >>= 8n)
        memory.setUint8(at + index, Number(all & 0xffn))
    },
    read(memory, at) {
      const found = whole(memory, at) >> BigInt(shift)
      const value = signed ? BigInt.asIntN(width, found) : BigInt.asUintN(width, found)
      if (type.kind === 'bool') return value !== 0n
      return large ? value : Number(value)
    },
  }
}

function bitOf(value: unknown, writing: Writing): number {
  if (typeof value !== 'boolean') throw wrongKind(writing.where, 'a boolean', value)
  return value ? 1 : 0
}
