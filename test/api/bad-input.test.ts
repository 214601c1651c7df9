/** Every type of parameter against values that it doesn't take: refused by name, nothing sent, nothing left. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Library, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { program, unharmed } from '../support/program.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const TEXT = `
  enum color { RED };
  struct point { double x, y; };
  struct shape { struct point centre; int sizes[3]; const char *name; char code[4]; };
  union number { int32_t integer; float real; };
  int calls_so_far(void);
  int take_int8(int8_t value);
  int take_uint8(uint8_t value);
  int take_int32(int32_t value);
  int take_uint32(uint32_t value);
  int take_int64(int64_t value);
  int take_size(size_t value);
  int take_enum(enum color value);
  int take_float(float value);
  int take_double(double value);
  int take_bool(bool value);
  int take_text(const char *value);
  int take_text16(const char16_t *value);
  int take_wide(const wchar_t *value);
  int take_latin(const latin1_t *value);
  int take_ints(const int *value);
  int take_into(int *value);
  int take_longs(const int64_t *value);
  int take_doubles(const double *value);
  int take_bools(const bool *value);
  int take_pointers(void **value);
  int take_anything(void *value);
  int take_point(struct point value);
  int take_points(struct point *value);
  int take_shape(const struct shape *value);
  int take_number(union number value);
  int take_inout(_Inout_ int *value);
  int take_list(_Inout_ double value[count], int count);
  int take_string(_Inout_ char value[count], int count);
`

const cyclic: { self?: unknown } = {}
cyclic.self = cyclic
const throwing = (key: string): object =>
  Object.defineProperty({}, key, {
    enumerable: true,
    get() {
      throw new SyntaxError('from a getter')
    },
  })
const revoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}
const detached = (): ArrayBuffer => {
  const buffer = new ArrayBuffer(16)
  structuredClone(buffer, { transfer: [buffer] })
  return buffer
}
const detachedView = (): Int32Array => {
  const view = new Int32Array(4)
  structuredClone(view.buffer, { transfer: [view.buffer] })
  return view
}
const trap = new Proxy(
  {},
  {
    get() {
      throw new SyntaxError('from a proxy')
    },
  },
)

/** Values that no type takes. */
const ALIEN: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  'a symbol': Symbol('s'),
  'a date': new Date(0),
  'a map': new Map(),
  'a cyclic object': cyclic,
  'an empty object': {},
  'an object without a prototype': Object.create(null),
  'an object with __proto__': JSON.parse('{"__proto__": {"x": 1, "y": 2}}'),
  'an object with getters that throw': Object.defineProperties(throwing('x'), {
    integer: { get: () => trap, enumerable: true },
    centre: { get: () => (trap as { x: number }).x },
  }),
  'a proxy that throws': trap,
  'a revoked proxy': revoked({}),
  'a revoked proxy of an array': revoked([]),
  'a detached buffer': detached(),
  'an array of symbols': [Symbol('s'), Symbol('t'), Symbol('u')],
  'an array of objects with getters that throw': [throwing('x')],
}

const NUMBERS: Readonly<Record<string, unknown>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  'a fraction': 0.5,
  '2 ** 53': 2 ** 53,
  '-(2 ** 53)': -(2 ** 53),
  '2n ** 64n': 2n ** 64n,
  '-(2n ** 63n) - 1n': -(2n ** 63n) - 1n,
  '10n ** 1000n': 10n ** 1000n,
}
const KINDS: Readonly<Record<string, unknown>> = {
  null: null,
  true: true,
  'a string': '1',
  'an array': [1],
  'a typed array': Int32Array.of(1),
  'a number object': new Number(1),
}
const MEMORY: Readonly<Record<string, unknown>> = {
  'a number': 1,
  'a bigint': 1n,
  'a boolean': true,
}
const ARRAYS: Readonly<Record<string, unknown>> = {
  'a sparse array': new Array(3),
  'a huge array': new Array(2 ** 32 - 1),
  'an array of arrays': [[1]],
  'an array of undefined': [undefined],
  'a detached view': detachedView(),
  'a view of strange elements': new Float32Array(3),
}
const without = (
  table: Readonly<Record<string, unknown>>,
  ...names: readonly string[]
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(table).filter(([name]) => !names.includes(name)))

