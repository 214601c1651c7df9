/** Calls of a pool: where they run, what waits, what they are given. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { AbortError, FatThreadError, Pool, QueueFullError, TimeoutError } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { numbers } from '../support/numbers.ts'
import { usePools } from '../support/pools.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { failureOf } from '../support/ways.ts'

const DECLARATIONS = {
  add: 'int add(int a, int b)',
  sleep: 'int sleep_for(int milliseconds)',
  count: 'int count_calls(void)',
  fail: 'int fail_with(int error)',
  spin: 'int spin(void)',
} as const

type Obedient = Pool<typeof DECLARATIONS>

const { opened, openIt } = usePools(DECLARATIONS)

const answered = (pool: Obedient): number[] =>
  pool.threads.map(({ stats }, index) => stats.call(pool.threads[index]).completed)

describe('where calls run', () => {
  test('at the same time in several fat threads', async () => {
    const pool = await openIt({ minThreads: 3, maxThreads: 3 })
    expect(pool.size).toBe(3)
    expect(new Set(pool.threads.map(({ pid }) => pid)).size).toBe(3)
    const before = answered(pool)
    const elapsed = stopwatch()
    expect(await Promise.all(numbers(3).map(() => pool.symbols.sleep(400)))).toEqual([
      400, 400, 400,
    ])
    expect(elapsed()).toBeLessThan(800)
    expect(answered(pool).map((count, index) => count - (before[index] as number))).toEqual([
      1, 1, 1,
    ])
  })

  test('more are opened while calls wait, up to maxThreads', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 3 })
    expect(pool.size).toBe(1)
    const calls = numbers(6).map(() => pool.symbols.sleep(200))
    expect(pool.size).toBe(3)
    expect(pool.queueSize).toBe(3) // of five that wait, two are for those that are being opened
    await Promise.all(calls)
    expect(pool).toMatchObject({ size: 3, queueSize: 0, completed: 6 })
  })

  test('10,000 calls each get their own result', async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 3 })
    const sums = await Promise.all(numbers(10_000).map((index) => pool.symbols.add(index, 1)))
    expect(sums).toEqual(numbers(10_000).map((index) => index + 1))
    expect(pool.completed).toBe(10_000)
  })

  test('in the order in which they were made, where there is one fat thread', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const counts = await Promise.all(numbers(300).map(() => pool.symbols.count()))
    expect(counts).toEqual(numbers(300).map((index) => index + 1))
  })

  test('several at a time in each, with threads; a sequence has all of one', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1, threads: 2 })
    const order: string[] = []
    const note = (name: string) => () => void order.push(name)
    // Far enough apart for a machine that holds one of them up.
    const calls = [200, 500, 100].map((time) => pool.symbols.sleep(time).then(note(`${time}`)))
    const run = pool.run(({ symbols }) => void symbols.sleep(100)).then(note('run'))
    const last = pool.symbols.sleep(1).then(note('last'))
    const elapsed = stopwatch()
    await Promise.all([...calls, run, last])
    expect(elapsed()).toBeLessThan(800)
    expect(order).toEqual(['200', '100', '500', 'run', 'last'])
  })

  test('none is there before it is needed, with minThreads: 0', async () => {
    const pool = await openIt({ minThreads: 0, maxThreads: 2 })
    expect(pool.size).toBe(0)
    expect(await pool.symbols.add(1, 2)).toBe(3)
    expect(pool.size).toBe(1)
    expect(pool.symbols.add.sync(3, 4)).toBe(7)
  })

  test('a declared text is one too', async () => {
    const text = 'int add(int a, int b); int sleep_for(int milliseconds);'
    const pool = opened(await Pool.open(fixture('obeys'), text, { minThreads: 2 }))
    expect(await Promise.all([pool.symbols.add(1, 2), pool.symbols.sleep_for(1)])).toEqual([3, 1])
    expect(Object.keys(pool.symbols)).toEqual(['add', 'sleep_for'])
  })
})

describe('.with', () => {
  test('errno', async () => {
    const pool = await openIt({ minThreads: 1 })
    expect(await pool.symbols.fail.with({ errno: true })(13)).toEqual({ result: -1, errno: 13 })
    expect(pool.symbols.fail.with({ errno: true }).sync(2)).toEqual({ result: -1, errno: 2 })
  })

  test('timeout counts the time that a call runs, and not the time that it waits', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const first = pool.symbols.sleep(800)
    expect(await pool.symbols.sleep.with({ timeout: 600 })(1)).toBe(1)
    expect(await first).toBe(800)
    const error = await failureOf(() => pool.symbols.spin.with({ timeout: 100 })())
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ call: 'spin', library: fixture('obeys') })
    expect(await pool.symbols.add(1, 2)).toBe(3)
  })

  test('signal: what waits leaves the line, and what runs is ended', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const runs = new AbortController()
    const waits = new AbortController()
    const running = failureOf(() => pool.symbols.sleep.with({ signal: runs.signal })(60_000))
    const waiting = failureOf(() => pool.symbols.add.with({ signal: waits.signal })(1, 2))
    const behind = pool.symbols.add(3, 4)
    await sleep(50)
    expect(pool.queueSize).toBe(2)
    waits.abort(new Error('no'))
    expect(await waiting).toBeInstanceOf(AbortError)
    expect(await waiting).toMatchObject({ code: 'ABORT_ERR', call: 'add', cause: new Error('no') })
    expect((await waiting).message).toBe('add was aborted before it began')
    expect(pool.queueSize).toBe(1)
    runs.abort()
    expect((await running).message).toBe('sleep_for was aborted; its process was killed')
    expect(await behind).toBe(7)
    const late = await failureOf(() => pool.symbols.add.with({ signal: runs.signal })(1, 2))
    expect(late).toBeInstanceOf(AbortError)
  })

  test('one signal for many calls warns of no leak', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const warnings: Error[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning)
    process.on('warning', onWarning)
    const { signal } = new AbortController()
    await Promise.all(numbers(100).map(() => pool.symbols.count.with({ signal })()))
    await sleep(10)
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })

  test('wrong options say so as those of a library do', async () => {
    const pool = await openIt({ minThreads: 1 })
    expect(() => pool.symbols.add.with({ timeout: -1 })).toThrow(RangeError)
    expect(() => pool.symbols.add.with({ signal: 1 as never })).toThrow(/^add.with: signal must be/)
  })
})

describe('.sync', () => {
  test('takes a fat thread that is free', async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 2 })
    const slow = pool.symbols.sleep(600)
    const elapsed = stopwatch()
    expect(pool.symbols.add.sync(1, 2)).toBe(3)
    expect(elapsed()).toBeLessThan(400)
    expect(await slow).toBe(600)
  })

  test('waits behind what runs where none is free, and passes what waits', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const slow = pool.symbols.sleep(100)
    const waiting = pool.symbols.count()
    expect(pool.symbols.count.sync()).toBe(1)
    expect(await waiting).toBe(2)
    expect(await slow).toBe(100)
    expect(pool.completed).toBe(3)
  })

  test('opens one more where there may be one', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 2 })
    const slow = pool.symbols.sleep(1000)
    const elapsed = stopwatch()
    expect(pool.symbols.add.sync(1, 2)).toBe(3)
    // To begin a process takes its time where others compute.
    expect(elapsed()).toBeLessThan(800)
    expect(pool.size).toBe(2)
    await slow
  })

  test('never takes the fat thread of a sequence', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    await pool.run(async (library) => {
      expect(() => pool.symbols.add.sync(1, 2)).toThrow(FatThreadError)
      expect(library.symbols.add.sync(1, 2)).toBe(3)
    })
    expect(pool.symbols.add.sync(1, 2)).toBe(3)
  })
})

describe('the queue', () => {
  test('is full at maxQueue: a typed error, and drain says when to go on', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1, maxQueue: 2 })
    const calls = numbers(3).map(() => pool.symbols.sleep(50))
    expect(pool.queueSize).toBe(2)
    const error = await failureOf(() => pool.symbols.sleep(50))
    expect(error).toBeInstanceOf(QueueFullError)
    expect(error).toMatchObject({
      code: 'ERR_FAT_THREAD_QUEUE_FULL',
      call: 'sleep_for',
      library: fixture('obeys'),
      maxQueue: 2,
    })
    expect(pool.needsDrain).toBe(true)
    await once(pool, 'drain')
    expect(pool).toMatchObject({ queueSize: 0, needsDrain: false })
    expect(await Promise.all(calls)).toEqual([50, 50, 50])
    expect(await pool.symbols.sleep(1)).toBe(1)
  })

  test('of 0 calls: only what runs at once is taken', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 2, maxQueue: 0 })
    const calls = [pool.symbols.sleep(100), pool.symbols.sleep(100)]
    expect(await failureOf(() => pool.symbols.sleep(1))).toBeInstanceOf(QueueFullError)
    expect(await Promise.all(calls)).toEqual([100, 100])
  })

  test("'auto' is the square of maxThreads", async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 2, maxQueue: 'auto' })
    const calls = numbers(6).map(() => pool.symbols.sleep(20))
    expect(await failureOf(() => pool.symbols.sleep(1))).toMatchObject({ maxQueue: 4 })
    await Promise.all(calls)
  })

  test('a producer that waits for drain never meets a full queue', async () => {
    const pool = await openIt({ minThreads: 2, maxThreads: 2, maxQueue: 0 })
    const calls: Promise<number>[] = []
    for (const index of numbers(40)) {
      if (pool.needsDrain) await once(pool, 'drain')
      calls.push(pool.symbols.sleep(1 + (index % 5)))
    }
    expect((await Promise.all(calls)).length).toBe(40)
  })

  test('keeps arguments as they were when the call was made', async () => {
    const pool = opened(
      await Pool.open(
        fixture('handles-bytes'),
        { sum: 'uint64_t sum_bytes(const uint8_t *bytes, size_t count)' },
        { minThreads: 1, maxThreads: 1 },
      ),
    )
    const bytes = Uint8Array.from([1, 2, 3])
    const calls = numbers(5).map(() => pool.symbols.sum(bytes, 3))
    bytes.fill(9)
    expect(await Promise.all(calls)).toEqual([6n, 6n, 6n, 6n, 6n])
  })

  test('keeps structures and the values of variadic calls, each with its type', async () => {
    const planes = opened(
      await Pool.open(
        fixture('has-structures'),
        `typedef struct { double x, y; } point;
        double length_squared(const point *p);`,
        { minThreads: 1, maxThreads: 1 },
      ),
    )
    const point = { x: 3, y: 4 }
    const lengths = numbers(3).map(() => planes.symbols.length_squared(point))
    point.x = 100
    expect(await Promise.all(lengths)).toEqual([25, 25, 25])

    const libc = opened(
      await Pool.open(
        'libc.so.6',
        { print: 'int snprintf(_Out_ char text[size], size_t size, const char *format, ...)' },
        { minThreads: 1, maxThreads: 1 },
      ),
    )
    const calls = numbers(3).map((index) =>
      libc.symbols.print(50, '%d %s %.1f', ['int', index], ['const char *', 'of'], ['double', 3]),
    )
    expect((await Promise.all(calls)).map(({ text }) => text)).toEqual([
      '0 of 3.0',
      '1 of 3.0',
      '2 of 3.0',
    ])
    const print = libc.symbols.print as unknown as (...values: unknown[]) => Promise<unknown>
    const [first, waiting] = [print(50, '%d', 5), print(50, '%d', 5)].map((call) =>
      failureOf(() => call),
    )
    expect(await waiting).toEqual(await first)
    expect(await waiting).toBeInstanceOf(TypeError)
  })

  test('a wrong argument is the same error, whether the call waits or not', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    const add = pool.symbols.add as unknown as (...values: unknown[]) => Promise<number>
    const at = await failureOf(() => add('1', 2))
    const slow = pool.symbols.sleep(20)
    const waited = await failureOf(() => add('1', 2))
    expect(at).toBeInstanceOf(TypeError)
    expect(waited).toEqual(at)
    expect(await slow).toBe(20)
  })
})

describe('callbacks', () => {
  const CALLS_BACK = {
    apply: 'int apply(int value, int (*function)(int))',
    count: 'int count(void)',
  } as const

  test('are arguments, in several fat threads at once, async ones too', async () => {
    const pool = opened(
      await Pool.open(fixture('calls-back'), CALLS_BACK, { minThreads: 2, maxThreads: 2 }),
    )
    const results = numbers(20).map((index) =>
      pool.symbols.apply(index, async (value) => {
        await sleep(1)
        return value * 2
      }),
    )
    expect(await Promise.all(results)).toEqual(numbers(20).map((index) => index * 2 + 1))
    const error = await failureOf(() =>
      pool.symbols.apply(1, () => {
        throw new RangeError('mine')
      }),
    )
    expect(error).toEqual(new RangeError('mine'))
    expect(pool.symbols.apply.sync(1, (value) => value + 1)).toBe(3)
  })

  test('what they call of the pool runs in the fat thread that calls back', async () => {
    const pool = opened(
      await Pool.open(fixture('calls-back'), CALLS_BACK, { minThreads: 1, maxThreads: 1 }),
    )
    const { apply, count } = pool.symbols
    const before = await count()
    expect(await apply(1, async () => await count())).toBe(before + 2)
    expect(await apply(1, () => count.sync())).toBe(before + 3)
    expect(await apply(1, () => apply(5, async (value) => value + (await count())))).toBe(
      before + 10,
    )
    expect(await pool.symbols.apply(1, () => pool.run((library) => library.symbols.count()))).toBe(
      before + 5,
    )
  })
})

describe('what is measured', () => {
  test('histogram and utilization', async () => {
    const pool = await openIt({ minThreads: 1, maxThreads: 1 })
    expect(pool.histogram.runTime).toMatchObject({ mean: 0, min: 0, max: 0, p99: 0 })
    expect(pool.utilization).toBe(0)
    await Promise.all(numbers(4).map(() => pool.symbols.sleep(50)))
    const { runTime, waitTime } = pool.histogram
    expect(runTime.min).toBeGreaterThan(49)
    expect(runTime.p50).toBeGreaterThan(49)
    expect(runTime.p99_999).toBeLessThanOrEqual(runTime.max * 1.01)
    expect(runTime.average).toBe(runTime.mean)
    expect(waitTime.min).toBeLessThan(20)
    expect(waitTime.max).toBeGreaterThan(140)
    // Its processes may have taken longer to begin than all that they ran.
    expect(pool.utilization * pool.duration).toBeGreaterThan(4 * 49)
    expect(pool.utilization).toBeLessThanOrEqual(1)
    expect(pool.duration).toBeGreaterThan(200)
    pool.histogram.resetRunTime()
    pool.histogram.resetWaitTime()
    expect(pool.histogram.runTime.max).toBe(0)
    expect(pool.histogram.waitTime.max).toBe(0)
    expect(pool.utilization).toBeGreaterThan(0)
  })
})
