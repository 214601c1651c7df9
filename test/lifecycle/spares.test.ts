/** Processes that wait for a start: who gets them, who doesn't, and that nothing of them is left. */
import { once } from 'node:events'
import { mkdirSync, readFileSync, renameSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  ClosedError,
  CrashError,
  FatThread,
  type FatThreadOptions,
  open,
  type Pointer,
  Pool,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { processes } from '../support/processes.ts'
import { type Program, program, unharmed } from '../support/program.ts'
import { runProgram } from '../support/run-program.ts'
import { Scratch } from '../support/scratch.ts'

const OBEYS = fixture('obeys')
const obeys = { add: 'int add(int, int)', crash: 'int crash(void)' } as const
/** Milliseconds for what takes some ten of them, on a machine that has other things to do. */
const PATIENCE = 10_000

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

// What a program makes once, it keeps.
beforeAll(async () => (await FatThread.spawn()).close())

let before: Program
beforeEach(async () => {
  await until('those of the last test are gone', () => hosts().length === 0)
  before = program()
})

/** Its number in its own namespace, where it is the first one. */
function isFirst(pid: number): boolean {
  try {
    return /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true // it has just ended
  }
}

/** The processes below this one that may hold libraries: none of them is the first one of a namespace. */
function hosts(): number[] {
  const all = processes().filter(({ state }) => state !== 'Z')
  const children = all.filter(({ parent }) => parent === process.pid).map(({ pid }) => pid)
  return all
    .filter(
      ({ name, parent }) => name === 'fat-thread' && [process.pid, ...children].includes(parent),
    )
    .map(({ pid }) => pid)
    .filter((pid) => !isFirst(pid))
}

async function until(what: string, met: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!met() && performance.now() < end) await sleep(5)
  expect(met(), what).toBe(true)
}

const waiting = (thread: FatThread, count: number): Promise<void> =>
  until(`${count} wait`, () => thread.stats().spares === count)

