/** The gauge's positive control: what leaks is seen, and what only ends late is not. */
import { closeSync, openSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
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

test('one thread that stays is seen', async () => {
  let worker: Worker | undefined
  const gauge = await gaugeAfter(() => {
    worker = new Worker('setInterval(() => {}, 1000)', { eval: true })
  })
  await worker?.terminate()
  expect(() => gauge.expectFlat()).toThrow(/^threads: /m)
})

test('threads that start processes are as many as were needed at once', async () => {
  const gauge = new Gauge()
  for (let round = 1; round <= SAMPLES; round++) {
    const opened = Array.from({ length: round === SAMPLES ? 32 : 1 }, () =>
      open(fixture('obeys'), { add: 'int add(int a, int b)' }),
    )
    for (const library of await Promise.all(opened)) await library.close()
    await gauge.sample()
  }
  gauge.expectFlat()
})

test('memory that stays is seen', async () => {
  const gauge = new Gauge()
  const kept: Buffer[] = []
  for (let round = 0; round < SAMPLES; round++) {
    // Much more than what the program gives back meanwhile of what earlier tests made.
    kept.push(Buffer.alloc(40 * 2 ** 20, round + 1))
    await gauge.sample()
  }
  expect(kept.length).toBe(SAMPLES)
  expect(() => gauge.expectFlat()).toThrow(/^growth of memory: /)
})
