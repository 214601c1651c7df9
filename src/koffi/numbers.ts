import type { Info, Integer, Primitive } from './info.ts'

/** A number for a C integer or float: koffi takes both kinds, and cuts what doesn't fit. */
export function numberOf(value: unknown): number | bigint | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? value : undefined
}

function wide(value: number | bigint): bigint {
  if (typeof value === 'bigint') return value
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n
}

function narrow(value: number | bigint): number {
  return typeof value === 'bigint' ? Number(BigInt.asIntN(32, value)) : Math.trunc(value)
}

/** Integers without their signs, sizes and byte orders: what `DataView` calls them. */
export function writeNumber(
  { primitive, size }: Info,
  value: number | bigint,
  view: DataView,
  at: number,
): void {
  const little = !primitive.endsWith('S')
  if (primitive === 'Float32') view.setFloat32(at, Number(value), true)
  else if (primitive === 'Float64') view.setFloat64(at, Number(value), true)
  else if (size === 1) view.setInt8(at, narrow(value))
  else if (size === 2) view.setInt16(at, narrow(value), little)
  else if (size === 4) view.setInt32(at, narrow(value), little)
  else view.setBigInt64(at, BigInt.asIntN(64, wide(value)), little)
}

export function readNumber({ primitive, size }: Info, view: DataView, at: number): number | bigint {
  const little = !primitive.endsWith('S')
  const signed = primitive.startsWith('I')
  if (primitive === 'Float32') return view.getFloat32(at, true)
  if (primitive === 'Float64') return view.getFloat64(at, true)
  if (size === 1) return signed ? view.getInt8(at) : view.getUint8(at)
  if (size === 2) return signed ? view.getInt16(at, little) : view.getUint16(at, little)
  if (size === 4) return signed ? view.getInt32(at, little) : view.getUint32(at, little)
  return safest(signed ? view.getBigInt64(at, little) : view.getBigUint64(at, little))
}

const MOST_EXACT = 2n ** 53n

/** A number where it can hold the value. */
export function safest(value: bigint): number | bigint {
  return value <= MOST_EXACT && value >= -MOST_EXACT ? Number(value) : value
}

const ARRAYS = {
  Int8: Int8Array,
  UInt8: Uint8Array,
  Int16: Int16Array,
  UInt16: Uint16Array,
  Int32: Int32Array,
  UInt32: Uint32Array,
  Int64: BigInt64Array,
  UInt64: BigUint64Array,
  Float32: Float32Array,
  Float64: Float64Array,
} as const

export function typedArrayOf(primitive: Primitive) {
  const plain = primitive.replace(/S$/, '') as Integer | 'Float32' | 'Float64'
  return ARRAYS[plain]
}

/** Turns the bytes of each element around. */
export function swapElements(bytes: Uint8Array, size: number): void {
  for (let at = 0; at + size <= bytes.length; at += size) bytes.subarray(at, at + size).reverse()
}
