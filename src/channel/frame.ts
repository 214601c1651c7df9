import type { Place, Target } from '../memory/place.ts'
import type { Views } from '../memory/views.ts'
import { LIMITS, REQUEST } from '../protocol/protocol.ts'
import type { Extent } from './arena.ts'
import type { Channel } from './channel.ts'

const ALIGNMENT = 16

/** The request that is being written: words in its slot, bytes behind them, or beyond it where they don't fit. */
export class Frame implements Target {
  readonly views: Views
  readonly owner: object
  readonly #channel: Channel
  /** Offset of the slot, in bytes. */
  slot = 0
  words = 0
  #cursor = 0
  /** What was placed beyond the slot; freed when the request is over. */
  extents: Extent[] | undefined

  constructor(channel: Channel, owner: object) {
    this.#channel = channel
    this.views = channel.views
    this.owner = owner
  }

  /** Begins a request of so many words in the channel's next slot. */
  open(operation: number, id: number, words: number): void {
    const slot = this.#channel.ring.nextRequest
    this.slot = slot
    this.words = slot + REQUEST.at.words
    this.#cursor = this.words + words * 8
    this.extents = undefined
    const { i32 } = this.views
    i32[(slot + REQUEST.at.operation) >> 2] = operation
    i32[(slot + REQUEST.at.function) >> 2] = id
  }

  place(bytes: number): Place {
    const start = Math.ceil(this.#cursor / ALIGNMENT) * ALIGNMENT
    if (start + bytes <= this.slot + LIMITS.REQUEST_BYTES) {
      this.#cursor = start + bytes
      return { bytes: this.views.u8, offset: start, address: this.#channel.address + start }
    }
    const extent = this.#channel.arena.allocate(bytes)
    this.extents ??= []
    this.extents.push(extent)
    return {
      bytes: new Uint8Array(extent.buffer, 0, bytes),
      offset: 0,
      address: this.#channel.address + extent.offset,
    }
  }

  /** A word of the request, as a number or an address. */
  word(index: number, value: number | bigint): void {
    this.views.u64[(this.words >> 3) + index] = BigInt(value)
  }

  /** Says where a text result may be written: behind all that was placed. */
  close(): void {
    this.views.i32[(this.slot + REQUEST.at.room) >> 2] = this.#cursor - this.slot
  }

  /** Bytes for a text result. */
  get room(): number {
    return this.slot + LIMITS.REQUEST_BYTES - this.#cursor
  }

  /** Gives back what a request placed beyond its slot. */
  free(extents: readonly Extent[] | undefined): void {
    if (extents !== undefined) for (const extent of extents) this.#channel.arena.free(extent)
  }
}
