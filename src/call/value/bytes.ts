import type { AggregateType } from '../../abi/types.ts'
import { wrongKind } from '../complaint.ts'
import type { Codec } from './codec.ts'

/** A structure or union whose values are its bytes. */
export function bytesCodec({ size }: AggregateType): Codec {
  const isWhole = (value: unknown): value is Uint8Array =>
    value instanceof Uint8Array && value.length === size
  return {
    size,
    lazy: false,
    keep: (value) => (isWhole(value) ? value.slice() : value),
    write(value, memory, at, writing) {
      if (!isWhole(value)) throw wrongKind(writing.where, `a Uint8Array of ${size} bytes`, value)
      new Uint8Array(memory.buffer, memory.byteOffset + at, size).set(value)
    },
    read: (memory, at) => new Uint8Array(memory.buffer, memory.byteOffset + at, size).slice(),
  }
}
