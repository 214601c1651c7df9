import { readFileSync } from 'node:fs'

/** Milliseconds between two looks: short after a call, longer while all is quiet. */
const SHORTEST = 500
const LONGEST = 4000
/** A background thread may work for a moment; so many seconds of it, at more than that share, are no moment. */
const MOST_SECONDS = 2
const MOST_SHARE = 0.5
/** Bytes that a process may grow by while nobody calls it. */
const MOST_GROWTH = 256 * 2 ** 20

const TICKS_PER_SECOND = 100 // USER_HZ, the same on every Linux that Node runs on
const PAGE = 4096

/** What the watch asks of a fat thread. */
export interface Watched {
  /** The process that serves, if any. */
  readonly pid: number | undefined
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
  #timer: NodeJS.Timeout | undefined
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
    clearTimeout(this.#timer)
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#look(), this.#delay).unref()
  }

  #look(): void {
    const now = this.#watched()
    const sample = take(now)
    const last = this.#last
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
    const used = sample.used - last.used
    const share = (used * 1000) / (sample.at - last.at)
    this.#burnt = share < MOST_SHARE ? 0 : this.#burnt + used
    if (this.#burnt >= MOST_SECONDS) {
      this.#delay = SHORTEST
      return `used the processor for ${this.#burnt.toFixed(1)} s`
    }
    // What burns is looked at again soon.
    if (this.#burnt > 0) this.#delay = SHORTEST
    const grown = sample.resident - this.#resident
    return grown > MOST_GROWTH ? `grew by ${Math.round(grown / 2 ** 20)} MiB` : undefined
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function take({ pid, completed }: Watched): Sample | undefined {
  if (pid === undefined) return undefined
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is a name that may hold anything, blanks and brackets too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const field = (number: number): number => Number(fields[number - 3])
    const used = (field(14) + field(15)) / TICKS_PER_SECOND
    return { pid, completed, at: performance.now(), used, resident: field(24) * PAGE }
  } catch {
    return undefined // it has just ended
  }
}
