import { FatThreadError } from '../errors.ts'
import { addon } from '../host/addon.ts'
import { mapShared, roundToPages, unmapShared } from './shared-buffer.ts'

/** Freed extents up to this many bytes stay mapped for the next large argument. */
const SPARE_BYTES = 64 * 1024 * 1024

const MOST_SENT = 0xffff_ffff

/** Memory that the program granted: argument bytes, or memory shared with the library. */
export interface Extent {
  readonly buffer: SharedArrayBuffer
  /** Where the host has it. */
  readonly address: number
  readonly bytes: number
}

/** What the host has to be told before the next request: memory to map, or to unmap. */
export interface Grant {
  readonly address: number
  readonly bytes: number
  /** The file to map; closed when it was sent. */
  readonly descriptor: number | undefined
}

const NONE: Grant[] = []

interface Range {
  address: number
  bytes: number
}

/**
 * Memory beyond the channel's fixed parts, each extent in a sealed file of its own, and who owns which addresses.
 * All bookkeeping is private memory; the host only ever reads and writes what it was pointed at.
 */
export class Arena {
  /** Addresses that nobody owns, in order, neighbours joined. */
  readonly #free: Range[]
  readonly #spare: Extent[] = []
  readonly #owned = new Set<Extent>()
  #grants: Grant[] = []
  #spareBytes = 0
  #sent = 0
  #taken = 0
  /** Whether a request has to tell of grants, whatever lane it is on. */
  #owes = false
  readonly #severalLanes: boolean

  constructor(address: number, bytes: number, severalLanes = false) {
    this.#free = [{ address, bytes }]
    this.#severalLanes = severalLanes
  }

  /** Whether the next request has to send grants, or to tell of some. */
  get hasGrants(): boolean {
    return this.#owes
  }

  /** What was granted since the last time; whoever takes it sends it. */
  takeGrants(): Grant[] {
    if (this.#grants.length === 0) return NONE
    // On one lane, whoever sends them tells of them before all that comes later.
    this.#owes = this.#severalLanes
    return this.#grants.splice(0)
  }

  /**
   * The number of the grant that was sent last, where the host may not have taken it; else 0. Grants count from 1 on,
   * in 32 bits without 0.
   */
  get untaken(): number {
    return this.#sent === this.#taken ? 0 : this.#sent
  }

  /** A request was answered that told of the grants up to that number. */
  take(upto: number): void {
    this.#taken = upto
    if (upto === this.#sent && this.#grants.length === 0) this.#owes = false
  }

  /** Numbers a grant that was sent. */
  count(): number {
    this.#sent = this.#sent === MOST_SENT ? 1 : this.#sent + 1
    return this.#sent
  }

  /** What could not be sent. */
  putBack(grants: readonly Grant[]): void {
    this.#grants.unshift(...grants)
    this.#owes = true
  }

  /** At least so many bytes, page-aligned. What stands in them is undefined unless `zeroed`. */
  allocate(bytes: number, zeroed = false): Extent {
    const wanted = roundToPages(bytes)
    const spare = zeroed ? undefined : this.#takeSpare(wanted)
    if (spare !== undefined) return spare
    const address = this.#take(wanted)
    const descriptor = this.#create(wanted, address)
    const extent: Extent = { buffer: mapShared(descriptor, 0, wanted), address, bytes: wanted }
    this.#owned.add(extent)
    this.#grants.push({ address, bytes: wanted, descriptor })
    this.#owes = true
    return extent
  }

  #create(bytes: number, address: number): number {
    try {
      const descriptor = addon().createMemory('fat-thread-memory', bytes, false)
      addon().sealSize(descriptor)
      return descriptor
    } catch (cause) {
      this.#giveBack({ address, bytes })
      throw new FatThreadError(`no ${bytes} bytes of memory can be made`, { cause })
    }
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
  }

  freeAll(extents: readonly Extent[] | undefined): void {
    if (extents !== undefined) for (const extent of extents) this.free(extent)
  }

  /** Takes the file away from under all buffers. */
  close(): void {
    for (const extent of this.#owned) unmapShared(extent.buffer)
    for (const { descriptor } of this.takeGrants())
      if (descriptor !== undefined) addon().closeMemory(descriptor)
    this.#owned.clear()
    this.#spare.length = 0
    this.#free.length = 0
  }

  #drop(extent: Extent): void {
    const { address, bytes } = extent
    this.#owned.delete(extent)
    unmapShared(extent.buffer)
    this.#grants.push({ address, bytes, descriptor: undefined })
    this.#owes = true
    this.#giveBack({ address, bytes })
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
      for (const extent of this.#spare.splice(0)) this.#drop(extent)
      this.#spareBytes = 0
      index = this.#free.findIndex((range) => range.bytes >= bytes)
    }
    const range = this.#free[index]
    if (range === undefined)
      throw new RangeError(`no ${bytes} bytes of shared memory are left in this fat thread`)
    const { address } = range
    range.address += bytes
    range.bytes -= bytes
    if (range.bytes === 0) this.#free.splice(index, 1)
    return address
  }

  #giveBack({ address, bytes }: Range): void {
    let index = this.#free.findIndex((range) => range.address > address)
    if (index < 0) index = this.#free.length
    const before = this.#free[index - 1]
    const after = this.#free[index]
    if (before !== undefined && before.address + before.bytes === address) {
      before.bytes += bytes
      if (after !== undefined && address + bytes === after.address) {
        before.bytes += after.bytes
        this.#free.splice(index, 1)
      }
    } else if (after !== undefined && address + bytes === after.address) {
      after.address = address
      after.bytes += bytes
    } else {
      this.#free.splice(index, 0, { address, bytes })
    }
  }
}
