/** What is different when the libraries are in another process: errors that say what to do, and copies that stand in. */
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { CrashError, ExitError, LoadError, TimeoutError } from '../../src/index.ts'
import * as door from '../../src/koffi/index.ts'
import { fixture } from '../fixtures/build.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { failureOf } from '../support/ways.ts'

const koffi = door.default
const libc = koffi.load('libc.so.6')
const lib = koffi.load(fixture('takes-and-gives-everything'))
const raise = libc.func('int raise(int signal)')
const abs = libc.func('int abs(int x)')
const memcpy = libc.func('void *memcpy(void *to, const void *from, size_t size)')
const memset = libc.func('void *memset(void *to, int byte, size_t size)')

afterEach(() => koffi.reset())

describe('a crash', () => {
  test('is thrown, and the next call works', async () => {
    expect(await failureOf(() => raise(11))).toBeInstanceOf(CrashError)
    expect(abs(-3)).toBe(3)
    expect(await failureOf(() => libc.func('void exit(int status)')(3))).toBeInstanceOf(ExitError)
    expect(abs(-4)).toBe(4)
  })

  test('is given to the callback of an asynchronous call, and to no other', async () => {
    const outcome = await new Promise((resolve) => {
      raise.async(6, (error: unknown, result: unknown) => resolve([error, result]))
    })
    expect(outcome).toEqual([expect.any(CrashError), undefined])
    expect(abs(-5)).toBe(5)
  })

  test('leaves buffers and functions usable', async () => {
    const buffer = Buffer.from('0123')
    const address = koffi.address(buffer)
    await failureOf(() => raise(11))
    memset(buffer, 65, 4)
    expect(buffer.toString()).toBe('AAAA')
    expect(koffi.address(buffer)).not.toBe(address)
    koffi.proto('int unary(int)')
    const apply = lib.func('int apply_all(int value, unary **functions, int count)')
    expect(apply(1, [(x: number) => x + 1], 1)).toBe(2)
  })

  test('of a bad address is none: it is refused', async () => {
    expect(await failureOf(() => koffi.decode(16n, 'int'))).toBeInstanceOf(RangeError)
    expect(await failureOf(() => koffi.encode(16n, 'int', 5))).toBeInstanceOf(RangeError)
    expect(abs(-6)).toBe(6)
  })
})

describe('the time limit', () => {
  test('ends a call that hangs, and can be changed', async () => {
    koffi.isolate({ timeout: 100 })
    const error = await failureOf(() => libc.func('int pause()')())
    koffi.isolate({ timeout: 4000 })
    expect(error).toBeInstanceOf(TimeoutError)
    expect(abs(-7)).toBe(7)
  })

  test('leaves calls that call back more time', () => {
    koffi.isolate({ timeout: 200 })
    koffi.proto('int unary(int)')
    const apply = lib.func('int apply_all(int value, unary **functions, int count)')
    const slow = (x: number): number => {
      const end = performance.now() + 250
      while (performance.now() < end);
      return x + 1
    }
    expect(apply(1, [slow], 1)).toBe(2)
    koffi.isolate({ timeout: 4000 })
  })

  test('lets calls that don’t block work as long as they do', async () => {
    koffi.isolate({ timeout: 300 })
    const work = lib.func('int work_for(int milliseconds)')
    expect(await promisify(work.async)(900)).toBe(900)
    expect(await failureOf(() => work(900))).toBeInstanceOf(TimeoutError)
    koffi.isolate({ timeout: 4000 })
  })

  test('ends the one that waits for nothing, and no call behind it', async () => {
    koffi.isolate({ timeout: 200 })
    const pause = promisify(libc.func('int pause()').async)
    const elapsed = stopwatch()
    const calls = [pause(), promisify(abs.async)(-8), promisify(abs.async)(-9)]
    const [hung, ...others] = await Promise.allSettled(calls)
    expect(hung).toMatchObject({ reason: expect.any(TimeoutError) })
    expect(hung).toMatchObject({ reason: { call: 'pause', timeout: 200 } })
    expect(others).toMatchObject([{ value: 8 }, { value: 9 }])
    expect(elapsed()).toBeLessThan(2000)
    koffi.isolate({ timeout: 4000 })
  })

  test('0 is none', async () => {
    koffi.isolate({ timeout: 0 })
    const usleep = libc.func('int usleep(unsigned int microseconds)')
    expect(await promisify(usleep.async)(300_000)).toBe(0)
    expect(usleep(300_000)).toBe(0)
    koffi.isolate({ timeout: 4000 })
  })

  test.each([-1, Number.NaN, '5'])('is no %o', async (timeout) => {
    expect(await failureOf(() => koffi.isolate({ timeout } as never))).toBeInstanceOf(RangeError)
  })

  test('is all that can change once a library is loaded', () => {
    expect(() => koffi.isolate({ permissions: { net: true } })).toThrow(/loaded already/)
  })
})

