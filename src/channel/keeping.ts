import { lastingAddress } from '../memory/callback.ts'
import type { Place, Target } from '../memory/place.ts'
import type { Views } from '../memory/views.ts'
import type { Arena, Extent } from './arena.ts'
import { type Frame, placeIn } from './frame.ts'
import type { Caller } from './pending.ts'

const ALIGNMENT = 16

/** How much of the last extent is taken. */
const used = new WeakMap<Extent, number>()

/** Where a callback's result goes that C may look at until the call is over which called back. */
export class Keeping implements Target {
  readonly views: Views
  readonly words: number
  readonly owner: object
  readonly #arena: Arena
  readonly #caller: Caller

  constructor(frame: Frame, arena: Arena, caller: Caller) {
    this.views = frame.views
    this.words = frame.words
    this.owner = frame.owner
    this.#arena = arena
    this.#caller = caller
  }

  place(bytes: number): Place {
    const kept = this.#caller.kept ?? []
    this.#caller.kept = kept
    let extent = kept.at(-1)
    let offset = extent === undefined ? 0 : (used.get(extent) ?? 0)
    if (extent === undefined || offset + bytes > extent.bytes) {
      extent = this.#arena.allocate(bytes)
      offset = 0
      kept.push(extent)
    }
    used.set(extent, Math.ceil((offset + bytes) / ALIGNMENT) * ALIGNMENT)
    return placeIn(extent, offset)
  }

  callback(_type: object, label: string, run: unknown): number {
    return lastingAddress(run, label, this.owner)
  }
}
