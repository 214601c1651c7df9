/** Fat threads of a pool that crash: whom it concerns, who takes their place, and how often. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  ClosedError,
  CrashError,
  ExitError,
  LoadError,
  Pool,
  type PoolOptions,
  StartError,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { numbers } from '../support/numbers.ts'
import { usePools } from '../support/pools.ts'
import { program, unharmed } from '../support/program.ts'
import { Scratch } from '../support/scratch.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { until } from '../support/until.ts'
import { failureOf } from '../support/ways.ts'

const OBEYS = {
  add: 'int add(int a, int b)',
  sleep: 'int sleep_for(int milliseconds)',
  crash: 'int crash(void)',
  crashAfter: 'int crash_after(int milliseconds)',
  leave: 'int leave(int status)',
  count: 'int count_calls(void)',
} as const
const { opened, openIt } = usePools(OBEYS)

describe('a crash', () => {
  test('rejects the call that ran, and touches none of the others', async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 2 })
    const slow = pool.symbols.sleep(200)
    const crash = failureOf(() => pool.symbols.crashAfter(20))
    const waiting = numbers(200).map((index) => pool.symbols.add(index, 1))
    expect(await crash).toBeInstanceOf(CrashError)
    expect(await crash).toMatchObject({ signal: 'SIGSEGV', call: 'crash_after', symbol: 'crash' })
    expect(await Promise.all(waiting)).toEqual(numbers(200).map((index) => index + 1))
    expect(await slow).toBe(200)
    expect(pool.size).toBe(2)
    expect(await failureOf(() => pool.symbols.leave(0))).toBeInstanceOf(ExitError)
  })

  test('again and again among other calls', async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 3 })
    const results = await Promise.allSettled(
      numbers(200).map((index) =>
        index % 10 === 3 ? pool.symbols.crash() : pool.symbols.add(index, 0),
      ),
    )
    for (const [index, result] of results.entries()) {
      if (index % 10 === 3)
        expect((result as PromiseRejectedResult).reason).toBeInstanceOf(CrashError)
      else expect(result).toEqual({ status: 'fulfilled', value: index })
    }
    expect(pool.completed).toBe(200)
  })

  test('tells of itself and of the process that takes over', async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 2 })
    const seen: unknown[][] = []
    pool.on('crash', (error, thread) =>
      seen.push(['crash', error.call, pool.threads.includes(thread)]),
    )
    pool.on('restart', (thread) => seen.push(['restart', pool.threads.includes(thread)]))
    await failureOf(() => pool.symbols.crash())
    await until(() => seen.length === 2)
    expect(seen).toEqual([
      ['crash', 'crash', true],
      ['restart', true],
    ])
  })

  test('of one that does nothing, killed from outside, again and again', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    for (const round of numbers(4)) {
      const pid = pool.threads[0]?.pid
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
      await until(() => pool.threads[0]?.pid !== pid)
      expect(await pool.symbols.add(round, 1)).toBe(round + 1)
    }
    expect(pool.size).toBe(1)
  })

  test('of a blocking call', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    expect(() => pool.symbols.crash.sync()).toThrow(CrashError)
    expect(pool.symbols.add.sync(1, 2)).toBe(3)
  })

  test("with restart: 'never', one after the other is gone", async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 2, restart: 'never' })
    await failureOf(() => pool.symbols.crash())
    expect(pool.size).toBe(1)
    expect(await pool.symbols.add(1, 2)).toBe(3)
    const crash = failureOf(() => pool.symbols.crashAfter(20))
    const waiting = failureOf(() => pool.symbols.add(1, 2))
    expect(await crash).toBeInstanceOf(CrashError)
    for (const error of [await waiting, await failureOf(() => pool.symbols.add(1, 2))]) {
      expect(error).toBeInstanceOf(ClosedError)
      expect(error.cause).toBeInstanceOf(CrashError)
    }
    expect(pool.size).toBe(0)
  })
})

describe('what can not be opened', () => {
  test('is the error that open has, and leaves nothing', async () => {
    const options = { minThreads: 3, maxThreads: 3, stderr: 'ignore' } as const
    const obeys = opened(await Pool.open(fixture('obeys'), {}, options))
    await obeys.terminate()
    const before = program()
    const load = (name: string, declarations: Record<string, string>) =>
      failureOf(() => Pool.open(fixture(name), declarations as Record<never, string>, options))
    expect(await load('crashes-in-constructor', {})).toBeInstanceOf(CrashError)
    expect(await load('exits-in-constructor', {})).toBeInstanceOf(ExitError)
    expect(await load('obeys', { ad: 'int ad(int a, int b)' })).toBeInstanceOf(LoadError)
    expect(await failureOf(() => Pool.open('libnowhere.so', {}, options))).toBeInstanceOf(LoadError)
    const none = { ...options, minThreads: 0 }
    expect(
      await failureOf(() => Pool.open(fixture('crashes-in-constructor'), {}, none)),
    ).toBeInstanceOf(CrashError)
    await unharmed(before)
  })
})

describe('a library that comes to fail', () => {
  const DECLARATIONS = {
    answer: 'int answer(int value)',
    answerAfter: 'int answer_after(int milliseconds)',
    crash: 'int crash(void)',
  } as const
  let scratch: Scratch
  let pool: Pool<typeof DECLARATIONS>

  const tell = (name: string): void => writeFileSync(join(scratch.folder, name), '')
  const untell = (name: string): void => rmSync(join(scratch.folder, name))
  const starts = (): number => readFileSync(join(scratch.folder, 'starts')).length
  const openIt = async (options: PoolOptions): Promise<void> => {
    const { folder } = scratch
    appendFileSync(join(folder, 'starts'), '')
    pool = opened(
      await Pool.open(fixture('crashes-at-the-start-when-told'), DECLARATIONS, {
        permissions: { read: [folder], write: [folder], env: { FOLDER: folder } },
        ...options,
      }),
    )
  }

  beforeEach(() => {
    scratch = new Scratch()
  })
  afterEach(() => scratch[Symbol.dispose]())

  test('at each start ends in a typed error with the cause, for all that waits, and in few starts', async () => {
    await openIt({ minThreads: 2, maxThreads: 4 })
    expect(starts()).toBe(2)
    tell('crash')
    const elapsed = stopwatch()
    const crashes = [failureOf(() => pool.symbols.crash()), failureOf(() => pool.symbols.crash())]
    const waiting = numbers(1000).map((index) => failureOf(() => pool.symbols.answer(index)))
    for (const error of await Promise.all(crashes)) expect(error).toBeInstanceOf(CrashError)
    const errors = await Promise.all(waiting)
    expect(elapsed()).toBeLessThan(5000)
    expect(starts()).toBeLessThan(15)
    // Whoever comes now, before the next start is due, gets the error at once, and no process is begun for it.
    const before = starts()
    const late = await Promise.all(numbers(100).map(() => failureOf(() => pool.symbols.answer(1))))
    expect(() => pool.symbols.answer.sync(1)).toThrow(StartError)
    expect(late.every((error) => error instanceof StartError)).toBe(true)
    expect(starts() - before).toBeLessThan(3)
    expect(pool.size).toBe(0)
    for (const error of errors) {
      expect(error).toBeInstanceOf(StartError)
      expect(error).toMatchObject({
        code: 'ERR_FAT_THREAD_START',
        call: 'answer',
        library: pool.path,
      })
      expect(error.message).toMatch(
        /: \d starts in a row failed, and the next one may begin in \d+ ms; .*SIGSEGV/,
      )
      expect(error.cause).toBeInstanceOf(CrashError)
    }
  })

  test('and is well again: the pool is too', async () => {
    await openIt({ minThreads: 1, maxThreads: 2 })
    tell('crash')
    await failureOf(() => pool.symbols.crash())
    expect(await failureOf(() => pool.symbols.answer(1))).toBeInstanceOf(StartError)
    untell('crash')
    let error: unknown
    await until(() => {
      pool.symbols.answer(5).then(
        () => {
          error = 'none'
        },
        () => {},
      )
      return error === 'none'
    })
    expect(await Promise.all(numbers(10).map((index) => pool.symbols.answer(index)))).toEqual(
      numbers(10),
    )
  })

  test('for a moment: calls that wait are done after it', async () => {
    await openIt({ minThreads: 1, maxThreads: 1 })
    tell('crash')
    const crash = failureOf(() => pool.symbols.crash())
    const waiting = numbers(20).map((index) => pool.symbols.answer(index))
    await crash
    // The first one that was to take its place has begun, and fails.
    await until(() => starts() >= 2, 'the next start')
    untell('crash')
    expect(await Promise.all(waiting)).toEqual(numbers(20))
  })

  test('only in new processes: those that serve go on, and new ones are tried ever more seldom', async () => {
    await openIt({ minThreads: 1, maxThreads: 4 })
    tell('crash')
    const begun = performance.now()
    const passed = (): number => performance.now() - begun
    let served = 0
    const work = async (): Promise<void> => {
      while (passed() < 1500 || served <= 50) {
        expect(await pool.symbols.answerAfter(5)).toBe(5)
        served++
      }
    }
    await Promise.all(numbers(8).map(work))
    // The one that serves, three at once in the first round; then one after 100, 200, 400, 800 ms and so on.
    expect(starts()).toBeLessThanOrEqual(1 + 3 + Math.log2(passed() / 100 + 1))
  })

  test('right after each start does not become a loop, with work or without', {
    timeout: 30_000,
  }, async () => {
    await openIt({ minThreads: 1, maxThreads: 1 })
    tell('crash-soon')
    await failureOf(() => pool.symbols.crash())
    await until(() => pool.size === 0, 'the end of the last one')
    const idle = starts()
    expect(idle).toBeLessThan(6)
    await sleep(800)
    expect(starts(), 'nobody asks').toBe(idle)
    // Each call of these is longer than the process lives.
    const errors = await Promise.all(
      numbers(5).map(() => failureOf(() => pool.symbols.answerAfter(500))),
    )
    expect(
      errors.every((error) => error instanceof CrashError || error instanceof StartError),
    ).toBe(true)
    expect(starts()).toBeLessThan(idle + 20)
  })

  test('does not keep close from ending, and calls that wait get its error', async () => {
    await openIt({ minThreads: 1, maxThreads: 1 })
    tell('crash')
    await failureOf(() => pool.symbols.crash())
    const waiting = failureOf(() => pool.symbols.answer(1))
    const elapsed = stopwatch()
    await pool.close()
    expect(elapsed()).toBeLessThan(3000)
    expect(await waiting).toBeInstanceOf(StartError)
  })
})
