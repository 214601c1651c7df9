import { decodeText, unitBytes } from '../call/text.ts'
import type { Reading } from '../call/value/codec.ts'
import { follow, type Steps } from '../channel/follow.ts'
import { measureText, readBytes } from './memory.ts'

/** The longest text that JavaScript can hold, in bytes; a claim beyond it is no text. */
export const LONGEST_TEXT = 2 ** 29 - 24

/** What the results point to is fetched before they are given out. */
export function withTexts(reading: Reading, whole: () => unknown): unknown {
  return reading.texts.length === 0 ? whole() : follow(fetchTexts(reading, whole))
}

export function* fetchTexts({ texts, owner }: Reading, whole: () => unknown): Steps<unknown> {
  for (const { address, unit, put } of texts) {
    const bytes = yield measureText(address, unitBytes(unit), LONGEST_TEXT, owner)
    put(decodeText((yield readBytes(address, bytes, owner)) as Uint8Array, unit))
  }
  return whole()
}
