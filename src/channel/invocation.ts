import type { Slot } from './callback-slots.ts'
import type { Callbacks } from './callbacks.ts'
import type { Lane } from './lane.ts'
import type { Caller } from './pending.ts'

/** A callback that runs, or whose promise is open. */
export class Invocation {
  readonly callbacks: Callbacks
  /** What it asks for goes there. */
  readonly lane: Lane
  readonly slot: Slot
  readonly caller: Caller
  /** The lane of the request that called back; none for a thread of the library. */
  readonly outer: Lane | undefined
  /** The program waits for its call without going on. */
  readonly blocking: boolean
  /** The one that this one's caller was called in, of whatever fat thread. */
  readonly around: Invocation | undefined
  /** Whose error it is when it fails. */
  readonly blamed: Caller
  open = true
  /** Its function gave a promise. */
  waits = false

  constructor(
    callbacks: Callbacks,
    lane: Lane,
    slot: Slot,
    caller: Caller,
    outer: Lane | undefined,
    around: Invocation | undefined,
  ) {
    this.callbacks = callbacks
    this.lane = lane
    this.slot = slot
    this.caller = caller
    this.outer = outer
    this.around = around
    this.blamed = blame(slot, caller, outer)
    this.blocking = this.blamed.blocking || outer?.opened?.blocking === true
  }
}

/** A thread of the library may be at work for a call: that is to blame. */
export function blame(slot: Slot, caller: Caller, outer: Lane | undefined): Caller {
  return outer === undefined ? (slot.pending ?? caller) : caller
}
