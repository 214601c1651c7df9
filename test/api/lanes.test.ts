/** The option `threads`: several threads of one process serve calls at once. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  CrashError,
  ExitError,
  FatThread,
  type FatThreadOptions,
  type Library,
  open,
  TimeoutError,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { numbers } from '../support/numbers.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { until } from '../support/until.ts'
import { failureOf } from '../support/ways.ts'

const DECLARATIONS = {
  sleep: 'int sleep_for(int milliseconds)',
  mostAtOnce: 'int most_at_once(void)',
  add: 'int add(int a, int b)',
  count: 'int count_calls(void)',
  threadId: 'int thread_id(void)',
  countOwn: 'int count_own(void)',
  failWith: 'int fail_with(int error, int milliseconds)',
  sum: 'uint64_t sum(const uint8_t *bytes, size_t length)',
  fill: 'void fill(uint8_t *bytes, size_t length, int value)',
  repeat: 'const char *repeat(char letter, int length)',
  meet: 'int meet(int others)',
  waitForever: 'int wait_forever(void)',
  crashAfter: 'int crash_after(int milliseconds)',
  recurse: 'int recurse(int depth)',
  leave: 'int leave(int status)',
  endThread: 'int end_thread(int milliseconds)',
  times: 'int times(int turns, int milliseconds, int (*function)(int turn))',
  locked: 'int locked(int value, int (*function)(int value))',
  waitForLock: 'int wait_for_lock(void)',
  adder: 'int (*adder(void))(int a, int b)',
  useStack: 'int use_stack(int kilobytes)',
  startThreads: 'int start_threads(int wanted)',
} as const

let library: Library<typeof DECLARATIONS>
const begin = async (options: FatThreadOptions = {}): Promise<typeof library.symbols> => {
  library = await open(fixture('works-in-threads'), DECLARATIONS, { threads: 4, ...options })
  return library.symbols
}
afterEach(() => library?.close())

/**
 * Resolves when so many calls of `sleep_for` have run at once; asks on a lane that is free. There is no order between
 * lanes: a call that was made first may begin last, and what has not begun when its process ends goes on in the next.
 */
const asleep = async (count: number): Promise<void> => {
  while ((await library.symbols.mostAtOnce()) < count)
    await new Promise((resolve) => setTimeout(resolve, 1))
}

/** Milliseconds by the stopwatch and by the clock. */
const timed = async (
  work: () => Promise<unknown>,
): Promise<{ elapsed: number; passed: number }> => {
  const before = performance.now()
  const elapsed = stopwatch()
  await work()
  return { elapsed: elapsed(), passed: performance.now() - before }
}

describe('the option', () => {
  test.each([0, -1, 1.5, 65, Number.NaN, Number.POSITIVE_INFINITY])(
    '%d is no number of lanes',
    (threads) => {
      expect(() => FatThread.spawn.sync({ threads })).toThrow(RangeError)
      expect(() => FatThread.spawn.sync({ threads })).toThrow(/threads/)
    },
  )

  test('it is a number', () => {
    expect(() => FatThread.spawn.sync({ threads: '4' as never })).toThrow(TypeError)
    expect(() => FatThread.spawn.sync({ threads: '4' as never })).toThrow(/threads/)
  })

  test.each([1, 2, 64])('%d lanes', async (threads) => {
    const { meet, add } = await begin({ threads })
    expect(await Promise.all(numbers(threads).map(() => meet(threads - 1)))).toEqual(
      numbers(threads).map(() => 1),
    )
    expect(add.sync(1, 2)).toBe(3)
  })
})

