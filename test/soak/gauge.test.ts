/** The gauge's positive control: what leaks is seen, and what only ends late is not. */
import { closeSync, openSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Gauge } from './gauge.ts'

const SAMPLES = 6

/** A gauge after so many samples, before the last of which `change` came. */
async function gaugeAfter(change: () => void): Promise<Gauge> {
  const gauge = new Gauge()
  for (let round = 1; round <= SAMPLES; round++) {
    if (round === SAMPLES) change()
    await gauge.sample()
  }
  return gauge
}

test('one descriptor that stays is seen', async () => {
  let descriptor = -1
  const gauge = await gaugeAfter(() => {
    descriptor = openSync('/dev/null', 'r')
  })
  closeSync(descriptor)
  expect(() => gauge.expectFlat()).toThrow(/^descriptors: /)
})

test('one that is closed a second later is not', async () => {
  const gauge = await gaugeAfter(() => {
    const descriptor = openSync('/dev/null', 'r')
    setTimeout(() => closeSync(descriptor), 1000)
  })
  gauge.expectFlat()
})

test('memory that stays is seen', async () => {
  const gauge = new Gauge()
  const kept: Buffer[] = []
  for (let round = 0; round < SAMPLES; round++) {
    kept.push(Buffer.alloc(12 * 2 ** 20, round + 1))
    await gauge.sample()
  }
  expect(kept.length).toBe(SAMPLES)
  expect(() => gauge.expectFlat()).toThrow(/^growth of memory: /)
})
