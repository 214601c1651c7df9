import type { Views } from '../memory/views.ts'
import type { Arena } from './arena.ts'
import type { Ring } from './ring.ts'

/** Where one lane is: its ring, and how the host and the program call the memory around it. */
export interface LaneMemory {
  readonly views: Views
  /** Where the host has the first byte of the views. */
  readonly address: number
  readonly ring: Ring
  readonly arena: Arena
  /**
   * Whether its requests may be served before those of other lanes that were made earlier: then what they need may
   * have been granted for one of those.
   */
  readonly overtakes: boolean
}
