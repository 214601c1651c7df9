/** Methods that take more than one call, since their answer's length is not known before. */
import { CKR_BUFFER_TOO_SMALL, CKR_NO_EVENT } from '../pkcs11/constants/index.ts'
import { type Frame, type Place, wordIn } from '../pkcs11/frame.ts'
import type { FunctionName } from '../pkcs11/functions.ts'
import { call, type Steps } from '../pkcs11/operation.ts'
import {
  enough,
  enoughForAll,
  MOST_LISTED,
  MOST_VALUES,
  mostFor,
  written,
} from '../pkcs11/output.ts'
import {
  ATTRIBUTE_BYTES,
  attributeLength,
  writeAttribute,
} from '../pkcs11/structures/attributes.ts'
import { type Ulong, UNAVAILABLE } from '../pkcs11/words.ts'
import { bufferOf } from './bytes.ts'
import { type Handles, lowerHalf, wordBuffer } from './handles.ts'
import type { Asked } from './invocation.ts'
import { AT_ONCE } from './searches.ts'
import { type Attribute, DATE_BYTES, isDate, typeName } from './template.ts'
import type { Handle } from './types.ts'

const WORD = 8
const MOST_HANDLES = 2 ** 20
/** Room that each attribute is offered: what most values fit. */
const FIRST_BYTES = 512

/** What is in a place after the call that asks how long it must be, and the one that fills it. */
function* sized(
  frame: Frame,
  name: FunctionName,
  before: readonly Ulong[],
  unit: number,
): Steps<readonly [Place, count: number] | undefined> {
  const count = frame.word(0)
  yield call(name, [...before, 0, count.address])
  const wanted = Number(wordIn(count))
  if (wanted === 0) return undefined
  const most = unit === WORD ? MOST_LISTED * WORD : mostFor(0)
  const place = frame.zeroed(enough(name, wanted * unit, 0, most))
  yield call(name, [...before, place.address, count.address])
  return [place, written(name, place, BigInt(wordIn(count)) * BigInt(unit)) / unit]
}

function wordsIn(place: Place, count: number): Ulong[] {
  return Array.from({ length: count }, (_, index) => wordIn(place, index * WORD))
}

export function* getSlotList(frame: Frame, present: boolean): Steps<Handle[]> {
  const found = yield* sized(frame, 'C_GetSlotList', [present ? 1 : 0], WORD)
  return found === undefined ? [] : wordsIn(...found).map(wordBuffer)
}

export function* waitForSlotEvent(frame: Frame, flags: number): Steps<Handle | null> {
  const slot = frame.word(0)
  const rv = yield call('C_WaitForSlotEvent', [flags, slot.address, 0], [CKR_NO_EVENT])
  return rv === CKR_NO_EVENT ? null : wordBuffer(wordIn(slot))
}

export function* getMechanismList({ name, values: [slot] }: Asked, frame: Frame): Steps<number[]> {
  const found = yield* sized(frame, name, [slot as Ulong], WORD)
  return found === undefined ? [] : wordsIn(...found).map(lowerHalf)
}

export function* getOperationState(
  { name, values: [session] }: Asked,
  frame: Frame,
  handles: Handles,
): Steps<Buffer> {
  const before = [handles.take(session as Ulong, 'session', name)]
  const found = yield* sized(frame, name, before, 1)
  return found === undefined ? Buffer.alloc(0) : bufferOf(...found)
}

export function* findObjects(asked: Asked, frame: Frame, handles: Handles): Steps<Handle[]> {
  const [session, most] = asked.values as [Ulong, number]
  const { searches } = handles
  if (searches.isInDoubt(session))
    searches.goesOn(session, yield* foundMore(asked, frame, handles, AT_ONCE))
  const wanted = Math.min(most, MOST_HANDLES)
  const ahead = searches.take(session, wanted)
  // Fewer than it asked for means to a program that there are no more.
  const missing = wanted - ahead.length
  if (wanted > 0 && missing === 0) return ahead.map((handle) => handles.give(handle))
  const count = missing === 0 ? 0 : Math.max(missing, AT_ONCE)
  const found = yield* foundMore(asked, frame, handles, count)
  if (missing > 0) searches.keep(session, found, missing)
  return [...ahead, ...found.slice(0, missing)].map((handle) => handles.give(handle))
}

