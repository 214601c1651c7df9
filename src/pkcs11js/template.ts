/** Templates: attributes with values of JavaScript, as pkcs11js takes and gives them. */
import { CKA_END_DATE, CKA_START_DATE } from '../pkcs11/constants/index.ts'
import { bytesOfNumber, bytesOfView } from './bytes.ts'

/** Of a template that is given: the value's bytes, or none. */
export interface Attribute {
  readonly type: number
  readonly value: Uint8Array | null
}

/** Bytes of CK_DATE: `YYYYMMDD`. */
export const DATE_BYTES = 8

export const isDate = (type: number): boolean => type === CKA_START_DATE || type === CKA_END_DATE

/** As pkcs11js names attributes in its messages. */
export const typeName = (type: number): string =>
  `0x${type.toString(16).toUpperCase().padStart(8, '0')}`

/** @throws {TypeError} for what is no template */
export function takeTemplate(value: unknown, index: number): readonly Attribute[] {
  if (!Array.isArray(value))
    throw new TypeError(`Argument ${index} has wrong type. Should be an Array`)
  // What the array has no element at is wrong, too: `map` would leave it out.
  return Array.from(value, takeAttribute)
}

function takeAttribute(element: unknown, index: number): Attribute {
  if (typeof element !== 'object' || element === null)
    throw new TypeError(`Element ${index} has wrong type. Should be an Object`)
  const { type, value } = element as { type?: unknown; value?: unknown }
  if (typeof type !== 'number')
    throw new TypeError(`Element ${index} has wrong type. Property 'type' should be a Number`)
  const bytes = valueBytes(value)
  if (bytes === undefined)
    throw new TypeError(
      `Element ${index} has wrong type. Property 'value' should be a Number, Boolean, String or Buffer`,
    )
  const number = type >>> 0
  if (bytes !== null && isDate(number)) requireDate(number, value, bytes)
  return { type: number, value: bytes }
}

/** `undefined` for a value of a wrong type, `null` for none. */
function valueBytes(value: unknown): Uint8Array | null | undefined {
  if (value === undefined || value === null) return null
  if (typeof value === 'number') return bytesOfNumber(value >>> 0)
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0)
  if (typeof value === 'string') return Buffer.from(value, 'utf8')
  return ArrayBuffer.isView(value) ? bytesOfView(value) : undefined
}

function requireDate(type: number, value: unknown, bytes: Uint8Array): void {
  const what = `Attribute with type ${typeName(type)} is not convertible to CK_DATE.`
  if (typeof value !== 'string' && !ArrayBuffer.isView(value))
    throw new TypeError(`${what} Should be a String, Buffer or Date`)
  if (bytes.length < DATE_BYTES)
    throw new TypeError(`${what} The length of the data should be at least ${DATE_BYTES} bytes.`)
}

/** Writes dates of a template as the standard does, into the program's own objects, as pkcs11js does. */
export function convertDates(template: unknown): void {
  if (!Array.isArray(template)) return
  for (const attribute of template as { type?: unknown; value?: unknown }[])
    if (isDate(attribute?.type as number) && attribute.value instanceof Date)
      attribute.value = Buffer.from(attribute.value.toISOString().slice(0, 10).replaceAll('-', ''))
}
