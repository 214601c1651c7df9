/** Values at addresses: `decode`, `encode`, `alloc`, `free`, `address`, `view`. */

import { decodeArray, decodeValue, freeMemory, textOf, viewOf } from './decode.ts'
import { type Encoding, writeValue } from './encode.ts'
import { Frame } from './frame.ts'
import { callableAt } from './function-pointer.ts'
import { onLost } from './heap.ts'
import type { FunctionInfo, Info } from './info.ts'
import { lengthUntilZero, measure, readMemory, readText, writeMemory } from './memory.ts'
import { numberOf, readNumber } from './numbers.ts'
import { cLibrary } from './process.ts'
import { arrayOf, find } from './registry.ts'
import { resolve, type TypeSpec } from './specifier.ts'
import { bytesOf, isMemory, type Memory, pin } from './stand-ins.ts'
import { kindOf } from './value-kind.ts'

// biome-ignore lint/suspicious/noExplicitAny: koffi's values are not typed
type Any = any

/** Memory of the program, or an address of the fat thread. */
type Reference = Memory | bigint

function referenceOf(value: unknown, what: string): Reference {
  if (isMemory(value)) return value
  if (value === null || value === undefined) return 0n
  const address = numberOf(value)
  if (address !== undefined) return BigInt.asUintN(64, BigInt(address))
  throw new TypeError(`Unexpected ${kindOf(value)} value for ${what}, expected pointer`)
}

function addressIn(value: unknown, what: string): bigint {
  const found = referenceOf(value, what)
  return isMemory(found) ? pin(found) : found
}

/** The address of a pointer, or of a copy of a buffer that is as long as the buffer is there. */
export function address(value: Any): bigint {
  return addressIn(value, 'ptr')
}

interface Place {
  readonly reference: Reference
  readonly offset: number
  readonly rest: readonly unknown[]
}

/** `(ref, [offset], …)` */
function placeOf(given: readonly unknown[], least: number): Place {
  const offset = given.length >= 2 ? numberOf(given[1]) : undefined
  const rest = given.slice(offset === undefined ? 1 : 2)
  if (rest.length < least)
    throw new TypeError(
      `Expected ${least + 1 + (offset === undefined ? 0 : 1)} to ${least + 3} arguments, got ${given.length}`,
    )
  const reference = referenceOf(given[0], 'reference')
  if (reference === 0n) throw new Error('Cannot encode data in NULL pointer')
  if (isMemory(reference) && Number(offset ?? 0) < 0) throw new Error('Offset must be >= 0')
  return { reference, offset: Number(offset ?? 0), rest }
}

function requireRoom(value: Memory, offset: number, { name, size }: Info): void {
  if (bytesOf(value).length - offset >= size) return
  throw new Error(
    `Expected buffer with size superior or equal to type ${name} (${size + offset} bytes)`,
  )
}

/** So many bytes as they are now. */
function bytesAt({ reference, offset }: Place, size: number): Uint8Array {
  if (!isMemory(reference)) return readMemory(reference + BigInt(offset), size)
  return bytesOf(reference).slice(offset, offset + size)
}

function decodeAt(...given: unknown[]): Any {
  const place = placeOf(given, 1)
  const { reference, offset, rest } = place
  const info = resolve(rest[0])
  if (info.primitive === 'Prototype') {
    if (isMemory(reference)) throw new TypeError('A function has no bytes in a buffer')
    return callableAt(info.proto as FunctionInfo, reference + BigInt(offset))
  }
  const length = numberOf(rest[1])
  const whole = length === undefined ? info : arrayAt(info, Number(length), place)
  if (isMemory(reference)) requireRoom(reference, offset, whole)
  if (whole.size === 0 && length === undefined)
    throw new TypeError(`Cannot decode value of type ${info.name}`)
  const view = viewOf(bytesAt(place, whole.size))
  return length === undefined
    ? decodeValue(whole, view, 0)
    : decodeArray(whole, view, 0, whole.size / info.size)
}

