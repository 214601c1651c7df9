/** From JavaScript values to C's layout, by koffi's rules. */
import { Cast } from './cast.ts'
import { decodeElements, decodeMembers, rawUnion, textIn, viewOf } from './decode.ts'
import type { Frame } from './frame.ts'
import type { Block } from './heap.ts'
import {
  characterUnit,
  type Directions,
  type FunctionInfo,
  type Info,
  isAggregate,
  isInteger,
  isSwapped,
  type MemberInfo,
  stringUnit,
} from './info.ts'
import { numberOf, swapElements, writeNumber } from './numbers.ts'
import { voidType } from './registry.ts'
import { addressIn, bytesOf, isMemory, type Memory, standInOf } from './stand-ins.ts'
import { UnionValue, unionType } from './union-value.ts'
import { kindOf } from './value-kind.ts'

/** Where the address of a JavaScript function comes from: valid for the call. */
export type FunctionAddress = (
  proto: FunctionInfo,
  run: (...values: never[]) => unknown,
  frame: Frame,
) => bigint

export interface Encoding {
  readonly frame: Frame
  readonly functionAddress: FunctionAddress
  /** Whether the library may not write what the value points to. */
  readonly constant: boolean
}

function unexpected(value: unknown, expected: string): TypeError {
  return new TypeError(`Unexpected ${kindOf(value)} value, expected ${expected}`)
}

/** Writes a value where the program has its memory. */
export function writeValue(
  info: Info,
  value: unknown,
  view: DataView,
  at: number,
  encoding: Encoding,
): void {
  new Writer(view, encoding).write(info, value, at)
}

class Writer {
  readonly #view: DataView
  readonly #encoding: Encoding

  constructor(view: DataView, encoding: Encoding) {
    this.#view = view
    this.#encoding = encoding
  }

  write(info: Info, value: unknown, at: number): void {
    const { primitive } = info
    if (isInteger(info) || primitive === 'Float32' || primitive === 'Float64') {
      const number = numberOf(value)
      if (number === undefined) throw unexpected(value, 'number')
      writeNumber(info, number, this.#view, at)
      return
    }
    switch (primitive) {
      case 'Bool':
        if (typeof value !== 'boolean') throw unexpected(value, 'boolean')
        this.#view.setUint8(at, value ? 1 : 0)
        break
      case 'Record':
      case 'Union':
        this.#object(info, value, at)
        break
      case 'Array':
        this.#array(info, value, at)
        break
      default:
        this.#view.setBigUint64(at, addressOf(info, value, 1, this.#encoding), true)
    }
  }

  #place({ size }: Info, at: number): Uint8Array {
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, size)
  }

  #object(info: Info, value: unknown, at: number): void {
    if (typeof value !== 'object' || value === null) throw unexpected(value, 'object')
    const place = this.#place(info, at)
    const given = info.primitive === 'Union' ? unionContent(info, value) : undefined
    if (given instanceof Uint8Array) {
      place.set(given)
      return
    }
    place.fill(0)
    const object = value as Record<string, unknown>
    const write = (member: MemberInfo, found: unknown): void => {
      if (found === undefined) return
      if (member.countedBy !== undefined) requireCount(member, member.countedBy.name, object, found)
      this.write(member.type, found, at + member.offset)
    }
    if (given !== undefined) write(...given)
    else for (const member of info.members) write(member, object[member.name])
  }

  #array(info: Info, value: unknown, at: number): void {
    const ref = info.ref as Info
    const place = this.#place(info, at)
    if (Array.isArray(value)) {
      place.fill(0)
      const count = Math.min(value.length, info.size / ref.size)
      for (let index = 0; index < count; index++)
        this.write(ref, value[index], at + index * ref.size)
    } else if (isMemory(value)) {
      const bytes = bytesOf(value).slice(0, info.size)
      if (isSwapped(ref)) swapElements(bytes, ref.size)
      place.fill(0).set(bytes)
    } else if (typeof value === 'string') {
      const unit = characterUnit(ref)
      if (unit === 0) throw new TypeError(`Strings cannot be converted to ${ref.name} array`)
      place.fill(0).set(cut(value, unit, info.size - unit))
    } else throw unexpected(value, 'array')
  }
}

