/** CK_ATTRIBUTE: type, pointer, length. */
import { type Frame, type Place, wordIn } from '../frame.ts'
import { type Ulong, writeUlong } from '../words.ts'

export interface Attribute {
  readonly type: Ulong
  /** Bytes as the module has them; of a template, attributes. */
  readonly value: Uint8Array | readonly Attribute[] | null
}

export const ATTRIBUTE_BYTES = 24
const VALUE = 8
const LENGTH = 16

/** Address and number of attributes, as functions take them. */
export type TemplateWords = readonly [address: number, count: number]

/** Without attributes it has an address all the same: some modules take none for a wrong argument. */
export function placeTemplate(frame: Frame, attributes: readonly Attribute[]): TemplateWords {
  const place = frame.room(attributes.length * ATTRIBUTE_BYTES)
  for (const [index, { type, value }] of attributes.entries()) {
    let address = 0
    let length = 0
    if (value instanceof Uint8Array) {
      address = frame.copy(value).address
      length = value.length
    } else if (value !== null) {
      const [inner, count] = placeTemplate(frame, value)
      address = inner
      length = count * ATTRIBUTE_BYTES
    }
    writeAttribute(place, index, type, address, length)
  }
  return [place.address, attributes.length]
}

export function writeAttribute(
  { view, at }: Place,
  index: number,
  type: Ulong,
  address: number,
  length: number,
): void {
  const start = at + index * ATTRIBUTE_BYTES
  writeUlong(view, start, type)
  writeUlong(view, start + VALUE, address)
  writeUlong(view, start + LENGTH, length)
}

/** The length that the module says an attribute has. */
export function attributeLength(place: Place, index: number): Ulong {
  return wordIn(place, index * ATTRIBUTE_BYTES + LENGTH)
}

/** The type that stands in an attribute. */
export function attributeType(place: Place, index: number): Ulong {
  return wordIn(place, index * ATTRIBUTE_BYTES)
}