interface Row {
  readonly good: unknown
  readonly bad: Readonly<Record<string, unknown>>
  /** Behind the value. */
  readonly more?: readonly unknown[]
}

const integer = (good: unknown, ...out: readonly unknown[]): Row => ({
  good,
  bad: {
    ...ALIEN,
    ...NUMBERS,
    ...KINDS,
    ...Object.fromEntries(out.map((one) => [String(one), one])),
  },
})
const text: Row = { good: 'ok', bad: { ...ALIEN, ...MEMORY, 'with NUL': 'a\0b' } }
const elements = (good: unknown, more: Readonly<Record<string, unknown>> = {}): Row => ({
  good,
  bad: { ...ALIEN, ...MEMORY, 'a string': '1', ...ARRAYS, ...more },
})
const point = { x: 1, y: 2 }
const shape = { centre: point, sizes: [1, 2, 3], name: 'n', code: 'abc' }
const objects = { ...ALIEN, ...MEMORY, 'a string': '1' }

const ROWS: Readonly<Record<string, Row>> = {
  int8: integer(1, -129, 128),
  uint8: integer(1, -1, 256),
  int32: integer(1, 2 ** 31, -(2 ** 31) - 1, 1n),
  uint32: integer(1, -1, 2 ** 32),
  int64: integer(1n, 2n ** 63n),
  size: integer(1n, -1, -1n),
  enum: integer(0, 2 ** 32),
  float: { good: 0.5, bad: { ...ALIEN, ...KINDS, '1n': 1n } },
  double: { good: 0.5, bad: { ...ALIEN, ...KINDS, '1n': 1n } },
  bool: { good: true, bad: { ...ALIEN, ...NUMBERS, ...without(KINDS, 'true'), '0': 0 } },
  text,
  text16: text,
  wide: text,
  latin: { good: 'ok', bad: { ...text.bad, 'beyond Latin-1': '€' } },
  ints: elements([1, 2], {
    fractions: [0.5],
    'out of range': [2 ** 31],
    bigints: [1n],
    null: [null],
  }),
  into: elements([1, 2], { fractions: [0.5] }),
  longs: elements([1n, 2], { 'out of range': [2n ** 63n], unsafe: [2 ** 53] }),
  doubles: elements([1.5], { bigints: [1n], strings: ['1'] }),
  bools: {
    good: [true],
    bad: {
      ...ALIEN,
      ...MEMORY,
      ...without(ARRAYS, 'a view of strange elements', 'a detached view'),
      numbers: [0],
    },
  },
  pointers: elements([null], { numbers: [1], strings: ['1'] }),
  anything: { good: null, bad: { ...ALIEN, ...MEMORY, 'a string': '1', 'an array': [1] } },
  point: {
    good: point,
    bad: {
      ...objects,
      null: null,
      bytes: new Uint8Array(16),
      partial: { x: 1 },
      wrong: { x: 1, y: '2' },
    },
  },
  points: {
    good: [point],
    bad: { ...objects, partial: { x: 1 }, 'one of two': [point, { x: 1 }] },
  },
  shape: {
    good: shape,
    bad: {
      ...objects,
      'a long string': { ...shape, code: 'abcde' },
      'a short array': { ...shape, sizes: [1, 2] },
      'a sparse array': { ...shape, sizes: new Array(3) },
      'a string with NUL': { ...shape, name: 'a\0b' },
      'a getter inside': { ...shape, centre: throwing('x') },
      'a number for a string': { ...shape, name: 5 },
    },
  },
  number: {
    good: { real: 1 },
    bad: {
      ...without(objects, 'an object with getters that throw'),
      null: null,
      both: { integer: 1, real: 1 },
      wrong: { integer: 0.5 },
    },
  },
  inout: integer(1, 2 ** 31),
  list: {
    good: [1, 2],
    more: [2],
    bad: { ...ALIEN, ...MEMORY, 'a short array': [1], strings: ['1', '2'] },
  },
  string: { good: 'a', more: [2], bad: { ...ALIEN, ...MEMORY, 'too long': 'abc' } },
}

let library: Library<string>
beforeAll(async () => {
  library = await open(fixture('takes-every-type'), TEXT as string)
})
afterAll(() => library.close())

