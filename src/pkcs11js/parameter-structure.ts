/** A mechanism's parameter that is a structure: read from an object, laid out as in C. */
import { copyOf, type Frame, type Place } from '../pkcs11/frame.ts'
import { type Ulong, writeUlong } from '../pkcs11/words.ts'
import { bytesOfView, kept } from './bytes.ts'
import { HANDLE_BYTES, type Handles, wordOf } from './handles.ts'
import type { Definition, PropertyKind } from './parameters.ts'

/** A property's value: a number, bytes, or the words of a program's handle. */
type Value = Ulong | Uint8Array | HandleValue

interface HandleValue {
  readonly handle: Ulong
}

export type Values = Readonly<Record<string, Value>>

const NO_BYTES = new Uint8Array(0)
const WORD = 8
/** Of a CK_ULONG, whatever number of JavaScript is given. */
const ULONG_BITS = 64

/** @throws {TypeError} for a property that is wrong or missing */
export function takeStructure(definition: Definition, given: object): Values {
  const values: Record<string, Value> = {}
  for (const [property, kind] of Object.entries(definition.takes))
    values[property] = takeProperty(definition, property, kind, given)
  for (const property of inlineOnes(definition)) requireLength(definition, values, property)
  const { equal, name } = definition
  if (equal !== undefined && lengthOf(values, equal[0]) !== lengthOf(values, equal[1]))
    throw new TypeError(
      `Property '${equal[0]}' and '${equal[1]}' of ${name} mechanism parameter should be Buffers of equal length`,
    )
  return values
}

const WANTED = {
  number: 'Number',
  byte: 'Number',
  boolean: 'Boolean',
  bytes: 'Buffer',
  handle: 'Buffer',
}

function takeProperty(
  { name }: Definition,
  property: string,
  kind: PropertyKind,
  given: object,
): Value {
  const value = (given as Record<string, unknown>)[property]
  const plain = kind.replace('?', '') as keyof typeof WANTED
  const isMissing = value === undefined || value === null
  if (isMissing && kind !== plain) return plain === 'bytes' ? NO_BYTES : 0
  const taken = takeValue(plain, value)
  if (taken !== undefined) return taken
  throw new TypeError(
    `Property '${property}' of ${name} mechanism parameter should be ${WANTED[plain]}`,
  )
}

/** `undefined` for a wrong one. */
function takeValue(kind: keyof typeof WANTED, value: unknown): Value | undefined {
  if (kind === 'boolean') return typeof value === 'boolean' ? Number(value) : undefined
  if (kind === 'bytes') return ArrayBuffer.isView(value) ? bytesOfView(value) : undefined
  if (kind === 'handle')
    return ArrayBuffer.isView(value) && value.byteLength === HANDLE_BYTES
      ? { handle: wordOf(value) }
      : undefined
  if (typeof value !== 'number') return undefined
  if (kind === 'byte') return value >>> 0 > 255 ? undefined : value >>> 0
  return Number.isFinite(value) ? BigInt.asUintN(ULONG_BITS, BigInt(Math.trunc(value))) : 0
}

const inlineOnes = ({ layout }: Definition): string[] =>
  layout.split(' ').flatMap((member) => (member.startsWith('=') ? [member.slice(1)] : []))

function requireLength({ name, fixed }: Definition, values: Values, property: string): void {
  if (lengthOf(values, property) === fixed) return
  throw new TypeError(
    `Property '${property}' of ${name} mechanism parameter should be a Buffer of length ${fixed}`,
  )
}

const lengthOf = (values: Values, property: string): number =>
  (values[property] as Uint8Array).length

/** The structure in a frame. */
export interface Placed {
  readonly place: Place
  /** Puts what the module wrote back into the program's bytes. */
  readonly finish: (() => void) | undefined
}

/** Lays a structure out, with all that it points to. */
export function placeStructure(
  definition: Definition,
  values: Values,
  frame: Frame,
  handles: Handles,
  method: string,
): Placed {
  const members = definition.layout.split(' ')
  const sizes = members.map((member) => (member.startsWith('=') ? (definition.fixed ?? 0) : WORD))
  const place = frame.zeroed(sizes.reduce((sum, size) => sum + size, 0))
  let finish: (() => void) | undefined
  let at = place.at
  for (const [index, member] of members.entries()) {
    const sign = member[0] as string
    const property = member.slice(1)
    if (sign === '=') {
      place.bytes.set(values[property] as Uint8Array, at)
    } else if (sign === '*') {
      const bytes = values[property] as Uint8Array
      const copy = bytes.length === 0 ? undefined : frame.copy(bytes)
      writeUlong(place.view, at, copy?.address ?? 0)
      if (property === definition.written && copy !== undefined)
        finish = () => bytes.set(copyOf(copy, bytes.length))
    } else {
      writeUlong(place.view, at, wordFor(member, values, handles, method))
    }
    at += sizes[index] as number
  }
  return { place, finish }
}

function wordFor(member: string, values: Values, handles: Handles, method: string): Ulong {
  if (member.startsWith('#')) return lengthOf(values, member.slice(1))
  if (member.startsWith('~')) return lengthOf(values, member.slice(1)) * 8
  if (member.includes('+'))
    return member.split('+').reduce((sum, property) => sum + lengthOf(values, property), 0)
  const value = values[member] as Ulong | HandleValue
  return typeof value === 'object' ? handles.take(value.handle, 'object', method) : value
}

/** The same values as they are now, but for bytes that the module may write. */
export function keepValues({ written }: Definition, values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([property, value]) => [
      property,
      value instanceof Uint8Array && property !== written ? kept(value) : value,
    ]),
  )
}
