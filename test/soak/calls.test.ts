/** 10 million calls, every result checked: awaited in batches, one by one, and blocking. */
import { expect, test } from 'vitest'
import { FatThread, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { Gauge } from './gauge.ts'

const CALLS = 10_000_000
const ROUNDS = 20
const BATCH = 500
/** Of the calls of a round. */
const SHARES = { blocking: 0.1, oneByOne: 0.05, withText: 0.02, withBytes: 0.02 } as const

test(`${CALLS} calls have the right results and leave nothing behind`, {
  timeout: 280_000,
}, async () => {
  await using thread = await FatThread.spawn()
  const { add } = (await thread.load(fixture('obeys'), { add: 'int add(int a, int b)' })).symbols
  const { addOne, makeText } = (
    await thread.load(fixture('handles-bytes'), {
      makeText: 'const char *make_text(size_t length)',
      addOne: 'void add_one_to_bytes(uint8_t *bytes, size_t count)',
    })
  ).symbols
  const gauge = new Gauge(() => thread.stats().residentMemory)
  const before = thread.stats().completed
  let made = 0
  let wrong = 0

  const check = (right: boolean): void => {
    made++
    if (!right) wrong++
  }

  const round = CALLS / ROUNDS
  for (let turn = 0; turn < ROUNDS; turn++) {
    for (let index = 0; index < round * SHARES.blocking; index++)
      check(add.sync(index, turn) === index + turn)
    for (let index = 0; index < round * SHARES.oneByOne; index++)
      check((await add(index, turn)) === index + turn)
    for (let index = 0; index < round * SHARES.withText; index++) {
      const length = index % 200
      check((await makeText(length))?.length === length)
    }
    const bytes = new Uint8Array(64)
    for (let index = 0; index < round * SHARES.withBytes; index++) {
      await addOne(bytes, 64)
      check(bytes[63] === (index + 1) % 256)
    }
    while (made < (turn + 1) * round) {
      const count = Math.min(BATCH, (turn + 1) * round - made)
      const start = made
      const results = await Promise.all(
        Array.from({ length: count }, (_, index) => add(start, index)),
      )
      for (const [index, result] of results.entries()) check(result === start + index)
    }
    await gauge.sample()
  }
  expect(wrong).toBe(0)
  expect(made).toBe(CALLS)
  expect(thread.stats()).toMatchObject({ restarts: 0, inFlight: 0, queued: 0 })
  expect(thread.stats().completed - before).toBeGreaterThanOrEqual(CALLS)
  gauge.expectFlat()
})

test('6 GB of bytes and text in and out leave nothing behind', { timeout: 100_000 }, async () => {
  await using library = await open(fixture('handles-bytes'), {
    makeText: 'const char *make_text(size_t length)',
    addOne: 'void add_one_to_bytes(uint8_t *bytes, size_t count)',
  })
  const { addOne, makeText } = library.symbols
  const gauge = new Gauge(() => library.thread.stats().residentMemory)
  const size = 2 ** 23
  const bytes = new Uint8Array(size)
  for (let round = 0; round < 400; round++) {
    await addOne(bytes, size)
    expect(bytes[size - 1]).toBe((round + 1) % 256)
    expect((await makeText(size + (round % 7)))?.length).toBe(size + (round % 7))
    if (round % 20 === 0) await gauge.sample()
  }
  // Strings and buffers of 8 MB come and go: one part in a hundred kept would show.
  gauge.expectFlat(48 * 2 ** 20)
})
