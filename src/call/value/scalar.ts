import { outOfRange, wrongKind } from '../complaint.ts'
import type { Element } from '../plan.ts'
import type { Codec, Writing } from './codec.ts'

function same(value: unknown): unknown {
  return value
}

export function scalarCodec({ kind, size, signed }: Element): Codec {
  if (kind === 'bool')
    return {
      size,
      lazy: false,
      keep: same,
      write(value, memory, at, writing) {
        if (typeof value !== 'boolean') throw wrongKind(writing.where, 'a boolean', value)
        memory.setUint8(at, value ? 1 : 0)
      },
      read: (memory, at) => memory.getUint8(at) !== 0,
    }
  if (kind === 'float')
    return {
      size,
      lazy: false,
      keep: same,
      write(value, memory, at, writing) {
        if (typeof value !== 'number') throw wrongKind(writing.where, 'a number', value)
        if (size === 4) memory.setFloat32(at, value, true)
        else memory.setFloat64(at, value, true)
      },
      read: (memory, at) =>
        size === 4 ? memory.getFloat32(at, true) : memory.getFloat64(at, true),
    }
  return size === 8 ? wideCodec(signed) : integerCodec(size as 1 | 2 | 4, signed)
}

function integerCodec(size: 1 | 2 | 4, signed: boolean): Codec {
  const bits = size * 8
  const min = signed ? -(2 ** (bits - 1)) : 0
  const max = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1
  return {
    size,
    lazy: false,
    keep: same,
    write(value, memory, at, writing) {
      if (typeof value !== 'number') throw wrongKind(writing.where, 'a number', value)
      if (!Number.isInteger(value) || value < min || value > max)
        throw outOfRange(writing.where, min, max, value)
      if (size === 1) memory.setUint8(at, value & 0xff)
      else if (size === 2) memory.setUint16(at, value & 0xffff, true)
      else memory.setInt32(at, value | 0, true)
    },
    read(memory, at) {
      if (size === 1) return signed ? memory.getInt8(at) : memory.getUint8(at)
      if (size === 2) return signed ? memory.getInt16(at, true) : memory.getUint16(at, true)
      return signed ? memory.getInt32(at, true) : memory.getUint32(at, true)
    },
  }
}

function wideCodec(signed: boolean): Codec {
  return {
    size: 8,
    lazy: false,
    keep: same,
    write(value, memory, at, writing) {
      memory.setBigInt64(at, wideValue(value, 64, signed, writing), true)
    },
    read: (memory, at) => (signed ? memory.getBigInt64(at, true) : memory.getBigUint64(at, true)),
  }
}

/** A bigint or whole number that fits so many bits. */
export function wideValue(value: unknown, bits: number, signed: boolean, writing: Writing): bigint {
  if (typeof value !== 'bigint' && typeof value !== 'number')
    throw wrongKind(writing.where, 'a bigint or a whole number', value)
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    const takes = Number.isInteger(value) ? 'a bigint for a number this large' : 'a whole number'
    throw new RangeError(`${writing.where} takes ${takes}, not ${value}`)
  }
  const wide = BigInt(value)
  const stored = signed ? BigInt.asIntN(bits, wide) : BigInt.asUintN(bits, wide)
  if (stored === wide) return wide
  const end = 1n << BigInt(signed ? bits - 1 : bits)
  throw outOfRange(writing.where, signed ? -end : 0n, end - 1n, value)
}
