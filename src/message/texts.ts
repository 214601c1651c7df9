import { sizeOf } from '../abi/layout.ts'
import type { CType } from '../abi/types.ts'
import { decodeText, type Unit, unitBytes } from '../call/text.ts'
import { Reading } from '../call/value/codec.ts'
import { readWithText } from '../call/value/of.ts'
import { follow, type Steps } from '../channel/follow.ts'
import { measureText, readBytes } from './memory.ts'

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

/** The text at an address of that incarnation. */
export function* textAt(address: bigint, unit: Unit, owner: object): Steps<string> {
  const bytes = (yield measureText(address, unitBytes(unit), LONGEST_TEXT, owner)) as number
  return decodeText((yield readBytes(address, bytes, owner)) as Uint8Array, unit)
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
