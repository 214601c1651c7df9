/** The program has a terminal; its fat threads have none, not even by name. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fixture } from '../fixtures/build.ts'
import { skipWithoutKernel } from '../support/needs.ts'
import { runProgram } from '../support/run-program.ts'

const folder = mkdtempSync(join(tmpdir(), 'fat-threads-terminal-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('types into the terminal', async (context) => {
  const report = join(folder, 'report.json')
  const program = [fixture('uses-the-terminal'), report]
  const { code, stdout } = await runProgram('shares-its-terminal.mjs', {
    args: program,
    // A terminal of its own; the words become one, as a shell reads them.
    by: [
      'sh',
      '-c',
      `exec script --quiet --return --command "$(printf "'%s' " "$@")" /dev/null`,
      '',
    ],
  })
  expect(code, stdout).toBe(0)
  const found = JSON.parse(readFileSync(report, 'utf8')) as Record<string, unknown>
  expect(found['terminal']).toBe(true)
  skipWithoutKernel(context, found['inProcess'] !== 0, 'TIOCSTI for this user')
  // Three streams and the terminal by its name.
  expect(found['inProcess']).toBe(4)
  expect(found['fatThread']).toEqual([0, 0])
})
