/** A mechanism's parameter that is a structure: read from an object, laid out as in C. */
import type { Frame, Place } from '../pkcs11/frame.ts'
import { placeStructure as layOut } from '../pkcs11/structures/field.ts'
import type { Ulong } from '../pkcs11/words.ts'
import { bytesOfView, kept, textOf } from './bytes.ts'
import { HANDLE_BYTES, type Handles, wordOf } from './handles.ts'
import type { Definition, PropertyKind } from './parameters.ts'

/** A property's value: a number, bytes, or the words of a program's handle. */
type Value = Ulong | Uint8Array | HandleValue

interface HandleValue {
  readonly handle: Ulong
}

export type Values = Readonly<Record<string, Value>>

const NO_BYTES = new Uint8Array(0)
/** Of a CK_ULONG, whatever number of JavaScript is given. */
const ULONG_BITS = 64

/** @throws {TypeError} for a property that is wrong or missing */
export function takeStructure(definition: Definition, given: object): Values {
  const values: Record<string, Value> = {}
  for (const [property, kind] of Object.entries(definition.takes))
    values[property] = takeProperty(definition, property, kind, given)
  for (const [property, length] of Object.entries(definition.fixed ?? {}))
    requireLength(definition, values, property, length)
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

function requireLength(
  { name }: Definition,
  values: Values,
  property: string,
  length: number,
): void {
  if (lengthOf(values, property) === length) return
  throw new TypeError(
    `Property '${property}' of ${name} mechanism parameter should be a Buffer of length ${length}`,
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
  const { structure, takes, members = {}, sum } = definition
  const given: Record<string, unknown> = {}
  for (const [property, value] of Object.entries(values))
    given[members[property] ?? property] = memberOf(takes[property], value, handles, method)
  if (sum !== undefined) {
    const [member, one, other] = sum
    given[member] = lengthOf(values, one) + lengthOf(values, other)
  }
  const backs: (() => void)[] = []
  const place = layOut(structure, given, frame, backs)
  const [finish] = backs
  return { place, finish }
}

function memberOf(
  kind: PropertyKind | undefined,
  value: Value,
  handles: Handles,
  method: string,
): unknown {
  if (kind === 'boolean?') return value !== 0
  return isHandle(value) ? handles.take(value.handle, 'object', method) : value
}

const isHandle = (value: Value): value is HandleValue =>
  typeof value === 'object' && 'handle' in value

/** The same values as they are now, but for bytes that the module may write. */
export function keepValues({ written }: Definition, values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([property, value]) => [
      property,
      value instanceof Uint8Array && property !== written ? kept(value) : value,
    ]),
  )
}

/** Equal where the structures are; `undefined` where the module may write into it, and for long ones. */
export function identityOf({ name, written }: Definition, values: Values): string | undefined {
  if (written !== undefined) return undefined
  let identity = name
  for (const value of Object.values(values)) {
    const text = identityOfValue(value)
    if (text === undefined) return undefined
    identity += ` ${text.length}:${text}`
  }
  return identity
}

function identityOfValue(value: Value): string | undefined {
  if (value instanceof Uint8Array) return textOf(value)
  return String(isHandle(value) ? value.handle : value)
}
