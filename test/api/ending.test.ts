/** How calls end early: time limits, signals, errno beside the result. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AbortError, CrashError, FatThread, type Library, TimeoutError } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { until } from '../support/until.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const DECLARATIONS = {
  add: 'int add(int a, int b)',
  sleep: 'int sleep_for(int milliseconds)',
  sleepSeen: 'int sleep_seen(uint8_t *begun, int milliseconds)',
  count: 'int count_calls(void)',
  crash: 'int crash(void)',
  fail: 'int fail_with(int error)',
  setting: 'const char *setting(const char *name)',
  processId: 'int process_id(void)',
} as const

let thread: FatThread
let library: Library<typeof DECLARATIONS>

beforeEach(async () => {
  thread = await FatThread.spawn()
  library = await thread.load(fixture('obeys'), DECLARATIONS)
})

afterEach(() => thread.close())

const works = async (): Promise<void> => expect(await library.symbols.add(20, 22)).toBe(42)

describe('errno', () => {
  test.each(WAYS)('comes beside the result (%s)', async (way) => {
    const fail = library.symbols.fail.with({ errno: true })
    expect(await call(fail, way, [2])).toEqual({ result: -1, errno: 2 })
    expect(await call(fail, way, [110])).toEqual({ result: -1, errno: 110 })
  })

  test.each(WAYS)('is 0 where nothing set it (%s)', async (way) => {
    await call(library.symbols.fail, way, [2])
    expect(await call(library.symbols.add.with({ errno: true }), way, [1, 2])).toEqual({
      result: 3,
      errno: 0,
    })
  })

  test('is each call’s own, however many are in flight', async () => {
    const fail = library.symbols.fail.with({ errno: true })
    const results = await Promise.all(Array.from({ length: 300 }, (_, index) => fail(index)))
    expect(results.map(({ errno }) => errno)).toEqual(
      Array.from({ length: 300 }, (_, index) => index),
    )
  })

  test('comes beside text and null', async () => {
    const setting = library.symbols.setting.with({ errno: true })
    expect(await setting('PATH')).toEqual({ result: null, errno: 0 })
  })

  test.each(['yes', 1, null])('is a boolean, not %o', async (errno) => {
    expect(
      await failureOf(() => library.symbols.fail.with({ errno: errno as unknown as boolean })),
    ).toBeInstanceOf(TypeError)
  })
})

describe('timeout', () => {
  test.each(WAYS)('ends a call that runs too long, and the next one works (%s)', async (way) => {
    const before = performance.now()
    const elapsed = stopwatch()
    const pid = thread.pid
    const error = await failureOf(() =>
      call(library.symbols.sleep.with({ timeout: 100 }), way, [60_000]),
    )
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({
      code: 'ERR_FAT_THREAD_TIMEOUT',
      timeout: 100,
      call: 'sleep_for',
      library: fixture('obeys'),
      pid,
    })
    expect(error.message).toMatch(/^sleep_for.* ran longer than 100 ms; its process was killed$/)
    expect(performance.now() - before).toBeGreaterThanOrEqual(95)
    expect(elapsed()).toBeLessThan(1500)
    await works()
    expect(thread.stats().restarts).toBe(1)
  })

  test.each(WAYS)('lets a call that is quicker end (%s)', async (way) => {
    expect(await call(library.symbols.sleep.with({ timeout: 5000 }), way, [20])).toBe(20)
    expect(thread.stats().restarts).toBe(0)
  })

  test('counts the time that a call runs, not the time that it waits', async () => {
    const { sleep } = library.symbols
    const limited = sleep.with({ timeout: 500 })
    const results = await Promise.all(Array.from({ length: 8 }, () => limited(150)))
    expect(results).toEqual(new Array(8).fill(150))
    expect(thread.stats().restarts).toBe(0)
  })

  test('ends the running call only: those behind it go on', async () => {
    const { sleep, add, count } = library.symbols
    expect(await count()).toBe(1)
    const late = sleep.with({ timeout: 100 })(60_000)
    const behind = Array.from({ length: 200 }, (_, index) => add(index, 1))
    const counted = count()
    expect(await failureOf(() => late)).toBeInstanceOf(TimeoutError)
    expect(await Promise.all(behind)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
    expect(await counted, 'once, in a new process').toBe(1)
  })

  test('of the fat thread holds for every call; of the call goes before it', async () => {
    // It holds for loading, too.
    await using strict = await FatThread.spawn({ timeout: 1000 })
    const { sleep } = (await strict.load(fixture('obeys'), DECLARATIONS)).symbols
    for (const way of WAYS) {
      expect(await failureOf(() => call(sleep, way, [60_000]))).toMatchObject({ timeout: 1000 })
      expect(await call(sleep.with({ timeout: 5000 }), way, [1200])).toBe(1200)
    }
  })

  test('does not keep what it has ended: the time limit of the next call is its own', async () => {
    const { sleep } = library.symbols
    expect(await sleep.with({ timeout: 200 })(10)).toBe(10)
    expect(await sleep.with({ timeout: 1000 })(400)).toBe(400)
    expect(await sleep(400)).toBe(400)
  })

  test.each([-1, Number.NaN, Infinity, 2 ** 31, '100', null, 100n])('is no %o', async (timeout) => {
    const error = await failureOf(() => library.symbols.sleep.with({ timeout: timeout as number }))
    expect(error).toBeInstanceOf(typeof timeout === 'number' ? RangeError : TypeError)
    expect(error.message).toMatch(/^timeout must be /)
  })
})

describe('signal', () => {
  test.each(WAYS)('that has fired: the call never begins (%s)', async (way) => {
    const reason = new Error('no need')
    const counted = library.symbols.count.with({ signal: AbortSignal.abort(reason) })
    const error = await failureOf(() => call(counted, way))
    expect(error).toBeInstanceOf(AbortError)
    expect(error).toMatchObject({ code: 'ABORT_ERR', call: 'count_calls', cause: reason })
    expect(error.message).toBe('count_calls was aborted before it began')
    expect(await library.symbols.count()).toBe(1)
  })

  test('that fires while the call runs: its process is killed', async () => {
    const controller = new AbortController()
    const pid = thread.pid
    using begun = thread.alloc(1)
    const running = failureOf(() =>
      library.symbols.sleepSeen.with({ signal: controller.signal })(begun, 60_000),
    )
    await until(() => begun.bytes[0] === 1, 'the call')
    controller.abort()
    const error = await running
    expect(error).toBeInstanceOf(AbortError)
    expect(error).toMatchObject({ call: 'sleep_seen', cause: controller.signal.reason })
    expect(error.message).toBe('sleep_seen was aborted; its process was killed')
    await works()
    expect(thread.pid).not.toBe(pid)
  })

  test('that fires while the call waits: it never begins, and its process lives', async () => {
    const controller = new AbortController()
    const pid = thread.pid
    const running = library.symbols.sleep(200)
    const waiting = library.symbols.count.with({ signal: controller.signal })()
    const behind = library.symbols.count()
    controller.abort(new Error('changed my mind'))
    const error = await failureOf(() => waiting)
    expect(error).toBeInstanceOf(AbortError)
    expect(error.message).toBe('count_calls was aborted before it began')
    expect(await running).toBe(200)
    expect(await behind, 'the aborted one did not count').toBe(1)
    expect(thread.pid).toBe(pid)
  })

  test('that fires in the tick of the call', async () => {
    const controller = new AbortController()
    const running = library.symbols.sleep.with({ signal: controller.signal })(60_000)
    controller.abort()
    expect(await failureOf(() => running)).toBeInstanceOf(AbortError)
    await works()
  })

  test('that fires after the call has ended: nothing happens', async () => {
    const controller = new AbortController()
    const pid = thread.pid
    expect(await library.symbols.add.with({ signal: controller.signal })(1, 2)).toBe(3)
    expect(library.symbols.add.with({ signal: controller.signal }).sync(1, 2)).toBe(3)
    controller.abort()
    await works()
    expect(thread.pid).toBe(pid)
  })

  test('shared by many calls ends them all, in bounded time', async () => {
    const controller = new AbortController()
    const { sleep } = library.symbols
    const calls = Array.from({ length: 300 }, () =>
      sleep.with({ signal: controller.signal })(60_000),
    )
    setTimeout(() => controller.abort(), 50)
    for (const result of await Promise.allSettled(calls))
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(AbortError)
    await works()
  })

  test('keeps the order: calls with and without one', async () => {
    const { count } = library.symbols
    const { signal } = new AbortController()
    const counts = Array.from({ length: 400 }, (_, index) =>
      index % 3 === 0 ? count.with({ signal })() : count(),
    )
    expect(await Promise.all(counts)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1))
  })

  test('leaves no listener behind', async () => {
    const { signal } = new AbortController()
    let listeners = 0
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: unknown[]) => {
      listeners++
      Reflect.apply(addEventListener, signal, args)
    }
    signal.removeEventListener = (...args: unknown[]) => {
      listeners--
      Reflect.apply(removeEventListener, signal, args)
    }
    await Promise.all(Array.from({ length: 50 }, () => library.symbols.add.with({ signal })(1, 2)))
    for (let index = 0; index < 50; index++) library.symbols.add.with({ signal }).sync(1, 2)
    expect(await failureOf(() => library.symbols.crash.with({ signal })())).toBeInstanceOf(
      CrashError,
    )
    expect(listeners).toBe(0)
  })

  test.each([{}, null, 'abort', new AbortController()])(
    'is an AbortSignal, not %o',
    async (signal) => {
      const error = await failureOf(() =>
        library.symbols.add.with({ signal: signal as AbortSignal }),
      )
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toMatch(/^add.with: signal must be an AbortSignal, not /)
    },
  )

  test('AbortSignal.timeout() works', async () => {
    const error = await failureOf(() =>
      library.symbols.sleep.with({ signal: AbortSignal.timeout(50) })(60_000),
    )
    expect(error).toBeInstanceOf(AbortError)
    expect(error.cause).toMatchObject({ name: 'TimeoutError' })
  })
})

describe('with', () => {
  test('chains, and the last word counts', async () => {
    const { signal } = new AbortController()
    const fail = library.symbols.fail
      .with({ signal })
      .with({ errno: true })
      .with({ errno: true, timeout: 5000 })
    expect(await fail(9)).toEqual({ result: -1, errno: 9 })
  })

  test('keeps what an earlier one said', async () => {
    const chained = library.symbols.sleep.with({ timeout: 100 }).with({ errno: true })
    expect(await failureOf(() => chained(60_000))).toBeInstanceOf(TimeoutError)
  })

  test('changes nothing about the function itself', async () => {
    library.symbols.fail.with({ errno: true, timeout: 1 })
    expect(await library.symbols.fail(9)).toBe(-1)
  })

  test.each([undefined, null, 5, 'x'])('takes an object, not %o', async (options) => {
    expect(
      await failureOf(() => library.symbols.add.with(options as unknown as object)),
    ).toBeInstanceOf(TypeError)
  })
})