/** A union as its bytes, or the one member that is given. */
function unionContent(info: Info, value: object): Uint8Array | readonly [MemberInfo, unknown] {
  if (value instanceof UnionValue) {
    const type = unionType(value)
    if (type.members !== info.members)
      throw new TypeError(`Expected union type ${info.name}, got ${type.name}`)
    const content = UnionValue.content(value)
    if (content === undefined) throw new Error('Cannot use ambiguous empty union')
    return content
  }
  const names = Object.keys(value)
  if (names.length !== 1) throw new Error('Expected object with single property name for union')
  const [name = ''] = names
  const member = info.members.find((each) => each.name === name)
  if (member === undefined) throw new Error(`Unknown member ${name} in union type ${info.name}`)
  return [member, (value as Record<string, unknown>)[name]]
}

function requireCount(
  { type }: MemberInfo,
  by: string,
  object: Record<string, unknown>,
  value: unknown,
): void {
  const expected = numberOf(object[by])
  if (expected === undefined)
    throw new Error(`Unexpected ${kindOf(object[by])} value for dynamic length, expected number`)
  const { size } = type.ref as Info
  const bytes = Array.isArray(value)
    ? value.length * size
    : isMemory(value)
      ? bytesOf(value).length
      : value === null || value === undefined
        ? 0
        : size
  if (bytes !== Number(expected) * size)
    throw new Error(`Mismatched dynamic length between '${by}' and actual array`)
}

const utf8 = new TextEncoder()

/** The whole characters of a text that fit so many bytes. */
function cut(text: string, unit: 1 | 2 | 4, most: number): Uint8Array {
  if (unit === 1) {
    const bytes = new Uint8Array(most)
    return bytes.subarray(0, utf8.encodeInto(text, bytes).written)
  }
  return characters(text, unit).subarray(0, most - (most % unit))
}

function characters(text: string, unit: 1 | 2 | 4): Uint8Array {
  if (unit === 1) return Buffer.from(text, 'utf8')
  if (unit === 2) return Buffer.from(text, 'utf16le')
  const points = Uint32Array.from(text, (character) => {
    const point = character.codePointAt(0) ?? 0
    return point >= 0xd800 && point <= 0xdfff ? 0xfffd : point
  })
  return new Uint8Array(points.buffer)
}

/** Places a text with its zero; the block may be longer. */
function placeText(text: string, unit: 1 | 2 | 4, frame: Frame): { block: Block; bytes: number } {
  const found = characters(text, unit)
  const block = frame.place(found.length + unit)
  block.bytes.set(found)
  block.bytes.fill(0, found.length, found.length + unit)
  return { block, bytes: found.length + unit }
}

/** The address that stands for a value behind a pointer, a string or a function. */
export function addressOf(
  info: Info,
  value: unknown,
  directions: Directions,
  encoding: Encoding,
): bigint {
  if (value instanceof Cast) return addressOf(value.info, value.value, directions, encoding)
  if (value === null || value === undefined) return 0n
  if (typeof value === 'bigint') return BigInt.asUintN(64, value)
  if (typeof value === 'number') return BigInt.asUintN(64, BigInt(Math.trunc(value) || 0))
  if (isMemory(value)) return addressOfMemory(info, value, directions, encoding)
  const { frame } = encoding
  if (info.primitive === 'Callback' && typeof value !== 'function')
    throw unexpected(value, info.name)
  const unit = stringUnit(info)
  if (typeof value === 'string') {
    if ((directions & 2) !== 0) throw unexpected(value, unit === 0 ? info.name : '[string]')
    const wanted = unit === 0 ? textUnitBehind(info) : unit
    if (wanted === 0) throw unexpected(value, info.name)
    return placeText(value, wanted, frame).block.address
  }
  if (typeof value === 'function') {
    if (info.proto === undefined) throw new TypeError(`Cannot pass function to type ${info.name}`)
    return encoding.functionAddress(info.proto, value as (...values: never[]) => unknown, frame)
  }
  const ref = info.ref as Info
  // What stands behind another pointer may be written, whatever is said of this one.
  const inner = { ...encoding, constant: false }
  if (Array.isArray(value)) return addressOfArray(info, ref, value, directions, inner)
  if (isAggregate(ref)) return addressOfObject(ref, value, directions, inner)
  throw unexpected(value, info.name)
}

