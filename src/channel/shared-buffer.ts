import { addon } from '../host/addon.ts'

/** What every mapping is a multiple of; a multiple of the page size of all supported processors. */
const PAGE_BYTES = 65536

/**
 * A range of a memory file as a `SharedArrayBuffer`.
 *
 * The engine must know that others write this memory: an external `ArrayBuffer` would be read twice
 * by built-ins that believe nobody does. A growable buffer is what gives page-aligned memory to map over.
 */
export function mapShared(descriptor: number, offset: number, bytes: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes, { maxByteLength: bytes })
  addon().map(new Uint8Array(buffer, 0, bytes), descriptor, offset)
  return buffer
}

/** Takes the file away from under the buffer; views that live on read zeros. */
export function unmapShared(buffer: SharedArrayBuffer): void {
  addon().unmap(new Uint8Array(buffer, 0, buffer.byteLength))
}

export function roundToPages(bytes: number): number {
  return Math.max(PAGE_BYTES, Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES)
}