describe.each(Object.entries(ROWS))('%s', (name, { good, bad, more = [] }) => {
  const take = `take_${name}`

  test.each(WAYS)('%s: refused, nothing sent, and the next call works', async (way) => {
    const fn = library.symbols[take]
    expect(await call(fn, way, [good, ...more])).toBeDefined()
    const called = library.symbols['calls_so_far']?.sync()
    const { completed } = library.thread.stats()
    for (const [what, value] of Object.entries(bad)) {
      const error = await failureOf(() => call(fn, way, [value, ...more]))
      const kind = error instanceof TypeError || error instanceof RangeError
      expect(kind, `${what}: ${error.name}: ${error.message}`).toBe(true)
      expect(error.message, what).toMatch(new RegExp(`^${take}: value`))
    }
    const stats = library.thread.stats()
    expect(stats.completed, 'answers').toBe(completed)
    expect(stats.inFlight + stats.queued).toBe(0)
    expect(library.symbols['calls_so_far']?.sync()).toBe(called)
    expect(await call(fn, way, [good, ...more])).toBeDefined()
  })

  test('the same where the call has to wait', async () => {
    const fn = library.symbols[take]
    const first = library.symbols['calls_so_far']?.()
    for (const [what, value] of Object.entries(bad)) {
      const waiting = library.symbols['calls_so_far']?.()
      const error = await failureOf(() => fn?.(value, ...more))
      const kind = error instanceof TypeError || error instanceof RangeError
      expect(kind, `${what}: ${error.name}: ${error.message}`).toBe(true)
      expect(error.message, what).toMatch(new RegExp(`^${take}: value`))
      await waiting
    }
    await first
  })
})

describe('what runs code of the caller', () => {
  test('a getter that calls into the same fat thread is refused; into another one it works', async () => {
    const point = (other: Library<string>): object =>
      Object.defineProperty({ y: 1 }, 'x', {
        enumerable: true,
        get: () => other.symbols['calls_so_far']?.sync(),
      })
    const error = await failureOf(() => library.symbols['take_point']?.sync(point(library)))
    expect(error.message).toContain('a getter of an argument made a call on the same fat thread')
    await using other = await open(fixture('takes-every-type'), TEXT as string)
    expect(library.symbols['take_point']?.sync(point(other))).toBeTypeOf('number')
    const nested = Object.defineProperty({ y: 1 }, 'x', {
      get: () => other.symbols['take_int8']?.sync(1000),
    })
    const inner = await failureOf(() => library.symbols['take_point']?.sync(nested))
    expect(inner.message).toMatch(/^take_point: value/)
    expect(inner.cause).toBeInstanceOf(RangeError)
    expect(library.symbols['take_int8']?.sync(1)).toBeTypeOf('number')
  })

  test('buffers that shrink, grow or go between the call and its start are as they were', async () => {
    const Resizable = ArrayBuffer as unknown as new (
      bytes: number,
      options: object,
    ) => ArrayBuffer & {
      resize(bytes: number): void
    }
    const waiting = Array.from({ length: 200 }, () => library.symbols['calls_so_far']?.())
    const shrunk = new Resizable(64, { maxByteLength: 4096 })
    const grown = new Resizable(64, { maxByteLength: 4096 })
    const gone = new Int32Array(16)
    const shared = new SharedArrayBuffer(64)
    const calls = [new Int32Array(shrunk), grown, gone, new Int32Array(shared), shared].map(
      (bytes) => library.symbols['take_into']?.(bytes),
    )
    shrunk.resize(0)
    grown.resize(4096)
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    for (const result of await Promise.all(calls)) expect(result).toBeTypeOf('number')
    await Promise.all(waiting)
    const outOfBounds = new Resizable(64, { maxByteLength: 64 })
    const view = new Int32Array(outOfBounds, 32, 4)
    outOfBounds.resize(16)
    const error = await failureOf(() => library.symbols['take_ints']?.sync(view))
    expect(error.message).toMatch(/^take_ints: value/)
  })
})

test('ten thousand refused calls leave nothing', async () => {
  const { bad } = ROWS['point'] as Row
  const before = program()
  for (let index = 0; index < 10_000; index++) {
    for (const value of [bad['partial'], bad['a cyclic object']])
      expect(() => library.symbols['take_point']?.sync(value)).toThrow(TypeError)
  }
  await sleep(10)
  await unharmed(before)
  expect(library.thread.stats().residentMemory).toBeLessThan(64 * 2 ** 20)
})
