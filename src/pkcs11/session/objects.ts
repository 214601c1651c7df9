/** Objects: found, read, made, changed and destroyed. */
import type { AttributeName, Template } from '../attribute-kinds.ts'
import { type Reader, readerOf, templateOf, typeOf } from '../attribute-values.ts'
import { type CallOptions, runOptionsOf } from '../call-options.ts'
import { wrongKind } from '../complaint.ts'
import type { Frame } from '../frame.ts'
import { type Found, handleOf, type Key, objectIn, Pkcs11Object } from '../object.ts'
import { mapped, type Operation, type Steps } from '../operation.ts'
import { attributesOfAll } from '../operations/attributes-of-all.ts'
import * as objects from '../operations/objects.ts'
import type { Seat } from '../seat.ts'
import type { Twin } from '../twin.ts'
import type { Ulong } from '../words.ts'
import type { Seating } from './seating.ts'

export interface FindOptions<Name extends AttributeName | number> extends CallOptions {
  /** Read with the objects: see `attributes` of each. */
  readonly attributes?: readonly Name[] | undefined
  /** No more than so many. */
  readonly limit?: number | undefined
}

/** Of a search that goes on while its results are used. */
const OBJECTS_AT_ONCE = 64

export interface Find {
  <const Name extends AttributeName | number = never>(
    template?: Template,
    options?: FindOptions<Name>,
  ): Promise<Pkcs11Object<Name>[]>
  /** The same, blocking. */
  sync<const Name extends AttributeName | number = never>(
    template?: Template,
    options?: FindOptions<Name>,
  ): Pkcs11Object<Name>[]
}

const FIND_OPTIONS = ['attributes', 'limit']

/** What is read of the objects, and how many are wanted. */
function askedOf(options: FindOptions<never>, where: string) {
  const { attributes: names = [], limit = Number.POSITIVE_INFINITY } = options
  if (!Array.isArray(names))
    throw wrongKind(`${where}: attributes`, 'an array of attributes', names)
  if (limit !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(limit) && limit >= 0))
    throw wrongKind(`${where}: limit`, 'a whole number from 0 on', limit)
  return { reading: readingOf(names, where), limit }
}

export function find(seating: Seating): Find {
  return seating.twin(
    'find',
    1,
    ({ handle, life }, template: Template = {}, options: FindOptions<never> = {}) => {
      const attributes = templateOf(template, 'find')
      const { reading, limit } = askedOf(options, 'find')
      return function* (frame) {
        const found = yield* objects.findAll(frame, handle, attributes, limit)
        return yield* withAttributes(frame, { handle, life }, found, reading)
      }
    },
    FIND_OPTIONS,
  ) as Find
}

export function search(seating: Seating) {
  return async function* <const Name extends AttributeName | number = never>(
    template: Template = {},
    options: FindOptions<Name> = {},
  ): AsyncGenerator<Pkcs11Object<Name>> {
    const attributes = templateOf(template, 'search')
    const limits = runOptionsOf(options, 'search', FIND_OPTIONS)
    const { reading, limit } = askedOf(options as FindOptions<never>, 'search')
    const { handle, life } = await seating.seat('search')
    const run = <Output>(operation: Operation<Output>): Promise<Output> =>
      life.run(operation, { ...limits, session: handle })
    const final: Operation<void> = (frame) => objects.findObjectsFinal(frame, handle)
    await run((frame) => objects.findObjectsInit(frame, handle, attributes))
    let isOver = false
    try {
      for (let found = 0; found < limit; ) {
        const most = Math.min(OBJECTS_AT_ONCE, limit - found)
        const some = await run(function* (frame) {
          const handles = yield* objects.findObjects(frame, handle, most)
          return yield* withAttributes(frame, { handle, life }, handles, reading)
        })
        if (some.length === 0) break
        found += some.length
        yield* some as unknown as Pkcs11Object<Name>[]
      }
    } catch (error) {
      isOver = true
      await life.clearUp(final, { ...limits, session: handle })
      throw error
    } finally {
      // What called the search off doesn't keep it from being ended.
      if (!isOver && life.serves)
        await life.run(final, { timeout: limits.timeout, session: handle })
    }
  }
}

