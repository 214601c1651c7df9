import type { Target } from '../memory/place.ts'
import type { Views } from '../memory/views.ts'
import type { Steps } from './follow.ts'

/** The type of a callback, worked out once. */
export interface CallbackShape {
  /** The function that takes it, and its parameter. */
  readonly label: string
  /** The same for types that the host can't tell apart. */
  readonly key: string
  readonly types: Uint32Array
  /** The arguments: the first words are at `at`, the others at `farAt`. */
  decode(near: Views, at: number, far: Views, farAt: number, owner: object): unknown[]
  /** Gets what the arguments point to, where only the fat thread can follow them. */
  readonly fetch: ((values: unknown[], owner: object) => Steps<unknown[]>) | undefined
  /** Whether the result points to memory of the program. */
  readonly points: boolean
  /** Writes the result's word. Throws `TypeError` or `RangeError`. */
  encode(value: unknown, target: Target): void
}
