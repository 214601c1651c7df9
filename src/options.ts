import { availableParallelism } from 'node:os'
import { describe } from './call/complaint.ts'
import { optionNames } from './option-names.ts'
import { LIMITS } from './protocol/protocol.ts'
import type { Limits } from './sandbox/limits.ts'
import type { Permissions } from './sandbox/permissions.ts'
import { type Policy, policyOf } from './sandbox/policy.ts'

export type StreamMode = 'inherit' | 'ignore' | 'pipe'

export interface FatThreadOptions {
  /** What the library may reach. Default: nothing. */
  readonly permissions?: Permissions | undefined
  /** What the library may use up. */
  readonly limits?: Limits | undefined
  /** `strict` throws when something can't be enforced, `best-effort` says so in the receipt. Default: `best-effort`. */
  readonly sandbox?: 'strict' | 'best-effort' | 'off' | undefined
  /** Milliseconds that a call may run; a load too. Default: calls have no limit, loads 30 seconds. */
  readonly timeout?: number | undefined
  /** Whether a new process takes over when one has ended. Default: `on-crash`. */
  readonly restart?: 'on-crash' | 'never' | undefined
  /**
   * Lanes in one process: so many threads of it serve calls at once, for a library that may be called by several.
   * From 1 to 64. Default: 1.
   */
  readonly threads?: number | undefined
  /** Microseconds to stay awake without work. Default: `auto`, which is up to 100, or 0 on one processor. */
  readonly spin?: 'auto' | number | undefined
  /**
   * Processes that wait, already shut in, for the next start with the same options: after a crash, or of another fat
   * thread. They end with the last fat thread that wanted them. From 0 to 64. Default: 0.
   */
  readonly spares?: number | undefined
  /** Where the library's standard output goes. Default: `inherit`, to the program's. */
  readonly stdout?: StreamMode | undefined
  readonly stderr?: StreamMode | undefined
}

export const THREAD_OPTIONS = optionNames<FatThreadOptions>('a fat thread', {
  permissions: true,
  limits: true,
  sandbox: true,
  timeout: true,
  restart: true,
  threads: true,
  spin: true,
  spares: true,
  stdout: true,
  stderr: true,
})

/** Options, checked and complete. */
export interface Settings {
  readonly policy: Policy
  /** Nothing runs where something can't be enforced. */
  readonly strict: boolean
  readonly timeout: number | undefined
  readonly loadTimeout: number
  readonly restart: boolean
  /** Milliseconds. */
  readonly spin: number
  readonly lanes: number
  /** Lanes that stay awake without work at all, from the first on. */
  readonly awake: number
  /** Processes that shall wait for the next start. */
  readonly spares: number
  readonly stdout: StreamMode
  readonly stderr: StreamMode
}

const LOAD_TIMEOUT = 30_000
const AUTO_SPIN = 0.1
/** Asked once: the kernel is asked each time. */
const PROCESSORS = availableParallelism()
/** More lanes that stay awake would take the processors from those at work, and from the program. */
const AWAKE_MOST = Math.max(1, PROCESSORS - 1)
const SPIN_MOST = 1_000_000
const SPARES_MOST = 64
const TIMEOUT_MOST = 2 ** 31 - 1
const STREAM_MODES = ['inherit', 'ignore', 'pipe'] as const

export function settingsOf(options: FatThreadOptions): Settings {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`options must be an object, not ${describe(options)}`)
  const sandbox = oneOf('sandbox', options.sandbox, ['strict', 'best-effort', 'off'], 'best-effort')
  const policy = policyOf(options.permissions, options.limits, sandbox !== 'off')
  const lanes = lanesOf(options.threads ?? 1)
  const timeout = timeoutOf(options.timeout)
  return {
    policy,
    strict: sandbox === 'strict',
    timeout,
    loadTimeout: timeout ?? LOAD_TIMEOUT,
    restart: oneOf('restart', options.restart, ['on-crash', 'never'], 'on-crash') === 'on-crash',
    spin: spinOf(options.spin ?? 'auto'),
    lanes,
    awake: options.spin === undefined || options.spin === 'auto' ? AWAKE_MOST : lanes,
    spares: sparesOf('spares', options.spares ?? 0, 0),
    stdout: oneOf('stdout', options.stdout, STREAM_MODES, 'inherit'),
    stderr: oneOf('stderr', options.stderr, STREAM_MODES, 'inherit'),
  }
}

/** A call's time limit in milliseconds. */
export function timeoutOf(timeout: unknown): number | undefined {
  return timeout === undefined ? undefined : within('timeout', timeout, 0, TIMEOUT_MOST)
}

function lanesOf(threads: unknown): number {
  return whole('threads', threads, 1, LIMITS.LANES)
}

/** How many processes shall wait for a start. */
export function sparesOf(name: string, count: unknown, least: number): number {
  return whole(name, count, least, SPARES_MOST)
}

function whole(name: string, value: unknown, least: number, most: number): number {
  const number = within(name, value, least, most)
  if (Number.isInteger(number)) return number
  throw new RangeError(`${name} must be a whole number, not ${number}`)
}

function spinOf(spin: unknown): number {
  if (spin === 'auto') return PROCESSORS > 1 ? AUTO_SPIN : 0
  return within("spin ('auto' or microseconds)", spin, 0, SPIN_MOST) / 1000
}

function within(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number')
    throw new TypeError(`${name} must be a number, not ${describe(value)}`)
  if (value >= least && value <= most) return value
  throw new RangeError(`${name} must be from ${least} to ${most}, not ${value}`)
}

function oneOf<const Value extends string>(
  name: string,
  value: unknown,
  values: readonly Value[],
  standard: Value,
): Value {
  if (value === undefined) return standard
  const found = values.find((each) => each === value)
  if (found !== undefined) return found
  throw new TypeError(
    `${name} must be ${values.map((each) => `'${each}'`).join(' or ')}, not ${describe(value)}`,
  )
}
