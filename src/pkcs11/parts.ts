/** Data that comes in parts, such as a stream. */
import { type Bytes, bytesOf } from './call-options.ts'
import { wrongKind } from './complaint.ts'

export type Parts<Part = Bytes> = AsyncIterable<Part> | Iterable<Part>

/** @param where For messages. */
export function requireParts(parts: unknown, where: string): Parts<unknown> {
  if (typeof parts === 'object' && parts !== null) {
    if (Symbol.asyncIterator in parts) return parts as AsyncIterable<unknown>
    // The bytes of a buffer are no parts.
    if (Symbol.iterator in parts && !ArrayBuffer.isView(parts)) return parts as Iterable<unknown>
  }
  throw wrongKind(where, 'a stream, or another iterable of bytes', parts)
}

/** The parts that are not empty. */
export async function* bytesIn(parts: Parts<unknown>, where: string): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    const bytes = bytesOf(part, where)
    if (bytes.length > 0) yield bytes
  }
}

/** Each part with whether it is the last one; of no parts at all, an empty one. */
export async function* withLast(
  parts: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly [part: Uint8Array, isLast: boolean]> {
  let before: Uint8Array | undefined
  for await (const part of parts) {
    if (before !== undefined) yield [before, false]
    before = part
  }
  yield [before ?? new Uint8Array(0), true]
}
