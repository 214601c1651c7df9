/** Callbacks, and all the ways that the call may end which called back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  AbortError,
  ClosedError,
  CrashError,
  FatThreadError,
  type Library,
  NestingError,
  open,
  type Pointer,
  TimeoutError,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { text } from '../fixtures/declarations/calls-back.ts'
import { until } from '../support/until.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

/** A callback whose promise stays open, and how often C has called it. */
function stayingOpen() {
  let calls = 0
  const never = (): Promise<number> => {
    calls++
    return new Promise(() => {})
  }
  return { never, called: () => until(() => calls === 1, 'the callback') }
}

let library: Library<string>
beforeEach(async () => {
  library = await open(fixture('calls-back'), text as string)
})
afterEach(() => library.close())

const fn = (name: string): NonNullable<Library<string>['symbols'][string]> => {
  const found = library.symbols[name]
  if (found === undefined) throw new Error(name)
  return found
}

describe.each(WAYS)('%s', (way) => {
  const of = (name: string, ...args: readonly unknown[]): Promise<unknown> =>
    call(fn(name), way, args)

  test('a crash inside, a crash behind, a crash between', async () => {
    let inside: unknown
    const crash = (): number => {
      try {
        return fn('crash').sync() as number
      } catch (error) {
        inside = error
        throw error
      }
    }
    const error = await failureOf(() => of('apply', 1, crash))
    expect(inside).toBeInstanceOf(CrashError)
    expect(error).toBeInstanceOf(CrashError)
    expect(await failureOf(() => of('crashes', () => 1))).toBeInstanceOf(CrashError)
    const kill = (): number => {
      process.kill(library.thread.pid ?? 0, 'SIGKILL')
      return 1
    }
    expect(await failureOf(() => of('times', 100, kill))).toBeInstanceOf(CrashError)
    expect(await of('apply', 1, (value: number) => value)).toBe(2)
  })

  test('in a structure, in the first call after a crash', async () => {
    const handlers = { apply: (value: number) => value * 2, base: 20, name: null }
    expect(await of('handled_by', handlers, 1)).toBe(42)
    for (let round = 0; round < 3; round++) {
      expect(await failureOf(() => of('crash'))).toBeInstanceOf(CrashError)
      expect(await of('handled_by', handlers, 1)).toBe(42)
    }
  })

  test('a time limit while C calls back without end', async () => {
    const limited = fn('until').with({ timeout: 100 })
    const error = await failureOf(() => call(limited, way, [() => 0]))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(await of('apply', 1, (value: number) => value)).toBe(2)
  })

  test('a time limit while a callback is busy', async () => {
    const limited = fn('apply').with({ timeout: 50 })
    const busy = (): number => {
      const end = performance.now() + 120
      while (performance.now() < end);
      return 1
    }
    const settled = await call(limited, way, [1, busy]).catch((error: unknown) => error)
    // The call may be over before anybody looks at the clock.
    if (settled !== 2) expect(settled).toBeInstanceOf(TimeoutError)
  })

  test('a time limit of a call that a callback makes', async () => {
    const inner = (): number =>
      fn('until')
        .with({ timeout: 50 })
        .sync(() => 0) as number
    expect(await failureOf(() => of('apply', 1, inner))).toBeInstanceOf(TimeoutError)
  })

  test('the limit of the outer call counts for what its callbacks call', async () => {
    const outer = fn('apply').with({ timeout: 100 })
    const inner = (): number => fn('until').sync(() => 0) as number
    expect(await failureOf(() => call(outer, way, [1, inner]))).toBeInstanceOf(TimeoutError)
  })

  test('too deep', async () => {
    let deepest = 0
    const descend = (depth: number): number => {
      deepest = Math.max(deepest, depth)
      return fn('apply').sync(depth + 1, descend) as number
    }
    const error = await failureOf(() => of('apply', 1, descend))
    expect(error).toBeInstanceOf(NestingError)
    expect((error as NestingError).depth).toBe(16)
    expect(error.message).toMatch(/^apply: calls and callbacks are nested 16 deep/)
    expect(deepest).toBe(16)
    expect(await of('apply', 1, (value: number) => value)).toBe(2)
  })

  test('memory is read and written inside', async () => {
    const { thread } = library
    let kept: Pointer | undefined
    const change = (own: Pointer): Pointer => {
      kept = own
      const value = thread.readSync(own, 'int[2]') as Int32Array
      thread.writeSync(own, 'int', (value[0] as number) + (value[1] as number))
      return own
    }
    expect(await of('first_of', change)).toBe(15)
    await failureOf(() => fn('crash')())
    await fn('count')()
    expect(() => thread.readSync(kept as Pointer, 'int')).toThrow(ClosedError)
  })

  test('libraries and functions are added inside', async () => {
    const add = (): number => {
      const abs = library.func('int count(void)')
      return abs.sync()
    }
    expect(await of('apply', 1, add)).toBe(2)
  })

  test('a call that is not waited for runs before the callback is over', async () => {
    let late: Promise<unknown> | undefined
    const start = (): number => {
      late = fn('apply')(5, (value: number) => value * 2)
      return 1
    }
    expect(await of('apply', 1, start)).toBe(2)
    expect(await late).toBe(11)
  })

  test('closing inside', async () => {
    let closed: Promise<void> | undefined
    const close = (): number => {
      closed = library.close()
      return 1
    }
    expect(await failureOf(() => of('apply', 1, close))).toBeInstanceOf(ClosedError)
    await closed
    expect(library.thread.state).toBe('closed')
  })

  test('aborting inside', async () => {
    const controller = new AbortController()
    const stop = (): number => {
      controller.abort()
      return 1
    }
    const stoppable = fn('times').with({ signal: controller.signal })
    expect(await failureOf(() => call(stoppable, way, [1000, stop]))).toBeInstanceOf(AbortError)
    expect(await of('apply', 1, (value: number) => value)).toBe(2)
  })
})

