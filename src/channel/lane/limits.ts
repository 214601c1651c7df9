import { timeLeft } from '../clock.ts'
import type { Lane } from '../lane.ts'
import type { LaneState } from './state.ts'

/** Time limits of what runs on a lane, or goes on meanwhile: timers don't run while the program blocks. */
export class Limits {
  readonly #lane: LaneState

  constructor(lane: LaneState) {
    this.#lane = lane
  }

  /** This lane, those that it is an inner lane of, and those beside it. */
  *#around(): Generator<Lane> {
    const { callbacks, lane: here } = this.#lane
    for (let lane: Lane | undefined = here; lane !== undefined; lane = lane.opened?.outer)
      yield lane
    yield* callbacks.beside
  }

  /** Milliseconds until the first one is over. */
  left(): number {
    let left = Number.POSITIVE_INFINITY
    for (const { running } of this.#around())
      if (running !== undefined) left = Math.min(left, timeLeft(running))
    return left
  }

  /** Ends what has run for too long. */
  check(): void {
    const { keeper } = this.#lane
    for (const { running } of this.#around())
      if (running !== undefined && timeLeft(running) <= 0) keeper.expired(running)
  }
}
