/** Objects, their attributes, and the search for them. */
import { CKR_BUFFER_TOO_SMALL, CKR_DEVICE_ERROR } from '../constants/index.ts'
import { Pkcs11Error } from '../errors.ts'
import { aligned, copyOf, type Frame, type Place, partOf, wordIn } from '../frame.ts'
import { type Call, call, type Steps, trip } from '../operation.ts'
import { enough, enoughForAll, MOST_VALUES, takeBytes } from '../output.ts'
import {
  ATTRIBUTE_BYTES,
  type Attribute,
  attributeLength,
  attributeType,
  placeTemplate,
  writeAttribute,
} from '../structures/attributes.ts'
import { type Ulong, UNAVAILABLE } from '../words.ts'
import { isTemplate, layOut, offer, PARTIAL, type Question } from './questions.ts'
import { ulongsIn } from './slots.ts'

/** Room that each attribute is offered: what most values fit. */
const FIRST_BYTES = 1024
/** Handles that one call is asked for. */
const HANDLES_AT_ONCE = 1024
/** Attributes of a template that is an attribute: the standard has not nearly as many. */
const MOST_IN_TEMPLATE = 2 ** 10
/** A search that finds more than this finds no end. */
const MOST_FOUND = 2 ** 20

export function* createObject(
  frame: Frame,
  session: Ulong,
  template: readonly Attribute[],
): Steps<Ulong> {
  const object = frame.zeroed(8)
  yield call('C_CreateObject', [session, ...placeTemplate(frame, template), object.address])
  return wordIn(object)
}

export function* copyObject(
  frame: Frame,
  session: Ulong,
  object: Ulong,
  template: readonly Attribute[],
): Steps<Ulong> {
  const copy = frame.zeroed(8)
  yield call('C_CopyObject', [session, object, ...placeTemplate(frame, template), copy.address])
  return wordIn(copy)
}

export function* destroyObject(_frame: Frame, session: Ulong, object: Ulong): Steps<void> {
  yield call('C_DestroyObject', [session, object])
}

export function* getObjectSize(frame: Frame, session: Ulong, object: Ulong): Steps<Ulong> {
  const size = frame.zeroed(8)
  yield call('C_GetObjectSize', [session, object, size.address])
  return wordIn(size)
}

export function* setAttributeValue(
  frame: Frame,
  session: Ulong,
  object: Ulong,
  template: readonly Attribute[],
): Steps<void> {
  yield call('C_SetAttributeValue', [session, object, ...placeTemplate(frame, template)])
}

/** Values of attributes in the order that was asked for. */
export interface AttributeValues {
  /** `CKR_OK`, or why some are missing: `CKR_ATTRIBUTE_SENSITIVE`, `CKR_ATTRIBUTE_TYPE_INVALID`. */
  readonly rv: number
  /** `undefined` for what the object has not, or does not tell. */
  readonly values: readonly Value[]
}

export type Value = Uint8Array | readonly Attribute[] | undefined

/**
 * Mostly one call. Where values are missing, they may be longer than what they were offered: their lengths are asked
 * for, and those that have one once more.
 */
export function* getAttributeValue(
  frame: Frame,
  session: Ulong,
  object: Ulong,
  types: readonly Ulong[],
): Steps<AttributeValues> {
  if (types.length === 0) return { rv: 0, values: [] }
  const offered = offer(types, FIRST_BYTES)
  const first = yield* attempt(frame, session, object, types, offered)
  const values: Value[] = first.values
  let { rv } = first
  // A module may stop at the first one that is missing: behind it stands the room, not a length.
  const untouched = types.map((_, index) => rv !== 0 && values[index]?.length === FIRST_BYTES)
  const missing = types
    .map((type, index) => ({ type, index, length: 0 }))
    .filter(({ type, index }) => values[index] === undefined && !isTemplate(type))
  if (rv !== 0 && missing.length > 0) {
    rv = yield* askLengths(frame, session, object, missing)
    const long = missing.filter(({ length }) => length >= 0)
    if (long.length > 0) {
      const lengths = long.map(({ length }) => length)
      const longTypes = long.map(({ type }) => type)
      const found = yield* attempt(frame, session, object, longTypes, lengths)
      for (const [index, each] of long.entries()) values[each.index] = found.values[index]
    }
  }
  for (const [index, type] of types.entries()) {
    if (isTemplate(type)) values[index] = yield* templateOf(frame, session, object, type)
    if (untouched[index]) values[index] = yield* askedAlone(frame, session, object, type, types)
  }
  return { rv: rv === CKR_BUFFER_TOO_SMALL ? 0 : rv, values }
}

/** Of an attribute that others may have stood in the way of: asked for alone. */
function* askedAlone(
  frame: Frame,
  session: Ulong,
  object: Ulong,
  type: Ulong,
  among: readonly Ulong[],
): Steps<Value> {
  if (among.length === 1) return undefined
  return (yield* getAttributeValue(frame, session, object, [type])).values[0]
}

/** Sets the lengths of attributes; -1 of those that the object has not, or does not tell. */
function* askLengths(
  frame: Frame,
  session: Ulong,
  object: Ulong,
  attributes: { readonly type: Ulong; length: number }[],
): Steps<number> {
  const list = frame.zeroed(attributes.length * ATTRIBUTE_BYTES)
  for (const [index, { type }] of attributes.entries()) writeAttribute(list, index, type, 0, 0)
  const words = [session, object, list.address, attributes.length]
  const rv = yield call('C_GetAttributeValue', words, PARTIAL)
  const roomFor = enoughForAll('C_GetAttributeValue', MOST_VALUES)
  for (const [index, attribute] of attributes.entries()) {
    const length = attributeLength(list, index)
    attribute.length = length === UNAVAILABLE ? -1 : roomFor(length)
  }
  return rv
}

