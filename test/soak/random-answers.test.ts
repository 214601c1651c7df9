/** A million answers at random, from a library that took the host's place. */
import { expect, test } from 'vitest'
import { callRandomHost } from '../support/random-host.ts'
import { Gauge } from './gauge.ts'

const ANSWERS = 1_000_000

test(`${ANSWERS} answers at random`, async () => {
  const gauge = new Gauge()
  const seed = Date.now() % 2 ** 32
  const tally = await callRandomHost(ANSWERS, seed, () => gauge.sample())
  console.log(`seed ${seed}:`, tally)
  expect(tally.untrue, 'the answers were the random ones').toBeGreaterThan(ANSWERS / 10)
  expect(tally.failures.get('ViolationError')).toBeGreaterThan(100)
  // Texts of up to half a gigabyte are claimed and taken: one kept would show.
  gauge.expectFlat(256 * 2 ** 20)
})
