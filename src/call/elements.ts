import { types } from 'node:util'
import { pointerOf, toPointer } from '../memory/pointer.ts'
import type { Element } from './plan.ts'

/** Of one argument. */
const MOST_ELEMENTS = 2 ** 29

const STRINGS = "strings go where the characters are const, as in 'const char **'"

/** What stands for memory with elements: bytes, typed arrays, plain arrays. */
export type Elements = ArrayBufferView | ArrayBufferLike | readonly unknown[]

export function isElements(value: unknown): value is Elements {
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) || Array.isArray(value)
}

/**
 * The bytes of an object, in C's layout: the object's own memory where it has one, else new memory.
 * `complain` makes the error for an object that doesn't fit, given what would.
 */
export function elementBytes(
  value: Elements,
  element: Element | undefined,
  owner: object,
  complain: (takes: string) => Error,
): Uint8Array {
  if (ArrayBuffer.isView(value)) {
    if (!fits(value, element)) throw complain(`a typed array of ${elementName(element)} or bytes`)
    if (isGone(value)) throw complain('bytes that are still there')
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
  if (Array.isArray(value)) return arrayBytes(value, element, owner, complain)
  const buffer = value as ArrayBufferLike
  if (isDetached(buffer)) throw complain('bytes that are still there')
  return new Uint8Array(buffer, 0, buffer.byteLength)
}

/** Puts a private copy of what the library wrote back into the object it came from. */
export function readElements(
  copy: Uint8Array,
  target: Elements,
  element: Element | undefined,
  owner: object,
): void {
  if (Array.isArray(target)) {
    const values = element === undefined ? [] : toValues(copy, element, owner)
    for (let index = 0; index < target.length && index < values.length; index++)
      target[index] = values[index]
    return
  }
  const buffer = ArrayBuffer.isView(target) ? target.buffer : (target as ArrayBufferLike)
  const offset = ArrayBuffer.isView(target) ? target.byteOffset : 0
  // The caller may have detached or shrunk it meanwhile: then there is nowhere to put the bytes.
  const room = Math.max(0, Math.min(copy.length, buffer.byteLength - offset))
  if (room > 0) new Uint8Array(buffer, offset, room).set(copy.subarray(0, room))
}

/** The typed array class for an element, or `undefined` where elements have no values of their own. */
export function arrayType(element: Element) {
  if (element.kind === 'float') return element.size === 4 ? Float32Array : Float64Array
  switch (element.size) {
    case 1:
      return element.signed ? Int8Array : Uint8Array
    case 2:
      return element.signed ? Int16Array : Uint16Array
    case 4:
      return element.signed ? Int32Array : Uint32Array
    default:
      return element.signed ? BigInt64Array : BigUint64Array
  }
}

/** A view of a buffer that was detached, or that shrank below it. */
function isGone(view: ArrayBufferView): boolean {
  if (view.byteLength > 0) return false
  if (isDetached(view.buffer)) return true
  try {
    // Any method of typed arrays looks whether their memory is there.
    if (!(view instanceof DataView)) Uint8Array.prototype.at.call(view as Uint8Array, 0)
    return false
  } catch {
    return true
  }
}

function isDetached(buffer: ArrayBufferLike): boolean {
  if (types.isSharedArrayBuffer(buffer) || buffer.byteLength > 0) return false
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}

/** Bytes fit everything; other typed arrays fit elements of their kind and size. */
function fits(view: ArrayBufferView, element: Element | undefined): boolean {
  if (element === undefined || element.size === 1) return true
  if (view instanceof DataView || view instanceof Uint8Array || view instanceof Uint8ClampedArray)
    return true
  const size = (view as Int32Array).BYTES_PER_ELEMENT
  const float = view instanceof Float32Array || view instanceof Float64Array
  return size === element.size && float === (element.kind === 'float')
}

function elementName(element: Element | undefined): string {
  return element === undefined ? 'bytes' : arrayType(element).name.replace('Array', '')
}

function arrayBytes(
  values: readonly unknown[],
  element: Element | undefined,
  owner: object,
  complain: (takes: string) => Error,
): Uint8Array {
  if (element === undefined) throw complain('bytes, a Pointer, shared memory or null')
  if (values.length > MOST_ELEMENTS) throw complain(`at most ${MOST_ELEMENTS} elements`)
  const array = new (arrayType(element))(values.length)
  for (let index = 0; index < values.length; index++)
    array[index] = elementValue(values[index], element, index, owner, complain) as never
  return new Uint8Array(array.buffer, 0, array.byteLength)
}

function elementValue(
  value: unknown,
  element: Element,
  index: number,
  owner: object,
  complain: (takes: string) => Error,
): number | bigint {
  if (element.kind === 'pointer') {
    if (value === null) return 0n
    const pointer = pointerOf(value)
    if (pointer !== undefined) return pointer.in(owner)
    const why = typeof value === 'string' ? `a string: ${STRINGS}` : 'neither'
    throw complain(`pointers or null (element ${index} is ${why})`)
  }
  if (element.kind === 'bool') {
    if (typeof value === 'boolean') return value ? 1 : 0
    throw complain(`booleans (element ${index} is none)`)
  }
  if (element.kind === 'float') {
    if (typeof value === 'number') return value
    throw complain(`numbers (element ${index} is none)`)
  }
  if (element.size === 8) {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
      throw complain(`bigints or whole numbers (element ${index} is neither)`)
    const wide = BigInt(value as bigint | number)
    const stored = element.signed ? BigInt.asIntN(64, wide) : BigInt.asUintN(64, wide)
    if (stored !== wide) throw complain(`64-bit integers (element ${index} is out of range)`)
    return wide
  }
  const max = element.signed ? 2 ** (element.size * 8 - 1) - 1 : 2 ** (element.size * 8) - 1
  const min = element.signed ? -max - 1 : 0
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max)
    return value
  throw complain(`whole numbers from ${min} to ${max} (element ${index} is none)`)
}

/** The elements of a private copy as JavaScript values. */
export function toValues(copy: Uint8Array, element: Element, owner: object): unknown[] {
  const count = Math.floor(copy.length / element.size)
  const array = new (arrayType(element))(copy.buffer as ArrayBuffer, copy.byteOffset, count)
  const values = Array.from<unknown>(array as never)
  if (element.kind === 'bool') return values.map((value) => value !== 0)
  if (element.kind === 'pointer') return values.map((value) => toPointer(value as bigint, owner))
  return values
}
