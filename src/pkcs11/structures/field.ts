/** Members of C structures that mechanisms take as parameters: how each is laid out, and what comes back in it. */
import { wrongKind } from '../complaint.ts'
import { copyOf, type Frame, type Place, wordIn } from '../frame.ts'
import { type NameOf, numberOf, type Prefix } from '../names.ts'
import { isUlong, readUlong, type Ulong, writeUlong } from '../words.ts'

/** What a structure is written with. */
export interface Writing {
  readonly frame: Frame
  /** Done when the call was good: what the module wrote goes back into the caller's values. */
  readonly backs: (() => void)[]
  /** The structure's values, where one says the length of another. */
  readonly values: Readonly<Record<string, unknown>>
  /** For messages. */
  readonly where: string
}

/** One member, or a pointer with its length. */
export interface Field<Value = unknown, Optional extends boolean = boolean> {
  readonly size: number
  readonly alignment: number
  write(value: unknown, place: Place, offset: number, writing: Writing): void
  /** For the compiler alone. */
  readonly value?: Value
  readonly optional: Optional
}

export type Fields = Readonly<Record<string, Field>>

/** A C structure whose members are in the order of C. */
export interface Structure<F extends Fields = Fields, Name extends string = string> {
  readonly name: Name
  readonly fields: F
  readonly size: number
  readonly alignment: number
  readonly offsets: readonly number[]
}

type ValueOf<F> = F extends Field<infer Value, boolean> ? Value : never

type OptionalNames<F extends Fields> = {
  [Name in keyof F]: F[Name] extends Field<unknown, true> ? Name : never
}[keyof F]

/** What a structure is given. */
export type ValuesOf<S> =
  S extends Structure<infer F, string>
    ? { readonly [Name in Exclude<keyof F, OptionalNames<F>>]: ValueOf<F[Name]> } & {
        readonly [Name in OptionalNames<F>]?: ValueOf<F[Name]> | undefined
      }
    : never

export function structure<const Name extends string, const F extends Fields>(
  name: Name,
  fields: F,
): Structure<F, Name> {
  const offsets: number[] = []
  let size = 0
  let alignment = 1
  for (const field of Object.values(fields)) {
    size = roundUp(size, field.alignment)
    offsets.push(size)
    size += field.size
    alignment = Math.max(alignment, field.alignment)
  }
  return { name, fields, size: roundUp(size, alignment), alignment, offsets }
}

/** Lays a structure out, with all that it points to. */
export function placeStructure(
  structure: Structure,
  values: unknown,
  frame: Frame,
  backs: (() => void)[],
): Place {
  const place = frame.zeroed(structure.size)
  writeStructure(structure, values, place, 0, { frame, backs, values: {}, where: structure.name })
  return place
}

function writeStructure(
  { fields, offsets }: Structure,
  given: unknown,
  place: Place,
  start: number,
  outer: Writing,
): void {
  if (typeof given !== 'object' || given === null || ArrayBuffer.isView(given))
    throw wrongKind(outer.where, `an object with ${Object.keys(fields).join(', ')}`, given)
  const values = given as Record<string, unknown>
  for (const name of Object.keys(values))
    if (!Object.hasOwn(fields, name))
      throw new TypeError(`${outer.where} has no ${name}, only ${Object.keys(fields).join(', ')}`)
  for (const [index, [name, field]] of Object.entries(fields).entries()) {
    const writing = { ...outer, values, where: `${outer.where}.${name}` }
    field.write(values[name], place, start + (offsets[index] as number), writing)
  }
}

/** CK_ULONG: a count, a number of bits, a handle. */
export function ulong(): Field<Ulong, false>
export function ulong(standard: Standard): Field<Ulong, true>
export function ulong(standard?: Standard): Field<Ulong> {
  return wordField('a whole number from 0 on', standard, (value) =>
    isUlong(value) ? value : undefined,
  )
}