/** An array of so many elements; of a negative length, of all before one of zeros. */
function arrayAt(info: Info, length: number, { reference, offset }: Place): Info {
  if (length >= 0) return arrayOf(info, length)
  const isCharacter = /^U?Int(8|16|32)$/.test(info.primitive)
  if (!isCharacter && info.primitive !== 'Pointer')
    throw new TypeError(`Cannot determine null-terminated length for type ${info.name}`)
  const unit = info.size as 1 | 2 | 4 | 8
  const count = isMemory(reference)
    ? lengthUntilZero(bytesOf(reference).subarray(offset), unit)
    : measure(reference + BigInt(offset), unit)
  return arrayOf(info, count)
}

function numberDecoder(type: string): (ptr: Any) => Any {
  const info = find(type) as Info
  return (ptr) => {
    const place = placeOf([ptr, info], 1)
    if (isMemory(place.reference)) requireRoom(place.reference, 0, info)
    return readNumber(info, viewOf(bytesAt(place, info.size)), 0)
  }
}

function textDecoder(unit: 1 | 2 | 4): (ptr: Any, length?: number | bigint) => Any {
  return (ptr, length) => {
    const reference = referenceOf(ptr, 'ptr')
    if (reference === 0n) return null
    const count = numberOf(length)
    if (length !== undefined && count === undefined)
      throw new TypeError(`Unexpected ${kindOf(length)} value for length, expected number`)
    if (count !== undefined)
      return textOf(bytesAt({ reference, offset: 0, rest: [] }, Number(count) * unit), unit)
    if (!isMemory(reference)) return readText(reference, unit)
    const bytes = bytesOf(reference).slice()
    return textOf(bytes.subarray(0, lengthUntilZero(bytes, unit) * unit), unit)
  }
}

