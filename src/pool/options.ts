import { availableParallelism } from 'node:os'
import { describe } from '../call/complaint.ts'
import { OPEN_OPTIONS, type OpenOptions } from '../open.ts'
import { optionNames, requireOptions } from '../option-names.ts'

/** When a fat thread has served long enough; it ends what it does, and a fresh one takes its place. */
export interface Recycle {
  /** Calls that one process serves; those of a sequence count too. */
  readonly maxCalls?: number | undefined
  /** Bytes of resident memory that one process may have when a call is over. */
  readonly maxMemory?: number | undefined
}

/** How many fat threads a pool has, and what its calls may wait for; the rest is for each fat thread. */
export interface PoolOptions extends OpenOptions {
  /** Fat threads that are there from the start. Default: half of the processors, at least 1. */
  readonly minThreads?: number | undefined
  /** Fat threads at most. Default: one and a half times the processors. */
  readonly maxThreads?: number | undefined
  /** Milliseconds that those above `minThreads` stay without work; `Infinity` keeps them. Default: 5,000. */
  readonly idleTimeout?: number | undefined
  /** Calls that may wait; `'auto'` is the square of `maxThreads`. Default: no bound. */
  readonly maxQueue?: number | 'auto' | undefined
  /** Default: a fat thread serves for as long as it lives. */
  readonly recycle?: Recycle | undefined
  /** Milliseconds that `close` waits for what runs and what waits. Default: 30,000. */
  readonly closeTimeout?: number | undefined
}

const POOL_OPTIONS = optionNames<Omit<PoolOptions, keyof OpenOptions>>('a pool', {
  minThreads: true,
  maxThreads: true,
  idleTimeout: true,
  maxQueue: true,
  recycle: true,
  closeTimeout: true,
})

const RECYCLE_OPTIONS = optionNames<Recycle>('recycle', { maxCalls: true, maxMemory: true })

/** Options, checked and complete. */
export interface PoolSettings {
  readonly minThreads: number
  readonly maxThreads: number
  readonly idleTimeout: number
  readonly maxQueue: number
  readonly maxCalls: number
  readonly maxMemory: number
  readonly closeTimeout: number
  /** Calls that one fat thread serves at a time. */
  readonly lanes: number
  /** A fat thread that ended has no successor. */
  readonly mortal: boolean
  readonly thread: OpenOptions
}

const MOST_THREADS = 65_536
const IDLE_TIMEOUT = 5_000
const CLOSE_TIMEOUT = 30_000
const TIMEOUT_MOST = 2 ** 31 - 1

export function poolSettingsOf(options: PoolOptions): PoolSettings {
  requireOptions(options, [POOL_OPTIONS, ...OPEN_OPTIONS])
  const { minThreads, maxThreads, idleTimeout, maxQueue, recycle, closeTimeout, ...thread } =
    options
  const { least, most } = sizes(minThreads, maxThreads)
  const { maxCalls, maxMemory } = recycleOf(recycle)
  return {
    minThreads: least,
    maxThreads: most,
    idleTimeout: duration('idleTimeout', idleTimeout, IDLE_TIMEOUT),
    maxQueue: maxQueueOf(maxQueue, most),
    maxCalls: count('recycle.maxCalls', maxCalls, Infinity, 1),
    maxMemory: count('recycle.maxMemory', maxMemory, Infinity, 1),
    closeTimeout: duration('closeTimeout', closeTimeout, CLOSE_TIMEOUT),
    lanes: thread.threads ?? 1,
    mortal: thread.restart === 'never',
    thread,
  }
}

/** The one that was not said follows the one that was. */
function sizes(minThreads: unknown, maxThreads: unknown): { least: number; most: number } {
  const processors = availableParallelism()
  const least = count('minThreads', minThreads, Math.max(1, processors >> 1), 0, MOST_THREADS)
  const most = count('maxThreads', maxThreads, Math.ceil(processors * 1.5), 1, MOST_THREADS)
  if (least <= most) return { least, most }
  if (minThreads === undefined) return { least: most, most }
  if (maxThreads === undefined) return { least, most: least }
  throw new RangeError(`minThreads must be at most maxThreads, which is ${most}, not ${least}`)
}

function recycleOf(recycle: unknown): Recycle {
  if (recycle === undefined) return {}
  if (typeof recycle !== 'object' || recycle === null)
    throw new TypeError(`recycle must be an object, not ${describe(recycle)}`)
  requireOptions(recycle, [RECYCLE_OPTIONS])
  return recycle
}

function maxQueueOf(maxQueue: unknown, maxThreads: number): number {
  if (maxQueue === 'auto') return maxThreads ** 2
  if (typeof maxQueue === 'string')
    throw new TypeError(`maxQueue must be 'auto' or a number, not ${describe(maxQueue)}`)
  return count('maxQueue', maxQueue, Infinity, 0)
}

/** A whole number; where `standard` has no end, it may have none either. */
function count(
  name: string,
  value: unknown,
  standard: number,
  least: number,
  most = Infinity,
): number {
  if (value === undefined) return standard
  if (typeof value !== 'number')
    throw new TypeError(`${name} must be a number, not ${describe(value)}`)
  const whole = Number.isInteger(value) || (value === Infinity && standard === Infinity)
  if (whole && value >= least && value <= most) return value
  const bounds = most === Infinity ? `${least} or more` : `from ${least} to ${most}`
  throw new RangeError(`${name} must be a whole number, ${bounds}, not ${value}`)
}

/** Milliseconds; `Infinity` is for ever. */
function duration(name: string, value: unknown, standard: number): number {
  if (value === undefined) return standard
  if (typeof value !== 'number')
    throw new TypeError(`${name} must be a number, not ${describe(value)}`)
  if (value === Infinity || (value >= 0 && value <= TIMEOUT_MOST)) return value
  throw new RangeError(`${name} must be from 0 to ${TIMEOUT_MOST}, or Infinity, not ${value}`)
}
