/** Callbacks that last: called after the call that was given them, and from threads of the library. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Callback, ClosedError, CrashError, type Library, open, Pointer } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { text } from '../fixtures/declarations/calls-back.ts'
import { until } from '../support/until.ts'
import { failureOf } from '../support/ways.ts'

const PROTOTYPE = 'int function(int value)'

const declared: string = `${text} typedef int (*function)(int);`

let library: Library<string>
beforeAll(async () => {
  library = await open(fixture('calls-back'), declared)
})
afterAll(() => library.close())

const sync = (name: string, ...args: readonly unknown[]): unknown =>
  library.symbols[name]?.sync(...args)
const awaited = async (name: string, ...args: readonly unknown[]): Promise<unknown> =>
  await library.symbols[name]?.(...args)

/** What the fat thread warned of, at most so many milliseconds later. */
async function warning(): Promise<Error> {
  const found = new Promise<Error>((resolve) => library.thread.once('warning', resolve))
  return await Promise.race([
    found,
    sleep(2000).then(() => Promise.reject(new Error('no warning'))),
  ])
}

describe('registered', () => {
  test('lasts longer than the call that is given it', async () => {
    const callback = library.thread.callback(PROTOTYPE, (value) => value * 2)
    expect(callback).toBeInstanceOf(Callback)
    await awaited('keep', callback)
    expect(await awaited('call_kept', 21)).toBe(42)
    expect(sync('call_kept', 22)).toBe(44)
    callback[Symbol.dispose]()
  })

  test('goes by the name of a declared type, or as a pointer', async () => {
    const callback = library.callback('function', (value: number) => value + 5)
    const { pointer } = callback
    expect(pointer).toBeInstanceOf(Pointer)
    expect(sync('apply', 1, callback)).toBe(7)
    expect(sync('apply', 1, pointer)).toBe(7)
    expect(await awaited('handled', { base: 0, apply: callback, name: null }, 1)).toBe(6)
    callback[Symbol.dispose]()
    expect(() => sync('apply', 1, callback)).toThrow(ClosedError)
    expect(() => sync('apply', 1, pointer)).toThrow(ClosedError)
  })

  test('may be async where the call is', async () => {
    const callback = library.thread.callback(PROTOTYPE, async (value) => {
      await sleep(5)
      return value + 1
    })
    sync('keep', callback)
    expect(await awaited('call_kept', 1)).toBe(2)
    expect(() => sync('call_kept', 1)).toThrow(TypeError)
    callback[Symbol.dispose]()
  })

  test('its error reaches the call that called it', async () => {
    const error = new Error('mine')
    const callback = library.thread.callback(PROTOTYPE, () => {
      throw error
    })
    sync('keep', callback)
    expect(() => sync('call_kept', 1)).toThrow(error)
    expect(await failureOf(() => awaited('call_kept', 1))).toBe(error)
    callback[Symbol.dispose]()
  })

  test('released, it gives zeros and warns', async () => {
    const callback = library.thread.callback(PROTOTYPE, (value) => value * 2)
    sync('keep', callback)
    callback[Symbol.dispose]()
    callback[Symbol.dispose]()
    const warned = warning()
    expect(sync('call_kept', 21)).toBe(0)
    expect((await warned).message).toMatch(
      /^C called function, callback \d+, after it was released/,
    )
    expect(await awaited('call_kept', 21)).toBe(0)
  })

  test('a function of a call that is over gives zeros and warns', async () => {
    await sleep(110) // warnings are rationed
    sync('keep', (value: number) => value)
    const warned = warning()
    expect(sync('call_kept', 21)).toBe(0)
    expect((await warned).message).toContain('its call was over')
  })

  test('goes on after a restart, with a pointer of its own', async () => {
    const other = await open(fixture('calls-back'), text as string)
    const callback = other.thread.callback(PROTOTYPE, (value) => value * 2)
    const before = callback.pointer
    await failureOf(() => other.symbols['crash']?.())
    expect(await other.symbols['apply']?.(20, callback)).toBe(41)
    expect(await failureOf(() => other.symbols['apply']?.(20, before))).toBeInstanceOf(ClosedError)
    expect(await other.symbols['apply']?.(20, callback.pointer)).toBe(41)
    await other.close()
    expect(() => callback.pointer).toThrow(ClosedError)
    callback[Symbol.dispose]()
  })

  test('is refused by another fat thread', async () => {
    await using other = await open(fixture('calls-back'), text as string)
    const callback = other.thread.callback(PROTOTYPE, (value) => value)
    expect(() => sync('apply', 1, callback)).toThrow(ClosedError)
  })

  test('wrong arguments', () => {
    const { thread } = library
    expect(() => thread.callback(PROTOTYPE, 5 as never)).toThrow(
      new TypeError('callback: function takes a function, not 5'),
    )
    expect(() => thread.callback('int nonsense' as never, () => 1)).toThrow("expected '('")
    expect(() => thread.callback('int print(const char *format, ...)', () => 1)).toThrow(
      'print is variadic, which no function of JavaScript can be',
    )
    expect(() => library.callback('struct point', () => 1)).toThrow()
  })

  test('there may be a thousand of them, again and again', () => {
    for (let round = 0; round < 5; round++) {
      const all = Array.from({ length: 1000 }, (_, index) =>
        library.thread.callback(PROTOTYPE, (value) => value + index),
      )
      expect(sync('apply', 0, all[999])).toBe(1000)
      for (const each of all) each[Symbol.dispose]()
    }
  })
})

