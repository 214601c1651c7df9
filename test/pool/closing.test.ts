/** The end of a pool: close, terminate, and the program's own. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ClosedError, type Pool } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { numbers } from '../support/numbers.ts'
import { usePools } from '../support/pools.ts'
import { program, unharmed } from '../support/program.ts'
import { runProgram } from '../support/run-program.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { failureOf } from '../support/ways.ts'

const DECLARATIONS = {
  add: 'int add(int a, int b)',
  sleep: 'int sleep_for(int milliseconds)',
  spin: 'int spin(void)',
} as const

const { openIt } = usePools(DECLARATIONS)

async function allClosed(pool: Pool<typeof DECLARATIONS>): Promise<void> {
  expect(await failureOf(() => pool.symbols.add(1, 2))).toBeInstanceOf(ClosedError)
  expect(() => pool.symbols.add.sync(1, 2)).toThrow(ClosedError)
  expect(await failureOf(() => pool.run(() => 1))).toBeInstanceOf(ClosedError)
  expect(pool).toMatchObject({ size: 0, queueSize: 0, threads: [] })
}

describe('close', () => {
  test('waits for what runs and what waits, takes nothing more, and leaves nothing', async () => {
    const warm = await openIt({ minThreads: 1 })
    await warm.close()
    const before = program()
    const pool = await openIt({ minThreads: 2, maxThreads: 2 })
    const calls = numbers(6).map(() => pool.symbols.sleep(50))
    const run = pool.run(async ({ symbols }) => {
      await sleep(50)
      return await symbols.add(1, 2)
    })
    const closed = pool.close()
    expect(await failureOf(() => pool.symbols.add(1, 2))).toBeInstanceOf(ClosedError)
    expect(await Promise.all(calls)).toEqual(numbers(6).map(() => 50))
    expect(await run).toBe(3)
    await closed
    await allClosed(pool)
    await unharmed(before)
  })

  test('twice, at the same time and after terminate, is once', async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 2 })
    await Promise.all([pool.close(), pool.close(), pool[Symbol.asyncDispose]()])
    await pool.close()
    await pool.terminate()
    const other = await openIt({ minThreads: 1 })
    await other.terminate()
    await other.close()
    await allClosed(other)
  })

  test('with force rejects what waits', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const runs = pool.symbols.sleep(100)
    const waits = failureOf(() => pool.symbols.add(1, 2))
    const closed = pool.close({ force: true })
    expect(await waits).toBeInstanceOf(ClosedError)
    expect(await runs).toBe(100)
    await closed
  })

  test('does not wait longer than closeTimeout', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1, closeTimeout: 100 })
    const runs = failureOf(() => pool.symbols.spin())
    const waits = failureOf(() => pool.symbols.add(1, 2))
    const elapsed = stopwatch()
    await pool.close()
    expect(elapsed()).toBeLessThan(3000)
    expect(await runs).toBeInstanceOf(ClosedError)
    expect(await waits).toBeInstanceOf(ClosedError)
  })

  test('while members are being opened', async () => {
    const pool = await openIt({ minThreads: 0, maxThreads: 4 })
    const calls = numbers(8).map((index) => pool.symbols.add(index, 0))
    await pool.close()
    expect(await Promise.all(calls)).toEqual(numbers(8))
  })

  test('await using closes', async () => {
    let pool: Pool<typeof DECLARATIONS>
    {
      await using own = await openIt({ minThreads: 1 })
      pool = own
      expect(await own.symbols.add(1, 2)).toBe(3)
    }
    await allClosed(pool)
  })

  test('wrong options', async () => {
    const pool = await openIt({ minThreads: 1 })
    expect(await failureOf(() => pool.close(null as never))).toBeInstanceOf(TypeError)
    expect(await failureOf(() => pool.close({ force: 1 as never }))).toBeInstanceOf(TypeError)
    expect(await pool.symbols.add(1, 2)).toBe(3)
  })
})

describe('terminate', () => {
  test('rejects what runs and what waits, at once', async () => {
    const warm = await openIt({ minThreads: 1 })
    await warm.close()
    const before = program()
    const pool = await openIt({ minThreads: 2, maxThreads: 2 })
    const calls = numbers(10).map(() => failureOf(() => pool.symbols.spin()))
    await sleep(20)
    const elapsed = stopwatch()
    await pool.terminate()
    for (const error of await Promise.all(calls)) expect(error).toBeInstanceOf(ClosedError)
    expect(elapsed()).toBeLessThan(500)
    await allClosed(pool)
    await unharmed(before)
  })

  test('cuts close short', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const call = failureOf(() => pool.symbols.spin())
    const closed = pool.close()
    await sleep(20)
    const elapsed = stopwatch()
    await pool.terminate()
    await closed
    expect(elapsed()).toBeLessThan(500)
    expect(await call).toBeInstanceOf(ClosedError)
  })
})

describe('a program', () => {
  test.each([
    ['idle', 'opened 2\nexit\n'],
    ['calls', 'opened 2\n9 results\nexit\n'],
    ['recycles', 'opened 2\n9 results\nexit\n'],
    ['grown', 'opened 2\n9 results\nexit\n'],
    ['leaves', 'opened 2\nexit\n'],
  ])('without top-level await ends when nothing is left to do (%s)', async (way, stdout) => {
    const args = [fixture('obeys'), way]
    const ended = await runProgram('uses-a-pool.mjs', { args, limit: 6000 })
    expect(ended).toMatchObject({ code: 0, hung: false, stderr: '', stdout })
  })
})