interface Attempt {
  readonly rv: number
  readonly values: (Uint8Array | undefined)[]
}

function* attempt(
  frame: Frame,
  session: Ulong,
  object: Ulong,
  types: readonly Ulong[],
  bytes: readonly number[],
): Steps<Attempt> {
  const [question] = layOut(frame, types, bytes, 1) as [Question]
  const rv = yield question.about(session, object)
  return { rv, values: question.read() }
}

/** How many attributes, then which and how long, then their values. */
function* templateOf(
  frame: Frame,
  session: Ulong,
  object: Ulong,
  type: Ulong,
): Steps<readonly Attribute[] | undefined> {
  const outer = frame.zeroed(ATTRIBUTE_BYTES)
  const words = [session, object, outer.address, 1]
  writeAttribute(outer, 0, type, 0, 0)
  yield call('C_GetAttributeValue', words, PARTIAL)
  const length = attributeLength(outer, 0)
  if (length === UNAVAILABLE) return undefined
  const most = MOST_IN_TEMPLATE * ATTRIBUTE_BYTES
  const bytes = enough('C_GetAttributeValue', length, -1, most)
  const count = Math.floor(bytes / ATTRIBUTE_BYTES)
  if (count === 0) return []
  const inner = frame.zeroed(count * ATTRIBUTE_BYTES)
  writeAttribute(outer, 0, type, inner.address, inner.size)
  yield call('C_GetAttributeValue', words, PARTIAL)
  const roomFor = enoughForAll('C_GetAttributeValue', MOST_VALUES)
  // Each is read once: what stands there later is the module's.
  const found = Array.from({ length: count }, (_, index) => {
    const size = attributeLength(inner, index)
    return { type: attributeType(inner, index), room: size === UNAVAILABLE ? 0 : roomFor(size) }
  })
  // In one piece: else each could be memory of its own, with a descriptor of the program.
  const values = frame.zeroed(found.reduce((sum, { room }) => sum + valueBytes(room), 0))
  let next = 0
  const rooms = found.map(({ type: each, room }) => {
    const place = partOf(values, next, room)
    next += valueBytes(room)
    return { type: each, place }
  })
  for (const [index, { type: each, place }] of rooms.entries())
    writeAttribute(inner, index, each, place.address, place.size)
  writeAttribute(outer, 0, type, inner.address, inner.size)
  yield call('C_GetAttributeValue', words, PARTIAL)
  return rooms.map(({ type: each, place }) => ({ type: each, value: copyOf(place, place.size) }))
}

/** Of a value in a template: one without bytes has an address, too. */
function valueBytes(room: number): number {
  return aligned(Math.max(1, room))
}

export function* findObjectsInit(
  frame: Frame,
  session: Ulong,
  template: readonly Attribute[],
): Steps<void> {
  yield call('C_FindObjectsInit', [session, ...placeTemplate(frame, template)])
}

/** The next handles of a search; none at its end. */
export function* findObjects(frame: Frame, session: Ulong, most = HANDLES_AT_ONCE): Steps<Ulong[]> {
  const places = { handles: frame.room(most * 8), count: frame.room(8) }
  return yield* someObjects(places, session, most)
}

export function* findObjectsFinal(_frame: Frame, session: Ulong): Steps<void> {
  yield call('C_FindObjectsFinal', [session])
}

/** A whole search, in as few trips as there can be. */
export function* findAll(
  frame: Frame,
  session: Ulong,
  template: readonly Attribute[],
  limit = Number.POSITIVE_INFINITY,
): Steps<Ulong[]> {
  const begin = call('C_FindObjectsInit', [session, ...placeTemplate(frame, template)])
  const most = Math.min(HANDLES_AT_ONCE, limit)
  const places = { handles: frame.room(most * 8), count: frame.room(8) }
  const found: Ulong[] = []
  let begun = false
  try {
    while (found.length < limit) {
      const wanted = Math.min(most, limit - found.length)
      const some = yield* someObjects(places, session, wanted, begun ? undefined : begin)
      begun = true
      if (some.length === 0) break
      found.push(...some)
      if (found.length > MOST_FOUND)
        throw new Pkcs11Error('C_FindObjects', CKR_DEVICE_ERROR, 'the search has no end')
    }
  } catch (error) {
    if (begun || !isFirst(error)) yield* endAfter(session)
    throw error
  }
  if (begun) yield* findObjectsFinal(frame, session)
  return found
}

/** Whether a search did not even begin. */
function isFirst(error: unknown): boolean {
  return error instanceof Pkcs11Error && error.method === 'C_FindObjectsInit'
}

function* endAfter(session: Ulong): Steps<void> {
  try {
    yield call('C_FindObjectsFinal', [session])
  } catch {
    // What went wrong before is what counts.
  }
}

interface FindPlaces {
  readonly handles: Place
  readonly count: Place
}

function* someObjects(
  { handles, count }: FindPlaces,
  session: Ulong,
  most: number,
  begin?: Call,
): Steps<Ulong[]> {
  count.view.setBigUint64(count.at, 0n)
  const find = call('C_FindObjects', [session, handles.address, most, count.address])
  yield begin === undefined ? find : trip(begin, find)
  const bytes = BigInt(wordIn(count)) * 8n
  const asked = { ...handles, size: most * 8 }
  return ulongsIn(takeBytes('C_FindObjects', asked, bytes))
}
