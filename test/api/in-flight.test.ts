/** Calls that are made without waiting for the ones before them: far more than the channel has slots. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClosedError, FatThreadError, type Library, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { text } from '../fixtures/declarations/calls-back.ts'
import { call, WAYS } from '../support/ways.ts'

let library: Library<string>
beforeAll(async () => {
  library = await open(fixture('calls-back'), text as string)
})
afterAll(() => library.close())

type Apply = (value: number, by: (value: number) => number) => Promise<number>
const apply: Apply = (...args) => library.symbols['apply']?.(...args) as Promise<number>

test.each([1, 9, 24, 25, 128, 129, 5000])(
  '%i of one tick: each has its answer, in order',
  async (many) => {
    const { abs } = library.thread.load.sync('libc.so.6', { abs: 'int abs(int)' }).symbols
    for (let round = 0; round < 3; round++) {
      const ends: number[] = []
      const calls = Array.from({ length: many }, (_, index) =>
        abs(-index).then((value) => {
          ends.push(index)
          return value
        }),
      )
      expect(ends, 'none ends while they are made').toEqual([])
      const wanted = Array.from(calls, (_, index) => index)
      expect(await Promise.all(calls)).toEqual(wanted)
      expect(ends).toEqual(wanted)
    }
  },
)

test('a callback never runs while calls are made, and its call keeps its place', async () => {
  let making = true
  let early = 0
  const calls = Array.from({ length: 1000 }, (_, index) =>
    apply(index, (value) => {
      if (making) early++
      return value
    }),
  )
  making = false
  const results = await Promise.all(calls)
  expect(early).toBe(0)
  expect(results).toEqual(results.map((_, index) => index + 1))
})

test('a wrong argument among many is rejected alone', async () => {
  const { toupper } = library.thread.load.sync('libc.so.6', { toupper: 'int toupper(int)' }).symbols
  const values: unknown[] = Array.from({ length: 1000 }, (_, index) => index % 128)
  values[500] = 'x'
  const ends = await Promise.allSettled(values.map((value) => toupper(value as number)))
  const failed = ends.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))
  expect(failed).toEqual([500])
  expect((ends[500] as PromiseRejectedResult).reason).toBeInstanceOf(TypeError)
})

test('blocking calls between them wait for what was made before', async () => {
  const { abs } = library.thread.load.sync('libc.so.6', { abs: 'int abs(int)' }).symbols
  const ends: number[] = []
  for (let index = 0; index < 600; index++) {
    void abs(index).then(() => ends.push(index))
    if (index % 100 === 99) expect(abs.sync(-index)).toBe(index)
  }
  await abs(0)
  expect(ends).toEqual(Array.from({ length: 600 }, (_, index) => index))
})

const LIBC = {
  strnlen: 'size_t strnlen(const void *text, size_t most)',
  memchr: 'void *memchr(const void *bytes, int byte, size_t length)',
  abort: 'void abort(void)',
} as const

test('addresses go as words, blocking and awaited, and mean what they are', async () => {
  using library = open.sync('libc.so.6', LIBC)
  const { strnlen, memchr } = library.symbols
  const memory = library.thread.alloc(64)
  memory.bytes.set([65, 66, 67])
  const second = memchr.sync(memory, 66, 64)
  if (second === null) throw new Error('66 is there')
  for (const [value, length] of [
    [memory, 3n],
    [memory.bytes, 3n],
    [memory.bytes.subarray(2), 1n],
    [memory.pointer, 3n],
    [second, 2n],
    [new Uint8Array([1, 2, 0]), 2n],
  ] as const) {
    expect(strnlen.sync(value, 64)).toBe(length)
    expect(await strnlen(value, 64)).toBe(length)
    expect(await Promise.all(Array.from({ length: 300 }, () => strnlen(value, 64)))).toEqual(
      Array.from({ length: 300 }, () => length),
    )
  }
  expect(memchr.sync(null, 1, 0)).toBeNull()
  expect(() => strnlen.sync({} as never, 1)).toThrow(/strnlen: text takes/)
})

test('addresses of another process, of one before, and of what was given back are refused', async () => {
  using library = open.sync('libc.so.6', LIBC)
  using other = open.sync('libc.so.6', LIBC)
  const { strnlen, abort } = library.symbols
  const memory = library.thread.alloc(64)
  const { pointer } = memory
  expect(strnlen.sync(pointer, 64)).toBe(0n)
  for (const value of [memory, memory.bytes, pointer])
    expect(() => other.symbols.strnlen.sync(value, 64)).toThrow(ClosedError)
  const given = library.thread.alloc(64)
  given[Symbol.dispose]()
  for (const value of [given, given.bytes, given.pointer])
    expect(() => strnlen.sync(value, 64)).toThrow(ClosedError)
  expect(() => abort.sync()).toThrow(FatThreadError)
  for (const value of [memory, memory.bytes, pointer]) {
    expect(() => strnlen.sync(value, 64)).toThrow(ClosedError)
    await expect(strnlen(value, 64)).rejects.toThrow(ClosedError)
  }
  expect(strnlen.sync(new Uint8Array([1, 0]), 64)).toBe(1n)
})

test('an object that calls while it is looked at does not change the call that it is for', () => {
  using library = open.sync('libc.so.6', {
    memcmp: 'int memcmp(const void *one, const void *other, size_t length)',
  })
  const { memcmp } = library.symbols
  const memory = library.thread.alloc(64)
  memory.bytes[0] = 7
  memory.bytes[5] = 7
  let nested: unknown
  class Nosy extends Uint8Array {
    override get buffer(): ArrayBuffer {
      try {
        memcmp.sync(memory.bytes.subarray(1), memory, 1)
      } catch (error) {
        nested = error
      }
      return memory.bytes.buffer as ArrayBuffer
    }
  }
  expect(memcmp.sync(memory, memory, 1), 'the host knows the memory').toBe(0)
  expect(memcmp.sync(memory.bytes.subarray(5), new Nosy(0), 1)).toBe(0)
  expect(nested).toBeInstanceOf(FatThreadError)
})

test('of many calls that are made in a row nearly all begin though the code goes on, and the rest behind it', async () => {
  using library = open.sync('libc.so.6', {
    memset: 'void *memset(void *memory, int byte, size_t length)',
  })
  const { memset } = library.symbols
  const memory = library.thread.alloc(256)
  memset.sync(memory, 0, 256)
  const begun = (): number => memory.bytes.reduce((sum, byte) => sum + byte, 0)
  const reaches = (wanted: number): boolean => {
    for (const end = performance.now() + 5000; performance.now() < end; )
      if (begun() >= wanted) return true
    return false
  }
  const calls = Array.from({ length: 100 }, (_, index) =>
    memset(memory.bytes.subarray(index), 1, 1),
  )
  expect(reaches(100 - 7), `${begun()} of 100 have begun`).toBe(true)
  await null
  expect(reaches(100), `${begun()} of 100 have begun`).toBe(true)
  await Promise.all(calls)
})

test('calls that were made behind a crash go on in the next process, with the arguments that they had', async () => {
  using library = open.sync('libc.so.6', { ...LIBC, abs: 'int abs(int)' })
  const { abs, abort } = library.symbols
  const before = Array.from({ length: 60 }, (_, index) => abs(-index))
  const crash = abort()
  const after = Array.from({ length: 90 }, (_, index) => abs(-index))
  await expect(crash).rejects.toThrow(FatThreadError)
  expect(await Promise.all(before)).toEqual(before.map((_, index) => index))
  expect(await Promise.all(after)).toEqual(after.map((_, index) => index))
})

describe('a setter that calls while results are written into its object', () => {
  const TEXT = `
    struct pair { int a; int b; };
    void *memset(struct pair *memory, int byte, size_t length);
    int abs(int value);
  `

  const SLOW = `
    struct pair { int a; int b; };
    int sleep_for(int milliseconds);
    int add(int a, int b);
    void fill(struct pair *pair, size_t length, int byte);
  `

  function withNosyPair() {
    const library = open.sync('libc.so.6', TEXT)
    const seen: unknown[] = []
    const pair = {
      b: 0,
      get a() {
        return 0
      },
      set a(_: number) {
        seen.push(library.symbols.abs.sync(-3))
        void library.symbols.abs(-9).then((value) => seen.push(value))
      },
    }
    return { library, pair, seen }
  }

  test.each(WAYS)('gets its own results, and so does who called (%s)', async (way) => {
    const { library, pair, seen } = withNosyPair()
    const { memset, abs } = library.symbols
    try {
      const behind = [1, 2, 3]
      const found = call(memset, way, [pair, 1, 8])
      const results = behind.map((value) => abs(-value))
      expect(await found).not.toBeNull()
      expect(await Promise.all(results)).toEqual(behind)
      expect(abs.sync(-5)).toBe(5)
      expect(await abs(-6)).toBe(6)
      expect(seen).toEqual([3, 9])
      expect(pair).toMatchObject({ b: 0x01010101 })
    } finally {
      await library.close()
    }
  })

  test('waits for the answer of what it calls, though those behind were there already', async () => {
    using library = open.sync(fixture('works-in-threads'), SLOW)
    const { fill, sleep_for: sleep, add } = library.symbols
    const seen: number[] = []
    const pair = {
      b: 0,
      get a() {
        return 0
      },
      set a(_: number) {
        seen.push(add.sync(1, 2))
        void sleep(20).then((value) => seen.push(value))
      },
    }
    const before = sleep(1)
    const filled = fill(pair, 8, 1)
    const behind = [1, 2, 3].map((value) => add(value, 0))
    // All of them are answered before the program takes the first one.
    for (const end = performance.now() + 50; performance.now() < end; );
    await Promise.all([before, filled])
    expect(await Promise.all(behind)).toEqual([1, 2, 3])
    expect(await add(4, 0)).toBe(4)
    expect(seen).toEqual([3, 20])
  })

  test('in a series too', async () => {
    const { library, pair, seen } = withNosyPair()
    const { memset, abs } = library.symbols
    try {
      const series = library.thread.series()
      series.call(memset, pair, 1, 8n)
      const last = series.call(abs, -7)
      await series.run()
      expect(last.value).toBe(7)
      expect(await abs(-6)).toBe(6)
      expect(seen).toEqual([3, 9])
    } finally {
      await library.close()
    }
  })
})
