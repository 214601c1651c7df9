/** Measures what a program uses, again and again: after a warm-up it must stay flat. */
import { readdirSync, readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'vitest'
import { processes } from '../support/processes.ts'

interface Sample {
  readonly descriptors: number
  readonly mappings: number
  /** Zombies too. */
  readonly children: number
  /** But for those that start processes. */
  readonly threads: number
  /** Threads that start processes: kept, and one more where orders come faster, up to `STARTERS`. */
  readonly starters: number
  /** Resident bytes that the program wrote: pages of files come and go as the machine needs room. */
  readonly memory: number
  /** Bytes of the program's JavaScript objects and of what they hold. */
  readonly heap: number
  /** Resident bytes of the fat thread, where one is watched. */
  readonly inside: number
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const COUNTS = ['descriptors', 'mappings', 'children', 'threads'] as const
/** `SPAWNERS` and the name of their threads in native/addon/spawn.c. */
const STARTERS = 4
const STARTER = 'fat-spawn'
/** Bytes that memory may differ by: what an allocator keeps for itself, not what 10,000 leaks need. */
const MEMORY = 16 * 2 ** 20
/** Milliseconds in which what is under way ends, on a busy machine too. */
const UNDER_WAY = 5000

export class Gauge {
  readonly #inside: () => number | undefined
  readonly #samples: Sample[] = []

  constructor(inside: () => number | undefined = () => undefined) {
    this.#inside = inside
  }

  async sample(): Promise<void> {
    const begin = performance.now()
    let sample = await this.#measure()
    // What is under way ends; what has leaked stays.
    while (this.#holdsMore(sample) && performance.now() - begin < UNDER_WAY)
      sample = await this.#measure()
    this.#samples.push(sample)
  }

  async #measure(): Promise<Sample> {
    // Events of the last round may still be under way; and what is collected is given back a moment later.
    for (let round = 0; round < 2; round++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      collectGarbage()
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    const threads = threadNames()
    const starters = threads.filter((name) => name === STARTER).length
    return {
      descriptors: readdirSync('/proc/self/fd').length,
      mappings: readFileSync('/proc/self/maps', 'latin1').match(/memfd:/g)?.length ?? 0,
      children: processes().filter(({ parent }) => parent === process.pid).length,
      threads: threads.length - starters,
      starters,
      memory: written(),
      heap: heapUsed + external + arrayBuffers,
      inside: this.#inside() ?? 0,
    }
  }

  /** Than when it was last looked at. */
  #holdsMore(sample: Sample): boolean {
    const last = this.#samples.at(-1)
    return last !== undefined && COUNTS.some((what) => sample[what] > last[what])
  }

  /** The end against the time after the warm-up, which is the first third; memory within `slack` bytes. */
  expectFlat(slack = MEMORY): void {
    const third = Math.floor(this.#samples.length / 3)
    const warm = this.#samples.slice(third, 2 * third)
    const late = this.#samples.slice(-third)
    expect(third, 'samples').toBeGreaterThan(1)
    const grown = COUNTS.filter((what) => most(late, what) > most(warm, what))
    expect(grown, grown.map((what) => `${what}: ${this.#text(what)}`).join('\n')).toEqual([])
    expect(most(late, 'starters'), `starters: ${this.#text('starters')}`).toBeLessThanOrEqual(
      STARTERS,
    )
    for (const what of ['memory', 'heap', 'inside'] as const) {
      const growth = middle(late, what) - middle(warm, what)
      expect(growth, `growth of ${what}: ${this.#text(what)}`).toBeLessThan(slack)
    }
  }

  #text(what: keyof Sample): string {
    return this.#samples.map((sample) => sample[what]).join(' ')
  }
}

/** Of the program's threads, one each. */
function threadNames(): string[] {
  return readdirSync('/proc/self/task').flatMap((thread) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim()
    } catch {
      return [] // it ended meanwhile
    }
  })
}

/** Bytes that the program has in memory of its own and in memory that it shares. */
function written(): number {
  const status = readFileSync('/proc/self/status', 'latin1')
  return ['RssAnon', 'RssShmem'].reduce((sum, what) => {
    const kibibytes = new RegExp(`^${what}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]
    if (kibibytes === undefined) throw new Error(`no ${what} in /proc/self/status`)
    return sum + 1024 * Number(kibibytes)
  }, 0)
}

const most = (samples: readonly Sample[], what: keyof Sample): number =>
  Math.max(...samples.map((sample) => sample[what]))

/** The median: what a collection frees for a moment is no measure of what is held. */
function middle(samples: readonly Sample[], what: keyof Sample): number {
  const sorted = samples.map((sample) => sample[what]).toSorted((left, right) => left - right)
  return sorted[sorted.length >> 1] as number
}
