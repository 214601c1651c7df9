/** From C's layout to JavaScript values, as koffi gives them. What is decoded is a private copy. */
import {
  type Dispose,
  type Info,
  isInteger,
  isSwapped,
  type MemberInfo,
  stringUnit,
} from './info.ts'
import { lengthUntilZero, readMemory, readText } from './memory.ts'
import { readNumber, swapElements, typedArrayOf } from './numbers.ts'
import { cLibrary, pointerTo } from './process.ts'
import { stats } from './settings.ts'
import { makeUnion, type RawUnion } from './union-value.ts'

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function wrapPointer(address: bigint): bigint | null {
  return address === 0n ? null : address
}

export function decodeValue(info: Info, view: DataView, at: number): unknown {
  const { primitive } = info
  if (isInteger(info) || primitive === 'Float32' || primitive === 'Float64')
    return readNumber(info, view, at)
  switch (primitive) {
    case 'Bool':
      return view.getUint8(at) !== 0
    case 'Pointer':
    case 'Callback':
      return wrapPointer(view.getBigUint64(at, true))
    case 'String':
    case 'String16':
    case 'String32':
      return readText(view.getBigUint64(at, true), stringUnit(info) as 1 | 2 | 4)
    case 'Record':
      return decodeMembers(info, view, at, {})
    case 'Union':
      return makeUnion(info, rawUnion(info, view, at))
    case 'Array':
      return decodeArray(info, view, at, info.size / (info.ref as Info).size)
    default:
      throw new TypeError(`Cannot decode value of type ${info.name}`)
  }
}

/** The same inside a structure or an array, where disposable pointers are disposed of. */
function decodePart(info: Info, view: DataView, at: number): unknown {
  const value = decodeValue(info, view, at)
  if (info.dispose !== undefined) dispose(info.dispose, view.getBigUint64(at, true))
  return value
}

export function dispose(how: Dispose, address: bigint): void {
  if (how === 'free') freeMemory(address)
  else how(wrapPointer(address))
  stats.disposed++
}

export function freeMemory(address: bigint): void {
  cLibrary().symbols['free']?.sync(pointerTo(address))
}

export function decodeMembers(info: Info, view: DataView, at: number, into: object): object {
  for (const member of info.members) Reflect.set(into, member.name, decodeMember(member, view, at))
  return into
}

function decodeMember(
  { type, offset, countedBy }: MemberInfo,
  view: DataView,
  at: number,
): unknown {
  const place = at + offset
  if (countedBy === undefined) return decodePart(type, view, place)
  const wanted = Number(readNumber(countedBy.type, view, at + countedBy.offset))
  const ref = type.ref as Info
  if (type.primitive === 'Array')
    return decodeArray(type, view, place, Math.min(wanted, type.size / ref.size))
  const address = view.getBigUint64(place, true)
  const count = address === 0n ? 0 : wanted
  const value = decodeArray(type, viewOf(readMemory(address, count * ref.size)), 0, count)
  if (type.dispose !== undefined) dispose(type.dispose, address)
  return value
}

export function rawUnion(info: Info, view: DataView, at: number): RawUnion {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, info.size).slice()
  return { bytes, decode: ({ type }) => decodeValue(type, viewOf(bytes), 0) }
}

export function decodeArray(info: Info, view: DataView, at: number, count: number): unknown {
  const ref = info.ref as Info
  if (info.hint === 'Array') return decodeElements(ref, view, at, new Array(count))
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, count * ref.size).slice()
  if (info.hint === 'String') return textIn(bytes, ref.size as 1 | 2 | 4)
  if (isSwapped(ref)) swapElements(bytes, ref.size)
  if (info.hint === 'Buffer') return Buffer.from(bytes.buffer)
  return new (typedArrayOf(ref.primitive))(bytes.buffer as ArrayBuffer)
}

/** As many elements as the array has. */
export function decodeElements(ref: Info, view: DataView, at: number, into: unknown[]): unknown[] {
  for (let index = 0; index < into.length; index++)
    into[index] = decodePart(ref, view, at + index * ref.size)
  return into
}

/** The text of a private copy, up to its zero. */
export function textIn(bytes: Uint8Array, unit: 1 | 2 | 4): string {
  return textOf(bytes.subarray(0, lengthUntilZero(bytes, unit) * unit), unit)
}

/** The text of a private copy, whatever is in it. */
export function textOf(bytes: Uint8Array, unit: 1 | 2 | 4): string {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (unit === 1) return whole.toString('utf8')
  if (unit === 2) return whole.toString('utf16le')
  let text = ''
  for (let at = 0; at + 4 <= whole.length; at += 4) {
    const point = whole.readUInt32LE(at)
    const isCharacter = point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff)
    text += isCharacter ? String.fromCodePoint(point) : '\ufffd'
  }
  return text
}
