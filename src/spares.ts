import { createHash } from 'node:crypto'
import { StartError } from './errors.ts'
import { holdEventLoop, releaseEventLoop } from './host/events.ts'
import type { Settings } from './options.ts'
import type { Policy } from './sandbox/policy.ts'
import { Spare } from './spare.ts'

/** Milliseconds after a spare was taken until the next one begins: whoever took it has the processors first. */
const REST = 25
/** Milliseconds after a spare was lost; doubled with each that is lost after it. */
const SHORTEST = 100
const LONGEST = 5000
/** A process that was killed is gone after so many milliseconds, or never. */
const LAST_WAIT = 1000

/** Spares that are alike, and whoever wants them. */
class Kind {
  readonly #key: string
  readonly #settings: Settings
  readonly #spares = new Set<Spare>()
  readonly #claims = new Set<Spares>()
  #lost = 0
  #timer: NodeJS.Timeout | undefined
  #due = Number.POSITIVE_INFINITY

  constructor(key: string, settings: Settings) {
    this.#key = key
    this.#settings = settings
  }

  get waiting(): number {
    return [...this.#spares].filter(({ waits }) => waits).length
  }

  claim(claim: Spares): void {
    this.#claims.add(claim)
  }

  /** What nobody wants any more is ended; returns those. */
  unclaim(claim: Spares): readonly Spare[] {
    this.#claims.delete(claim)
    const surplus = [...this.#spares].slice(this.#wanted)
    for (const spare of surplus) this.#spares.delete(spare)
    if (this.#claims.size === 0) {
      clearTimeout(this.#timer)
      kinds.delete(this.#key)
    }
    return surplus
  }

  /** One that waits, before one that is still on its way. */
  take(): Spare | undefined {
    const inOrder = [...this.#spares].sort((one, other) => Number(other.waits) - Number(one.waits))
    for (const spare of inOrder) {
      this.#spares.delete(spare)
      // Whoever takes it has no time for that now.
      setImmediate(() => this.fillAfter(REST))
      if (spare.fit) {
        this.#lost = 0
        return spare
      }
      spare.giveUp()
    }
    return undefined
  }

  /** The timer keeps no program alive. */
  fillAfter(milliseconds: number): void {
    const due = performance.now() + milliseconds
    if (this.#timer !== undefined && this.#due <= due) return
    clearTimeout(this.#timer)
    this.#due = due
    this.#timer = setTimeout(() => this.#fill(), milliseconds).unref()
  }

  get #wanted(): number {
    return Math.max(0, ...[...this.#claims].map(({ count }) => count))
  }

  #fill(): void {
    this.#timer = undefined
    try {
      while (this.#spares.size < this.#wanted) this.#begin()
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  #begin(): void {
    const spare = new Spare(this.#settings, {
      onMet: () => this.#tell(),
      onLost: (error) => {
        if (this.#spares.delete(spare)) this.#fail(error)
      },
    })
    this.#spares.add(spare)
  }

  /** Whoever ends them, or whatever keeps them from starting, may go on doing so. */
  #fail(error: Error): void {
    this.#lost++
    this.fillAfter(Math.min(LONGEST, SHORTEST * 2 ** (this.#lost - 1)))
    this.#tell(error)
  }

  #tell(error?: Error): void {
    for (const claim of this.#claims) claim.onChange?.(error)
  }
}

const kinds = new Map<string, Kind>()

const policyKeys = new WeakMap<Policy, string>()

function policyKeyOf(policy: Policy): string {
  let key = policyKeys.get(policy)
  if (key === undefined) {
    const { listener, namespaces, bounds, granted } = policy
    key = JSON.stringify([
      createHash('sha256').update(policy.bytes).digest('base64'),
      [listener, namespaces, bounds.stack, bounds.threads],
      [granted.read.length, granted.write.length],
    ])
    policyKeys.set(policy, key)
  }
  return key
}

/** All that a process is started with: one for the same may take the place of another. */
function keyOf({ policy, spin, lanes, awake, stdout, stderr }: Settings): string {
  const muted = `${stdout === 'ignore'} ${stderr === 'ignore'}`
  return `${policyKeyOf(policy)} ${spin} ${lanes} ${awake} ${muted}`
}

/** A process that waits for a fat thread with these settings, if there is one. */
export function takeSpare(settings: Settings): Spare | undefined {
  return kinds.size === 0 ? undefined : kinds.get(keyOf(settings))?.take()
}

/** Processes that wait, already shut in, for fat threads with the same options. */
export class Spares implements AsyncDisposable {
  /** How many shall wait. */
  readonly count: number
  readonly #kind: Kind
  /** What was given up, once it was. */
  #surplus: readonly Spare[] | undefined
  /** @internal One more waits, or one was lost. */
  onChange: ((error: Error | undefined) => void) | undefined

  /** @internal Use `FatThread.warm`, or the option `spares`. */
  constructor(settings: Settings, count: number) {
    this.count = count
    const key = keyOf(settings)
    const kind = kinds.get(key) ?? new Kind(key, settings)
    kinds.set(key, kind)
    kind.claim(this)
    this.#kind = kind
  }

  /** How many wait just now, whoever wanted them. */
  get waiting(): number {
    return this.#surplus === undefined ? this.#kind.waiting : 0
  }

  /** @internal Begins those that are missing, soon. */
  fill(): void {
    if (this.#surplus === undefined) this.#kind.fillAfter(0)
  }

  /** @internal Resolves when all wait; keeps the program alive until then. */
  async filled(milliseconds: number): Promise<void> {
    this.fill()
    holdEventLoop()
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        const late = (): void =>
          reject(new StartError(`${this.count} processes did not start in ${milliseconds} ms`))
        timer = setTimeout(late, milliseconds)
        const look = (error?: Error): void => {
          if (error !== undefined)
            reject(
              new StartError(`a process can't be kept ready: ${error.message}`, { cause: error }),
            )
          else if (this.waiting >= this.count) resolve()
        }
        this.onChange = look
        look()
      })
    } finally {
      this.onChange = undefined
      clearTimeout(timer)
      releaseEventLoop()
    }
  }

  /** Gives them up: those that nobody else wants end. Resolves when they have. */
  async close(): Promise<void> {
    const surplus = this.#giveUp()
    holdEventLoop()
    await Promise.all(surplus.map(({ ended }) => ended))
    releaseEventLoop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal The same, blocking. */
  closeSync(): void {
    for (const spare of this.#giveUp()) spare.waitForEnd(LAST_WAIT)
  }

  #giveUp(): readonly Spare[] {
    if (this.#surplus === undefined) {
      this.#surplus = this.#kind.unclaim(this)
      for (const spare of this.#surplus) spare.giveUp()
    }
    return this.#surplus
  }
}
