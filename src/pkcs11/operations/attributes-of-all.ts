/** Attributes of many objects, in a few trips. */
import {
  CKR_BUFFER_TOO_SMALL,
  CKR_DEVICE_ERROR,
  CKR_OBJECT_HANDLE_INVALID,
} from '../constants/index.ts'
import { Pkcs11Error } from '../errors.ts'
import type { Frame } from '../frame.ts'
import { calls, type Steps, type Trip } from '../operation.ts'
import { ATTRIBUTE_BYTES } from '../structures/attributes.ts'
import type { Ulong } from '../words.ts'
import { type AttributeValues, getAttributeValue, type Value } from './objects.ts'
import { isTemplate, layOut, offer, type Question, questionBytes } from './questions.ts'

/** The first trip asks about a few objects: it tells how long values are. */
const FIRST = 4
const MOST = 128
/** Room for each value, and the same where one was longer. */
const BYTES = 512
const LONG_BYTES = 4096
/** Bytes of all values together: a module that has more has no end, or the program wants them a few at a time. */
const MOST_ALL = 2 ** 28
/** Bytes of the questions of one trip: `Frames` wipes memory of this size after use. */
const MOST_BYTES = 2 ** 17

/** Objects that are asked about in one trip. */
interface Lot {
  readonly first: number
  readonly questions: readonly Question[]
  readonly trip: Trip
}

type Show<Result> = (object: Ulong, values: AttributeValues) => Result

/** What came of lots so far, by the object's place among all. */
class Answers<Result> {
  readonly results: (Result | undefined)[]
  /** Those that take more than one question. */
  readonly left: number[] = []
  hasLong = false
  #bytes = 0
  readonly #all: readonly Ulong[]
  readonly #hasTemplates: boolean
  readonly #show: Show<Result>

  constructor(all: readonly Ulong[], hasTemplates: boolean, show: Show<Result>) {
    this.results = new Array<undefined>(all.length).fill(undefined)
    this.#all = all
    this.#hasTemplates = hasTemplates
    this.#show = show
  }

  take({ first, questions, trip }: Lot): void {
    for (const [index, rv] of trip.returned.entries()) {
      if (rv === 0 && !this.#hasTemplates) {
        this.put(first + index, { rv, values: (questions[index] as Question).read() })
        continue
      }
      this.left.push(first + index)
      this.hasLong ||= rv === CKR_BUFFER_TOO_SMALL
    }
  }

  put(index: number, values: AttributeValues): void {
    for (const value of values.values) this.#bytes += bytesOf(value)
    if (this.#bytes > MOST_ALL)
      throw new Pkcs11Error(
        'C_GetAttributeValue',
        CKR_DEVICE_ERROR,
        `the values of the objects have more than ${MOST_ALL} bytes`,
      )
    this.results[index] = this.#show(this.#all[index] as Ulong, values)
  }
}

function bytesOf(value: Value | null): number {
  if (value === undefined || value === null) return 0
  if (value instanceof Uint8Array) return value.length
  return value.reduce((sum, inner) => sum + ATTRIBUTE_BYTES + bytesOf(inner.value), 0)
}

/**
 * What objects have of some attributes; of one that is gone meanwhile, `undefined`.
 * @param show Makes a result of it, while the module goes on.
 */
export function* attributesOfAll<Result>(
  frame: Frame,
  session: Ulong,
  all: readonly Ulong[],
  types: readonly Ulong[],
  show: Show<Result>,
): Steps<(Result | undefined)[]> {
  const answers = new Answers(all, types.some(isTemplate), show)
  const { mark } = frame
  const questions = (bytes: number, most: number): Question[] => {
    const offered = offer(types, bytes)
    const fit = Math.max(1, Math.floor(MOST_BYTES / questionBytes(offered)))
    return layOut(frame, types, offered, Math.min(most, fit, all.length))
  }
  const lotOf = (first: number, laidOut: readonly Question[], meanwhile?: () => void): Lot => {
    const some = all.slice(first, first + laidOut.length)
    const asked = some.map((object, index) => (laidOut[index] as Question).about(session, object))
    return { first, questions: laidOut, trip: calls(asked, meanwhile) }
  }

  let next = 0
  let isLong = false
  // Two: while the module fills one, what stands in the other is read.
  let sides: Question[][] = [questions(BYTES, FIRST)]
  let unread: Lot | undefined
  while (next < all.length) {
    const isTight = answers.hasLong && !isLong
    if (unread !== undefined && (sides.length === 1 || isTight)) {
      answers.take(unread)
      unread = undefined
      isLong = answers.hasLong
      frame.rewind(mark)
      const bytes = isLong ? LONG_BYTES : BYTES
      sides = [questions(bytes, MOST), questions(bytes, MOST)]
    }
    const before: Lot | undefined = unread
    const [side = []] = sides.reverse()
    unread = lotOf(next, side, before && (() => answers.take(before)))
    next += side.length
    yield unread.trip
  }
  if (unread !== undefined) answers.take(unread)
  for (const index of answers.left) {
    frame.rewind(mark)
    const values = yield* attributesOfOne(frame, session, all[index] as Ulong, types)
    if (values !== undefined) answers.put(index, values)
  }
  return answers.results
}

function* attributesOfOne(
  frame: Frame,
  session: Ulong,
  object: Ulong,
  types: readonly Ulong[],
): Steps<AttributeValues | undefined> {
  try {
    return yield* getAttributeValue(frame, session, object, types)
  } catch (error) {
    // Another program may have destroyed it meanwhile.
    if (error instanceof Pkcs11Error && error.rv === CKR_OBJECT_HANDLE_INVALID) return undefined
    throw error
  }
}
