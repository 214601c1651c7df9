import { inspect } from 'node:util'
import { objectOf, requireNames } from './permissions.ts'

/** What a library may use up. Bytes, seconds of processor time, counts. */
export interface Limits {
  /** Bytes of address space: what can't be mapped can't be filled either. Default: 2 GiB. */
  readonly memory?: number | undefined
  /** Seconds of processor time of the whole process. Default: none. */
  readonly cpuTime?: number | undefined
  /** Default: 256. */
  readonly openFiles?: number | undefined
  /** Bytes of a file that it writes. Default: 1 GiB where something may be written. */
  readonly fileSize?: number | undefined
  /** Default: 64. */
  readonly threads?: number | undefined
  /** Bytes of the stack of the thread that runs the calls. Default: 8 MiB. */
  readonly stack?: number | undefined
}

/** Complete. */
export interface Bounds {
  readonly memory: number
  readonly cpuTime: number | undefined
  readonly openFiles: number
  readonly fileSize: number
  readonly threads: number
  readonly stack: number
}

const MIB = 2 ** 20
const GIB = 2 ** 30

const RANGES = {
  memory: [64 * MIB, 2 ** 46],
  cpuTime: [1, 2 ** 31],
  openFiles: [16, 2 ** 20],
  fileSize: [0, 2 ** 53 - 1],
  threads: [1, 2 ** 20],
  stack: [256 * 1024, GIB],
} as const

const NAMES = Object.keys(RANGES)

/**
 * @throws {TypeError} for a limit that does not exist or is no number
 * @throws {RangeError} for one that nothing could run under
 */
export function boundsOf(limits: unknown): Bounds {
  const given = objectOf('limits', limits ?? {})
  requireNames('limits', given, NAMES)
  const bound = (name: keyof typeof RANGES): number | undefined => within(name, given[name])
  return {
    memory: bound('memory') ?? 2 * GIB,
    cpuTime: bound('cpuTime'),
    openFiles: bound('openFiles') ?? 256,
    fileSize: bound('fileSize') ?? GIB,
    threads: bound('threads') ?? 64,
    stack: bound('stack') ?? 8 * MIB,
  }
}

function within(name: keyof typeof RANGES, value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'number')
    throw new TypeError(`limits.${name} must be a number, not ${inspect(value)}`)
  const [least, most] = RANGES[name]
  if (!(value >= least && value <= most))
    throw new RangeError(`limits.${name} must be from ${least} to ${most}, not ${value}`)
  return Math.ceil(value)
}
