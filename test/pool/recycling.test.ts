/** Fat threads of a pool that come and go: when they have served long enough, and when there is nothing to do. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Pool } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { numbers } from '../support/numbers.ts'
import { usePools } from '../support/pools.ts'
import { program, unharmed } from '../support/program.ts'
import { until } from '../support/until.ts'

const DECLARATIONS = {
  add: 'int add(int a, int b)',
  sleep: 'int sleep_for(int milliseconds)',
  count: 'int count_calls(void)',
} as const

const { opened, openIt } = usePools(DECLARATIONS)

describe('idleTimeout', () => {
  test('ends those above minThreads that do nothing, and no other', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 3, idleTimeout: 500 })
    const ends: number[] = []
    const calls = numbers(6).map(async () => {
      await pool.symbols.sleep(60)
      ends.push(performance.now())
    })
    expect(pool.size).toBe(3)
    await Promise.all(calls)
    const slow = pool.symbols.sleep(1500)
    await until(() => pool.size < 3)
    // Until three of the six calls had ended, none had nothing to do.
    expect(performance.now() - (ends[2] as number), 'not before it is time').toBeGreaterThan(450)
    await until(() => pool.size === 1)
    expect(await slow).toBe(1500)
    await sleep(700)
    expect(pool.size).toBe(1)
  })

  test('0 ends them at once, Infinity never', async () => {
    const short = await openIt({ minThreads: 0, maxThreads: 2, idleTimeout: 0 })
    await short.symbols.add(1, 2)
    await until(() => short.size === 0)
    expect(await short.symbols.add(3, 4)).toBe(7)
    const long = await openIt({ minThreads: 0, maxThreads: 2, idleTimeout: Infinity })
    await long.symbols.add(1, 2)
    await sleep(100)
    expect(long.size).toBe(1)
  })

  test('one that is used again and again stays', async () => {
    const pool = await openIt({ minThreads: 0, maxThreads: 1, idleTimeout: 600 })
    // Longer than that, all in all.
    for (const index of numbers(40)) {
      expect(await pool.symbols.count()).toBe(index + 1)
      await sleep(20)
    }
    expect(pool.size).toBe(1)
  })
})

describe('recycle', () => {
  test('maxCalls: no process serves more, and no call is lost', async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 2, recycle: { maxCalls: 5 } })
    const counts = await Promise.all(numbers(103).map(() => pool.symbols.count()))
    expect(Math.max(...counts)).toBe(5)
    // Each process that was full counted from 1 to 5.
    expect(counts.filter((count) => count === 5).length).toBeGreaterThanOrEqual(19)
    expect(counts.filter((count) => count === 1).length).toBeLessThanOrEqual(22)
    expect(pool).toMatchObject({ completed: 103, queueSize: 0 })
    await until(() => pool.threads.every(({ pid }) => pid !== undefined))
    expect(pool.size).toBe(2)
  })

  test('maxCalls counts blocking calls, and those of a sequence, which it never interrupts', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1, recycle: { maxCalls: 4 } })
    expect(numbers(6).map(() => pool.symbols.count.sync())).toEqual([1, 2, 3, 4, 1, 2])
    const counts = await pool.run(async ({ symbols }) => {
      const found: number[] = []
      for (const _ of numbers(9)) found.push(await symbols.count())
      return found
    })
    expect(counts).toEqual(numbers(9).map((index) => index + 3))
    expect(await pool.symbols.count()).toBe(1)
  })

  test('maxMemory: a process that grew is replaced when its call is over', async () => {
    const pool = opened(
      await Pool.open(
        fixture('touches-memory-without-end'),
        { touch: 'int deed(int most)' },
        { minThreads: 1, maxThreads: 1, recycle: { maxMemory: 64 * 2 ** 20 } },
      ),
    )
    const first = pool.threads[0]
    expect(await pool.symbols.touch(1)).toBe(1)
    expect(pool.threads[0]).toBe(first)
    expect(await pool.symbols.touch(100)).toBe(100)
    await until(() => pool.threads[0] !== undefined && pool.threads[0] !== first)
    const second = pool.threads[0]
    expect(await pool.symbols.touch(2)).toBe(2)
    await sleep(30)
    expect(pool.threads[0]).toBe(second)
    // Many short calls: each little, together too much.
    for (const _ of numbers(100)) await pool.symbols.touch(1)
    await until(() => pool.threads[0] !== undefined && pool.threads[0] !== second)
  })

  test('all that was replaced is gone, and the pool leaves nothing', async () => {
    const warm = await openIt({ minThreads: 1 })
    await warm.close()
    const before = program()
    const pool = await openIt({
      minThreads: 1,
      maxThreads: 3,
      recycle: { maxCalls: 2 },
      idleTimeout: 5,
    })
    await Promise.all(numbers(60).map(() => pool.symbols.sleep(1)))
    await pool.close()
    await unharmed(before)
  })
})
