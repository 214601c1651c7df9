/** Memory as arguments: typed arrays, buffers, plain arrays; copied in, and back where C may write. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FatThread, type Library, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const DECLARATIONS = {
  sum: 'uint64_t sum_bytes(const uint8_t *bytes, size_t count)',
  addOne: 'void add_one_to_bytes(uint8_t *bytes, size_t count)',
  scribble: 'void scribble_on_const(const uint8_t *bytes, size_t count)',
  fill: 'void fill(void *bytes, int value, size_t count)',
  sumDoubles: 'double sum_doubles(const double *values, size_t count)',
  halve: 'void halve_doubles(double *values, size_t count)',
  negate: 'void negate_ints(int32_t *values, size_t count)',
  doubleLongs: 'void double_longs(int64_t *values, size_t count)',
  flip: 'void flip_bools(bool *values, size_t count)',
  fillPointers: 'void fill_pointers(void **pointers, size_t count, void *value)',
  isNull: 'bool is_null(const void *pointer)',
  isAligned: 'bool is_aligned(const void *pointer, size_t alignment)',
  apart: 'bool bytes_are_apart(uint8_t *a, uint8_t *b, size_t count)',
  make: 'void *make(size_t count, int value)',
} as const

let library: Library<typeof DECLARATIONS>

beforeAll(async () => {
  library = await open(fixture('handles-bytes'), DECLARATIONS)
})

afterAll(() => library.close())

const ONE_TO_EIGHT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const inTheMiddle = (): Buffer => Buffer.from([9, 9, ...ONE_TO_EIGHT, 9, 9]).subarray(2, 10)

function shared(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(8)
  new Uint8Array(buffer).set(ONE_TO_EIGHT)
  return buffer
}

/** What has the eight bytes 1 to 8; each call makes it anew. */
const HOLDERS: Record<string, () => ArrayBufferView | ArrayBufferLike> = {
  Uint8Array: () => ONE_TO_EIGHT.slice(),
  Int8Array: () => Int8Array.from(ONE_TO_EIGHT),
  Uint8ClampedArray: () => Uint8ClampedArray.from(ONE_TO_EIGHT),
  Buffer: () => Buffer.from(ONE_TO_EIGHT),
  'a slice of a Buffer at an offset': inTheMiddle,
  DataView: () => {
    const { buffer, byteOffset } = inTheMiddle()
    return new DataView(buffer, byteOffset, 8)
  },
  ArrayBuffer: () => ONE_TO_EIGHT.slice().buffer,
  SharedArrayBuffer: shared,
  'a view of a SharedArrayBuffer': () => new Uint8Array(shared()),
  'a resizable ArrayBuffer': () => {
    const Resizable = ArrayBuffer as new (bytes: number, options: object) => ArrayBuffer
    const buffer = new Resizable(8, { maxByteLength: 100 })
    new Uint8Array(buffer).set(ONE_TO_EIGHT)
    return buffer
  },
}

const bytesOf = (holder: ArrayBufferView | ArrayBufferLike): number[] =>
  ArrayBuffer.isView(holder)
    ? [...new Uint8Array(holder.buffer, holder.byteOffset, holder.byteLength)]
    : [...new Uint8Array(holder)]

