/** Libraries that can't be unloaded: `close()` resolves all the same, soon, and nothing is left. */
import { once } from 'node:events'
import { beforeAll, describe, expect, test } from 'vitest'
import { ClosedError, CrashError, FatThread, FatThreadError, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { control } from '../support/control.ts'
import {
  dies,
  exits,
  gives,
  type Harm,
  hangs,
  reports,
  type Settled,
  settle,
} from '../support/outcomes.ts'
import { processes } from '../support/processes.ts'
import { program, unharmed } from '../support/program.ts'
import { Pulse } from '../support/pulse.ts'
import { describeRows, OPTIONS, openRow, type Row, warmUp } from '../support/rows.ts'
import { stopwatch } from '../support/stopwatch.ts'

/** Longest time that `close()` may take: destructors get a second of it. */
const CLOSE_MOST = 3000

const DECLARATIONS = { deed: 'int deed(void)', answer: 'int answer(void)' } as const

/** Calls once, unloads, and stays for a moment. */
const unload = (library: string, patience: number): ReturnType<typeof control> =>
  control(
    `begin()
    const library = koffi.load(${JSON.stringify(library)})
    library.func('int deed(void)')()
    library.unload()
    await sleep(${300 * patience})
    report(1)`,
    { timeout: 1000 * patience },
  )

/** The deed is done while the fat thread closes; the row opens the library a second time for the next call. */
function unloads(deed: string, fixtureName: string, harm: Harm): Row {
  return {
    deed,
    fixture: fixtureName,
    harm,
    outcome: gives('closed'),
    control: unload,
    act: async () => await closeAfterCall(fixtureName),
  }
}

async function closeAfterCall(fixtureName: string): Promise<Settled> {
  const library = await open(fixture(fixtureName), DECLARATIONS, OPTIONS)
  expect(await library.symbols.deed()).toBe(1)
  const { error, ...times } = await settle(() => library.close())
  expect(error).toBeUndefined()
  expect(times.elapsed).toBeLessThan(CLOSE_MOST)
  return { ...times, value: 'closed' }
}

describeRows('destructors', [
  unloads('crashes in a destructor', 'crashes-in-destructor', dies('SIGSEGV')),
  unloads('hangs in a destructor', 'hangs-in-destructor', hangs),
  unloads('loops in a destructor with signals blocked', 'loops-in-destructor', hangs),
  unloads('exits in a destructor', 'exits-in-destructor', exits(7)),
  unloads('stops in a destructor', 'stops-in-destructor', hangs),
  unloads('floods the output in a destructor', 'floods-in-destructor', hangs),
  unloads('starts threads in a destructor', 'starts-threads-in-destructor', hangs),
  unloads('hangs in a handler of exit', 'hangs-in-exit-handler', hangs),
])

describeRows('threads of the library', [
  unloads('runs on in a thread', 'runs-on-in-a-thread', dies('SIGSEGV')),
  unloads('runs hot in threads that take no signal', 'runs-hot-in-threads', dies('SIGSEGV')),
])

describeRows('staying loaded', [
  {
    deed: 'keeps its state over an unload',
    fixture: 'counts-on',
    harm: reports('counts on', (value) => value === 2),
    control: (path, patience) =>
      control(
        `begin()
        const count = () => {
          const library = koffi.load(${JSON.stringify(path)})
          const number = library.func('int deed(void)')()
          library.unload()
          return number
        }
        count()
        report(count())`,
        { timeout: 1000 * patience },
      ),
    outcome: gives(1),
    act: async (library) => {
      expect(await library.symbols.deed()).toBe(1)
      expect(await library.symbols.deed()).toBe(2)
      await library.reload()
      return await settle(() => library.symbols.deed())
    },
  },
])

describe('a call in flight while closing', () => {
  beforeAll(warmUp)
  const sleeps = { deed: '', fixture: 'sleeps', harm: hangs, outcome: gives(1) }

  test('in-process: the program can not even exit', async (context) => {
    const ended = await control(`
      koffi.load(${JSON.stringify(fixture('sleeps'))}).func('int deed(void)').async(() => {})
      begin()
      setTimeout(() => process.exit(0), 50)`)
    context.skip(!ended.hung, 'process.exit() ended a program with a hung asynchronous call')
  })

  test.each(['close', 'terminate'] as const)('%s() rejects it at once', async (way) => {
    const before = program()
    const pulse = new Pulse()
    const library = await openRow({ ...sleeps, options: { timeout: undefined } })
    const pid = library.thread.pid ?? 0
    const calls = Array.from({ length: 5 }, () => settle(() => library.symbols.deed()))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const elapsed = stopwatch()
    const closed = settle(() => library.thread[way]())
    for (const { error } of await Promise.all(calls)) {
      expect(error).toBeInstanceOf(ClosedError)
      expect(error).toMatchObject({ code: 'ERR_FAT_THREAD_CLOSED' })
    }
    expect(elapsed(), 'until the calls were rejected').toBeLessThan(200)
    expect((await closed).error).toBeUndefined()
    expect(elapsed(), 'until it was closed').toBeLessThan(CLOSE_MOST)
    expect(pulse.stop()).toBeLessThan(500)
    await unharmed(before, [pid])
  })

  test('calls after it are refused, closing twice is closing once', async () => {
    const before = program()
    const library = await openRow({ ...sleeps, fixture: 'answers' })
    expect(library.thread.state).toBe('running')
    await Promise.all([library.close(), library.close(), library.thread.terminate()])
    await library.close()
    expect(library.thread.state).toBe('closed')
    expect((await settle(() => library.symbols.deed())).error).toBeInstanceOf(ClosedError)
    expect((await settle(() => library.symbols.deed.sync())).error).toBeInstanceOf(ClosedError)
    expect((await settle(() => library.reload())).error).toBeInstanceOf(ClosedError)
    await unharmed(before)
  })

  test('a crash while closing leaves no promise open', async () => {
    const before = program()
    for (const pause of [0, 1, 5, 20]) {
      const library = await openRow({ ...sleeps, fixture: 'writes-to-null' })
      const called = settle(() => library.symbols.deed())
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
      const closed = await settle(() => library.close())
      expect(closed.error).toBeUndefined()
      expect((await called).error).toBeInstanceOf(FatThreadError)
    }
    await unharmed(before)
  })

  test('closing while it restarts leaves no process behind', async () => {
    const before = program()
    const library = await openRow({ ...sleeps, fixture: 'writes-to-null' })
    const crashed = once(library.thread, 'crash')
    expect((await settle(() => library.symbols.deed())).error).toBeInstanceOf(CrashError)
    const next = settle(() => library.symbols.answer())
    await library.close()
    const { value, error } = await next
    expect(value === 42 || error instanceof ClosedError).toBe(true)
    await Promise.race([crashed, new Promise((resolve) => setTimeout(resolve, 100))])
    await unharmed(before)
  })
})

describe('many lives', () => {
  beforeAll(warmUp)
  test('thirty libraries opened and closed leave nothing', async () => {
    const before = program()
    for (let turn = 0; turn < 30; turn++) {
      await using library = await open(fixture('answers'), DECLARATIONS, OPTIONS)
      expect(await library.symbols.answer()).toBe(42)
    }
    await unharmed(before)
  })

  test('thirty crashes of one fat thread leave nothing', async () => {
    const before = program()
    const thread = await FatThread.spawn(OPTIONS)
    const library = await thread.load(fixture('writes-to-null'), DECLARATIONS)
    for (let turn = 0; turn < 30; turn++) {
      const { error } = await settle(() => library.symbols.deed())
      expect(error).toBeInstanceOf(CrashError)
      expect(await library.symbols.answer()).toBe(42)
    }
    expect(thread.stats().restarts).toBeGreaterThanOrEqual(29)
    await thread.close()
    await unharmed(before)
  }, 60_000)

  test('libraries that nobody closes end with the program', async () => {
    // Not this program: what it forgets would be found by every other test.
    const script = `
      const { open } = await import(${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)})
      begin()
      const library = await open(${JSON.stringify(fixture('runs-hot-in-threads'))}, { deed: 'int deed(void)' })
      await library.symbols.deed()
      report(library.thread.pid)`
    const ended = await control(script, { timeout: 10_000 })
    expect(ended).toMatchObject({ hung: false, code: 0 })
    const pid = ended.reported as number
    const state = (): string | undefined => processes().find((one) => one.pid === pid)?.state
    // Who inherits it buries it in its own time.
    await expect.poll(state, { timeout: 1000 }).toBeOneOf([undefined, 'Z'])
  })
})