describe('calls at once', () => {
  test('four that sleep take the time of one', async () => {
    const { sleep, mostAtOnce } = await begin()
    const four = await timed(() => Promise.all(numbers(4).map(() => sleep(200))))
    expect(four.passed).toBeGreaterThanOrEqual(195)
    expect(four.elapsed).toBeLessThan(500)
    expect(await mostAtOnce()).toBe(4)
    const twelve = await timed(() => Promise.all(numbers(12).map(() => sleep(100))))
    expect(twelve.passed).toBeGreaterThanOrEqual(295)
    expect(twelve.elapsed).toBeLessThan(800)
    expect(await mostAtOnce()).toBe(4)
  })

  test('with one lane they take turns', async () => {
    const { sleep, mostAtOnce } = await begin({ threads: 1 })
    const four = await timed(() => Promise.all(numbers(4).map(() => sleep(50))))
    expect(four.passed).toBeGreaterThan(195)
    expect(await mostAtOnce()).toBe(1)
  })

  test('one that blocks does not stop the others', async () => {
    const { waitForever, add, sleep } = await begin({ threads: 2 })
    const forever = failureOf(() => waitForever())
    const all = numbers(1000).map((index) => add(index, 1))
    expect(await Promise.all(all)).toEqual(numbers(1000).map((index) => index + 1))
    expect(add.sync(1, 2)).toBe(3)
    expect(sleep.sync(20)).toBe(20)
    expect(library.thread.stats()).toMatchObject({ inFlight: 1, queued: 0 })
    await library.close()
    expect(await forever).toMatchObject({ code: 'ERR_FAT_THREAD_CLOSED' })
  })

  test('10,000 in flight: each gets its own result', async () => {
    const { add, count } = await begin()
    const sums = numbers(10_000).map((index) => add(index, 1))
    expect(await Promise.all(sums)).toEqual(numbers(10_000).map((index) => index + 1))
    const counts = await Promise.all(numbers(10_000).map(() => count()))
    expect(counts.sort((a, b) => a - b)).toEqual(numbers(10_000).map((index) => index + 1))
  })

  test('what waits behind a call that blocks goes to another lane, and runs once', async () => {
    const { count, waitForever, meet } = await begin({ threads: 3 })
    const begun = library.thread.stats().completed
    let counted = 0
    const counts = (more: number): Promise<number>[] => numbers(more).map(() => count())
    const check = async (results: Promise<number>[]): Promise<void> => {
      const expected = numbers(results.length).map((index) => counted + index + 1)
      expect((await Promise.all(results)).sort((a, b) => a - b)).toEqual(expected)
      counted += results.length
    }
    for (let round = 0; round < 5; round++) {
      await check(counts(1000)) // lanes that answer quickly get many calls at a time
      const before = counts(500)
      const met = [meet(1), meet(1)]
      const after = counts(500)
      await check([...before, ...after])
      expect(await Promise.all(met)).toEqual([1, 1])
    }
    await check(counts(1000))
    const before = counts(500)
    for (let blocked = 0; blocked < 2; blocked++) waitForever().catch(() => {})
    await check([...before, ...counts(500)])
    const { inFlight, queued, completed } = library.thread.stats()
    expect({ inFlight, queued, calls: completed - begun }).toEqual({
      inFlight: 2,
      queued: 0,
      calls: counted + 10,
    })
  })

  test('with bytes of all sizes, in and out', async () => {
    const { sum, fill, repeat } = await begin()
    await Promise.all(
      numbers(600).map(async (index) => {
        const bytes = new Uint8Array((index % 3) * 40_000 + index).fill(index)
        const filled = new Uint8Array((index % 4) * 3000 + 1)
        const letter = 65 + (index % 26)
        const length = (index % 5) * 700
        const results = [
          sum(bytes, bytes.length),
          fill(filled, filled.length, index).then(() =>
            filled.every((each) => each === index % 256),
          ),
          repeat(letter, length),
        ]
        bytes.fill(255) // what is in flight keeps what it was given
        expect(await Promise.all(results)).toEqual([
          BigInt(bytes.length * (index % 256)),
          true,
          String.fromCharCode(letter).repeat(length),
        ])
      }),
    )
  })

  test('what was taken back from a lane is written where it ran, and stays', async () => {
    const { count, fill, sleep } = await begin({ threads: 2 })
    const sizes = [1, 3000, 9000]
    for (let round = 0; round < 5; round++) {
      await Promise.all(numbers(1000).map(() => count())) // lanes that answer quickly get many calls at a time
      const filled = numbers(100).map((index) => new Uint8Array(sizes[index % 3] as number))
      const slow: Promise<number>[] = []
      const quick = filled.map((bytes, index) => {
        if (index % 25 === 10) slow.push(sleep(30))
        return fill(bytes, bytes.length, index + 1)
      })
      await Promise.all([...quick, ...slow])
      await sleep(1) // behind all that was in the way
      await sleep(1)
      const wrong = filled.flatMap((bytes, index) =>
        bytes.every((each) => each === index + 1) ? [] : [index],
      )
      expect(wrong).toEqual([])
    }
  })

  test('shared memory that is new is there for every lane', async () => {
    const { sum, sleep, fill } = await begin()
    for (let round = 0; round < 50; round++) {
      using memory = library.thread.alloc(5000 + round)
      memory.bytes.fill(round)
      const busy = sleep(1)
      const sums = numbers(8).map(() => sum(memory, memory.bytes.length))
      expect(new Set(await Promise.all(sums))).toEqual(
        new Set([BigInt(round * memory.bytes.length)]),
      )
      await fill(memory, 10, 9)
      expect(memory.bytes[3]).toBe(9)
      await busy
    }
  })

  test('each knows its own errno', async () => {
    const { failWith } = await begin()
    const withErrno = failWith.with({ errno: true })
    const all = await Promise.all(numbers(8).map((index) => withErrno(index + 1, 20 - index)))
    expect(all).toEqual(numbers(8).map((index) => ({ result: -1, errno: index + 1 })))
  })

  test('one process, a thread for each lane', async () => {
    const { threadId, meet } = await begin()
    const pid = library.thread.pid
    const ids = await Promise.all(
      numbers(4).map(async () => {
        const [id] = await Promise.all([meet(3), 0])
        return id
      }),
    )
    expect(ids).toEqual([1, 1, 1, 1])
    expect(new Set(numbers(10).map(() => threadId.sync())).size).toBe(1)
    expect(library.thread.pid).toBe(pid)
  })
})