/** Bytes of a character where a pointer takes a string; 0 for others. */
function textUnitBehind({ ref }: Info): 0 | 1 | 2 | 4 {
  if (ref === undefined) return 0
  return ref === voidType ? 1 : characterUnit(ref)
}

function addressOfMemory(
  { ref }: Info,
  value: Memory,
  directions: Directions,
  { frame, constant }: Encoding,
): bigint {
  if (ref !== undefined && isSwapped(ref)) return addressOfSwapped(ref, value, directions, frame)
  const standIn = standInOf(value)
  frame.lend(standIn, constant)
  return addressIn(standIn, value)
}

/** Elements in the other byte order: turned around on the way in, and on the way out. */
function addressOfSwapped(ref: Info, value: Memory, directions: Directions, frame: Frame): bigint {
  const target = bytesOf(value)
  const block = frame.place(target.length)
  const bytes = target.slice()
  if ((directions & 1) !== 0) swapElements(bytes, ref.size)
  block.bytes.set(bytes)
  if ((directions & 2) !== 0)
    frame.out(() => {
      const copy = block.bytes.slice(0, target.length)
      swapElements(copy, ref.size)
      target.set(copy)
    })
  return block.address
}

function addressOfArray(
  info: Info,
  ref: Info,
  value: unknown[],
  directions: Directions,
  encoding: Encoding,
): bigint {
  const { frame } = encoding
  const isOut = (directions & 2) !== 0
  const unit = textUnitBehind(info)
  if (unit !== 0 && value.length === 1 && typeof value[0] === 'string') {
    const { block, bytes } = placeText(value[0], unit, frame)
    if (isOut)
      frame.out(() => {
        value[0] = textIn(block.bytes.slice(0, bytes), unit)
      })
    return block.address
  }
  if (ref.size === 0)
    throw new TypeError(
      `Cannot pass ${ref === voidType ? 'ambiguous' : 'opaque'} value to ${info.name}, use koffi.as()`,
    )
  const size = value.length * ref.size
  const block = frame.place(size)
  block.bytes.fill(0, 0, size)
  if ((directions & 1) !== 0) {
    const writer = new Writer(block.view, encoding)
    for (const [index, element] of value.entries()) writer.write(ref, element, index * ref.size)
  }
  if (isOut)
    frame.out(() => {
      decodeElements(ref, viewOf(block.bytes.slice(0, value.length * ref.size)), 0, value)
    })
  return block.address
}

function addressOfObject(
  ref: Info,
  value: object,
  directions: Directions,
  encoding: Encoding,
): bigint {
  const { frame } = encoding
  const isOut = (directions & 2) !== 0
  const isUnion = ref.primitive === 'Union'
  if (isUnion && isOut && !(value instanceof UnionValue)) throw unexpected(value, 'union value')
  const block = frame.place(ref.size)
  if ((directions & 1) !== 0) writeValue(ref, value, block.view, 0, encoding)
  else block.bytes.fill(0, 0, ref.size)
  if (isOut)
    frame.out(() => {
      const view = viewOf(block.bytes.slice(0, ref.size))
      if (value instanceof UnionValue) UnionValue.setRaw(value, rawUnion(ref, view, 0))
      else decodeMembers(ref, view, 0, value)
    })
  return block.address
}
