import type { Back } from '../memory/place.ts'
import type { Extent } from './arena.ts'
import type { Slot } from './callback-slots.ts'

/** What was made for a request that was written into a slot: all but those that are no more than words. */
export interface Written {
  /** Its operation as it was published: see `Ring.withdraw`. */
  readonly head: number
  /** What is copied back when it is over. */
  readonly back: Back | undefined
  /** What was placed beyond the slot. */
  readonly extents: readonly Extent[] | undefined
  /** Callbacks that were made for it. */
  readonly slots: readonly Slot[] | undefined
  /** The number of the last grant that it told of, or 0. */
  readonly told: number
  /** Bytes that a text result may have in the slot, and their offset in the channel. */
  readonly room: number
  readonly roomOffset: number
}

/** Of a request that needs none of it. */
export const NOTHING_WRITTEN: Written = {
  head: 0,
  back: undefined,
  extents: undefined,
  slots: undefined,
  told: 0,
  room: 0,
  roomOffset: 0,
}
