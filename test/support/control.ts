/**
 * Positive controls: the same library, loaded without isolation in a throw-away program, must really do
 * its harm. Otherwise surviving it proves nothing.
 */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'

/** How the throw-away program ended. */
export interface Ended {
  /** The script came as far as `begin()`: what happened then is the library's work. */
  readonly begun: boolean
  /** The exit status, where it exited. */
  readonly code: number | null
  /** The signal, where one ended it. */
  readonly signal: NodeJS.Signals | null
  /** It was still there at the time limit. */
  readonly hung: boolean
  /** What the script passed to `report`, or `undefined` when it never came so far. */
  readonly reported: unknown
  /** The first 64 KiB of both outputs, and how many bytes there were. */
  readonly output: string
  readonly outputBytes: number
}

export interface ControlOptions {
  /** Milliseconds from the moment when the script says `begin()`. */
  readonly timeout?: number
  readonly env?: Readonly<Record<string, string>>
  readonly argv?: readonly string[]
}

const KEPT = 65536
const START_LIMIT = 20_000
/** The report's descriptor: a library that closes or floods the standard streams must not lose it. */
const REPORT = 3

/** A library that writes into every descriptor reaches this one too: the words are looked for, not lines. */
const BEGUN = 'begun'
const REPORTED = /reported ([^\n]*)\n/

const PRELUDE = `
const koffi = require(${JSON.stringify(createRequire(import.meta.url).resolve('koffi'))})
const { writeSync } = require('node:fs')
const begin = () => writeSync(${REPORT}, '${BEGUN}\\n')
const report = (value) => writeSync(${REPORT}, 'reported ' + JSON.stringify(value) + '\\n')
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
`

/**
 * Runs a script in a throw-away program. The script sees `koffi`, `begin()`, which starts the time limit,
 * `report(value)`, and `sleep(ms)`.
 */
export async function control(script: string, options: ControlOptions = {}): Promise<Ended> {
  const body = `${PRELUDE};(async () => {${script}\n})()`
  const child = spawn(process.execPath, ['-e', body, '--', ...(options.argv ?? [])], {
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let hung = false
  const kill = (): void => {
    hung = true
    child.kill('SIGKILL')
  }
  let timer = setTimeout(kill, START_LIMIT)
  let output = ''
  let outputBytes = 0
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      outputBytes += chunk.length
      if (output.length < KEPT) output += chunk.toString('latin1', 0, KEPT)
    })
  let reports = ''
  let begun = false
  const channel = child.stdio[REPORT] as Readable
  channel.on('data', (chunk: Buffer) => {
    reports = (reports + chunk.toString('latin1')).slice(-KEPT)
    if (begun || !reports.includes(BEGUN)) return
    begun = true
    clearTimeout(timer)
    timer = setTimeout(kill, options.timeout ?? 1000)
  })
  for (const stream of child.stdio) stream?.on('error', () => {})
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const reported = REPORTED.exec(reports)?.[1]
      resolve({
        begun,
        code,
        signal: hung ? null : signal,
        hung,
        reported: reported === undefined ? undefined : JSON.parse(reported),
        output,
        outputBytes,
      })
    })
  })
}

/** Loads a library in-process, calls one function, waits a while for what comes after, and reports the result. */
export function callInProcess(
  library: string,
  options: ControlOptions & {
    readonly prototype?: string
    readonly args?: readonly unknown[]
    /** Milliseconds to stay alive after the call. */
    readonly linger?: number
  } = {},
): Promise<Ended> {
  const prototype = options.prototype ?? 'int deed(void)'
  return control(
    `begin()
    const library = koffi.load(${JSON.stringify(library)})
    const result = library.func(${JSON.stringify(prototype)})(...${JSON.stringify(options.args ?? [])})
    await sleep(${options.linger ?? 0})
    report(result)`,
    options,
  )
}

/**
 * Loads a library beside a stand-in for the channel, calls `deed` on another thread, and reports 1 as soon as
 * the library has changed anything about the stand-in.
 */
export function callBesideChannel(
  library: string,
  standIn: string,
  patience: number,
  prototype = 'int deed(void)',
  args: readonly unknown[] = [],
): Promise<Ended> {
  return control(
    `const standIn = koffi.load(${JSON.stringify(standIn)})
    if (standIn.func('int prepare(void)')() !== 1) throw new Error('no stand-in')
    begin()
    const library = koffi.load(${JSON.stringify(library)})
    library.func(${JSON.stringify(prototype)}).async(...${JSON.stringify(args)}, () => {})
    const touched = standIn.func('int touched(void)')
    // One that scribbles without end is now and then met with what was there before: one look is too few.
    const end = performance.now() + ${200 * patience}
    let seen = 0
    while ((seen = touched()) !== 1 && performance.now() < end) await sleep(5)
    report(seen)
    process.kill(process.pid, 'SIGKILL')`,
    { timeout: 2000 * patience },
  )
}
