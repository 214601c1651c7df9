/** The end that the program wants: close, terminate, and what comes afterwards. */
import { existsSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { ClosedError, FatThread, type Library, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { numbers } from '../support/numbers.ts'
import { program, unharmed } from '../support/program.ts'
import { SLOWNESS } from '../support/slowness.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const DECLARATIONS = {
  add: 'int add(int a, int b)',
  sleep: 'int sleep_for(int milliseconds)',
  count: 'int count_calls(void)',
} as const

const openIt = (): Promise<Library<typeof DECLARATIONS>> => open(fixture('obeys'), DECLARATIONS)

const isThere = (pid: number | undefined): boolean => existsSync(`/proc/${pid}`)

async function allClosed(calls: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(calls))
    expect((result as PromiseRejectedResult).reason).toBeInstanceOf(ClosedError)
}

// What the program keeps for all fat threads, it gets with the first.
beforeAll(async () => (await openIt()).close())

describe('close', () => {
  test('resolves when the process is gone, and leaves nothing', async () => {
    const before = program()
    const library = await openIt()
    const pid = library.thread.pid
    expect(isThere(pid)).toBe(true)
    await library.close()
    expect(isThere(pid)).toBe(false)
    expect(library.thread.state).toBe('closed')
    expect(library.thread.pid).toBeUndefined()
    await unharmed(before, [pid as number])
  })

  test('twice, and at the same time, is once', async () => {
    const library = await openIt()
    await Promise.all([library.close(), library.close(), library.thread.close()])
    await library.close()
    await library.thread.terminate()
  })

  test('rejects what is in flight at once, and does not wait for a call that hangs', async () => {
    const library = await openIt()
    const elapsed = stopwatch()
    const calls = [
      library.symbols.sleep(60_000),
      ...numbers(1000).map((index) => library.symbols.add(index, 0)),
    ]
    const rejected = allClosed(calls).then(() => elapsed())
    const closed = library.close()
    expect(await rejected, 'at once').toBeLessThan(200 * SLOWNESS)
    await closed
    expect(elapsed(), 'a second is for destructors').toBeLessThan(2500 * SLOWNESS)
  })

  test('in the tick of the calls: each settles', async () => {
    const library = await openIt()
    const calls = numbers(300).map((index) => library.symbols.add(index, 0))
    const closed = library.close()
    for (const [index, result] of (await Promise.allSettled(calls)).entries()) {
      if (result.status === 'fulfilled') expect(result.value).toBe(index)
      else expect(result.reason).toBeInstanceOf(ClosedError)
    }
    await closed
  })

  test.each(WAYS)('then every use is a ClosedError (%s)', async (way) => {
    const library = await openIt()
    const { thread, symbols } = library
    const limited = symbols.add.with({ timeout: 1000 })
    await library.close()
    for (const fn of [symbols.add, limited])
      expect(await failureOf(() => call(fn, way, [1, 2]))).toMatchObject({
        code: 'ERR_FAT_THREAD_CLOSED',
      })
    expect(await failureOf(() => library.func('int add(int, int)'))).toBeInstanceOf(ClosedError)
    expect(await failureOf(() => library.reload())).toBeInstanceOf(ClosedError)
    expect(await failureOf(() => thread.load(fixture('echoes')))).toBeInstanceOf(ClosedError)
    expect(await failureOf(() => thread.alloc(8))).toBeInstanceOf(ClosedError)
    expect(thread.stats()).toMatchObject({
      state: 'closed',
      pid: undefined,
      inFlight: 0,
      queued: 0,
    })
  })

  test('in the tick of close, the calls that come after it are rejected', async () => {
    const library = await openIt()
    const closed = library.close()
    expect(await failureOf(() => library.symbols.add(1, 2))).toBeInstanceOf(ClosedError)
    expect(() => library.symbols.add.sync(1, 2)).toThrow(ClosedError)
    await closed
  })

  test('while a library is being loaded', async () => {
    const before = program()
    const thread = await FatThread.spawn()
    const [loaded, closed] = await Promise.allSettled([
      thread.load(fixture('obeys'), DECLARATIONS),
      thread.close(),
    ])
    expect(closed.status).toBe('fulfilled')
    // It may have been there already; then it is closed now.
    const error =
      loaded.status === 'rejected'
        ? loaded.reason
        : await failureOf(() => loaded.value.symbols.add(1, 2))
    expect(error).toBeInstanceOf(ClosedError)
    await unharmed(before)
  })

  test('of a library in a fat thread that others share ends its own functions only', async () => {
    await using thread = await FatThread.spawn()
    const first = await thread.load(fixture('obeys'), DECLARATIONS)
    const second = await thread.load(fixture('echoes'), { echo: 'int echo_int32(int value)' })
    await first.close()
    expect(await failureOf(() => first.symbols.add(1, 2))).toBeInstanceOf(ClosedError)
    expect(await second.symbols.echo(5)).toBe(5)
    expect(thread.state).toBe('running')
  })

  test('of a fat thread ends all its libraries', async () => {
    const thread = await FatThread.spawn()
    const libraries = [
      await thread.load(fixture('obeys'), DECLARATIONS),
      await thread.load(fixture('obeys'), DECLARATIONS),
    ]
    await thread.close()
    for (const { symbols } of libraries)
      expect(await failureOf(() => symbols.add(1, 2))).toBeInstanceOf(ClosedError)
  })

  test('await using closes', async () => {
    let thread: FatThread
    {
      await using library = await openIt()
      thread = library.thread
      expect(await library.symbols.add(1, 2)).toBe(3)
    }
    expect(thread.state).toBe('closed')
    {
      await using again = await FatThread.spawn()
      thread = again
    }
    expect(thread.state).toBe('closed')
  })
})

describe('terminate', () => {
  test('ends the process at once, with calls in flight', async () => {
    const library = await openIt()
    const elapsed = stopwatch()
    const calls = [
      library.symbols.sleep(60_000),
      ...numbers(300).map((index) => library.symbols.add(index, 0)),
    ]
    const terminated = library.thread.terminate()
    await allClosed(calls)
    await terminated
    expect(elapsed()).toBeLessThan(500)
    expect(library.thread.state).toBe('closed')
  })

  test('during close cuts it short', async () => {
    const library = await openIt()
    const call = failureOf(() => library.symbols.sleep(60_000))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const elapsed = stopwatch()
    const closed = library.close()
    await library.thread.terminate()
    await closed
    expect(elapsed()).toBeLessThan(500)
    expect(await call).toBeInstanceOf(ClosedError)
  })
})

test('many fat threads come and go, and leave nothing', { timeout: 60_000 }, async () => {
  const before = program()
  for (let round = 0; round < 5; round++) {
    const libraries = await Promise.all(numbers(20).map(openIt))
    expect(await Promise.all(libraries.map(({ symbols }, index) => symbols.add(index, 1)))).toEqual(
      numbers(20).map((index) => index + 1),
    )
    await Promise.all(
      libraries.map((library, index) =>
        index % 2 === 0 ? library.close() : library.thread.terminate(),
      ),
    )
  }
  await unharmed(before)
})