const DECODERS: readonly (readonly [name: string, type: string])[] = [
  ...['char', 'short', 'int', 'long', 'longlong', 'uchar', 'ushort', 'uint', 'ulong'],
  ...['ulonglong', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'],
  ...['float', 'double'],
]
  .map((name) => [name, name] as const)
  .concat(
    ['int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'].flatMap((type) => [
      [`${type}le`, `${type}_le`] as const,
      [`${type}be`, `${type}_be`] as const,
    ]),
  )

type NumberDecoder =
  | 'char'
  | 'short'
  | 'int'
  | 'long'
  | 'longlong'
  | 'uchar'
  | 'ushort'
  | 'uint'
  | 'ulong'
  | 'ulonglong'
  | 'float'
  | 'double'
  | `${'u' | ''}int${8 | 16 | 32 | 64}`
  | `${'u' | ''}int${16 | 32 | 64}${'le' | 'be'}`

type TextDecoder = 'string' | 'string16' | 'string32' | 'wstring'

export interface Decode
  extends Readonly<Record<NumberDecoder, (ptr: Any) => Any>>,
    Readonly<Record<TextDecoder, (ptr: Any, length?: number | bigint) => Any>> {
  (value: Any, type: TypeSpec): Any
  (value: Any, type: TypeSpec, len: number): Any
  (value: Any, offset: number, type: TypeSpec): Any
  (value: Any, offset: number, type: TypeSpec, len: number): Any
}

/** Reads a value at an address, or in a buffer. */
export const decode: Decode = Object.assign(
  decodeAt,
  Object.fromEntries(DECODERS.map(([name, type]) => [name, numberDecoder(type)])),
  {
    string: textDecoder(1),
    string16: textDecoder(2),
    string32: textDecoder(4),
    wstring: textDecoder(4),
  },
) as unknown as Decode

/** What encoded values point to, by the place they were written to: it lasts until something else is written there. */
const keptAt = new Map<bigint, Frame>()
const keptIn = new WeakMap<Memory, Frame>()

onLost(() => keptAt.clear())

function keep(reference: Reference, offset: number, frame: Frame): void {
  if (isMemory(reference)) {
    keptIn.get(reference)?.end()
    keptIn.set(reference, frame)
    return
  }
  const address = reference + BigInt(offset)
  keptAt.get(address)?.end()
  if (frame.isEmpty) keptAt.delete(address)
  else keptAt.set(address, frame)
}

/** Writes a value at an address, or into a buffer. */
export function encode(ref: Any, type: TypeSpec, value: Any): void
export function encode(ref: Any, type: TypeSpec, value: Any, len: number): void
export function encode(ref: Any, offset: number, type: TypeSpec, value: Any): void
export function encode(ref: Any, offset: number, type: TypeSpec, value: Any, len: number): void
export function encode(...given: unknown[]): void {
  const place = placeOf(given, 2)
  const { reference, offset, rest } = place
  const [spec, value] = rest
  const length = numberOf(rest[2])
  const info = resolve(spec)
  const whole = length === undefined ? info : roomFor(info, Number(length), reference)
  if (isMemory(reference)) requireRoom(reference, offset, whole)
  const frame = new Frame()
  const bytes = new Uint8Array(whole.size)
  const encoding: Encoding = { frame, functionAddress: refuseFunction, constant: false }
  writeValue(whole, value, viewOf(bytes), 0, encoding)
  if (isMemory(reference)) bytesOf(reference).set(bytes, offset)
  else writeMemory(reference + BigInt(offset), bytes)
  keep(reference, offset, frame)
}

function roomFor(info: Info, length: number, reference: Reference): Info {
  if (length >= 0) return arrayOf(info, length)
  if (isMemory(reference) && info.size > 0)
    return arrayOf(info, Math.floor(bytesOf(reference).length / info.size))
  throw new TypeError('Automatic (negative) length cannot work with slim pointers')
}

function refuseFunction(): never {
  throw new Error('Cannot encode non-registered callback')
}

/** Memory from the C library, zeroed; `free` gives it back. */
export function alloc(type: TypeSpec, length: number): Any {
  const info = resolve(type)
  if (info.size === 0)
    throw new TypeError(`Cannot allocate memory for zero-sized type ${info.name}`)
  const count = numberOf(length)
  if (count === undefined)
    throw new TypeError(`Unexpected ${kindOf(length)} value for length, expected number`)
  if (count <= 0) throw new Error('Size must be greater than 0')
  const most = Math.floor((2 ** 31 - 1) / info.size)
  if (count > most)
    throw new Error(`Cannot allocate more than ${most} objects of type ${info.name}`)
  const found = cLibrary().symbols['calloc']?.sync(count, info.size) as Pointed
  if (found === null) throw new Error(`Failed to allocate ${Number(count) * info.size} bytes`)
  return found.address
}

type Pointed = { readonly address: bigint } | null

export function free(value: Any): void {
  const reference = referenceOf(value, 'ptr')
  if (isMemory(reference))
    throw new TypeError(
      'koffi.free: a buffer of the program is not memory of the library; it is freed by itself',
    )
  freeMemory(reference)
}

/** koffi gives a view of the library's memory here, which is in another process. */
export function view(_ref: Any, _len: number): ArrayBuffer {
  throw new TypeError(
    "koffi.view: the library's memory is in another process. Read a copy with koffi.decode(ptr, 'uint8_t', length) and write with koffi.encode(ptr, 'uint8_t', bytes, length); or share memory: thread.alloc of fat-threads",
  )
}

/** Calls the function at an address. */
export function call(value: Any, type: TypeSpec, ...values: Any[]): Any {
  const found = addressIn(value, 'ptr')
  const info = resolve(type)
  if (info.primitive !== 'Prototype')
    throw new TypeError(`Unexpected ${info.name} value for type, expected function type`)
  return callableAt(info.proto as FunctionInfo, found)(...values)
}
