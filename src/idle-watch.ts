import { afterBeats } from './beat.ts'
import type { HostProcess } from './host/process.ts'
import { residentMemory } from './host/resident-memory.ts'
import { NOTHING, RESTING_BEATS, watchRest } from './resting.ts'

/** Beats between two looks: short after a call, longer while all is quiet. */
const SHORTEST = 1
const LONGEST = RESTING_BEATS
/** How much longer each time: most of what a quiet process costs is that it is looked at. */
const GROWTH = 4
/**
 * A background thread may work for a moment; so many seconds of it, at more than that share, are no moment. On a busy
 * machine what it waited for a processor counts as well: it would have worked then.
 */
const MOST_SECONDS = 2
const MOST_SHARE = 0.5
/** So much of it has to be work in any case. */
const LEAST_SECONDS = 0.5
/** Bytes that a process may grow by while nobody calls it. */
const MOST_GROWTH = 256 * 2 ** 20
/** Less than that is not worth a word. */
const NOTABLE_GROWTH = 16 * 2 ** 20

/** What the watch asks of a fat thread. */
export interface Watched {
  readonly process: HostProcess | undefined
  /** The process that serves, if any. */
  readonly pid: number | undefined
  /** Seconds of processor time. */
  readonly used: number | undefined
  /** Seconds that its threads were ready to run and had no processor. */
  waited(): number
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
  /** Seconds that its threads waited for a processor. */
  readonly waited: number
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
  /** The same, with what it waited for. */
  #wanted = 0

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

  #wait(resting?: HostProcess): void {
    if (this.#ended) return
    const used = this.#last?.used
    this.#cancel =
      resting === undefined || used === undefined
        ? afterBeats(this.#delay, this.#lookNow)
        : watchRest(resting, used, this.#lookAfterRest)
  }

  readonly #lookNow = (): void => this.#look()

  /** What it did since then. */
  readonly #lookAfterRest = (since: number): void => {
    if (this.#last !== undefined) this.#last = { ...this.#last, at: since }
    this.#look()
  }

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
    this.#delay = idle ? Math.min(this.#delay * GROWTH, LONGEST) : SHORTEST
    const what = idle ? this.#judge(last, sample) : this.#begin(sample)
    if (what !== undefined) this.#stop(what)
    const rests = idle && this.#delay === LONGEST && sample.used - last.used < NOTHING
    this.#wait(rests ? now.process : undefined)
  }

  #begin(sample: Sample | undefined): undefined {
    this.#resident = sample?.resident ?? 0
    this.#burnt = 0
    this.#wanted = 0
  }

  #judge(last: Sample, sample: Sample): string | undefined {
    // Growing takes processor time too: what it comes of is said first.
    const grown = sample.resident - this.#resident
    const growth = `grew by ${Math.round(grown / 2 ** 20)} MiB`
    if (grown > MOST_GROWTH) return growth
    const used = sample.used - last.used
    const wanted = used + Math.max(0, sample.waited - last.waited)
    const burns = (wanted * 1000) / (sample.at - last.at) >= MOST_SHARE
    this.#burnt = burns ? this.#burnt + used : 0
    this.#wanted = burns ? this.#wanted + wanted : 0
    // What burns is looked at again soon.
    if (burns) this.#delay = SHORTEST
    if (this.#wanted < MOST_SECONDS || this.#burnt < LEAST_SECONDS) return undefined
    const burnt = `used the processor for ${this.#burnt.toFixed(1)} s`
    return grown > NOTABLE_GROWTH ? `${growth} and ${burnt}` : burnt
  }
}

function take(watched: Watched, last: Sample | undefined): Sample | undefined {
  const { pid, used, completed } = watched
  if (pid === undefined || used === undefined) return undefined
  // Who has used nothing has not grown either.
  const rested = last?.pid === pid && used - last.used < NOTHING
  const resident = rested ? last.resident : residentMemory(pid)
  if (resident === undefined) return undefined
  const waited = rested ? last.waited : watched.waited()
  return { pid, completed, at: performance.now(), used, waited, resident }
}