/** What the module goes on to find: so many handles at most. */
function* foundMore(
  { name, values: [session] }: Asked,
  frame: Frame,
  handles: Handles,
  most: number,
): Steps<Ulong[]> {
  const place = frame.room(most * WORD)
  const count = frame.word(0)
  const words = [place.address, most, count.address]
  yield call(name, [handles.take(session as Ulong, 'session', name), ...words])
  return wordsIn(place, written(name, place, BigInt(wordIn(count)) * 8n) / WORD)
}

/** Of each attribute its value's bytes, or `undefined` where the module has none. */
type Found = readonly (Buffer | undefined)[]

export function* getAttributeValue(
  { name, values: [session, object, template], given }: Asked,
  frame: Frame,
  handles: Handles,
): Steps<unknown> {
  const types = (template as readonly Attribute[]).map(({ type }) => type)
  const asking = new Asking(frame, types, handlesOf(handles, name, session, object))
  const values = (yield* asking.roomy()) ?? (yield* asking.sized())
  return withValues(given[2] as { value?: unknown }[], types, values)
}

function handlesOf(
  handles: Handles,
  name: FunctionName,
  session: unknown,
  object: unknown,
): readonly Ulong[] {
  return [
    handles.take(session as Ulong, 'session', name),
    handles.take(object as Ulong, 'object', name),
  ]
}

class Asking {
  readonly #frame: Frame
  readonly #types: readonly number[]
  readonly #before: readonly Ulong[]

  constructor(frame: Frame, types: readonly number[], before: readonly Ulong[]) {
    this.#frame = frame
    this.#types = types
    this.#before = before
  }

  /** Mostly all values fit at once; `undefined` where one does not. */
  *roomy(): Steps<Found | undefined> {
    const places = this.#types.map(() => this.#frame.room(FIRST_BYTES))
    const list = this.#list(places)
    const rv = yield this.#call(list, [CKR_BUFFER_TOO_SMALL])
    return rv === CKR_BUFFER_TOO_SMALL ? undefined : this.#read(list, places)
  }

  /** Lengths first. */
  *sized(): Steps<Found> {
    const asked = this.#list([])
    yield this.#call(asked, [])
    const roomFor = enoughForAll(NAME, MOST_VALUES)
    const places = this.#types.map((_, index) => {
      const length = attributeLength(asked, index)
      return this.#frame.zeroed(length === UNAVAILABLE ? 0 : roomFor(length))
    })
    const list = this.#list(places)
    yield this.#call(list, [])
    return this.#read(list, places)
  }

  #list(places: readonly Place[]): Place {
    const list = this.#frame.zeroed(this.#types.length * ATTRIBUTE_BYTES)
    for (const [index, type] of this.#types.entries()) {
      const place = places[index]
      writeAttribute(list, index, type, place?.address ?? 0, place?.size ?? 0)
    }
    return list
  }

  #call(list: Place, accepts: readonly number[]) {
    const words = [...this.#before, list.address, this.#types.length]
    return call(NAME, words, accepts)
  }

  #read(list: Place, places: readonly Place[]): Found {
    return places.map((place, index) => {
      const length = attributeLength(list, index)
      return length === UNAVAILABLE ? undefined : bufferOf(place, written(NAME, place, length))
    })
  }
}

const NAME = 'C_GetAttributeValue'

/** The values in the program's own objects, as pkcs11js puts them there. */
function withValues(
  template: { value?: unknown }[],
  types: readonly number[],
  values: Found,
): unknown {
  for (const [index, value] of values.entries()) {
    const type = types[index] as number
    if (value !== undefined && isDate(type) && value.length !== DATE_BYTES)
      throw new TypeError(
        `Attribute ${typeName(type)} has wrong length. Should be ${DATE_BYTES}, but is ${value.length}`,
      )
    const attribute = template[index]
    if (attribute !== undefined) attribute.value = value
  }
  return template
}
