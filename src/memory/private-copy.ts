/** What the other side can write is copied before it is looked at. */
import type { Place } from './place.ts'

/** Bytes of copies that nobody keeps: making memory for each costs more than the copy. */
const BRIEF = 1024

const scratch = new DataView(new ArrayBuffer(BRIEF))

/**
 * A private copy of the bytes at a place, from the start of the view on. A `brief` one is used up at once: its
 * memory serves the next one too, and what is behind the `length` is another's.
 */
export function privateCopy(
  { bytes, data, offset }: Place,
  length: number,
  brief: boolean,
): DataView {
  if (!brief || length > BRIEF) return new DataView(bytes.slice(offset, offset + length).buffer)
  let at = 0
  for (; at + 4 <= length; at += 4) scratch.setUint32(at, data.getUint32(offset + at))
  for (; at < length; at++) scratch.setUint8(at, data.getUint8(offset + at))
  return scratch
}
