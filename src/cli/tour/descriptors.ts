import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile } from './compile.ts'

/** Node marks the lower ones, which it was started with, as not to be inherited. */
export const LEAKED = 20

const PROGRAM = fileURLToPath(new URL('./leaking-program.js', import.meta.url))

/** What the leaking program says. */
export interface Findings {
  /** A plain child process can read the secret. */
  readonly leaked: boolean
  /** Descriptors that the library has, and those of them where it read the secret. */
  readonly open: number
  readonly found: number
}

/**
 * Runs a program that holds a file with a secret, open and not close-on-exec, as a careless one may:
 * Node itself opens all files close-on-exec.
 */
export async function scanDescriptors(): Promise<string> {
  const library = await compile('reads-every-descriptor')
  const path = join(dirname(library), 'secret')
  writeFileSync(path, randomBytes(32))
  const file = openSync(path, 'r')
  const unused = Array.from({ length: LEAKED - 3 }, () => 'ignore' as const)
  const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM, library], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', ...unused, file],
  })
  closeSync(file)
  assert.notEqual(stdout, '', stderr)
  const { leaked, open, found } = JSON.parse(stdout) as Findings
  assert.ok(leaked, 'a plain child process does not see the secret either')
  assert.equal(found, 0, 'the library read the secret')
  return `${open} of 65536 are open and hold no secret; a plain child reads it`
}
