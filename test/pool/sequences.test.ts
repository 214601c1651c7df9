/** `pool.run`: one fat thread for a sequence of calls. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  AbortError,
  ClosedError,
  CrashError,
  FatThreadError,
  type Library,
  Pool,
  QueueFullError,
  TimeoutError,
} from '../../src/index.ts'
import { numbers } from '../support/numbers.ts'
import { usePools } from '../support/pools.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { failureOf } from '../support/ways.ts'

const DECLARATIONS = {
  add: 'int add(int a, int b)',
  sleep: 'int sleep_for(int milliseconds)',
  count: 'int count_calls(void)',
  crash: 'int crash(void)',
} as const

const { opened, openIt } = usePools(DECLARATIONS)

describe('a sequence', () => {
  test('has a fat thread for itself', async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 2 })
    const runs = numbers(4).map(() =>
      pool.run(async ({ symbols, thread }) => {
        const first = await symbols.count()
        const counts: number[] = []
        for (const _ of numbers(10)) {
          await sleep(2)
          counts.push((await symbols.count()) - first)
        }
        return { counts, pid: thread.pid }
      }),
    )
    const others = numbers(100).map(() => pool.symbols.count())
    const results = await Promise.all(runs)
    for (const { counts } of results) expect(counts).toEqual(numbers(10).map((index) => index + 1))
    expect(new Set(results.map(({ pid }) => pid)).size).toBe(2)
    await Promise.all(others)
    expect(pool.completed).toBe(104)
  })

  test('gives what its function gives, and what it throws', async () => {
    const pool = await openIt({ minThreads: 1 })
    expect(await pool.run(({ symbols }) => symbols.add.sync(1, 2))).toBe(3)
    const error = new Error('mine')
    expect(
      await failureOf(() =>
        pool.run(() => {
          throw error
        }),
      ),
    ).toBe(error)
    expect(await failureOf(() => pool.run(async () => Promise.reject(error)))).toBe(error)
    expect(await pool.symbols.add(1, 2)).toBe(3)
  })

  test('is what pointers are for: another fat thread does not take them', async () => {
    const pool = opened(
      await Pool.open(
        'libc.so.6',
        { malloc: 'void *malloc(size_t size)', free: 'void free(void *pointer)' },
        { minThreads: 2, maxThreads: 2 },
      ),
    )
    await pool.run(async ({ symbols, thread }) => {
      const pointer = await symbols.malloc(16)
      if (pointer === null) throw new Error('no memory')
      await thread.write(pointer, 'int', 42)
      expect(await thread.read(pointer, 'int')).toBe(42)
      // The other one is free.
      expect(await failureOf(() => pool.symbols.free(pointer))).toBeInstanceOf(ClosedError)
      await symbols.free(pointer)
    })
  })

  test('goes on after a crash, in a new process, as with open', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const results = await pool.run(async ({ symbols }) => {
      const error = await failureOf(() => symbols.crash())
      return [error instanceof CrashError, await symbols.add(1, 2)]
    })
    expect(results).toEqual([true, 3])
    expect(await pool.symbols.add(3, 4)).toBe(7)
  })

  test('is over when what it began is over', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    let slept = false
    await pool.run(({ symbols }) => {
      void symbols.sleep(100).then(() => {
        slept = true
      })
    })
    expect(slept).toBe(true)
  })

  test('keeps the context of whoever asked for it', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const context = new AsyncLocalStorage<number>()
    const runs = numbers(5).map((index) =>
      context.run(index, () =>
        pool.run(async () => {
          await sleep(1)
          return context.getStore()
        }),
      ),
    )
    expect(await Promise.all(runs)).toEqual(numbers(5))
  })

  test('whose process crashed and stays away holds nobody up', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 2 })
    await pool.run(async ({ symbols, thread }) => {
      await failureOf(() => symbols.crash())
      // What does nothing and crashes again has no successor until it is asked for something.
      while (thread.state !== 'running') await sleep(5)
      process.kill(thread.pid as number, 'SIGKILL')
      while (thread.pid !== undefined) await sleep(5)
      expect(await pool.symbols.add(1, 2)).toBe(3)
      expect(pool.size).toBe(2)
    })
    expect(await pool.symbols.add(3, 4)).toBe(7)
  })

  test('may be refused by a full queue', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1, maxQueue: 0 })
    const slow = pool.symbols.sleep(50)
    expect(await failureOf(() => pool.run(() => 1))).toBeInstanceOf(QueueFullError)
    await slow
  })

  test('that closes its library takes a fat thread along, and the pool opens another', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    await pool.run((library) => library.close())
    expect(await pool.symbols.add(1, 2)).toBe(3)
    expect(pool.size).toBe(1)
  })
})

describe('that is ended early', () => {
  test('by its timeout, which counts from its start', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const slow = pool.symbols.sleep(800)
    expect(await pool.run(({ symbols }) => symbols.add(1, 2), { timeout: 600 })).toBe(3)
    expect(await slow).toBe(800)
    const pid = pool.threads[0]?.pid
    let inner: Promise<Error> | undefined
    const elapsed = stopwatch()
    const error = await failureOf(() =>
      pool.run(
        async ({ symbols }) => {
          inner = failureOf(() => symbols.sleep(60_000))
          await inner
        },
        { timeout: 100 },
      ),
    )
    expect(elapsed()).toBeLessThan(1000)
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ timeout: 100, library: pool.path, pid })
    expect(await inner).toBeInstanceOf(ClosedError)
    expect(await pool.symbols.add(1, 2)).toBe(3)
    expect(pool.threads[0]?.pid).not.toBe(pid)
  })

  test('by its timeout, while it waits for something else', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const error = await failureOf(() => pool.run(() => new Promise(() => {}), { timeout: 50 }))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(await pool.symbols.add(1, 2)).toBe(3)
  })

  test('by its signal, before it began and afterwards', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const first = new AbortController()
    const second = new AbortController()
    const running = failureOf(() =>
      pool.run(({ symbols }) => symbols.sleep(60_000), { signal: first.signal }),
    )
    let began = false
    const waiting = failureOf(() =>
      pool.run(
        () => {
          began = true
        },
        { signal: second.signal },
      ),
    )
    const behind = pool.symbols.add(1, 2)
    await sleep(30)
    second.abort()
    first.abort(new Error('why'))
    expect(await waiting).toBeInstanceOf(AbortError)
    expect(await running).toMatchObject({ code: 'ABORT_ERR', cause: new Error('why') })
    expect((await running).message).toMatch(/its process was killed/)
    expect(await behind).toBe(3)
    expect(began).toBe(false)
    expect(
      await failureOf(() => pool.run(() => 1, { signal: AbortSignal.abort() })),
    ).toBeInstanceOf(AbortError)
  })

  test('by terminate', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const never = failureOf(() => pool.run(() => new Promise(() => {})))
    await sleep(10)
    await pool.terminate()
    expect(await never).toBeInstanceOf(ClosedError)
  })
})

test('wrong arguments', async () => {
  const pool = await openIt({ minThreads: 1 })
  const run = pool.run.bind(pool) as (...values: unknown[]) => Promise<unknown>
  expect((await failureOf(() => run(1))).message).toBe('run: sequence takes a function, not 1')
  expect(await failureOf(() => run(() => 1, null))).toBeInstanceOf(TypeError)
  expect(await failureOf(() => run(() => 1, { signal: 1 }))).toBeInstanceOf(TypeError)
  expect(await failureOf(() => run(() => 1, { timeout: -1 }))).toBeInstanceOf(RangeError)
})

describe('what a sequence may not do', () => {
  test('close the library when it is over: that belongs to the pool', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const closings = (library: Library): (() => unknown)[] => [
      () => library.close(),
      () => library[Symbol.dispose](),
    ]
    let kept: Library | undefined
    let later: Promise<Error> | undefined
    await pool.run((library) => {
      kept = library as unknown as Library
      const [close] = closings(kept)
      later = sleep(20).then(() => failureOf(close as () => unknown))
    })
    const own = closings(kept as Library).map((close) => failureOf(close))
    // Not in another one's sequence either.
    const others = await pool.run(() => Promise.all(own))
    const failures = [...others, await (later as Promise<Error>)]
    expect(failures).toHaveLength(3)
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(FatThreadError)
      expect(failure.message).toMatch(/belongs to a pool, which closes it: pool\.close\(\)$/)
    }
    expect(await pool.symbols.add(1, 2)).toBe(3)
    await pool.close()
    // There is nothing left to close.
    await kept?.close()
  })

  test.each(['close', 'terminate'] as const)(
    '%s its fat thread: another one takes its place',
    async (how) => {
      const pool = await openIt({ minThreads: 1, maxThreads: 1 })
      const [thread] = pool.threads
      await thread?.[how]()
      expect(await pool.symbols.add(1, 2)).toBe(3)
      await pool.run(async ({ thread }) => {
        await thread[how]()
      })
      expect(await pool.symbols.add(3, 4)).toBe(7)
      expect(pool.size).toBe(1)
      expect(pool.threads).not.toContain(thread)
    },
  )

  test('wait for a fat thread that it keeps itself: for ten seconds, and no longer', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const begun = performance.now()
    const error = await failureOf(() => pool.run(() => pool.symbols.add(1, 2)))
    expect(error).toBeInstanceOf(FatThreadError)
    expect(error).toMatchObject({ code: 'ERR_FAT_THREAD', call: 'add', library: pool.path })
    expect(error.message).toBe(
      "add waited 10 s for a fat thread of the pool, all of which (1) are kept by sequences that wait so: call it by the sequence's own library, or raise maxThreads",
    )
    expect(performance.now() - begun).toBeGreaterThan(9_000)
    expect(pool.queueSize).toBe(0)
    expect(await pool.symbols.add(1, 2)).toBe(3)
  }, 30_000)

  test('each of two that wait for the other, too', async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 2 })
    const errors = await Promise.all(
      numbers(2).map(() =>
        failureOf(() =>
          pool.run(async () => {
            await sleep(20)
            return await pool.run(() => 1)
          }),
        ),
      ),
    )
    for (const error of errors) expect(error.message).toMatch(/^the sequence waited 10 s/)
  }, 30_000)

  test('but what it does not wait for runs after it', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    let later: Promise<unknown> | undefined
    await pool.run(async ({ symbols }) => {
      later = pool.symbols.add(1, 2)
      // Longer than that, and busy.
      for (const _ of numbers(6)) await symbols.sleep(2000)
    })
    expect(await later).toBe(3)
  }, 30_000)
})

test('with lanes, a sequence ends as soon as what it began has ended', async () => {
  const pool = await openIt({ minThreads: 1, maxThreads: 1, threads: 2 })
  const times: number[] = []
  for (const _ of numbers(200)) {
    const elapsed = stopwatch()
    await pool.run(({ symbols }) => {
      for (const _ of numbers(5)) void symbols.add(1, 2)
    })
    times.push(elapsed())
  }
  // Looking every five milliseconds would take each so long; some wait for a processor of their own process.
  expect(times.toSorted((one, other) => one - other)[100]).toBeLessThan(900 / 200)
})