describe('blocking calls', () => {
  test('one goes to a lane that is free, beside those that are under way', async () => {
    const { meet, add } = await begin({ timeout: 10_000 })
    const slow = numbers(3).map(() => meet(3))
    // Whoever waited behind one of them would wait until their time is over.
    for (const index of numbers(50)) expect(add.sync(index, 1)).toBe(index + 1)
    expect(library.thread.stats().inFlight).toBe(3)
    expect(await Promise.all([...slow, meet(3)])).toEqual([1, 1, 1, 1])
  })

  test('one waits where none is free, and what was asked before goes first', async () => {
    const { sleep, count } = await begin({ threads: 2 })
    const slow = [sleep(100), sleep(100)]
    const counted = [count(), count(), count()]
    const last = count.sync()
    expect([...(await Promise.all(counted)), last].sort()).toEqual([1, 2, 3, 4])
    expect(await Promise.all(slow)).toEqual([100, 100])
    // All went to a lane before it. The lane that was quick with the first may have got both others at a time, and may
    // have been held up when the other lane took the last.
    expect(last).toBeGreaterThan(1)
  })

  test('what ends meanwhile on other lanes has ended', async () => {
    const { sleep } = await begin()
    const ended: number[] = []
    // What ends while others have the processor is heard of in one turn, in the order of the lanes.
    const slow = [500, 100, 300].map((time) => sleep(time).then((result) => ended.push(result)))
    expect(sleep.sync(700)).toBe(700)
    await Promise.all(slow)
    expect(ended).toEqual([100, 300, 500])
    expect(await sleep(1)).toBe(1)
  })

  test('one that waits for its function to be bound loses no call that sleeps meanwhile', async () => {
    const { sleep } = await begin()
    const slow = sleep(150)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const add = library.thread.call(library.symbol('add'), 'int add(int a, int b)')
    expect(add.sync(1, 2)).toBe(3)
    const late = new Promise((resolve) => setTimeout(resolve, 1000, 'late'))
    expect(await Promise.race([slow, late])).toBe(150)
  })

  test('a call beside it that needs a callback gets it', async () => {
    const { locked, waitForLock } = await begin()
    // The blocking call waits for a lock that the other one holds, which waits for the program.
    const result = locked(20, (value) => value + 1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(waitForLock.sync()).toBe(1)
    expect(await result).toBe(21)
  })
})

describe('callbacks', () => {
  test('on four lanes at once, awaited, nested, and in turns', async () => {
    const { times, add, sum } = await begin()
    let open = 0
    let most = 0
    const allOpen = until(() => most === 4, 'a callback on each lane')
    const results = await Promise.all(
      numbers(8).map((lane) =>
        times(10, 1, async (turn) => {
          most = Math.max(most, ++open)
          await allOpen
          const bytes = new Uint8Array(2000).fill(turn)
          expect(await sum(bytes, bytes.length)).toBe(BigInt(2000 * turn))
          expect(await add(turn, lane)).toBe(turn + lane)
          await new Promise((resolve) => setTimeout(resolve, 2))
          const nested = await times(3, 0, (value) => value + lane)
          open--
          return nested
        }),
      ),
    )
    expect(results).toEqual(numbers(8).map((lane) => 10 * (3 + 3 * lane)))
    expect(most).toBe(4)
  })

  test('one that waits for its promise leaves the other lanes free', async () => {
    const { times, add } = await begin({ threads: 2 })
    let go: (value: number) => void = () => {}
    const waits = times(1, 0, () => new Promise<number>((resolve) => (go = resolve)))
    expect(await Promise.all(numbers(500).map((each) => add(each, 1)))).toHaveLength(500)
    expect(add.sync(1, 2)).toBe(3)
    go(5)
    expect(await waits).toBe(5)
  })

  test('where all lanes wait for promises, a blocking call would wait for ever', async () => {
    const { times, add } = await begin({ threads: 2 })
    const go: ((value: number) => void)[] = []
    const waits = numbers(2).map(() =>
      times(1, 0, () => new Promise<number>((resolve) => go.push(resolve))),
    )
    while (go.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(() => add.sync(1, 2)).toThrow(/would wait for ever/)
    for (const each of go) each(1)
    expect(await Promise.all(waits)).toEqual([1, 1])
    expect(add.sync(1, 2)).toBe(3)
  })

  test('blocking ones, in blocking and in other calls', async () => {
    const { times, add } = await begin()
    const nested = (turn: number): number => times.sync(2, 0, (value) => add.sync(value, turn))
    const others = numbers(6).map(() => times(5, 1, nested))
    expect(times.sync(5, 1, nested)).toBe(25)
    expect(await Promise.all(others)).toEqual(numbers(6).map(() => 25))
  })

  test('what one throws is what its own call throws', async () => {
    const { times } = await begin()
    const outcomes = await Promise.allSettled(
      numbers(8).map((lane) =>
        times(3, 1, (turn) => {
          if (lane % 2 === 1 && turn === 1) throw new Error(`lane ${lane}`)
          return lane
        }),
      ),
    )
    for (const [lane, outcome] of outcomes.entries())
      if (lane % 2 === 0) expect(outcome).toEqual({ status: 'fulfilled', value: lane * 3 })
      else
        expect(outcome).toMatchObject({ status: 'rejected', reason: { message: `lane ${lane}` } })
  })

  test('registered ones, used on another lane at once', async () => {
    const { times } = await begin()
    const untyped = library.func('int times(int turns, int milliseconds, void *function)')
    for (let round = 0; round < 20; round++) {
      using callback = library.thread.callback('int note(int turn)', (turn: number) => turn)
      const { pointer } = callback
      const all = numbers(6).map((lane) =>
        lane % 2 === 0 ? times(4, 0, callback as never) : untyped(4, 0, pointer),
      )
      expect(await Promise.all(all)).toEqual(numbers(6).map(() => 6))
    }
  })
})

describe('what calls stand on', () => {
  test('functions that are bound while others run', async () => {
    const { sleep } = await begin()
    const slow = numbers(3).map(() => sleep(100))
    for (let round = 0; round < 100; round++) {
      const add = library.func('int add(int a, int b)')
      expect(await Promise.all([add(round, 1), add(round, 2), add(round, 3)])).toEqual([
        round + 1,
        round + 2,
        round + 3,
      ])
    }
    await Promise.all(slow)
  })

  test('functions that are bound in a callback and called outside of it', async () => {
    const { times } = await begin()
    let bound: ((a: number, b: number) => Promise<number>) | undefined
    const result = times(1, 0, () => {
      bound = library.func('int add(int a, int b)')
      return 1
    })
    while (bound === undefined) await new Promise((resolve) => setImmediate(resolve))
    expect(await Promise.all([bound(1, 2), bound(3, 4)])).toEqual([3, 7])
    expect(await result).toBe(1)
  })

  test('functions by their address', async () => {
    const { adder, sleep } = await begin()
    const slow = sleep(50)
    const add = await adder()
    const sums = numbers(500).map((index) => add?.(index, 1))
    expect(await Promise.all(sums)).toEqual(numbers(500).map((index) => index + 1))
    expect(add?.sync(1, 2)).toBe(3)
    await slow
  })

  test('a library that is loaded while calls run, and its functions', async () => {
    const { meet } = await begin()
    const path = fixture('obeys')
    const slow = numbers(3).map(() => meet(3))
    const other = await library.thread.load(path, { add: 'int add(int a, int b)' })
    expect(await Promise.all(numbers(20).map((each) => other.symbols.add(each, 1)))).toHaveLength(
      20,
    )
    expect(library.thread.stats().inFlight).toBe(3)
    const value = library.variable('int value')
    expect(await value.get()).toBe(7)
    expect(await Promise.all([...slow, meet(3)])).toEqual([1, 1, 1, 1])
  })

  test('reads and writes go wherever there is room', async () => {
    const { waitForever } = await begin({ threads: 2 })
    waitForever().catch(() => {})
    const value = library.variable('int value')
    await value.set(11)
    expect(await library.thread.read(value.pointer, 'int')).toBe(11)
    await library.thread.write(value.pointer, 'int', 12)
    expect(value.get.sync()).toBe(12)
  })
})

describe('limits', () => {
  test('a lane has as much stack as is asked for', async () => {
    const { useStack, meet } = await begin({ threads: 2, limits: { stack: 4 * 2 ** 20 } })
    const both = numbers(2).map(async () => {
      await meet(1)
      return useStack(3000)
    })
    expect(await Promise.all(both)).toHaveLength(2)
  })

  test('limits.threads is what the library has beside the lanes', async () => {
    const { startThreads } = await begin({ limits: { threads: 5 } })
    // The process begins with one of them.
    expect(await startThreads(20)).toBe(4)
    expect(library.thread.receipt.requested.limits.threads).toBe(5)
  })
})

describe('the end of a process', () => {
  test('a crash is that of its own call; the others ended with it; what had not begun goes on', async () => {
    const { sleep, crashAfter, add } = await begin()
    const slow = numbers(3).map(() => failureOf(() => sleep(5000)))
    await asleep(3)
    const crash = failureOf(() => crashAfter(50))
    const waiting = numbers(20).map((index) => add(index, 1))
    const crashes: unknown[] = []
    library.thread.on('crash', (error) => crashes.push(error))
    const error = await crash
    expect(error).toBeInstanceOf(CrashError)
    expect(error).toMatchObject({
      signal: 'SIGSEGV',
      address: 0n,
      symbol: 'crash_after',
      call: 'crash_after',
    })
    expect((error as Error).message).toMatch(/^crash_after of works-in-threads.so crashed: SIGSEGV/)
    for (const other of await Promise.all(slow)) {
      expect(other).toBeInstanceOf(CrashError)
      expect(other).toMatchObject({ signal: 'SIGSEGV', call: 'sleep_for', symbol: 'crash_after' })
      expect((other as Error).message).toMatch(
        /^sleep_for of works-in-threads.so ended with its process: crash_after of .* crashed: SIGSEGV/,
      )
      expect((other as Error).cause).toMatchObject({ call: 'crash_after' })
    }
    expect(await Promise.all(waiting)).toEqual(numbers(20).map((index) => index + 1))
    // What the other calls need may still be on its way.
    await vi.waitFor(() => expect(library.thread.stats().restarts).toBe(1))
    expect(crashes).toMatchObject([{ call: 'crash_after' }])
  })

  test('what had not begun goes on, also when a process crashes before all is bound', async () => {
    const many = Object.fromEntries(numbers(400).map((at) => [`add${at}`, 'int add(int a, int b)']))
    const own = await open(
      fixture('works-in-threads'),
      { crash: 'int crash_after(int milliseconds)', add: 'int add(int a, int b)', ...many },
      { threads: 2 },
    )
    const { crash, add } = own.symbols
    const crashes = numbers(4).map(() => failureOf(() => crash(0)))
    const sums = numbers(100).map((index) => add(index, 1))
    for (const error of await Promise.all(crashes)) expect(error).toBeInstanceOf(CrashError)
    // One at most had begun beside each of them.
    const ends = await Promise.allSettled(sums)
    expect(ends.filter(({ status }) => status === 'rejected').length).toBeLessThanOrEqual(4)
    for (const [index, end] of ends.entries())
      if (end.status === 'fulfilled') expect(end.value).toBe(index + 1)
    await own.close()
  })

  test('a load that waits while the process ends is made in the next one', async () => {
    const path = fixture('obeys')
    for (let round = 0; round < 5; round++) {
      const { sleep, crashAfter } = await begin({ threads: 2 })
      const slow = failureOf(() => sleep(5000))
      await asleep(1)
      const crash = failureOf(() => crashAfter(50))
      const declarations = {
        add: 'int add(int a, int b)',
        sleep: 'int sleep_for(int milliseconds)',
      }
      const loading = library.thread.load(path, declarations)
      expect(await crash).toBeInstanceOf(CrashError)
      await slow
      const { symbols } = await loading
      const sums = numbers(50).map((index) => (symbols as typeof library.symbols).add(index, 1))
      expect(await Promise.all(sums)).toEqual(numbers(50).map((index) => index + 1))
      await library.close()
    }
  })

  test('a stack that is full on any lane is told of', async () => {
    const { recurse, sleep } = await begin({ threads: 3 })
    const slow = [failureOf(() => sleep(5000)), failureOf(() => sleep(5000))]
    await asleep(2)
    expect(await failureOf(() => recurse(0))).toMatchObject({
      signal: 'SIGSEGV',
      symbol: 'recurse',
    })
    await Promise.all(slow)
  })

  test('a limit is that of its call', async () => {
    const { sleep, add } = await begin()
    const slow = failureOf(() => sleep(5000))
    await asleep(1)
    const late = failureOf(() => sleep.with({ timeout: 300 })(5000))
    const quick = sleep.with({ timeout: 1000 })(20)
    expect(await quick).toBe(20)
    const error = await late
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ call: 'sleep_for', timeout: 300 })
    const other = await slow
    expect(other).toBeInstanceOf(CrashError)
    expect(other).toMatchObject({ signal: 'SIGKILL', cause: error })
    expect((other as Error).message).toMatch(
      /ended with its process: sleep_for ran longer than 300 ms/,
    )
    expect(await add(1, 2)).toBe(3)
  })

  test('a limit holds while the program blocks on another lane', async () => {
    const { sleep } = await begin()
    // The other one has begun by then, and so does not go on in the next process.
    const late = failureOf(() => sleep.with({ timeout: 300 })(5000))
    const elapsed = stopwatch()
    const blocked = await failureOf(() => sleep.sync(3000))
    expect(elapsed()).toBeLessThan(2000)
    expect(blocked).toMatchObject({ signal: 'SIGKILL', cause: { code: 'ERR_FAT_THREAD_TIMEOUT' } })
    expect(await late).toMatchObject({ code: 'ERR_FAT_THREAD_TIMEOUT' })
  })

  test('a signal ends a call that began, and only that one where it waits', async () => {
    const { sleep, add } = await begin({ threads: 2 })
    const waits = new AbortController()
    const slow = [sleep(200), sleep(200)]
    const aborted = failureOf(() => add.with({ signal: waits.signal })(1, 2))
    waits.abort()
    expect(await aborted).toMatchObject({ code: 'ABORT_ERR' })
    expect(await Promise.all(slow)).toEqual([200, 200])
    await library.close()
    const next = await begin({ threads: 3 })
    const runs = new AbortController()
    const other = failureOf(() => next.sleep(5000))
    const running = failureOf(() => next.sleep.with({ signal: runs.signal })(5000))
    await asleep(2)
    runs.abort()
    expect(await running).toMatchObject({ code: 'ABORT_ERR' })
    expect(await other).toMatchObject({ signal: 'SIGKILL', cause: { code: 'ABORT_ERR' } })
    expect(await next.add(1, 2)).toBe(3)
  })

  test('a library that leaves', async () => {
    const { sleep, leave, add } = await begin({ threads: 3 })
    const slow = failureOf(() => sleep(5000))
    await asleep(1)
    const left = await failureOf(() => leave(3))
    expect(left).toBeInstanceOf(ExitError)
    expect(left).toMatchObject({ exitCode: 3, call: 'leave' })
    expect(await slow).toMatchObject({ exitCode: 3, call: 'sleep_for' })
    expect(((await slow) as Error).message).toMatch(/ended with its process/)
    expect(await add(1, 2)).toBe(3)
  })

  test.each([1, 2, 3])(
    'a thread that ends is the end of the process (%d lanes busy)',
    async (busy) => {
      const { sleep, endThread, add } = await begin({ threads: 3 })
      const slow = numbers(busy - 1).map(() => failureOf(() => sleep(5000)))
      await asleep(busy - 1)
      expect(await failureOf(() => endThread(30))).toMatchObject({
        code: expect.stringMatching(/^ERR_FAT_THREAD_(EXITED|CRASHED)$/),
      })
      await Promise.all(slow)
      expect(await add(1, 2)).toBe(3)
    },
  )

  test('again and again, nothing is lost and nothing is done twice', async () => {
    const { add, crashAfter, sleep } = await begin()
    for (let round = 0; round < 10; round++) {
      const crash = failureOf(() => crashAfter(2))
      const others = Promise.allSettled(numbers(3).map(() => sleep(100)))
      const sums = numbers(100).map((index) => add(index, round))
      expect(await crash).toBeInstanceOf(CrashError)
      // Those that had not begun go on.
      for (const other of await others)
        if (other.status === 'fulfilled') expect(other.value).toBe(100)
        else expect(other.reason).toMatchObject({ call: 'sleep_for', symbol: 'crash_after' })
      expect(await Promise.all(sums)).toEqual(numbers(100).map((index) => index + round))
    }
    await vi.waitFor(() =>
      expect(library.thread.stats()).toMatchObject({ restarts: 10, inFlight: 0, queued: 0 }),
    )
  })
})

