/** The blocking forms: what `open`, `FatThread.spawn` and `thread.load` do, without a turn of the event loop. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import { Pump, RELOOK } from '../../src/channel/pump.ts'
import { HostProcess } from '../../src/host/process.ts'
import {
  ClosedError,
  CrashError,
  DeclarationError,
  ExitError,
  FatThread,
  IntegrityError,
  type Library,
  LoadError,
  type OpenOptions,
  open,
  type Prototypes,
  TimeoutError,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { program, unharmed } from '../support/program.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { failureOf } from '../support/ways.ts'

const add = { add: 'int add(int a, int b)' } as const
const QUIET = { stdout: 'ignore', stderr: 'ignore' } as const

/** That nothing else ran meanwhile is what makes it blocking. */
async function inOneTurn<Result>(work: () => Result): Promise<Result> {
  let turned = false
  const other = turn().then(() => {
    turned = true
  })
  const result = work()
  expect(turned, 'the event loop turned').toBe(false)
  await other
  return result
}

describe('open.sync', () => {
  test('gives a library whose functions work, both ways', async () => {
    const library = await inOneTurn(() => {
      const opened = open.sync(fixture('obeys'), add)
      expect(opened.symbols.add.sync(1, 2)).toBe(3)
      return opened
    })
    expect(await library.symbols.add(3, 4)).toBe(7)
    expect(library.func('int add(int a, int b)').sync(5, 6)).toBe(11)
    await library.close()
    expect(await failureOf(() => library.symbols.add.sync(1, 2))).toBeInstanceOf(ClosedError)
  })

  test('is typed as open', () => {
    const opened = () => open.sync(fixture('obeys'), add)
    expectTypeOf(opened).returns.toEqualTypeOf<Library<typeof add>>()
    expectTypeOf<ReturnType<typeof opened>['symbols']['add']['sync']>().toEqualTypeOf<
      (a: number, b: number) => number
    >()
    // @ts-expect-error: no prototype
    expect(() => open.sync(fixture('obeys'), { add: 'int add(' })).toThrow(DeclarationError)
  })

  test('takes a declared text, a URL, no declarations at all', () => {
    using library = open.sync(fixture('obeys'), 'int add(int a, int b);')
    expect(library.symbols['add']?.sync(1, 2)).toBe(3)
    using bare = open.sync(new URL(`file://${fixture('obeys')}`))
    expect(Object.keys(bare.symbols)).toEqual([])
  })

  test('opens thirty, one after the other, in one turn, and leaves nothing', async () => {
    using _warm = open.sync(fixture('obeys'), add)
    const before = program()
    await inOneTurn(() => {
      for (let index = 0; index < 30; index++) {
        using library = open.sync(fixture('obeys'), add)
        expect(library.symbols.add.sync(index, 1)).toBe(index + 1)
      }
    })
    await unharmed(before)
  })

  test('sleeps through no doorbell', () => {
    // Whoever misses it looks again after a while, and finds the answer there.
    let missed = 0
    const waits = vi.spyOn(HostProcess.prototype, 'wait')
    const { answered } = Pump.prototype
    const answers = vi.spyOn(Pump.prototype, 'answered').mockImplementation(function (
      this: Pump,
      rang: boolean,
    ) {
      if (!rang && waits.mock.lastCall?.[0] === RELOOK) missed++
      answered.call(this, rang)
    })
    try {
      for (let index = 0; index < 15; index++) {
        using library = open.sync(fixture('obeys'), add)
        expect(library.symbols.add.sync(index, 1)).toBe(index + 1)
      }
      expect(answers).toHaveBeenCalled()
    } finally {
      answers.mockRestore()
      waits.mockRestore()
    }
    expect(missed).toBeLessThan(5)
  })

  test('blocks until the process has ended, as `using` leaves', async () => {
    const pid = await inOneTurn(() => {
      using library = open.sync(fixture('obeys'), add)
      const { pid } = library.thread
      expect(pid).toBeTypeOf('number')
      return pid as number
    })
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  test('using ends what hangs in its destructor within a second or so', () => {
    const elapsed = stopwatch()
    {
      using library = open.sync(
        fixture('hangs-in-destructor'),
        { answer: 'int answer(void)' },
        QUIET,
      )
      expect(library.symbols.answer.sync()).toBe(42)
    }
    expect(elapsed()).toBeLessThan(5000)
  })

  const ad = { ad: 'int ad(int a, int b)' }
  const unfinished = { add: 'int add(' }
  const integrity = `sha256-${'A'.repeat(43)}=` as const
  test.each<[string, string, Prototypes, new (...args: never) => Error, OpenOptions]>([
    ['a file that is not there', '/nowhere/libnothing.so', {}, LoadError, {}],
    ['a symbol that is not there', 'obeys', ad, LoadError, {}],
    ['another hash', 'obeys', {}, IntegrityError, { integrity }],
    ['a text that does not parse', 'obeys', unfinished, DeclarationError, {}],
    ['a crash in the constructor', 'crashes-in-constructor', {}, CrashError, {}],
    ['a constructor that exits', 'exits-in-constructor', {}, ExitError, {}],
    ['a constructor that loops', 'loops-in-constructor', {}, TimeoutError, { timeout: 1000 }],
    ['a constructor that stops', 'stops-in-constructor', {}, TimeoutError, { timeout: 1000 }],
  ])('%s: as awaited, bounded, nothing left', async (_name, name, declarations, kind, more) => {
    const path = name.startsWith('/') ? name : fixture(name)
    const options = { ...QUIET, ...more }
    using _warm = open.sync(fixture('obeys'), add)
    const before = program()
    const elapsed = stopwatch()
    const error = await inOneTurn(() => {
      try {
        return open.sync(path, declarations, options)
      } catch (caught) {
        return caught
      }
    })
    expect(error).toBeInstanceOf(kind)
    expect(elapsed()).toBeLessThan(5000)
    const awaited = await failureOf(() => open(path, declarations, options))
    const bare = (message: string): string => message.replaceAll(/0x[0-9a-f]+/g, '0x…')
    expect(bare((error as Error).message)).toBe(bare(awaited.message))
    await unharmed(before)
  })
})

describe('FatThread.spawn.sync and thread.load.sync', () => {
  test('hold several libraries', async () => {
    const thread = await inOneTurn(() => {
      const spawned = FatThread.spawn.sync()
      expect(spawned.pid).toBeTypeOf('number')
      expect(spawned.receipt.missing).toEqual(expect.any(Array))
      const obeys = spawned.load.sync(fixture('obeys'), add)
      const answers = spawned.load.sync(fixture('answers'), { answer: 'int answer(void)' })
      expect(obeys.symbols.add.sync(1, 2)).toBe(3)
      expect(answers.symbols.answer.sync()).toBe(42)
      expect(obeys.thread).toBe(spawned)
      return spawned
    })
    const later = await thread.load(fixture('obeys'), add)
    expect(await later.symbols.add(1, 2)).toBe(3)
    await thread.close()
  })

  test('a library that fails to load leaves the others', () => {
    using thread = FatThread.spawn.sync(QUIET)
    const obeys = thread.load.sync(fixture('obeys'), add)
    expect(() => thread.load.sync(fixture('obeys'), { sub: 'int sub_(int a, int b)' })).toThrow(
      LoadError,
    )
    expect(obeys.symbols.add.sync(1, 2)).toBe(3)
  })

  test('load where the last process ended without a successor', async () => {
    using thread = FatThread.spawn.sync(QUIET)
    expect(() => thread.load.sync(fixture('crashes-in-constructor'))).toThrow(CrashError)
    const { symbols } = thread.load.sync(fixture('obeys'), add)
    expect(symbols.add.sync(1, 2)).toBe(3)
  })

  test('behind asynchronous calls that are in flight', async () => {
    await using thread = await FatThread.spawn()
    const first = await thread.load(fixture('obeys'), add)
    const sums = Array.from({ length: 300 }, (_, index) => first.symbols.add(index, 1))
    const second = thread.load.sync(fixture('obeys'), add)
    expect(second.symbols.add.sync(1, 2)).toBe(3)
    expect(await Promise.all(sums)).toEqual(Array.from({ length: 300 }, (_, index) => index + 1))
  })

  test('with strict: what was verified, or SandboxError, as awaited', async () => {
    const options = { ...QUIET, sandbox: 'strict' } as const
    const awaited = await FatThread.spawn(options).catch((error: Error) => error)
    let blocking: FatThread | Error
    try {
      blocking = FatThread.spawn.sync(options)
    } catch (error) {
      blocking = error as Error
    }
    if (awaited instanceof Error) {
      expect(blocking).toBeInstanceOf(awaited.constructor)
      expect((blocking as Error).message).toBe(awaited.message)
      return
    }
    expect(blocking).toBeInstanceOf(FatThread)
    await awaited.close()
    await (blocking as FatThread).close()
  })

  test('wrong options and a closed fat thread', async () => {
    expect(() => FatThread.spawn.sync(5 as never)).toThrow(TypeError)
    const thread = FatThread.spawn.sync()
    await thread.close()
    expect(() => thread.load.sync(fixture('obeys'), add)).toThrow(ClosedError)
    thread[Symbol.dispose]()
  })
})
