/** A library in the host's place: a short run of what `test/soak/random-answers.test.ts` does a million times. */
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { callRandomHost } from '../support/random-host.ts'

test('10,000 answers at random: each a value of its type, or an error', {
  timeout: 60_000,
}, async () => {
  const { answered, untrue, failures } = await callRandomHost(10_000, 1)
  expect(answered + [...failures.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(
    10_000,
  )
  expect(untrue, 'the answers were the random ones').toBeGreaterThan(1000)
  await using library = await open(fixture('answers'), { answer: 'int answer(void)' })
  expect(await library.symbols.answer()).toBe(42)
})
