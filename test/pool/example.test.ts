/** The example runs, and says what it should. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { needs } from '../support/needs.ts'

test.skipIf(needs('zlib1g', 'libz.so.1'))('examples/pool.mjs', () => {
  const path = fileURLToPath(new URL('../../examples/pool.mjs', import.meta.url))
  const output = execFileSync(process.execPath, [path], { encoding: 'utf8' })
  expect(output).toMatch(/crc32 of .* crashed: SIGSEGV/)
  expect(output).toContain('199 sums, 1 failed\na crash: true\n')
  expect(output).toContain('the sum is the same: true\n')
})
