import type { Place, Target } from '../memory/place.ts'
import { type Views, viewsOf } from '../memory/views.ts'
import { LIMITS, REQUEST } from '../protocol/protocol.ts'
import type { Extent } from './arena.ts'
import type { Channel } from './channel.ts'

const ALIGNMENT = 16

/** Offset of a request's words in the private block. */
const WORDS = REQUEST.at.words

/**
 * The request that is being written. Its words stand in private memory until it is published;
 * bytes that they point to go behind them in the slot, or beyond it where they don't fit.
 */
export class Frame implements Target {
  readonly views: Views = viewsOf(new ArrayBuffer(LIMITS.REQUEST_BYTES))
  readonly words = WORDS
  readonly owner: object
  readonly #channel: Channel
  /** Offset of the slot in the channel, in bytes. */
  #slot = 0
  #cursor = 0
  #count = 0
  /** What was placed beyond the slot; freed when the request is over. */
  extents: Extent[] | undefined

  constructor(channel: Channel, owner: object) {
    this.#channel = channel
    this.owner = owner
  }

  /** Begins a request of so many words in the channel's next slot. */
  open(operation: number, id: number, words: number): void {
    const { i32 } = this.views
    i32[REQUEST.at.operation / 4] = operation
    i32[REQUEST.at.function / 4] = id
    this.#slot = this.#channel.ring.nextRequest
    this.#cursor = WORDS + words * 8
    this.#count = this.#cursor / 4
    this.extents = undefined
  }

  place(bytes: number): Place {
    const start = Math.ceil(this.#cursor / ALIGNMENT) * ALIGNMENT
    if (start + bytes <= LIMITS.REQUEST_BYTES) {
      this.#cursor = start + bytes
      const offset = this.#slot + start
      return { bytes: this.#channel.views.u8, offset, address: this.#channel.address + offset }
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
    this.views.u64[WORDS / 8 + index] = BigInt(value)
  }

  /** Hands the request to the host. Returns whether it has to be woken. */
  publish(): boolean {
    // A text result may be written behind all that was placed.
    this.views.i32[REQUEST.at.room / 4] = this.#cursor
    return this.#channel.ring.publish(this.views.i32, this.#count)
  }

  /** Offset of the room for a text result in the channel, in bytes. */
  get roomOffset(): number {
    return this.#slot + this.#cursor
  }

  /** Bytes of that room. */
  get room(): number {
    return LIMITS.REQUEST_BYTES - this.#cursor
  }

  /** Gives back what a request placed beyond its slot. */
  free(extents: readonly Extent[] | undefined): void {
    if (extents !== undefined) for (const extent of extents) this.#channel.arena.free(extent)
  }
}