describe('what was warmed up', () => {
  test('is taken by the next fat thread, replaced, and gone when it is given up', async () => {
    const spares = await FatThread.warm({}, 2)
    expect(spares.waiting).toBe(2)
    const warm = hosts()
    expect(warm).toHaveLength(2)
    const library = await open(OBEYS, obeys)
    expect(warm).toContain(library.thread.pid)
    expect(await library.symbols.add(2, 3)).toBe(5)
    await until('another one takes its place', () => spares.waiting === 2)
    await library.close()
    expect(spares.waiting).toBe(2)
    await spares.close()
    await spares.close()
    expect(spares.waiting).toBe(0)
    expect(hosts()).toEqual([])
    await unharmed(before, warm)
  })

  test('is taken by blocking ways too, and by the members of a pool', async () => {
    await using spares = await FatThread.warm({ spin: 0 }, 1)
    const [first] = hosts()
    {
      using library = open.sync(OBEYS, obeys, { spin: 0 })
      expect(library.thread.pid).toBe(first)
      expect(library.symbols.add.sync(20, 22)).toBe(42)
    }
    await until('another one takes its place', () => spares.waiting === 1)
    const [second] = hosts()
    const options = { spin: 0, minThreads: 1, maxThreads: 1 }
    await using pool = await Pool.open(OBEYS, obeys, options)
    expect(await pool.run(({ thread }) => thread.pid)).toBe(second)
  })

  test('has the callbacks of the fat thread that it becomes, and of no other', async () => {
    await using spares = await FatThread.warm({}, 1)
    const prototype = 'int compare(const int *a, const int *b)'
    await using libc = await open('libc.so.6', {
      qsort: `void qsort(void *base, size_t n, size_t size, int (*compare)(const int *, const int *))`,
    })
    await until('another one takes its place', () => spares.waiting === 1)
    await using other = await FatThread.spawn()
    const { thread } = libc
    using compare = thread.callback(prototype, (a, b) => {
      const [left, right] = [
        thread.readSync(a as Pointer, 'int'),
        thread.readSync(b as Pointer, 'int'),
      ]
      return left - right
    })
    const numbers = new Int32Array([3, 1, 2])
    await libc.symbols.qsort(numbers, 3, 4, compare)
    expect([...numbers]).toEqual([1, 2, 3])
    using foreign = other.callback(prototype, () => 0)
    await expect(libc.symbols.qsort(numbers, 3, 4, foreign)).rejects.toThrow(ClosedError)
  })

  test('is what a fresh process would be', async () => {
    const options: FatThreadOptions = { permissions: { env: { A: 'b' } }, limits: { threads: 3 } }
    await using fresh = await FatThread.spawn(options)
    await using spares = await FatThread.warm(options, 1)
    const [other] = hosts().filter((pid) => pid !== fresh.pid)
    await using thread = await FatThread.spawn(options)
    expect(thread.pid).toBe(other)
    expect(spares.count).toBe(1)
    expect(thread.receipt).toEqual(fresh.receipt)
    const addresses = await Promise.all(
      [thread, fresh].map(async (one) => {
        const libc = await one.load('libc.so.6', { getenv: 'const char *getenv(const char *)' })
        expect(await libc.symbols.getenv('A')).toBe('b')
        return libc.symbol('getenv').address
      }),
    )
    // Not copies of one another: each has an address layout of its own.
    expect(addresses[0]).not.toBe(addresses[1])
  })

  test('is verified where the sandbox is strict', async () => {
    await using spares = await FatThread.warm({ sandbox: 'best-effort' }, 1)
    const [spare] = hosts()
    // The process is started with the same things; what must hold is checked when it is taken.
    const strict = await FatThread.spawn({ sandbox: 'strict' }).catch((error: Error) => error)
    expect(spares.count).toBe(1)
    if (strict instanceof FatThread) {
      expect(strict.pid).toBe(spare)
      expect(strict.receipt.missing).toEqual([])
      await strict.close()
    } else {
      expect(strict).toMatchObject({ code: 'ERR_FAT_THREAD_SANDBOX' })
    }
  })

  test.each<[string, FatThreadOptions]>([
    ['limits', { limits: { memory: 2 ** 30 } }],
    ['a limit that the host does not see', { limits: { threads: 5 } }],
    ['the stack', { limits: { stack: 2 ** 20 } }],
    ['a permission', { permissions: { net: true } }],
    ['an environment', { permissions: { env: { A: 'b' } } }],
    ['permitted files', { permissions: { read: ['/usr/share'] } }],
    ['lanes', { threads: 2 }],
    ['staying awake', { spin: 50 }],
    ['its streams', { stdout: 'ignore' }],
    ['no sandbox', { sandbox: 'off' }],
  ])('is not for a fat thread that differs in %s', async (_, options) => {
    await using spares = await FatThread.warm({}, 1)
    const [spare] = hosts()
    await using library = await open(OBEYS, obeys, options)
    expect(library.thread.pid).not.toBe(spare)
    expect(await library.symbols.add(1, 1)).toBe(2)
    expect(hosts()).toContain(spare)
    expect(spares.waiting).toBe(1)
  })

  test('is not taken any more when a permitted path leads elsewhere', async () => {
    const path = scratch.path('permitted')
    mkdirSync(path)
    const options = { permissions: { read: [path] } }
    await using spares = await FatThread.warm(options, 1)
    const [spare] = hosts()
    renameSync(path, `${path}-before`)
    mkdirSync(path)
    await using library = await open(OBEYS, obeys, options)
    expect(library.thread.pid).not.toBe(spare)
    await until('the one that saw the old folder is gone', () => !hosts().includes(spare as number))
    expect(spares.count).toBe(1)
  })

  test.each(['SIGKILL', 'SIGSTOP'] as const)('is passed over after %s', async (signal) => {
    await using spares = await FatThread.warm({}, 1)
    const [spare] = hosts()
    process.kill(spare as number, signal)
    const stateOf = (): string | undefined => processes().find(({ pid }) => pid === spare)?.state
    await until('the signal has arrived', () => !['R', 'S', 'D'].includes(stateOf() ?? ''))
    const library = await open(OBEYS, obeys, { timeout: PATIENCE })
    expect(library.thread.pid).not.toBe(spare)
    expect(await library.symbols.add(1, 2)).toBe(3)
    await until('it is gone', () => !hosts().includes(spare as number))
    await until('another one takes its place', () => spares.waiting === 1)
    await library.close()
  })

  test('serves a fat thread at once that asks nothing of it', async () => {
    await using spares = await FatThread.warm({}, 1)
    const [spare] = hosts()
    const thread = await FatThread.spawn()
    expect(thread.pid).toBe(spare)
    expect(thread.stats().completed).toBe(0)
    const library = await thread.load(OBEYS, obeys)
    expect(await library.symbols.add(2, 3)).toBe(5)
    await expect(library.symbols.crash()).rejects.toThrow(CrashError)
    expect(await library.symbols.add(2, 3)).toBe(5)
    await thread.close()
    expect(spares.count).toBe(1)
  })

  test('says what its first library did to it, and is not started again for that', async () => {
    await using spares = await FatThread.warm({}, 1)
    const [spare] = hosts()
    const path = fixture('crashes-in-constructor')
    const error = await open(path).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CrashError)
    expect(error).toMatchObject({ library: path, pid: spare })
    const thread = FatThread.spawn.sync()
    expect(() => thread.load.sync(path)).toThrow(CrashError)
    await thread.terminate()
    expect(spares.count).toBe(1)
  })

  test('is not started again and again where something ends it', async () => {
    await using spares = await FatThread.warm({}, 1)
    const seen = new Set<number>()
    const end = performance.now() + 1500
    while (performance.now() < end) {
      for (const pid of hosts()) {
        seen.add(pid)
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It had just ended.
        }
      }
      await sleep(5)
    }
    // After 100, 200, 400, 800 milliseconds.
    expect(seen.size).toBeLessThanOrEqual(5)
    expect(seen.size).toBeGreaterThan(1)
    expect(spares.count).toBe(1)
  })

  test('waits without using the processor', async () => {
    await using spares = await FatThread.warm({}, 4)
    const used = (): number => hosts().reduce((sum, pid) => sum + processorTime(pid), 0)
    let rested = 0
    for (let turn = 0; turn < 20 && rested === 0; turn++) {
      const early = used()
      await sleep(300)
      if (used() === early) rested = early
    }
    // A while without any use at all: whoever looked again and again would have none.
    expect(rested).toBeGreaterThan(0)
    expect(spares.waiting).toBe(4)
  })
})