describe.each(Object.entries(HOLDERS))('%s', (_name, make) => {
  test.each(WAYS)('goes in (%s)', async (way) => {
    expect(await call(library.symbols.sum, way, [make(), 8])).toBe(36n)
  })

  test.each(WAYS)('comes back changed (%s)', async (way) => {
    const holder = make()
    expect(await call(library.symbols.addOne, way, [holder, 8])).toBeUndefined()
    expect(bytesOf(holder)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
  })

  test.each(WAYS)('is void * too (%s)', async (way) => {
    const holder = make()
    await call(library.symbols.fill, way, [holder, 5, 7])
    expect(bytesOf(holder)).toEqual([5, 5, 5, 5, 5, 5, 5, 8])
  })

  test('behind a pointer to const does not come back', async () => {
    const holder = make()
    await call(library.symbols.scribble, 'awaited', [holder, 8])
    expect(bytesOf(holder)).toEqual([...ONE_TO_EIGHT])
  })

  test('works while it waits in the queue', async () => {
    const holders = Array.from({ length: 300 }, make)
    await Promise.all(holders.map((holder) => call(library.symbols.addOne, 'awaited', [holder, 8])))
    for (const holder of holders) expect(bytesOf(holder)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
  })
})

test('the bytes around a slice stay as they are', async () => {
  const whole = Buffer.from([9, 9, 1, 2, 9, 9])
  await library.symbols.addOne(whole.subarray(2, 4), 2)
  expect([...whole]).toEqual([9, 9, 2, 3, 9, 9])
})

test('a call sees the bytes as they were when it was made', async () => {
  const bytes = Uint8Array.of(1, 1, 1, 1)
  const results = Array.from({ length: 200 }, () => {
    const result = library.symbols.sum(bytes, 4)
    bytes[0] = ((bytes[0] as number) + 1) % 256
    return result
  })
  const sums = await Promise.all(results)
  expect(sums).toEqual(Array.from({ length: 200 }, (_, index) => BigInt(4 + index)))
})

test('two arguments do not share memory, even where they are one object', async () => {
  const bytes = new Uint8Array(64)
  expect(await library.symbols.apart(bytes, bytes, 64)).toBe(true)
  expect(bytes.every((byte) => byte === 2)).toBe(true)
})

test('large arguments come back whole', { timeout: 60_000 }, async () => {
  for (const size of [1000, 1024, 4096, 65_536, 2 ** 20 + 1, 2 ** 26])
    for (const way of WAYS) {
      const bytes = new Uint8Array(size).fill(7)
      await call(library.symbols.addOne, way, [bytes, size])
      expect(bytes[0]).toBe(8)
      expect(bytes.indexOf(7)).toBe(-1)
    }
})

test.each([1000, 5000, 2 ** 20])(
  '300 calls with %d bytes each wait behind a call that takes its time',
  { timeout: 60_000 },
  async (size) => {
    await using thread = await FatThread.spawn()
    const { sleep } = (
      await thread.load(fixture('obeys'), { sleep: 'int sleep_for(int milliseconds)' })
    ).symbols
    const { symbols } = await thread.load(fixture('handles-bytes'), DECLARATIONS)
    const slow = sleep(300)
    const holders = Array.from({ length: 300 }, (_, index) =>
      new Uint8Array(size).fill(index % 250),
    )
    await Promise.all(holders.map((holder) => symbols.addOne(holder, size)))
    expect(await slow).toBe(300)
    for (const [index, holder] of holders.entries())
      expect([holder[0], holder[size - 1]]).toEqual([(index % 250) + 1, (index % 250) + 1])
  },
)

test('memory is aligned for any C type', async () => {
  for (let size = 1; size < 50; size++)
    for (const way of WAYS) {
      const odd = new Uint8Array(size + 1).subarray(1)
      expect(await call(library.symbols.isAligned, way, [odd, 16])).toBe(true)
    }
})

describe('elements', () => {
  test.each(WAYS)('Float64Array for double * (%s)', async (way) => {
    const values = Float64Array.of(1, 2.5, -0, 1e300)
    expect(await call(library.symbols.sumDoubles, way, [values, 4])).toBe(1e300)
    await call(library.symbols.halve, way, [values, 4])
    expect([...values]).toEqual([0.5, 1.25, -0, 5e299])
  })

  test.each(WAYS)('a plain array of numbers for double *, written back (%s)', async (way) => {
    const values = [3, 5, Number.NaN]
    await call(library.symbols.halve, way, [values, 3])
    expect(values).toEqual([1.5, 2.5, Number.NaN])
  })

  test.each(WAYS)('a plain array of integers (%s)', async (way) => {
    const values = [1, -2, 2 ** 31 - 1]
    await call(library.symbols.negate, way, [values, 3])
    expect(values).toEqual([-1, 2, -(2 ** 31) + 1])
  })

  test.each(WAYS)(
    'a plain array of 64-bit integers: numbers in, bigints back (%s)',
    async (way) => {
      const values: (number | bigint)[] = [1, -2n, 2n ** 62n - 1n]
      await call(library.symbols.doubleLongs, way, [values, 3])
      expect(values).toEqual([2n, -4n, 2n ** 63n - 2n])
    },
  )

  test.each(WAYS)('a plain array of booleans (%s)', async (way) => {
    const values = [true, false]
    await call(library.symbols.flip, way, [values, 2])
    expect(values).toEqual([false, true])
  })

  test.each(WAYS)('a plain array of pointers (%s)', async (way) => {
    const made = await library.symbols.make(4, 1)
    const pointers = [null, made, null]
    await call(library.symbols.fillPointers, way, [pointers, 3, made])
    expect(pointers.map((pointer) => pointer?.address)).toEqual([
      made?.address,
      undefined,
      made?.address,
    ])
  })

  test('more elements than C is told stay as they are', async () => {
    const values = [2, 4, 6]
    await library.symbols.halve(values, 1)
    expect(values).toEqual([1, 4, 6])
  })

  test('const elements in a frozen array', async () => {
    expect(await library.symbols.sumDoubles(Object.freeze([1, 2, 3]), 3)).toBe(6)
  })
})

describe('nothing', () => {
  const EMPTY = {
    Uint8Array: new Uint8Array(),
    Buffer: Buffer.alloc(0),
    ArrayBuffer: new ArrayBuffer(0),
    array: [],
  }

  test.each(Object.entries(EMPTY))('an empty %s is no NULL', async (_name, empty) => {
    for (const way of WAYS) expect(await call(library.symbols.sum, way, [empty, 0])).toBe(0n)
    const isNull = library.func('bool is_null(const uint8_t *pointer)')
    for (const way of WAYS) expect(await call(isNull, way, [empty])).toBe(false)
  })

  test.each(WAYS)('null is NULL (%s)', async (way) => {
    expect(await call(library.symbols.isNull, way, [null])).toBe(true)
  })
})

describe('what does not fit is a TypeError', () => {
  const detached = (): ArrayBuffer => {
    const buffer = new ArrayBuffer(8)
    structuredClone(buffer, { transfer: [buffer] })
    return buffer
  }
  const detachedView = (): Uint8Array => {
    const view = new Uint8Array(8)
    structuredClone(view.buffer, { transfer: [view.buffer] })
    return view
  }
  const ROWS: readonly (readonly [string, keyof typeof DECLARATIONS, () => unknown])[] = [
    ['Float32Array for double *', 'halve', () => new Float32Array(2)],
    ['Int32Array for double *', 'halve', () => new Int32Array(2)],
    ['BigInt64Array for double *', 'halve', () => new BigInt64Array(2)],
    ['Float32Array for int32_t *', 'negate', () => new Float32Array(2)],
    ['Int16Array for int32_t *', 'negate', () => new Int16Array(2)],
    ['Int32Array for int64_t *', 'doubleLongs', () => new Int32Array(2)],
    ['Float64Array for int64_t *', 'doubleLongs', () => new Float64Array(2)],
    ['strings for double *', 'halve', () => ['1', 2]],
    ['bigints for double *', 'halve', () => [1n, 2]],
    ['holes for double *', 'halve', () => new Array(2)],
    ['fractions for int32_t *', 'negate', () => [1.5, 2]],
    ['too much for int32_t *', 'negate', () => [2 ** 31, 2]],
    ['bigints for int32_t *', 'negate', () => [1n, 2]],
    ['too much for int64_t *', 'doubleLongs', () => [2n ** 63n, 2]],
    ['unsafe numbers for int64_t *', 'doubleLongs', () => [2 ** 53, 2]],
    ['numbers for bool *', 'flip', () => [0, 1]],
    ['numbers for void **', 'fillPointers', () => [0, 1]],
    ['negative numbers for uint8_t *', 'addOne', () => [-1, 2]],
    ['256 for uint8_t *', 'addOne', () => [256, 2]],
    ['an array for void *', 'fill', () => [1, 2]],
    ['a string for uint8_t *', 'addOne', () => 'ab'],
    ['a string for void *', 'fill', () => 'ab'],
    ['a number for void *', 'fill', () => 1234],
    ['a bigint for void *', 'fill', () => 0n],
    ['undefined for void *', 'fill', () => undefined],
    ['an object for void *', 'fill', () => ({ length: 2 })],
    ['a detached ArrayBuffer', 'addOne', detached],
    ['a detached Uint8Array', 'addOne', detachedView],
    ['a detached ArrayBuffer for void *', 'fill', detached],
  ]

  test.each(ROWS)('%s', async (_what, name, make) => {
    const rest = name === 'fill' ? [1, 2] : name === 'fillPointers' ? [2, null] : [2]
    for (const way of WAYS) {
      const error = await failureOf(() => call(library.symbols[name], way, [make(), ...rest]))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toMatch(/^\w+: (bytes|values|pointers) takes .+, not /)
    }
  })

  test('while other calls are in flight too', async () => {
    const first = library.symbols.sum(ONE_TO_EIGHT, 8)
    for (const [, name, make] of ROWS) {
      const rest = name === 'fill' ? [1, 2] : name === 'fillPointers' ? [2, null] : [2]
      const error = await failureOf(() => call(library.symbols[name], 'awaited', [make(), ...rest]))
      expect(error).toBeInstanceOf(TypeError)
    }
    expect(await first).toBe(36n)
  })
})

test('a buffer that is detached while its call runs is let be', async () => {
  const bytes = new Uint8Array(8)
  const holder = new Uint8Array(2 ** 20)
  const first = library.symbols.addOne(holder, 2 ** 20)
  const second = library.symbols.addOne(bytes, 8)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  await Promise.all([first, second])
  expect(bytes.length).toBe(0)
  expect(await library.symbols.sum(ONE_TO_EIGHT, 8)).toBe(36n)
})
