import { readSync } from 'node:fs'
import { LoadError } from '../errors.ts'
import { printable } from './elf-strings.ts'

/**
 * The bytes of one file, read by range. `read` gives exactly `length` bytes or throws a
 * `LoadError` that says what lay outside: a caller never sees fewer, and nothing is allocated
 * for a range that the file does not have.
 */
export interface ElfSource {
  readonly path: string
  /** In bytes. */
  readonly size: number
  read(offset: number, length: number, what: string): DataView
}

/** Small ranges near the start (headers, notes) come from one read. */
const HEAD_SIZE = 4096

/** @throws LoadError with the path in front of `problem` */
export function refuse(path: string, problem: string, cause?: unknown): never {
  throw new LoadError(`${printable(path)}: ${problem}`, { library: path, cause })
}

export function bytesSource(bytes: Uint8Array, path: string): ElfSource {
  return {
    path,
    size: bytes.byteLength,
    read(offset, length, what) {
      requireInside(this, offset, length, what)
      return new DataView(bytes.buffer, bytes.byteOffset + offset, length)
    },
  }
}

/** `size` is the file's, from `fstat` on the same descriptor. Good until the descriptor is closed. */
export function descriptorSource(descriptor: number, size: number, path: string): ElfSource {
  const source: ElfSource = {
    path,
    size,
    read(offset, length, what) {
      requireInside(this, offset, length, what)
      if (offset + length <= head.byteLength) return new DataView(head.buffer, offset, length)
      return readExactly(offset, length)
    },
  }
  const readExactly = (offset: number, length: number): DataView => {
    const bytes = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const count = readSync(descriptor, bytes, filled, length - filled, offset + filled)
      if (count === 0) refuse(path, 'became shorter while it was read')
      filled += count
    }
    return new DataView(bytes.buffer)
  }
  const head = readExactly(0, Math.min(size, HEAD_SIZE))
  return source
}

function requireInside(source: ElfSource, offset: number, length: number, what: string): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    refuse(source.path, `damaged: ${what} has an impossible position or size`)
  }
  if (offset + length > source.size) {
    refuse(source.path, `truncated: ${what} ends after the file's end (${source.size} bytes)`)
  }
}

/** An unsigned 64-bit field as a number: exact up to 2^53, which is far above any address or size. */
export function readU64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true)
}

export function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}