/** Nanoseconds on a processor. */
function processorTime(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0])
}

describe('the option spares', () => {
  test('is what a crash goes on with, fifty times', { timeout: 60_000 }, async () => {
    const library = await open(OBEYS, obeys, { spares: 1 })
    const { thread, symbols } = library
    const seen: (number | undefined)[] = [thread.pid]
    for (let turn = 0; turn < 50; turn++) {
      await waiting(thread, 1)
      const [spare] = hosts().filter((pid) => pid !== thread.pid)
      await expect(symbols.crash()).rejects.toBeInstanceOf(CrashError)
      expect(await symbols.add(turn, 1)).toBe(turn + 1)
      expect(thread.pid).toBe(spare)
      seen.push(thread.pid)
    }
    expect(new Set(seen).size).toBe(51)
    expect(thread.stats().restarts).toBe(50)
    await library.close()
    await unharmed(before, seen)
  })

  test('lasts as long as any fat thread that wants it', async () => {
    const one = await open(OBEYS, obeys, { spares: 1 })
    const other = await open(OBEYS, obeys, { spares: 2 })
    await waiting(one.thread, 2)
    expect(other.thread.stats().spares).toBe(2)
    await other.close()
    await waiting(one.thread, 1)
    const pids = hosts()
    expect(pids).toHaveLength(2)
    await one.close()
    expect(hosts()).toEqual([])
    await unharmed(before, pids)
  })

  test('ends with a fat thread that is terminated, disposed of, or never serves', async () => {
    const terminated = await open(OBEYS, obeys, { spares: 1 })
    await waiting(terminated.thread, 1)
    await terminated.thread.terminate()
    expect(hosts()).toEqual([])
    {
      using disposed = await open(OBEYS, obeys, { spares: 1 })
      await waiting(disposed.thread, 1)
    }
    expect(hosts()).toEqual([])
    await expect(open(OBEYS, { none: 'int none(void)' }, { spares: 1 })).rejects.toThrow(/none/)
    await unharmed(before)
  })

  test('has none where nobody asked', async () => {
    await using library = await open(OBEYS, obeys)
    await expect(library.symbols.crash()).rejects.toBeInstanceOf(CrashError)
    expect(await library.symbols.add(1, 1)).toBe(2)
    await sleep(100)
    expect(hosts()).toEqual([library.thread.pid])
    expect(library.thread.stats().spares).toBe(0)
  })

  test.each([
    [-1, RangeError, 'spares must be from 0 to 64, not -1'],
    [65, RangeError, 'spares must be from 0 to 64, not 65'],
    [0.5, RangeError, 'spares must be a whole number, not 0.5'],
    ['1', TypeError, 'spares must be a number, not '],
  ])('refuses %s', async (spares, kind, message) => {
    const options = { spares } as FatThreadOptions
    const error = await open(OBEYS, obeys, options).catch((thrown: Error) => thrown)
    expect(error).toBeInstanceOf(kind)
    expect((error as Error).message).toContain(message)
    await expect(FatThread.warm({}, 0)).rejects.toThrow('warm: count must be from 1 to 64, not 0')
  })
})

describe('a program that has spares', () => {
  test.each([
    ['by-itself', 0],
    ['exit', 0],
    ['throw', 1],
    ['wait', null],
  ] as const)('ends %s, and they with it', async (how, code) => {
    let pids: number[] = []
    const ended = await runProgram('has-spares.mjs', {
      args: [how],
      started: async (child) => {
        const [first] = await once(child.stdout as NodeJS.ReadableStream, 'data')
        pids = (String(first).match(/\d+/g) ?? []).map(Number)
        if (how === 'wait') child.kill('SIGKILL')
      },
    })
    expect(ended).toMatchObject({ code, hung: false })
    expect(pids.length).toBeGreaterThanOrEqual(2)
    const left = (): number[] =>
      processes()
        .filter(({ pid, state }) => pids.includes(pid) && state !== 'Z')
        .map(({ pid }) => pid)
    await until('they are gone', () => left().length === 0)
  })
})
