/**
 * The filter and the order of the start were made beside one C library; another makes other system calls. The tests
 * as a whole run on Debian 12: this is Debian testing's.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fixture, obstacle } from '../fixtures/build.ts'
import { unpackDebianTesting, withLibrariesOf } from '../support/debian-testing.ts'
import { runProgram } from '../support/run-program.ts'

const folder = mkdtempSync(join(tmpdir(), 'fat-threads-glibc-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test("works with Debian testing's C library, shut in", { timeout: 120_000 }, async (context) => {
  const reason = obstacle(() => unpackDebianTesting(folder))
  context.skip(reason !== undefined, reason)
  const { stdout, stderr } = await runProgram('works-under-its-glibc.mjs', {
    by: withLibrariesOf(join(folder, 'root')),
    args: ['obeys', 'opens-a-file', 'starts-many-threads'].map(fixture),
  })
  context.skip(/unshare:|mount:/.test(stderr), `no other libraries can be mounted: ${stderr}`)
  expect(stderr).toBe('')
  const { program, library, ...report } = JSON.parse(stdout) as Record<string, string>
  const own = (process.report.getReport() as { header: { glibcVersionRuntime: string } }).header
  expect(library).toBe(program)
  expect(library, 'it is another one').not.toBe(own.glibcVersionRuntime)
  expect(report).toMatchObject({
    sum: 3,
    awaited: 7,
    crash: { name: 'CrashError', signal: 'SIGSEGV', symbol: 'crash' },
    next: 11,
    opened: 0,
    denials: ['openat /etc/passwd'],
    // One of the eight makes the calls.
    threads: 7,
  })
})
