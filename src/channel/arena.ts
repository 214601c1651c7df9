import { addon } from '../host/addon.ts'
import { mapShared, roundToPages, unmapShared } from './shared-buffer.ts'

/** Freed extents up to this many bytes stay mapped for the next large argument. */
const SPARE_BYTES = 64 * 1024 * 1024

/** A range of the channel that the program owns: argument bytes, or memory shared with the library. */
export interface Extent {
  readonly buffer: SharedArrayBuffer
  /** In the channel's file. */
  readonly offset: number
  readonly bytes: number
}

interface Range {
  offset: number
  bytes: number
}

/**
 * Who owns which bytes of the channel's file beyond its fixed parts.
 * All bookkeeping is private memory; the host only ever reads and writes what it was pointed at.
 */
export class Arena {
  readonly #descriptor: number
  /** Unowned, in order of offset, neighbours joined. */
  readonly #free: Range[]
  readonly #spare: Extent[] = []
  readonly #owned = new Set<Extent>()
  #spareBytes = 0

  constructor(descriptor: number, offset: number, bytes: number) {
    this.#descriptor = descriptor
    this.#free = [{ offset, bytes }]
  }

  /** At least so many bytes, page-aligned. What stands in them is undefined unless `zeroed`. */
  allocate(bytes: number, zeroed = false): Extent {
    const wanted = roundToPages(bytes)
    const spare = zeroed ? undefined : this.#takeSpare(wanted)
    if (spare !== undefined) return spare
    const offset = this.#take(wanted)
    const extent: Extent = {
      buffer: mapShared(this.#descriptor, offset, wanted),
      offset,
      bytes: wanted,
    }
    this.#owned.add(extent)
    return extent
  }

  /** Gives an extent back; `now` where its bytes must be gone. */
  free(extent: Extent, now = false): void {
    if (!this.#owned.has(extent)) return
    if (!now && this.#spareBytes + extent.bytes <= SPARE_BYTES) {
      this.#spare.push(extent)
      this.#spareBytes += extent.bytes
      return
    }
    this.#drop(extent)
    addon().releaseMemory(this.#descriptor, extent.offset, extent.bytes)
    this.#giveBack({ offset: extent.offset, bytes: extent.bytes })
  }

  /** Takes the file away from under all buffers. */
  close(): void {
    for (const extent of this.#owned) unmapShared(extent.buffer)
    this.#owned.clear()
    this.#spare.length = 0
    this.#free.length = 0
  }

  #drop(extent: Extent): void {
    this.#owned.delete(extent)
    unmapShared(extent.buffer)
  }

  /** A spare one that is not wastefully large. */
  #takeSpare(bytes: number): Extent | undefined {
    const index = this.#spare.findIndex((each) => each.bytes >= bytes && each.bytes <= 2 * bytes)
    if (index < 0) return undefined
    const [extent] = this.#spare.splice(index, 1)
    if (extent !== undefined) this.#spareBytes -= extent.bytes
    return extent
  }

  /** First fit. */
  #take(bytes: number): number {
    let index = this.#free.findIndex((range) => range.bytes >= bytes)
    if (index < 0 && this.#spare.length > 0) {
      for (const extent of this.#spare.splice(0)) {
        this.#drop(extent)
        this.#giveBack(extent)
      }
      this.#spareBytes = 0
      index = this.#free.findIndex((range) => range.bytes >= bytes)
    }
    const range = this.#free[index]
    if (range === undefined)
      throw new RangeError(`no ${bytes} bytes of shared memory are left in this fat thread`)
    const { offset } = range
    range.offset += bytes
    range.bytes -= bytes
    if (range.bytes === 0) this.#free.splice(index, 1)
    return offset
  }

  #giveBack({ offset, bytes }: Range): void {
    let index = this.#free.findIndex((range) => range.offset > offset)
    if (index < 0) index = this.#free.length
    const before = this.#free[index - 1]
    const after = this.#free[index]
    if (before !== undefined && before.offset + before.bytes === offset) {
      before.bytes += bytes
      if (after !== undefined && offset + bytes === after.offset) {
        before.bytes += after.bytes
        this.#free.splice(index, 1)
      }
    } else if (after !== undefined && offset + bytes === after.offset) {
      after.offset = offset
      after.bytes += bytes
    } else {
      this.#free.splice(index, 0, { offset, bytes })
    }
  }
}