describe('threads of the library', () => {
  const callbacks: Callback[] = []
  const callback = (run: (value: number) => number | Promise<number>): Callback => {
    const made = library.thread.callback(PROTOTYPE, run)
    callbacks.push(made)
    return made
  }
  afterEach(() => {
    for (const each of callbacks.splice(0)) each[Symbol.dispose]()
  })

  test('call while a call waits for them', async () => {
    for (const threads of [1, 3, 8]) {
      const calls = threads * 50
      const sum = (50 * threads * (threads - 1)) / 2
      let count = 0
      const note = (value: number): number => {
        count++
        return value
      }
      expect(sync('in_threads', threads, 50, note), 'blocking').toBe(sum)
      expect(await awaited('in_threads', threads, 50, note), 'awaited').toBe(sum)
      expect(sync('in_threads', threads, 50, callback(note)), 'registered').toBe(sum)
      expect(count).toBe(3 * calls)
    }
  })

  test('more threads than there are lanes wait for one', async () => {
    expect(sync('in_threads', 40, 10, (value: number) => value)).toBe(7800)
    expect(await awaited('in_threads', 40, 10, async (value: number) => value)).toBe(7800)
  })

  test('call while the program is idle', async () => {
    let count = 0
    const done = new Promise<void>((resolve) => {
      const note = callback((value) => {
        if (++count === 20) resolve()
        return value
      })
      sync('in_background', 20, note)
    })
    const alive = setTimeout(() => {}, 5000)
    await done
    clearTimeout(alive)
    expect(count).toBe(20)
    while (sync('background_sum') !== 420) await sleep(5)
  })

  test('their callbacks may be async, and call the library', async () => {
    let beats = 0
    const timer = setInterval(() => beats++, 2)
    const note = callback(async (value) => {
      const before = beats
      await until(() => beats > before + 1, 'a beat')
      return ((await awaited('apply', value, (each: number) => each)) as number) - 1
    })
    sync('in_background', 5, note)
    while (sync('background_sum') !== 105) await sleep(5)
    clearInterval(timer)
    expect(beats).toBeGreaterThanOrEqual(10)
  })

  test('an error with no call to blame is an event', async () => {
    const error = new Error('mine')
    const found = new Promise((resolve) => library.thread.once('error', resolve))
    const alive = setTimeout(() => {}, 5000)
    sync(
      'in_background',
      1,
      callback(() => {
        throw error
      }),
    )
    expect(await found).toBe(error)
    clearTimeout(alive)
  })

  test('an error in a function of a call is that of the call', async () => {
    const error = new Error('mine')
    const fail = (): never => {
      throw error
    }
    expect(await failureOf(() => sync('in_threads', 3, 2, fail))).toBe(error)
    expect(await failureOf(() => awaited('in_threads', 3, 2, fail))).toBe(error)
  })

  test('a promise in a blocking call is refused', () => {
    expect(() => sync('in_threads', 2, 1, async () => 1)).toThrow(TypeError)
  })

  test('a crash while they wait', async () => {
    const other = await open(fixture('calls-back'), text as string)
    let waits = false
    const held = other.thread.callback(PROTOTYPE, () => {
      waits = true
      return new Promise<number>(() => {})
    })
    other.symbols['in_background']?.sync(1, held)
    await until(() => waits, 'the callback')
    expect(await failureOf(() => other.symbols['crash']?.())).toBeInstanceOf(CrashError)
    expect(await other.symbols['count']?.()).toBe(1)
    await other.close()
  })
})