describe('buffers', () => {
  test('have one address as long as they live', () => {
    const buffer = Buffer.from('abc')
    expect(koffi.address(buffer)).toBe(koffi.address(buffer))
    expect(koffi.address(buffer.subarray(1))).toBe(koffi.address(buffer) + 1n)
    const passed = Buffer.alloc(8)
    expect(memset(passed, 1, 8)).toBe(memset(passed, 1, 8))
  })

  test('whose address was given out are alike after every call', () => {
    const from = Buffer.from('from the program')
    const to = Buffer.alloc(16)
    const places = [koffi.address(to), koffi.address(from)]
    libc.func('void *memcpy(uintptr_t to, uintptr_t from, size_t size)')(...places, 16)
    expect(to.toString()).toBe('from the program')
    from.write('twice')
    libc.func('void *memcpy(uintptr_t to, uintptr_t from, size_t size)')(...places, 16)
    expect(to.toString()).toBe('twicethe program')
  })

  test('that overlap are as the library left them', () => {
    const whole = Buffer.alloc(8)
    const part = whole.subarray(2, 4)
    koffi.address(part)
    koffi.address(whole)
    memset(part, 7, 2)
    expect([...whole]).toEqual([0, 0, 7, 7, 0, 0, 0, 0])
    memset(whole, 9, 3)
    expect([...whole]).toEqual([9, 9, 9, 7, 0, 0, 0, 0])
  })

  test('of a pool show nothing of their neighbours', () => {
    const neighbour = Buffer.from('a secret of the program')
    const mine = Buffer.from('mine')
    expect(mine.buffer).toBe(neighbour.buffer)
    const around = koffi.decode(koffi.address(mine), 'uint8_t', 32)
    expect(Buffer.from(around).includes('secret')).toBe(false)
  })

  test('may be large, and many', { timeout: 120_000 }, () => {
    const large = Buffer.alloc(2 ** 24, 5)
    const copy = Buffer.alloc(2 ** 24)
    memcpy(copy, large, large.length)
    expect(copy.equals(large)).toBe(true)
    for (let round = 0; round < 3000; round++) {
      const buffer = Buffer.alloc(2 ** 17)
      memset(buffer, round & 0xff, 16)
      expect(buffer[15]).toBe(round & 0xff)
    }
  })

  test('are copied back by no call that takes them const', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const scribble = lib.func('void reverse(const uint8_t *bytes, int count)')
    scribble(bytes, 3)
    expect([...bytes]).toEqual([1, 2, 3])
  })

  test('may be shared between threads of the program', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4))
    memset(shared, 3, 4)
    expect([...shared]).toEqual([3, 3, 3, 3])
  })
})

describe('what cannot be', () => {
  test('says what can', async () => {
    for (const [deed, advice] of [
      [() => koffi.view(koffi.alloc('int', 1), 4), /koffi\.decode\(ptr, 'uint8_t', length\)/],
      [() => koffi.free(Buffer.alloc(4)), /freed by itself/],
      [() => koffi.node.poll(), /asynchronous call/],
      [() => koffi.node.env, /another process/],
    ] as const) {
      const error = await failureOf(deed)
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toMatch(advice)
    }
  })

  test('a function that nobody registered is an error when it is called later', async () => {
    koffi.proto('int unary(int)')
    lib.func('void remember(unary *function)')((x: number) => x)
    expect(() => lib.func('int call_remembered(int value)')(1)).toThrow(/non-registered callback/)
  })
})

describe('libraries', () => {
  test('that are not there are a LoadError', async () => {
    const missing = await failureOf(() => koffi.load('libnot-there.so.9'))
    expect(missing).toBeInstanceOf(LoadError)
    expect(missing.message).toMatch(/^Failed to load shared library: /)
    const unknown = await failureOf(() => libc.func('int strlenn(const char *)'))
    expect(unknown).toBeInstanceOf(LoadError)
    expect(unknown.message).toMatch(/^Cannot find function 'strlenn' in shared library.*strlen/)
  })

  test('share one process: what one allocates another may use', () => {
    const room = libc.func('void *malloc(size_t size)')(64)
    lib.func('void keep(uint8_t *bytes, size_t size)')(room, 64)
    lib.func('void append(const char *more)')('shared')
    expect(libc.func('size_t strlen(const char *text)')(room)).toBe(6)
    libc.func('void free(void *pointer)')(room)
  })

  test('are all in one that has no name', () => {
    const all = koffi.load(null)
    expect(all.func('int abs(int)')(-2)).toBe(2)
    expect(all.func('int get_counter()')()).toBe(12)
    expect(() => all.func('int in_none_of_them()')).toThrow(LoadError)
  })

  test('end with their last handle', async () => {
    const path = fixture('answers')
    const [one, two] = [koffi.load(path), koffi.load(path)]
    const answer = one.func('int answer()')
    one.unload()
    one.unload()
    expect(() => one.func('int answer()')).toThrow(/unloaded/)
    expect(answer()).toBe(42)
    two[Symbol.dispose]()
    expect(() => answer()).toThrow(/closed/)
    expect(koffi.load(path).func('int answer()')()).toBe(42)
  })
})

test('types has the names that TypeScript knows', () => {
  expect(Object.values(koffi.types).every((type) => type instanceof koffi.TypeObject)).toBe(true)
  const { int, str16, uint64_be_t: swapped, wstring } = koffi.types
  expect([int.name, str16.primitive, swapped.size, wstring.name]).toEqual([
    'int',
    'String16',
    8,
    'wchar_t *',
  ])
})
