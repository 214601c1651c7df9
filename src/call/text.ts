import type { Target } from '../memory/place.ts'

/** Bytes of a character: UTF-8, UTF-16 or UTF-32, in the processor's byte order. */
export type Unit = 1 | 2 | 4

/** Places a string with its terminator; returns its address. A string that contains NUL would be cut by C. */
export function encodeText(text: string, unit: Unit, target: Target, where: () => string): number {
  if (text.includes('\0'))
    throw new TypeError(`${where()} takes a string without NUL characters; pass bytes instead`)
  const bytes = textBytes(text, unit)
  const place = target.place(bytes.length + unit)
  place.bytes.set(bytes, place.offset)
  place.bytes.fill(0, place.offset + bytes.length, place.offset + bytes.length + unit)
  return place.address
}

/** A private copy of text as a string; what is no valid text becomes U+FFFD. */
export function decodeText(copy: Uint8Array, unit: Unit): string {
  const whole = Buffer.from(copy.buffer, copy.byteOffset, copy.length - (copy.length % unit))
  if (unit === 1) return whole.toString('utf8')
  if (unit === 2) return whole.toString('utf16le')
  let text = ''
  for (let at = 0; at < whole.length; at += 4) {
    const point = whole.readUInt32LE(at)
    text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd'
  }
  return text
}

/** The characters of a string, without a terminator. */
export function textBytes(text: string, unit: Unit): Uint8Array {
  if (unit === 1) return Buffer.from(text, 'utf8')
  if (unit === 2) return Buffer.from(text, 'utf16le')
  const points = Uint32Array.from(text, (character) => character.codePointAt(0) ?? 0)
  return new Uint8Array(points.buffer)
}