/** CK_ULONG that is one of the standard's constants: its name or its number. */
export function constant<P extends Prefix>(prefix: P): Field<NameOf<P> | Ulong, false>
export function constant<P extends Prefix>(
  prefix: P,
  standard: Standard,
): Field<NameOf<P> | Ulong, true>
export function constant(prefix: Prefix, standard?: Standard): Field<string | Ulong> {
  return wordField(`a number, or a name that begins with ${prefix}_`, standard, (value) => {
    if (typeof value === 'string') return numberOf(prefix, value)
    return isUlong(value) ? value : undefined
  })
}

/** What stands where nothing is given: a number, or one that other values say. */
type Standard = Ulong | ((values: Readonly<Record<string, unknown>>) => Ulong)

function wordField<Value>(
  takes: string,
  standard: Standard | undefined,
  numberOf: (value: unknown) => Ulong | undefined,
): Field<Value> {
  return {
    size: 8,
    alignment: 8,
    optional: standard !== undefined,
    write(given, { view, at }, offset, { where, values }) {
      const value = given ?? (typeof standard === 'function' ? standard(values) : standard)
      const number = numberOf(value)
      if (number === undefined) throw wrongKind(where, takes, value)
      writeUlong(view, at + offset, number)
    },
  }
}

/** How many bytes another value has. */
export function lengthOf(
  name: string,
  unit = 1,
): (values: Readonly<Record<string, unknown>>) => Ulong {
  return (values) => {
    const value = values[name]
    return value instanceof Uint8Array ? value.length * unit : 0
  }
}

/** CK_BBOOL. */
export const bool: Field<boolean, true> = {
  size: 1,
  alignment: 1,
  optional: true,
  write(value, { view, at }, offset, { where }) {
    if (value !== undefined && typeof value !== 'boolean')
      throw wrongKind(where, 'a boolean', value)
    view.setUint8(at + offset, value ? 1 : 0)
  },
}

/** CK_BYTE. */
export const byte: Field<number, false> = {
  size: 1,
  alignment: 1,
  optional: false,
  write(value, { view, at }, offset, { where }) {
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 255)
      throw wrongKind(where, 'a number from 0 to 255', value)
    view.setUint8(at + offset, value as number)
  },
}

/** Bytes that stand in the structure itself. */
export function inline(length: number): Field<Uint8Array, false> {
  return {
    size: length,
    alignment: 1,
    optional: false,
    write(value, { bytes, at }, offset, { where }) {
      if (!(value instanceof Uint8Array) || value.length !== length)
        throw wrongKind(where, `${length} bytes`, value)
      bytes.set(value, at + offset)
    },
  }
}

/** Where the length of pointed bytes stands: behind the pointer, before it, or elsewhere. */
type Length = 'behind' | 'before' | 'elsewhere'

interface BytesOptions {
  /** The module may write them: they are copied back. */
  readonly written?: boolean
  /** Whether the length counts bits. */
  readonly bits?: boolean
}

function pointed(length: Length, { written = false, bits = false }: BytesOptions): Field<Bytes> {
  return {
    size: length === 'elsewhere' ? 8 : 16,
    alignment: 8,
    optional: true,
    write(given, { view, at }, offset, { frame, backs, where }) {
      const value = typeof given === 'string' ? Buffer.from(given, 'utf8') : (given ?? NO_BYTES)
      if (!(value instanceof Uint8Array)) throw wrongKind(where, 'bytes', given)
      const place = value.length === 0 ? undefined : frame.copy(value)
      const pointer = at + offset + (length === 'before' ? 8 : 0)
      writeUlong(view, pointer, place?.address ?? 0)
      const count = bits ? value.length * 8 : value.length
      if (length === 'behind') writeUlong(view, pointer + 8, count)
      if (length === 'before') writeUlong(view, pointer - 8, count)
      if (written && place !== undefined) backs.push(() => value.set(copyOf(place, value.length)))
    },
  }
}

const NO_BYTES = new Uint8Array(0)

/** Bytes; a string stands for its UTF-8. */
type Bytes = Uint8Array | string