describe('a promise that stays open', () => {
  test('ends by the time limit of the call', async () => {
    const { never } = stayingOpen()
    const error = await failureOf(() => fn('apply').with({ timeout: 100 })(1, never))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(await fn('apply')(1, async () => 5)).toBe(6)
  })

  test('ends by its signal', async () => {
    const controller = new AbortController()
    const { never, called } = stayingOpen()
    const pending = failureOf(() => fn('apply').with({ signal: controller.signal })(1, never))
    await called()
    controller.abort()
    expect(await pending).toBeInstanceOf(AbortError)
  })

  test('ends by closing', async () => {
    const { never, called } = stayingOpen()
    const pending = failureOf(() => fn('apply')(1, never))
    await called()
    await library.close()
    expect(await pending).toBeInstanceOf(ClosedError)
  })

  test('ends by a crash', async () => {
    const { never, called } = stayingOpen()
    const pending = failureOf(() => fn('apply')(1, never))
    await called()
    process.kill(library.thread.pid ?? 0, 'SIGSEGV')
    expect(await pending).toBeInstanceOf(CrashError)
  })

  test('holds up calls behind it; blocking ones are refused', async () => {
    let release: ((value: number) => void) | undefined
    const held = fn('apply')(
      1,
      () =>
        new Promise<number>((resolve) => {
          release = resolve
        }),
    )
    const behind = fn('count')()
    await until(() => release !== undefined, 'the callback')
    const error = await failureOf(() => fn('count').sync())
    expect(error).toBeInstanceOf(FatThreadError)
    expect(error.message).toMatch(/^count would wait for ever/)
    release?.(9)
    expect(await held).toBe(10)
    expect(await behind).toBe(1)
    expect(fn('count').sync()).toBe(2)
  })
})

describe('an async callback', () => {
  test('rejects the call with its own error', async () => {
    const error = new Error('mine')
    let calls = 0
    const fail = async (): Promise<number> => {
      calls++
      await sleep(1)
      throw error
    }
    expect(await failureOf(() => fn('times')(100, fail))).toBe(error)
    expect(calls).toBe(1)
  })

  test('calls the library, reads and writes, before and after it waits', async () => {
    const { thread } = library
    const work = async (own: Pointer): Promise<Pointer> => {
      const before = fn('count').sync() as number
      await sleep(2)
      const after = (await fn('count')()) as number
      const [first] = (await thread.read(own, 'int[2]')) as Int32Array
      await thread.write(own, 'int', (first as number) + before + after)
      return own
    }
    expect(await fn('first_of')(work)).toBe(10)
  })

  test('calls a function with an async callback, and so on', async () => {
    const descend = async (depth: number): Promise<number> => {
      await sleep(1)
      if (depth === 10) return 0
      return ((await fn('apply')(depth + 1, descend)) as number) + 0
    }
    expect(await fn('apply')(1, descend)).toBe(10)
  })

  test('is one of many at the same time', async () => {
    const calls = Array.from({ length: 300 }, (_, index) =>
      fn('apply')(index, async (value: number) => {
        await null
        return value
      }),
    )
    const found = await Promise.all(calls)
    expect(found).toEqual(found.map((_, index) => index + 1))
  })

  test('code that outlives it goes on outside', async () => {
    let late: Promise<unknown> | undefined
    const start = async (): Promise<number> => {
      late = sleep(30).then(() => fn('count')())
      return 1
    }
    expect(await fn('apply')(1, start)).toBe(2)
    expect(await late).toBe(1)
  })
})

describe('the program', () => {
  let other: Library<string>
  beforeAll(async () => {
    other = await open(fixture('calls-back'), text as string)
  })
  afterAll(() => other.close())

  test('a callback may call another fat thread, which calls back', async () => {
    const inner = (value: number): number => value * 2
    const outer = (value: number): number => other.symbols['apply']?.sync(value, inner) as number
    expect(fn('apply').sync(5, outer)).toBe(12)
    const slow = async (value: number): Promise<number> =>
      (await other.symbols['apply']?.(value, async (each: number) => each * 2)) as number
    expect(await fn('apply')(5, slow)).toBe(12)
  })
})
