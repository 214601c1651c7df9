/** Results whose length the module says: a roomy place first, a larger one where that is too small. */
import { CKR_BUFFER_TOO_SMALL, CKR_DEVICE_ERROR } from './constants/index.ts'
import { Pkcs11Error } from './errors.ts'
import { copyOf, type Frame, type Place, wordIn } from './frame.ts'
import type { FunctionName } from './functions.ts'
import { type Call, call, type Steps, trip } from './operation.ts'
import type { Ulong } from './words.ts'

/** Longer results are not asked for. */
export const MOST_BYTES = 2 ** 30
/** A result may grow between two calls, and not for ever. */
const MOST_TRIES = 4

/** How much room a result has. */
export interface Room {
  readonly bytes: number
  /** The caller has no more: a longer result is the function's error. */
  readonly fixed?: boolean | undefined
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
    if (rv === 0) return takeBytes(name, place, wordIn(length))
    bytes = enough(name, wordIn(length), bytes)
  }
}

const TOO_SMALL = [CKR_BUFFER_TOO_SMALL]

/** What the module says that it wrote. */
export function takeBytes(
  name: FunctionName,
  place: Place,
  length: Ulong,
): Uint8Array<ArrayBuffer> {
  if (length <= place.size) return copyOf(place, length)
  throw new Pkcs11Error(
    name,
    CKR_DEVICE_ERROR,
    `the module says that it wrote ${length} bytes where there was room for ${place.size}`,
  )
}

/** Room for what the module says that it needs. */
export function enough(name: FunctionName, needed: Ulong, offered: number): number {
  if (needed > offered && needed <= MOST_BYTES) return Number(needed)
  throw new Pkcs11Error(
    name,
    CKR_BUFFER_TOO_SMALL,
    `the module had room for ${offered} bytes and asks for ${needed}`,
  )
}