export interface Get {
  <const Name extends AttributeName | number>(
    object: Key,
    names: readonly Name[],
    options?: CallOptions,
  ): Promise<Found<Name>>
  /** The same, blocking. */
  sync<const Name extends AttributeName | number>(
    object: Key,
    names: readonly Name[],
    options?: CallOptions,
  ): Found<Name>
}

export function get(seating: Seating): Get {
  return seating.twin('get', 2, ({ handle, life }, object: Key, names: readonly never[]) => {
    const target = handleOf(object, life, 'get: object', 'C_GetAttributeValue')
    if (!Array.isArray(names)) throw wrongKind('get: names', 'an array of attributes', names)
    const reading = readingOf(names, 'get')
    return mapped(
      (frame) => objects.getAttributeValue(frame, handle, target, reading.types),
      ({ values }) => foundOf(reading, values),
    )
  }) as Get
}

export function set(
  seating: Seating,
): Twin<[object: Key, template: Template, options?: CallOptions], void> {
  return seating.twin('set', 2, ({ handle, life }, object, template) => {
    const target = handleOf(object, life, 'set: object', 'C_SetAttributeValue')
    const attributes = templateOf(template, 'set')
    return (frame) => objects.setAttributeValue(frame, handle, target, attributes)
  })
}

export function create(
  seating: Seating,
): Twin<[template: Template, options?: CallOptions], Pkcs11Object> {
  return seating.twin('create', 1, ({ handle, life }, template) => {
    const attributes = templateOf(template, 'create')
    return mapped((frame) => objects.createObject(frame, handle, attributes), objectIn(life))
  })
}

export function copy(
  seating: Seating,
): Twin<[object: Key, template?: Template, options?: CallOptions], Pkcs11Object> {
  return seating.twin('copy', 2, ({ handle, life }, object, template = {}) => {
    const target = handleOf(object, life, 'copy: object', 'C_CopyObject')
    const attributes = templateOf(template, 'copy')
    return mapped((frame) => objects.copyObject(frame, handle, target, attributes), objectIn(life))
  })
}

export function destroy(seating: Seating): Twin<[object: Key, options?: CallOptions], void> {
  return seating.twin('destroy', 1, ({ handle, life }, object) => {
    const target = handleOf(object, life, 'destroy: object', 'C_DestroyObject')
    return (frame) => objects.destroyObject(frame, handle, target)
  })
}

export function size(seating: Seating): Twin<[object: Key, options?: CallOptions], number> {
  return seating.twin('size', 1, ({ handle, life }, object) => {
    const target = handleOf(object, life, 'size: object', 'C_GetObjectSize')
    return mapped((frame) => objects.getObjectSize(frame, handle, target), Number)
  })
}

/** Attributes that are asked for, and how each is read. */
interface Reading {
  readonly names: readonly (string | number)[]
  readonly types: readonly Ulong[]
  readonly readers: readonly Reader[]
}

function readingOf(names: readonly (string | number)[], where: string): Reading {
  const types = names.map((name) => typeOf(name, where))
  return { names, types, readers: names.map(readerOf) }
}

/** Objects that were found, with what was asked for. */
function* withAttributes(
  frame: Frame,
  { handle, life }: Pick<Seat, 'handle' | 'life'>,
  found: readonly Ulong[],
  reading: Reading,
): Steps<Pkcs11Object<never>[]> {
  const { types } = reading
  if (types.length === 0) return found.map((object) => new Pkcs11Object(object, life, {}))
  const read = yield* attributesOfAll(frame, handle, found, types, (object, { values }) => {
    return new Pkcs11Object(object, life, foundOf(reading, values))
  })
  return read.filter((object) => object !== undefined)
}

function foundOf(
  { names, readers }: Reading,
  values: objects.AttributeValues['values'],
): Found<never> {
  const found: Record<string | number, unknown> = {}
  for (const [index, read] of readers.entries())
    found[names[index] as string | number] = read(values[index] ?? null)
  return found as Found<never>
}
