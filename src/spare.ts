import { statSync } from 'node:fs'
import type { LaneKeeper } from './channel/lane/home.ts'
import { causeOf } from './crash/cause.ts'
import { ProcessState } from './host/process-state.ts'
import { Incarnation, type IncarnationKeeper } from './incarnation.ts'
import type { Settings } from './options.ts'
import type { Granted } from './sandbox/permissions.ts'

/** Milliseconds after which a process that has not said who it is won't be one that serves soon. */
const PATIENCE = 1000

/** Who hears of a process that belongs to no fat thread. */
export interface SpareKeeper {
  /** It is shut in, and waits. */
  onMet(): void
  /** It ended, and nobody wanted it to. */
  onLost(error: Error): void
}

/**
 * A process that is shut in as a fat thread's would be, and waits: it holds no library, nothing is in flight, and
 * nobody has heard of it. It becomes an incarnation of the first fat thread that adopts it.
 */
export class Spare {
  readonly #incarnation: Incarnation
  readonly #granted: Granted
  readonly #places: string
  readonly #begun = performance.now()
  /** Resolves when its process has ended before anybody adopted it. */
  readonly ended: Promise<void>
  #laneKeeper: LaneKeeper | undefined
  #keeper: IncarnationKeeper | undefined
  #met = false
  /** Opened while nobody waits: to open it lasts longer than to look. */
  #state: ProcessState | undefined
  #givenUp = false

  /** Throws as {@link Incarnation}. */
  constructor(settings: Settings, keeper: SpareKeeper) {
    this.#granted = settings.policy.granted
    // Before the process looks at them.
    this.#places = placesOf(this.#granted)
    let onEnded = (): void => {}
    this.ended = new Promise((resolve) => {
      onEnded = resolve
    })
    this.#incarnation = new Incarnation(settings, this.#lanes(), this.#adopter(keeper, onEnded))
  }

  /** It is shut in; what is asked of it is done at once. */
  get waits(): boolean {
    return this.#met && !this.#givenUp && !this.#incarnation.process.ended
  }

  /**
   * Whether it is what a process would be that is started now: it lives and runs, and the permitted files are those
   * that it was given.
   */
  get fit(): boolean {
    const { process } = this.#incarnation
    if (this.#givenUp || process.ended) return false
    if (this.#granted.read.length + this.#granted.write.length > 0)
      if (placesOf(this.#granted) !== this.#places) return false
    const { pid } = process
    if (pid === 0) return performance.now() - this.#begun < PATIENCE
    if (this.#state === undefined) this.#observe()
    const state = this.#state?.look()
    return state === 'S' || state === 'R' || state === 'D'
  }

  #observe(): void {
    try {
      this.#state = new ProcessState(this.#incarnation.process.pid)
    } catch {
      // It has just ended, or there are no more descriptors: it is not fit.
    }
  }

  #forget(): void {
    this.#state?.close()
    this.#state = undefined
  }

  /** From now on it is the fat thread's. */
  adopt(laneKeeper: LaneKeeper, keeper: IncarnationKeeper): Incarnation {
    this.#laneKeeper = laneKeeper
    this.#keeper = keeper
    setImmediate(() => this.#forget())
    return this.#incarnation
  }

  /** Ends it. */
  giveUp(): void {
    this.#givenUp = true
    this.#forget()
    this.#incarnation.process.kill()
  }

  /** Blocks until one that was given up has ended, at most so long. */
  waitForEnd(milliseconds: number): void {
    const end = performance.now() + milliseconds
    const { process } = this.#incarnation
    while (!process.ended && performance.now() < end) process.wait(end - performance.now())
  }

  #adopter(keeper: SpareKeeper, onEnded: () => void): IncarnationKeeper {
    const home = (): IncarnationKeeper => this.#home
    return {
      onMet: () => {
        this.#met = true
        if (this.#keeper === undefined && !this.#givenUp) this.#observe()
        if (this.#keeper === undefined && !this.#givenUp) keeper.onMet()
      },
      onEnd: (incarnation, leftover, evidence) => {
        onEnded()
        this.#forget()
        if (this.#keeper !== undefined) return this.#keeper.onEnd(incarnation, leftover, evidence)
        if (!this.#givenUp) keeper.onLost(causeOf(evidence, {}))
        return false
      },
      onOutput: (output) => this.#keeper?.onOutput(output),
      onDenied: (incarnation, denied) => this.#keeper?.onDenied(incarnation, denied),
      onHangup: (incarnation) => {
        if (this.#keeper !== undefined) this.#keeper.onHangup(incarnation)
        else incarnation.process.kill()
      },
      onStaleCallback: (error) => this.#keeper?.onStaleCallback(error),
      onCallbackError: (error) => this.#keeper?.onCallbackError(error),
      get callbacks() {
        return home().callbacks
      },
    }
  }

  /** Whoever has something in flight has adopted it. */
  get #home(): IncarnationKeeper {
    if (this.#keeper === undefined) throw new Error('a spare process was used before its adoption')
    return this.#keeper
  }

  #lanes(): LaneKeeper {
    return {
      retire: (reason, pending) => {
        if (this.#laneKeeper !== undefined) this.#laneKeeper.retire(reason, pending)
        else this.#incarnation.process.kill()
      },
      unreachable: () => this.#laneKeeper?.unreachable(),
      expired: (pending) => this.#laneKeeper?.expired(pending),
      aborted: (pending) => this.#laneKeeper?.aborted(pending),
      abortError: (pending) =>
        this.#laneKeeper?.abortError(pending) ?? new Error('a spare process has no calls'),
    }
  }
}

/** Which files the permitted paths lead to just now: a process that waits has looked at them already. */
function placesOf({ read, write }: Granted): string {
  return [...read, ...write]
    .map((path) => {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
      return stats === undefined ? '' : `${stats.dev}:${stats.ino}`
    })
    .join(' ')
}
