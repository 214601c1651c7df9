import type { Target } from '../memory/place.ts'
import { describe } from './complaint.ts'

/** Bytes of a character: UTF-8, UTF-16 or UTF-32, in the processor's byte order; or Latin-1, of one byte. */
export type Unit = 1 | 2 | 4 | 'latin1'

export function unitBytes(unit: Unit): 1 | 2 | 4 {
  return unit === 'latin1' ? 1 : unit
}

/** Places a string with its terminator; returns its address. A string that contains NUL would be cut by C. */
export function encodeText(text: string, unit: Unit, target: Target, where: () => string): number {
  if (text.includes('\0'))
    throw new TypeError(`${where()} takes a string without NUL characters; pass bytes instead`)
  const bytes = textBytes(text, unit, where)
  const whole = bytes.length + unitBytes(unit)
  const place = target.place(whole)
  place.bytes.set(bytes, place.offset)
  place.bytes.fill(0, place.offset + bytes.length, place.offset + whole)
  return place.address
}

/**
 * How many of these bytes, which go on elsewhere, can be decoded by themselves: none is part of a character that ends
 * behind them. Of a character's bytes at most four are left out.
 */
export function wholeBytes(piece: Uint8Array, unit: Unit): number {
  const { length } = piece
  if (unit !== 1) return length - (length % unitBytes(unit))
  for (let back = 1; back <= Math.min(4, length); back++) {
    const byte = piece[length - back] as number
    if (byte < 0x80) return length
    // The first byte of a character; those behind it may be too few.
    if (byte >= 0xc0) return back < length ? length - back : length
  }
  // Four that continue: the last one continues nothing.
  return length
}

/** A private copy of text as a string; what is no valid text becomes U+FFFD. */
export function decodeText(copy: Uint8Array, unit: Unit): string {
  const length = copy.length - (copy.length % unitBytes(unit))
  const whole = Buffer.from(copy.buffer, copy.byteOffset, length)
  if (unit === 1) return whole.toString('utf8')
  if (unit === 2) return whole.toString('utf16le')
  if (unit === 'latin1') return whole.toString('latin1')
  let text = ''
  for (let at = 0; at < whole.length; at += 4) {
    const point = whole.readUInt32LE(at)
    text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd'
  }
  return text
}

/** The characters of a string, without a terminator. Throws `RangeError` for those that the encoding hasn't. */
export function textBytes(text: string, unit: Unit, where: () => string): Uint8Array {
  if (unit === 1) return Buffer.from(text, 'utf8')
  if (unit === 2) return Buffer.from(text, 'utf16le')
  if (unit === 'latin1') return latin1Bytes(text, where)
  const points = Uint32Array.from(text, (character) => character.codePointAt(0) ?? 0)
  return new Uint8Array(points.buffer)
}

function latin1Bytes(text: string, where: () => string): Uint8Array {
  const strange = /[\u0100-\u{10ffff}]/u.exec(text)
  if (strange === null) return Buffer.from(text, 'latin1')
  const point = strange[0].codePointAt(0) as number
  const code = point.toString(16).toUpperCase().padStart(4, '0')
  throw new RangeError(
    `${where()} takes the characters of Latin-1, up to U+00FF, not U+${code} at ${strange.index} of ${describe(text)}`,
  )
}