describe('closing', () => {
  test('while lanes run: all calls end, and the process too', async () => {
    const { sleep, waitForever, add } = await begin()
    const running = [failureOf(() => sleep(3000)), failureOf(() => waitForever())]
    const more = numbers(100).map(() => failureOf(() => waitForever()))
    expect(library.thread.stats()).toMatchObject({ inFlight: 4, queued: 98 })
    const { pid = 0 } = library.thread
    expect((await timed(() => library.close())).elapsed).toBeLessThan(3000)
    for (const error of await Promise.all([...running, ...more]))
      expect(error).toMatchObject({ code: 'ERR_FAT_THREAD_CLOSED' })
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
    expect(await failureOf(() => add(1, 2))).toMatchObject({ code: 'ERR_FAT_THREAD_CLOSED' })
  })

  test('blocking, and at once', async () => {
    const { sleep } = await begin()
    const running = failureOf(() => sleep(3000))
    library.thread.life.terminateSync()
    expect(await running).toMatchObject({ code: 'ERR_FAT_THREAD_CLOSED' })
    const other = await begin()
    const again = failureOf(() => other.sleep(3000))
    library[Symbol.dispose]()
    expect(await again).toMatchObject({ code: 'ERR_FAT_THREAD_CLOSED' })
  })

  test('a library that is loaded anew', async () => {
    const { sleep, add, count } = await begin()
    const running = failureOf(() => sleep(3000))
    await asleep(1)
    expect(await count()).toBe(1)
    const later = library.reload()
    expect(await running).toMatchObject({ code: 'ERR_FAT_THREAD_CLOSED' })
    await later
    expect(await count()).toBe(1)
    expect(await Promise.all(numbers(50).map((each) => add(each, 1)))).toHaveLength(50)
  })
})
