import { sizeOf } from '../abi/layout.ts'
import type { CType } from '../abi/types.ts'
import { decodeText, type Unit, unitBytes, wholeBytes } from '../call/text.ts'
import { Reading } from '../call/value/codec.ts'
import { readWithText } from '../call/value/of.ts'
import { follow, type Steps } from '../channel/follow.ts'
import type { Request } from '../channel/request.ts'
import type { Failure } from '../errors.ts'
import { measureText, readBytes, readKept, takeText } from './memory.ts'

/** The longest text that JavaScript can hold, in bytes; a claim beyond it is no text. */
export const LONGEST_TEXT = 2 ** 29 - 24

/** What the results point to is fetched before they are given out. */
export function withTexts(reading: Reading, whole: () => unknown): unknown {
  return reading.texts.length === 0 ? whole() : follow(fetchTexts(reading, whole))
}

export function* fetchTexts({ texts, owner }: Reading, whole: () => unknown): Steps<unknown> {
  for (const { address, unit, put } of texts) put(yield* textAt(address, unit, owner))
  return whole()
}

/** So many bytes of a text are copied and decoded at a time; the event loop goes on in between. */
const PIECE = 512 * 1024

/** The text at an address of that incarnation; at most so many bytes of it. */
export function* textAt(
  address: bigint,
  unit: Unit,
  owner: object,
  most = LONGEST_TEXT,
): Steps<string> {
  const bytes = (yield measureText(address, unitBytes(unit), most, owner)) as number
  return yield* textOf(bytes, unit, (at, length) => readBytes(address + BigInt(at), length, owner))
}

/** A text of so many bytes. What is there may change meanwhile: each byte is copied once and then used. */
function* textOf(
  bytes: number,
  unit: Unit,
  copy: (at: number, length: number) => Request<undefined, Uint8Array>,
): Steps<string> {
  let text = ''
  for (let at = 0; at < bytes; ) {
    const length = Math.min(PIECE, bytes - at)
    const piece = (yield copy(at, length)) as Uint8Array
    const whole = at + length === bytes ? length : wholeBytes(piece, unit)
    text += decodeText(piece.subarray(0, whole), unit)
    at += whole
  }
  return text
}

/** A text that the host keeps since it did not fit its answer; the host forgets it. */
export function* keptText(
  bytes: number,
  handle: bigint,
  unit: Unit,
  subject: Failure,
  owner: object,
): Steps<string> {
  if (bytes <= PIECE)
    return decodeText((yield takeText(handle, bytes, subject, owner)) as Uint8Array, unit)
  const text = yield* textOf(bytes, unit, (at, length) =>
    readKept(handle + BigInt(at), length, owner, subject),
  )
  yield takeText(handle, 0, subject, owner)
  return text
}

/** The value at an address of that incarnation, with the texts that it points to. */
export function* valueAt(address: bigint, type: CType, owner: object): Steps<unknown> {
  const copy = (yield readBytes(address, sizeOf(type), owner)) as Uint8Array
  const reading = new Reading(owner)
  let value: unknown
  readWithText(type, new DataView(copy.buffer, copy.byteOffset, copy.length), reading, (found) => {
    value = found
  })
  return yield* fetchTexts(reading, () => value)
}
