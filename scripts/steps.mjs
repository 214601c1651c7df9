// What the scripts share: where the project is, running a tool, and saying how long it took.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

const BYTES = 64 * 1024 * 1024

/** Runs a program in the project's folder and keeps what it prints: `{ ok, output, status }`. */
export function run(command, args, options = {}) {
  const { error, status, signal, stdout, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: BYTES,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  })
  const ended = error?.message ?? (signal ? `${command} was ended by ${signal}` : '')
  const output = [stdout, stderr, ended].filter(Boolean).join('').trimEnd()
  return { ok: status === 0, output, status: status ?? 1, stdout: stdout ?? '' }
}

/** Runs the command-line tool that a development package brings. */
export const tool = (name, args, options) =>
  run(join(ROOT, 'node_modules', '.bin', name), args, options)

/** Runs one of the project's own scripts. */
export const script = (file, args = [], options = {}) =>
  run(process.execPath, [join(ROOT, file), ...args], options)

/** A clock from now on, read as `1.2 s`. */
export function clock() {
  const start = performance.now()
  return () => `${((performance.now() - start) / 1000).toFixed(1)} s`
}
