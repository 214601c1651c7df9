/** Bytes of what programs give. */
import type { Place } from '../pkcs11/frame.ts'
import { type Ulong, writeUlong } from '../pkcs11/words.ts'

/** The bytes of any view, which stay the program's. */
export function bytesOfView(view: ArrayBufferView): Uint8Array {
  if (view instanceof Uint8Array) return view
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

/** A CK_ULONG. */
export function bytesOfNumber(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  writeUlong(new DataView(bytes.buffer), 0, value)
  return bytes
}

/** The same bytes as they are now; `slice` of a Buffer would be the same memory. */
export const kept = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/** Bytes that are compared as a text. */
const MOST_COMPARED = 256

/** A text by which bytes can be compared; `undefined` for too many. */
export function textOf({ buffer, byteOffset, length }: Uint8Array): string | undefined {
  if (length > MOST_COMPARED) return undefined
  return Buffer.from(buffer, byteOffset, length).toString('latin1')
}

/** A private copy of the first bytes of a place: as many as it has, whatever the module says. */
export function bufferOf({ bytes, at, size }: Place, length: Ulong): Buffer {
  const count = length < size ? Number(length) : size
  const copy = Buffer.alloc(count)
  copy.set(bytes.subarray(at, at + count))
  return copy
}
