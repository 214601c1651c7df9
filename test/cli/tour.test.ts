import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { runNode } from './run.ts'

const TOUR = fileURLToPath(new URL('../../dist/cli/tour/tour.js', import.meta.url))
const lacking = needs('zlib1g', 'libz.so.1') || needs('libssl3', 'libcrypto.so.3')

test.skipIf(lacking)('every step comes out as expected', () => {
  const { status, stdout, stderr } = runNode([TOUR])
  expect(stdout).not.toContain('✖')
  expect(stdout).toMatch(/\n(\d+) of \1 steps came out as expected/)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

test.skipIf(lacking)('without a compiler it says so and fails', () => {
  const { status, stdout } = runNode([TOUR], { env: { PATH: '/nonexistent' } })
  expect(stdout).toMatch(/✖ executes hlt .*there is no C compiler \(cc\)/)
  expect(stdout).toMatch(/✔ libm: cos/)
  expect(status).toBe(1)
})
