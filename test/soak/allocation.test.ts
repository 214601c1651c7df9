/** Calls of scalar signatures make no garbage on their way to words and back. */
import { expect, test } from 'vitest'
import { runProgram } from '../support/run-program.ts'

const CALLS = 10_000_000

test(`encoding and decoding scalars ${CALLS} times allocates nothing`, async () => {
  // So much room for new objects that no collection hides them.
  const node = ['--expose-gc', '--min-semi-space-size=512', '--max-semi-space-size=512']
  const ended = await runProgram('encodes-scalars.mjs', {
    node,
    args: [String(CALLS)],
    limit: 120_000,
  })
  expect(ended).toMatchObject({ code: 0, hung: false, stderr: '' })
  const { control, ...found } = JSON.parse(ended.stdout) as Record<string, number>
  expect(control, 'an object a call shows').toBeGreaterThan(10)
  expect(Object.keys(found)).toHaveLength(6)
  // Less than the smallest object: what the engine itself makes while it optimizes.
  for (const [name, bytes] of Object.entries(found)) expect(bytes, name).toBeLessThan(1)
})
