import type { Segment } from './elf-segments.ts'
import { type ElfSource, refuse } from './elf-source.ts'

/**
 * An object as the loader will see it in memory: addresses instead of file offsets. The loader
 * follows addresses only, so a file whose offsets tell another story deceives nobody here.
 */
export class ElfMemory {
  readonly source: ElfSource
  readonly segments: readonly Segment[]

  constructor(source: ElfSource, segments: readonly Segment[]) {
    this.source = source
    this.segments = segments
  }

  /** Exactly `length` bytes at `address`. @throws LoadError */
  read(address: number, length: number, what: string): DataView {
    const segment = this.#segmentAt(address, what)
    const offset = address - segment.address
    if (length > segment.fileSize - offset) {
      refuse(this.source.path, `damaged: ${what} reaches beyond its segment`)
    }
    return this.source.read(segment.fileOffset + offset, length, what)
  }

  /** Where in the file the byte at `address` comes from. @throws LoadError */
  fileOffset(address: number, what: string): number {
    const segment = this.#segmentAt(address, what)
    return segment.fileOffset + address - segment.address
  }

  /** As many bytes at `address` as its segment has there, `most` at most. @throws LoadError */
  readUpTo(address: number, most: number, what: string): DataView {
    const segment = this.#segmentAt(address, what)
    const left = segment.fileSize - (address - segment.address)
    return this.read(address, Math.min(left, most), what)
  }

  #segmentAt(address: number, what: string): Segment {
    const segment = this.segments.find(
      (candidate) =>
        address >= candidate.address && address < candidate.address + candidate.fileSize,
    )
    if (segment === undefined) {
      refuse(this.source.path, `damaged: ${what} lies outside the loaded segments`)
    }
    return segment
  }
}
