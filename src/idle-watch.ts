import { afterBeats, BEAT } from './beat.ts'
import { residentMemory } from './host/resident-memory.ts'

/** Beats between two looks: short after a call, longer while all is quiet. */
const SHORTEST = 1
const LONGEST = 4000 / BEAT
/** A background thread may work for a moment; so many seconds of it, at more than that share, are no moment. */
const MOST_SECONDS = 2
const MOST_SHARE = 0.5
/** Bytes that a process may grow by while nobody calls it. */
const MOST_GROWTH = 256 * 2 ** 20
/** Who has used so few seconds since the last look has not grown either, and its memory is not asked for. */
const NOTHING = 0.001

/** What the watch asks of a fat thread. */
export interface Watched {
  /** The process that serves, if any. */
  readonly pid: number | undefined
  /** Seconds of processor time. */
  readonly used: number | undefined
  /** Changes with each answer. */
  readonly completed: number
  readonly inFlight: number
}

interface Sample {
  readonly pid: number
  readonly completed: number
  readonly at: number
  /** Seconds of processor time. */
  readonly used: number
  /** Bytes of resident memory. */
  readonly resident: number
}

/** Notices a library that goes on working or growing when its calls are over. */
export class IdleWatch {
  readonly #watched: () => Watched
  readonly #stop: (what: string) => void
  #cancel: (() => void) | undefined
  #ended = false
  #delay = SHORTEST
  #last: Sample | undefined
  /** At the first look after the last call. */
  #resident = 0
  #burnt = 0

  /** `stop` is told what the library does. */
  constructor(watched: () => Watched, stop: (what: string) => void) {
    this.#watched = watched
    this.#stop = stop
    this.#wait()
  }

  end(): void {
    this.#ended = true
    this.#cancel?.()
  }

  #wait(): void {
    if (!this.#ended) this.#cancel = afterBeats(this.#delay, this.#lookNow)
  }

  readonly #lookNow = (): void => this.#look()

  #look(): void {
    const now = this.#watched()
    const last = this.#last
    const sample = take(now, last)
    this.#last = sample
    const idle =
      sample !== undefined &&
      last !== undefined &&
      sample.pid === last.pid &&
      sample.completed === last.completed &&
      now.inFlight === 0
    this.#delay = idle ? Math.min(this.#delay * 2, LONGEST) : SHORTEST
    const what = idle ? this.#judge(last, sample) : this.#begin(sample)
    if (what !== undefined) this.#stop(what)
    this.#wait()
  }

  #begin(sample: Sample | undefined): undefined {
    this.#resident = sample?.resident ?? 0
    this.#burnt = 0
  }

  #judge(last: Sample, sample: Sample): string | undefined {
    // Growing takes processor time too: what it comes of is said first.
    const grown = sample.resident - this.#resident
    if (grown > MOST_GROWTH) return `grew by ${Math.round(grown / 2 ** 20)} MiB`
    const used = sample.used - last.used
    const share = (used * 1000) / (sample.at - last.at)
    this.#burnt = share < MOST_SHARE ? 0 : this.#burnt + used
    // What burns is looked at again soon.
    if (this.#burnt > 0) this.#delay = SHORTEST
    return this.#burnt < MOST_SECONDS
      ? undefined
      : `used the processor for ${this.#burnt.toFixed(1)} s`
  }
}

function take({ pid, used, completed }: Watched, last: Sample | undefined): Sample | undefined {
  if (pid === undefined || used === undefined) return undefined
  const rested = last?.pid === pid && used - last.used < NOTHING
  const resident = rested ? last.resident : residentMemory(pid)
  if (resident === undefined) return undefined
  return { pid, completed, at: performance.now(), used, resident }
}
