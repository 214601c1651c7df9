/** One strategy and one behaviour in a throw-away process, which may die, hang or be robbed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type End, type Facts, factsOf } from './facts.ts'
import { LABORATORY, libraryPath } from './laboratory.ts'
import type { Strategy } from './strategies.ts'
import type { Behaviour } from './verdict.ts'

const NODE_PROGRAM = fileURLToPath(new URL('./throw-away.js', import.meta.url))
/** Milliseconds to come as far as loading the library. */
const START_LIMIT = 20_000
/** Milliseconds from there on: for what may hang, and for what should not. */
const SHORT_LIMIT = 4000
const LONG_LIMIT = 20_000
/** How long a strategy waits for a call where its limit is not the point. */
const PATIENCE = 10_000
/** The descriptor of the report, and its most bytes. */
const REPORT = 3
const KEPT = 65536

export function tryOut(strategy: Strategy, behaviour: Behaviour): Promise<Facts> {
  const { id, libraries, limit = PATIENCE, loadLimit = PATIENCE, linger = 0 } = behaviour
  const times = [loadLimit, limit, linger].map(String)
  const words = [id, ...times, ...libraries.map(libraryPath)]
  return run(
    strategy,
    'trial',
    words,
    Math.min(loadLimit, limit) < PATIENCE ? SHORT_LIMIT : LONG_LIMIT,
  )
}

/** Start and call in nanoseconds, memory in KiB, as medians of so many rounds. */
export function measure(strategy: Strategy, rounds: number, calls: number): Promise<Facts> {
  const words = [String(rounds), String(calls), libraryPath('answers')]
  return run(strategy, 'measure', words, LONG_LIMIT)
}

async function run(
  { id, program }: Strategy,
  what: string,
  words: readonly string[],
  limit: number,
): Promise<Facts> {
  const folder = mkdtempSync(join(tmpdir(), 'fat-threads-strategies-'))
  const [command, first] =
    program === 'laboratory'
      ? [join(LABORATORY, 'laboratory'), []]
      : [process.execPath, [NODE_PROGRAM]]
  try {
    const child = spawn(command, [...first, what, id, ...words], {
      cwd: folder,
      env: {
        FAT_THREADS_SECRET: randomBytes(16).toString('hex'),
        FAT_THREADS_SLOW_LIBRARY: libraryPath('loads-slowly'),
      },
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
      // A group of its own, which ends as a whole.
      detached: true,
    })
    return await watch(child, limit)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function watch(child: ChildProcess, limit: number): Promise<Facts> {
  let lines = ''
  let output = ''
  let hung = false
  const kill = (): void => {
    hung = true
    endGroup(child)
  }
  let timer = setTimeout(kill, START_LIMIT)
  child.stdout?.on('data', (bytes: Buffer) => {
    if (output.length < KEPT) output += bytes.toString('latin1')
  })
  child.stdio[REPORT]?.on('data', (bytes: Buffer) => {
    const begins = !lines.includes('begun\t')
    if (lines.length < KEPT) lines += bytes.toString('utf8')
    if (!begins || !lines.includes('begun\t')) return
    clearTimeout(timer)
    timer = setTimeout(kill, limit)
  })
  const closed = once(child, 'close')
  const end = await ending(child)
  clearTimeout(timer)
  endGroup(child)
  // What a descendant holds open is no reason to wait.
  await Promise.race([closed, sleep(1000)])
  return factsOf(lines, hung ? { kind: 'hung' } : end, output, LABORATORY)
}

function ending(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ kind: 'exited', code: 127 }))
    child.once('exit', (code, signal) =>
      resolve(
        signal === null ? { kind: 'exited', code: code ?? 1 } : { kind: 'signalled', signal },
      ),
    )
  })
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left.
  }
}
