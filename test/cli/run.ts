/** Runs the built command line as a user would. */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** `fat-threads WORD...` */
export function run(...words: readonly string[]): Ran {
  return runNode([MAIN, ...words])
}

export function runNode(words: readonly string[], options: SpawnSyncOptions = {}): Ran {
  const spawned = spawnSync(process.execPath, words, { timeout: 60_000, ...options })
  return { status: spawned.status, stdout: `${spawned.stdout}`, stderr: `${spawned.stderr}` }
}

/** Standard output with `--json`: one line, one value. */
export function runJson(...words: readonly string[]): Ran & { readonly json: unknown } {
  const ran = run(...words, '--json')
  const lines = ran.stdout.split('\n')
  if (lines.length !== 2 || lines[1] !== '') throw new Error(`not one line: ${ran.stdout}`)
  return { ...ran, json: JSON.parse(ran.stdout) }
}
