/** Attributes between JavaScript's values and the bytes of C. */
import {
  type AttributeName,
  type Attributes,
  type Kind,
  kindOf,
  type Template,
} from './attribute-kinds.ts'
import { bytesOf as viewOf } from './call-options.ts'
import { wrongKind } from './complaint.ts'
import { knownName, nameOf, numberOf, type Prefix } from './names.ts'
import { ulongsIn } from './operations/slots.ts'
import type { Attribute } from './structures/attributes.ts'
import { isUlong, readUlong, type Ulong, writeUlong } from './words.ts'

/** @param where For messages. */
export function templateOf(template: unknown, where: string): Attribute[] {
  if (typeof template !== 'object' || template === null || ArrayBuffer.isView(template))
    throw wrongKind(`${where}: template`, 'an object of attributes', template)
  return Object.entries(template as Template)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ type: typeOf(name, where), value: bytesOf(name, value, where) }))
}

/** The number of an attribute: of its name, or the number that stands for itself. */
export function typeOf(name: string | number, where: string): number {
  const number = numberFor(name)
  if (number !== undefined && isUlong(number)) return number
  throw new TypeError(`${where}: there is no attribute ${name}`)
}

function numberFor(name: unknown): number | undefined {
  if (typeof name !== 'string') return typeof name === 'number' ? name : undefined
  if (name.startsWith('CKA_')) return numberOf('CKA', name)
  return name.trim() === '' ? undefined : Number(name)
}

/** The name of an attribute that was asked for by its name or number. */
function attributeNameOf(asked: string | number): string {
  return typeof asked === 'string' ? asked : (knownName('CKA', asked) ?? String(asked))
}

function bytesOf(name: string, value: unknown, where: string): Attribute['value'] {
  const kind = kindOf(attributeNameOf(Number.isNaN(Number(name)) ? name : Number(name)))
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return viewOf(value, name)
  const label = `${where}: ${name}`
  switch (kind) {
    case 'bool':
      if (typeof value !== 'boolean') throw wrongKind(label, 'a boolean', value)
      return Uint8Array.of(value ? 1 : 0)
    case 'ulong':
      return ulongBytes(label, value)
    case 'date':
      return dateBytes(label, value)
    case 'mechanisms':
      if (!Array.isArray(value)) throw wrongKind(label, 'an array of mechanisms', value)
      return Buffer.concat(value.map((each) => namedBytes('CKM', label, each)))
    case 'template':
      return templateOf(value, label)
    case 'text':
    case 'bytes':
      return otherBytes(label, value, kind)
    default:
      return namedBytes(kind, label, value)
  }
}

/** A vendor's attributes have no kind: what is given says what it is. */
function otherBytes(label: string, value: unknown, kind: Kind): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'utf8')
  const isVendors = /: \d+$/.test(label)
  if (isVendors && typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0)
  if (isVendors && (typeof value === 'number' || typeof value === 'bigint'))
    return ulongBytes(label, value)
  throw wrongKind(label, kind === 'text' ? 'a string or bytes' : 'bytes', value)
}

function namedBytes(prefix: Prefix, label: string, value: unknown): Uint8Array {
  const number = typeof value === 'string' ? numberOf(prefix, value) : value
  if (number === undefined) throw new TypeError(`${label}: there is no ${value}`)
  return ulongBytes(label, number, `a number or a name that begins with ${prefix}_`)
}

function ulongBytes(label: string, value: unknown, takes = 'a whole number from 0 on'): Uint8Array {
  if (!isUlong(value)) throw wrongKind(label, takes, value)
  const bytes = new Uint8Array(8)
  writeUlong(new DataView(bytes.buffer), 0, value)
  return bytes
}

/** CK_DATE: eight digits; none for no date. */
function dateBytes(label: string, value: unknown): Uint8Array {
  if (value === null) return new Uint8Array(0)
  if (!(value instanceof Date) || Number.isNaN(value.getTime()))
    throw wrongKind(label, 'a Date or null', value)
  return Buffer.from(value.toISOString().slice(0, 10).replaceAll('-', ''), 'latin1')
}

/** Reads the bytes of an attribute; `undefined` where they are none of its kind, or there is no value. */
export type Reader = (value: Attribute['value']) => unknown

/** @param asked The name or number that was asked for. */
export function readerOf(asked: string | number): Reader {
  const read = bytesReader(kindOf(attributeNameOf(asked)))
  return (value) => {
    if (value instanceof Uint8Array) return read(value)
    return value === null ? undefined : attributesOf(value)
  }
}

function bytesReader(kind: Kind): (value: Uint8Array) => unknown {
  switch (kind) {
    case 'bool':
      return (value) => (value.length === 1 ? value[0] !== 0 : undefined)
    case 'ulong':
      return ulongOf
    case 'text':
      return (value) => Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')
    case 'date':
      return dateOf
    case 'mechanisms':
      return (value) => ulongsIn(value).map((each) => knownOr('CKM', each))
    case 'bytes':
    case 'template':
      return (value) => value
    default:
      return (value) => {
        const number = ulongOf(value)
        return number === undefined ? undefined : knownOr(kind, number)
      }
  }
}

function ulongOf(value: Uint8Array): Ulong | undefined {
  if (value.length !== 8) return undefined
  return readUlong(new DataView(value.buffer, value.byteOffset, 8), 0)
}

function attributesOf(attributes: readonly Attribute[]): Partial<Attributes> {
  return Object.fromEntries(
    attributes.map(({ type, value }) => {
      const name = nameOf('CKA', Number(type)) as AttributeName
      return [name, readerOf(name)(value)]
    }),
  )
}

/** The name of a number, or the number where the standard has none. */
export function knownOr(prefix: Prefix, number: Ulong): string | Ulong {
  return (typeof number === 'number' ? knownName(prefix, number) : undefined) ?? number
}

function dateOf(value: Uint8Array): Date | null | undefined {
  const text = Buffer.from(value).toString('latin1')
  if (/^[\s0]*$/.test(text)) return null
  const digits = /^(\d{4})(\d\d)(\d\d)$/.exec(text)
  if (digits === null) return undefined
  const [, year, month, day] = digits.map(Number)
  return new Date(Date.UTC(year as number, (month as number) - 1, day))
}
