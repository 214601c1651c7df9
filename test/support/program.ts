/** What a library must not change about the program: read from `/proc` before a row and again after it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { attempt, processes } from './processes.ts'
import { stopwatch } from './stopwatch.ts'

/** The program at one moment. */
export interface Program {
  /** What each open descriptor leads to, by number. */
  readonly descriptors: ReadonlyMap<string, string>
  /** Process ids of the children, zombies too. */
  readonly children: readonly number[]
  /** Mappings of memory files, those of kept copies left out. */
  readonly mappings: number
  /** Resident bytes. */
  readonly memory: number
  /** What must be exactly as before: priority, processors, limits, signals, folder, modes of the standard streams. */
  readonly state: Readonly<Record<string, string>>
}

/** Copies of libraries that are kept for the next one; `test/loader/image.test.ts` counts them and their mappings. */
const KEPT = '/memfd:fat-thread-object'

function descriptors(): Map<string, string> {
  const found = new Map<string, string>()
  for (const entry of readdirSync('/proc/self/fd')) {
    const target = attempt(() => readlinkSync(`/proc/self/fd/${entry}`))
    if (target !== undefined && !target.startsWith(KEPT)) found.set(entry, target)
  }
  return found
}

function state(): Record<string, string> {
  const status = readFileSync('/proc/self/status', 'utf8')
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const line = (key: string): string => new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? ''
  const modes = [0, 1, 2].map((number) =>
    attempt(() => /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${number}`, 'utf8'))?.[1]),
  )
  return {
    priority: stat.slice(stat.lastIndexOf(')')).split(' ').slice(16, 18).join(' '),
    processors: line('Cpus_allowed'),
    mask: line('Umask'),
    blockedSignals: line('SigBlk'),
    ignoredSignals: line('SigIgn'),
    caughtSignals: line('SigCgt'),
    limits: readFileSync('/proc/self/limits', 'utf8'),
    folder: process.cwd(),
    standardStreams: modes.join(' '),
  }
}

/** Looks at this process. */
export function program(): Program {
  const maps = readFileSync('/proc/self/maps', 'utf8')
  return {
    descriptors: descriptors(),
    children: processes()
      .filter((one) => one.parent === process.pid)
      .map((one) => one.pid),
    mappings: maps.split('\n').filter((line) => line.includes(' /memfd:') && !line.includes(KEPT))
      .length,
    memory: process.memoryUsage.rss(),
    state: state(),
  }
}

/** How long what a closed fat thread leaves behind may stay, in milliseconds. */
const PATIENCE = 3000
/** Bytes that the program may have grown by: less than what a flood sends it. */
const GROWTH = 96 * 2 ** 20

/** What is there now and was not there before, in words; empty when the program is as it was. */
function leftovers(before: Program, fatThreads: readonly (number | undefined)[]): string[] {
  const now = program()
  const known = new Set([...before.descriptors].map(([number, target]) => `${number} ${target}`))
  const all = processes()
  return [
    ...[...now.descriptors]
      .map(([number, target]) => `${number} ${target}`)
      .filter((one) => !known.has(one) && now.descriptors.size > before.descriptors.size)
      .map((one) => `descriptor ${one}`),
    ...all
      .filter((one) => one.parent === process.pid && !before.children.includes(one.pid))
      .map((one) => `child ${one.pid} (${one.name}) in state ${one.state}`),
    ...all
      .filter((one) => fatThreads.includes(one.pid) && one.parent !== process.pid)
      .map((one) => `fat thread ${one.pid} in state ${one.state}`),
    // One that has ended is whoever's to reap that took it over: other test files end programs on purpose.
    ...all
      .filter((one) => one.name === 'fat-thread' && one.parent === 1 && one.state !== 'Z')
      .map((one) => `orphan ${one.pid}`),
    ...(now.mappings > before.mappings ? [`${now.mappings - before.mappings} mappings`] : []),
  ]
}

/**
 * The check after every row: nothing of the fat thread is left and the program is as it was before.
 * `fatThreads` are the process ids that the row has seen.
 */
export async function unharmed(
  before: Program,
  fatThreads: readonly (number | undefined)[] = [],
): Promise<void> {
  const elapsed = stopwatch()
  while (leftovers(before, fatThreads).length > 0 && elapsed() < PATIENCE) await sleep(20)
  const left = leftovers(before, fatThreads)
  expect(left, `left behind: ${left.join(', ')}`).toEqual([])
  const now = program()
  expect(now.state).toEqual(before.state)
  expect(now.memory - before.memory, 'growth of the program').toBeLessThan(GROWTH)
}
