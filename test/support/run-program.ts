/** Runs a small program that uses the built package, as a user's program would. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stopwatch, waited } from './stopwatch.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** It was still there at the time limit. */
  readonly hung: boolean
  /** Milliseconds, by the stopwatch. */
  readonly elapsed: number
}

export interface RunOptions extends Omit<SpawnOptions, 'timeout'> {
  readonly args?: readonly string[]
  /** Milliseconds; then it counts as hung. What it waits for a processor does not count, up to twice that. */
  readonly limit?: number
  /** What starts Node: a command with its arguments, such as `setpriv`. */
  readonly by?: readonly string[]
  /** Options of Node itself. */
  readonly node?: readonly string[]
  /** The checkout that holds the program and the built package; that of the tests where it isn't said. */
  readonly root?: string
  /** Called when the program has started. */
  readonly started?: (child: ChildProcess) => void
}

/** Copies what programs need to where another user can read it; for `root`. */
export function copyCheckout(target: string): string {
  for (const part of ['package.json', 'dist', 'build/native', 'test/fixtures/programs'])
    cpSync(join(ROOT, part), join(target, part), { recursive: true })
  return target
}

/** Runs `test/fixtures/programs/<name>` to its end. */
export function runProgram(name: string, options: RunOptions = {}): Promise<Ended> {
  const { args = [], limit = 15_000, by = [], node = [], root = ROOT, started, ...rest } = options
  const path = join(root, 'test/fixtures/programs', name)
  const [command, ...words] = [...by, process.execPath, ...node, path, ...args]
  const elapsed = stopwatch()
  const begun = performance.now()
  const child = spawn(command as string, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...rest,
    // What the tests themselves run with is no part of the program.
    env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: '', VITEST: '', ...rest.env },
  })
  let stdout = ''
  let stderr = ''
  let hung = false
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const expire = (): void => {
    const waits = Math.min(waited(child.pid), 2 * limit)
    const left = limit + waits - (performance.now() - begun)
    if (left > 0) {
      timer = setTimeout(expire, left)
      return
    }
    hung = true
    child.kill('SIGKILL')
  }
  let timer = setTimeout(expire, limit)
  started?.(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, stdout, stderr, hung, elapsed: elapsed() })
    })
  })
}
