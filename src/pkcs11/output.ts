/** Results whose length the module says: a roomy place first, a larger one where that is too small. */
import { CKR_BUFFER_TOO_SMALL, CKR_DEVICE_ERROR } from './constants/index.ts'
import { Pkcs11Error } from './errors.ts'
import { copyOf, type Frame, type Place, wordIn } from './frame.ts'
import type { FunctionName } from './functions.ts'
import { type Call, call, type Steps, trip } from './operation.ts'
import type { Ulong } from './words.ts'

/** Longer results are not asked for. */
export const MOST_BYTES = 2 ** 30
/** What goes out beyond a multiple of what went in: more would be nonsense, and the memory for it the program's. */
const MOST_MORE = 2 ** 24
const MOST_TIMES = 16
/** Values of one object's attributes together. */
export const MOST_VALUES = 2 ** 26
/** Slots, or mechanisms of a token. */
export const MOST_LISTED = 2 ** 16
/** A result may grow between two calls, and not for ever. */
const MOST_TRIES = 4

/** A place of the caller's for a result. */
export interface Into {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The parameter, for messages. */
  readonly name: string
}

/** How much room a result has. */
export interface Room {
  readonly bytes: number
  /** The caller has no more: a longer result is the function's error. */
  readonly fixed?: boolean | undefined
  /** Bytes that the result may have. Default: a multiple of the room. */
  readonly most?: number | undefined
  /** Where it goes. Default: bytes of its own. */
  readonly into?: Into | undefined
}

/** How long a result of so many bytes may be. */
export function mostFor(bytes: number): number {
  return Math.min(MOST_BYTES, MOST_TIMES * bytes + MOST_MORE)
}

/** The call that begins an operation, and whether it did. */
export interface Beginning {
  readonly call: Call
  begun: boolean
}

/**
 * Calls a function that ends with a place for its result and that place's length. Where the place is too small, the
 * function has done nothing yet, and is called again.
 * @param begin A call that has to be good before; `begun` is set when it was.
 */
export function* output(
  frame: Frame,
  name: FunctionName,
  before: readonly Ulong[],
  room: Room,
  begin?: Beginning,
): Steps<Uint8Array<ArrayBuffer>> {
  let { bytes } = room
  for (let tries = 1; ; tries++) {
    const place = frame.room(bytes)
    const length = frame.word(bytes)
    const accepts = room.fixed || tries === MOST_TRIES ? undefined : TOO_SMALL
    const made = call(name, [...before, place.address, length.address], accepts)
    const rv = yield begin !== undefined && tries === 1 ? trip(begin.call, made) : made
    if (begin !== undefined) begin.begun = true
    if (rv === 0) return takeBytes(name, place, wordIn(length), room.into)
    bytes = enough(name, wordIn(length), bytes, room.most ?? mostFor(room.bytes))
  }
}

const TOO_SMALL = [CKR_BUFFER_TOO_SMALL]

/**
 * What the module says that it wrote.
 * @throws {RangeError} for a place of the caller's that is too small
 */
export function takeBytes(
  name: FunctionName,
  place: Place,
  length: Ulong,
  into?: Into,
): Uint8Array<ArrayBuffer> {
  const count = written(name, place, length)
  if (into === undefined) return copyOf(place, count)
  const { bytes } = into
  if (bytes.length < count)
    throw new RangeError(`${into.name} has ${bytes.length} bytes, and the result ${count}`)
  bytes.set(place.bytes.subarray(place.at, place.at + count))
  return bytes.subarray(0, count)
}

/** How much that is, where there is so much room. */
export function written(name: FunctionName, { size }: Place, length: Ulong): number {
  if (length <= size) return Number(length)
  throw new Pkcs11Error(
    name,
    CKR_DEVICE_ERROR,
    `the module says that it wrote ${length} bytes where there was room for ${size}`,
  )
}

/** Room for what the module says that it needs. */
export function enough(
  name: FunctionName,
  needed: Ulong,
  offered: number,
  most = MOST_BYTES,
): number {
  if (needed > offered && needed <= most) return Number(needed)
  const why = needed <= offered ? `has room for ${offered}` : `may have ${most}`
  throw new Pkcs11Error(
    name,
    CKR_BUFFER_TOO_SMALL,
    `the module asks for room for ${needed} bytes, where it ${why}`,
  )
}

/** The same for several results that have so many bytes together. */
export function enoughForAll(name: FunctionName, most: number): (needed: Ulong) => number {
  let left = most
  return (needed) => {
    const bytes = enough(name, needed, -1, left)
    left -= bytes
    return bytes
  }
}