/** A pointer to bytes, with their length behind it. */
export const data = pointed('behind', {}) as Field<Bytes, true>
/** The same, written by the module. */
export const writtenData = pointed('behind', { written: true }) as Field<Uint8Array, true>
/** The same, with the number of bits. */
export const bitData = pointed('behind', { bits: true }) as Field<Bytes, true>
/** A length with a pointer to bytes behind it. */
export const lengthData = pointed('before', {}) as Field<Bytes, true>
/** A pointer to bytes whose length stands elsewhere. */
export const pointer = pointed('elsewhere', {}) as Field<Bytes, true>
/** The same, written by the module. */
export const writtenPointer = pointed('elsewhere', { written: true }) as Field<Uint8Array, true>

/** A structure inside another one. */
export function nested<S extends Structure>(inner: S): Field<ValuesOf<S>, false> {
  return {
    size: inner.size,
    alignment: inner.alignment,
    optional: false,
    write: (value, place, offset, writing) => writeStructure(inner, value, place, offset, writing),
  }
}

/** A pointer to one structure. */
export function pointerTo<S extends Structure>(inner: S): Field<ValuesOf<S>, true> {
  return {
    size: 8,
    alignment: 8,
    optional: true,
    write(value, { view, at }, offset, writing) {
      if (value === undefined) return
      const place = writing.frame.zeroed(inner.size)
      writeStructure(inner, value, place, 0, writing)
      writeUlong(view, at + offset, place.address)
    },
  }
}

/** A pointer to several structures, with their number before or behind it. */
export function several<S extends Structure>(
  inner: S,
  count: 'behind' | 'before',
): Field<readonly ValuesOf<S>[], true> {
  return {
    size: 16,
    alignment: 8,
    optional: true,
    write(given, { view, at }, offset, writing) {
      const values = given ?? []
      if (!Array.isArray(values)) throw wrongKind(writing.where, 'an array', given)
      const place = frameFor(writing.frame, inner, values.length)
      for (const [index, value] of values.entries())
        writeStructure(inner, value, place, index * inner.size, writing)
      const first = at + offset
      const address = values.length === 0 ? 0 : place.address
      writeUlong(view, first + (count === 'behind' ? 0 : 8), address)
      writeUlong(view, first + (count === 'behind' ? 8 : 0), values.length)
    },
  }
}

function frameFor(frame: Frame, { size }: Structure, count: number): Place {
  return frame.zeroed(Math.max(1, count * size))
}

/** CK_VERSION behind a pointer, which the module writes: into the object that was given. */
export const writtenVersion: Field<{ major: number; minor: number }, true> = {
  size: 8,
  alignment: 8,
  optional: true,
  write(value, { view, at }, offset, { frame, backs, where }) {
    if (value === undefined) return
    if (typeof value !== 'object' || value === null)
      throw wrongKind(where, 'an object with major and minor', value)
    const version = value as { major: number; minor: number }
    const place = frame.copy(Uint8Array.of(version.major, version.minor))
    writeUlong(view, at + offset, place.address)
    backs.push(() => {
      const [major = 0, minor = 0] = copyOf(place, 2)
      Object.assign(version, { major, minor })
    })
  },
}

/** A handle that the module writes: into the property of the structure's values. */
export function writtenHandle(name: string): Field<Ulong, true> {
  return {
    size: 8,
    alignment: 8,
    optional: true,
    write(_value, place, offset, { backs, values }) {
      backs.push(() => {
        Object.assign(values, { [name]: wordIn(place, offset) })
      })
    },
  }
}

/** Bytes that a module may be asked to write. */
const MOST_ROOM = 2 ** 20

/** Room whose length the module lowers to what it wrote there; the caller's object gets the bytes as `output`. */
export const output: Field<{ readonly length: number; output?: Uint8Array }, false> = {
  size: 16,
  alignment: 8,
  optional: false,
  write(value, { view, at }, offset, { frame, backs, where }) {
    const given = value as { length: number; output?: Uint8Array }
    if (typeof given !== 'object' || given === null || !isLength(given.length))
      throw wrongKind(where, 'an object with the length', value)
    const room = frame.zeroed(given.length)
    const length = frame.word(given.length)
    writeUlong(view, at + offset, room.address)
    writeUlong(view, at + offset + 8, length.address)
    backs.push(() => {
      given.output = copyOf(room, readUlong(length.view, length.at))
    })
  },
}

function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MOST_ROOM
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to
}
