/** 10,000 times: a call crashes, a new process takes over, the next call works. */
import { expect, test } from 'vitest'
import { CrashError, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { call, failureOf } from '../support/ways.ts'
import { Gauge } from './gauge.ts'

const CYCLES = 10_000
const ROUNDS = 20

test(`${CYCLES} crashes and restarts leave nothing behind`, { timeout: 600_000 }, async () => {
  await using library = await open(fixture('obeys'), {
    add: 'int add(int a, int b)',
    crash: 'int crash(void)',
  })
  const { add, crash } = library.symbols
  const gauge = new Gauge()
  const pids = new Set<number | undefined>()
  let heard = 0
  library.thread.on('crash', () => heard++)

  const cycle = async (index: number): Promise<void> => {
    pids.add(library.thread.pid)
    const error = await failureOf(() => call(crash, index % 2 === 0 ? 'awaited' : 'sync'))
    expect(error).toBeInstanceOf(CrashError)
    expect(error).toMatchObject({ signal: 'SIGSEGV', symbol: 'crash', call: 'crash' })
    expect(index % 3 === 0 ? add.sync(index, 1) : await add(index, 1)).toBe(index + 1)
  }

  for (let round = 0; round < ROUNDS; round++) {
    for (let index = 0; index < CYCLES / ROUNDS; index++) await cycle(round * ROUNDS + index)
    await gauge.sample()
  }
  gauge.expectFlat()
  expect(heard).toBe(CYCLES)
  expect(library.thread.stats()).toMatchObject({ restarts: CYCLES, state: 'running', inFlight: 0 })
  expect(pids.size, 'process ids come again at the earliest after some thousands').toBeGreaterThan(
    1000,
  )
})

test('1,000 crashes with calls waiting: each goes on', { timeout: 200_000 }, async () => {
  await using library = await open(fixture('obeys'), {
    add: 'int add(int a, int b)',
    crash: 'int crash(void)',
  })
  const { add, crash } = library.symbols
  const gauge = new Gauge()
  for (let round = 0; round < 1000; round++) {
    const calls = [
      add(round, 0),
      add(round, 1),
      crash(),
      ...Array.from({ length: 20 }, (_, index) => add(round, index + 2)),
    ]
    const results = await Promise.allSettled(calls)
    const [crashed] = results.splice(2, 1)
    expect((crashed as PromiseRejectedResult).reason).toBeInstanceOf(CrashError)
    expect(results).toEqual(
      results.map((_, index) => ({ status: 'fulfilled', value: round + index })),
    )
    if (round % 50 === 0) await gauge.sample()
  }
  gauge.expectFlat()
})

test('1,000 fat threads, opened and closed', { timeout: 200_000 }, async () => {
  const gauge = new Gauge()
  for (let round = 0; round < 1000; round++) {
    const library = await open(fixture('obeys'), { add: 'int add(int a, int b)' })
    expect(await library.symbols.add(round, 1)).toBe(round + 1)
    using memory = library.thread.alloc(100_000)
    memory.bytes.fill(1)
    await (round % 2 === 0 ? library.close() : library.thread.terminate())
    if (round % 50 === 0) await gauge.sample()
  }
  gauge.expectFlat()
})
