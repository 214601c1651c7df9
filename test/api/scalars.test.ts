/** Integers, floats and booleans, at their limits and beyond. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Library, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

let echoes: Library

beforeAll(async () => {
  echoes = await open(fixture('echoes'))
})

afterAll(() => echoes.close())

interface IntegerRow {
  readonly type: string
  readonly fn: string
  readonly min: bigint
  readonly max: bigint
}

const signed = (bits: bigint): { min: bigint; max: bigint } => ({
  min: -(2n ** (bits - 1n)),
  max: 2n ** (bits - 1n) - 1n,
})
const unsigned = (bits: bigint): { min: bigint; max: bigint } => ({ min: 0n, max: 2n ** bits - 1n })

const NARROW: readonly IntegerRow[] = [
  { type: 'int8_t', fn: 'echo_int8', ...signed(8n) },
  { type: 'char', fn: 'echo_int8', ...signed(8n) },
  { type: 'signed char', fn: 'echo_int8', ...signed(8n) },
  { type: 'uint8_t', fn: 'echo_uint8', ...unsigned(8n) },
  { type: 'unsigned char', fn: 'echo_uint8', ...unsigned(8n) },
  { type: 'int16_t', fn: 'echo_int16', ...signed(16n) },
  { type: 'short', fn: 'echo_int16', ...signed(16n) },
  { type: 'uint16_t', fn: 'echo_uint16', ...unsigned(16n) },
  { type: 'unsigned short', fn: 'echo_uint16', ...unsigned(16n) },
  { type: 'int32_t', fn: 'echo_int32', ...signed(32n) },
  { type: 'int', fn: 'echo_int32', ...signed(32n) },
  { type: 'uint32_t', fn: 'echo_uint32', ...unsigned(32n) },
  { type: 'unsigned int', fn: 'echo_uint32', ...unsigned(32n) },
]

const WIDE: readonly IntegerRow[] = [
  { type: 'int64_t', fn: 'echo_int64', ...signed(64n) },
  { type: 'long', fn: 'echo_long', ...signed(64n) },
  { type: 'long long', fn: 'echo_int64', ...signed(64n) },
  { type: 'intptr_t', fn: 'echo_int64', ...signed(64n) },
  { type: 'uint64_t', fn: 'echo_uint64', ...unsigned(64n) },
  { type: 'unsigned long', fn: 'echo_uint64', ...unsigned(64n) },
  { type: 'unsigned long long', fn: 'echo_uint64', ...unsigned(64n) },
  { type: 'size_t', fn: 'echo_size', ...unsigned(64n) },
]

const prototype = ({ type, fn }: IntegerRow): string => `${type} ${fn}(${type} value)`

/** Every complaint says the function, the parameter and what was given. */
async function refuses(
  fn: unknown,
  given: unknown,
  kind: typeof TypeError | typeof RangeError,
  shown: string,
): Promise<void> {
  for (const way of WAYS) {
    const error = await failureOf(() => call(fn, way, [given]))
    expect(error, `${shown}, ${way}`).toBeInstanceOf(kind)
    expect(error.message).toMatch(/echo_\w+: value takes /)
    expect(error.message).toContain(shown)
  }
}

const WRONG_KINDS: readonly (readonly [unknown, string])[] = [
  ['1', 'the string "1"'],
  ['', 'the string ""'],
  [true, 'true'],
  [null, 'null'],
  [undefined, 'undefined'],
  [{}, 'an object (Object)'],
  [[1], 'an array'],
  [new Number(1), 'an object (Number)'],
  [Symbol('one'), 'a symbol'],
  [() => 1, 'a function'],
]

describe.each(NARROW)('$type', (row) => {
  const min = Number(row.min)
  const max = Number(row.max)
  const fn = () => echoes.func(prototype(row))

  test('carries its limits both ways', async () => {
    for (const way of WAYS)
      for (const value of [min, min + 1, 0, 1, max - 1, max])
        expect(await call(fn(), way, [value])).toBe(value)
  })

  test('carries -0 as 0', async () => {
    expect(await call(fn(), 'sync', [-0])).toBe(0)
  })

  test.each([
    min - 1,
    max + 1,
    Number.NaN,
    1.5,
    min + 0.5,
    Infinity,
    -Infinity,
    2 ** 53,
    -(2 ** 53),
  ])('refuses %d with a RangeError', async (value) =>
    refuses(fn(), value, RangeError, String(value)),
  )

  test.each([...WRONG_KINDS, [1n, '1n'] as const])(
    'refuses %o with a TypeError',
    async (value, shown) => refuses(fn(), value, TypeError, shown),
  )
})

describe.each(WIDE)('$type', (row) => {
  const { min, max } = row
  const fn = () => echoes.func(prototype(row))

  test('carries its limits both ways, as bigint', async () => {
    for (const way of WAYS)
      for (const value of [min, min + 1n, 0n, 1n, 2n ** 32n, 2n ** 53n + 1n, max - 1n, max])
        expect(await call(fn(), way, [value])).toBe(value)
  })

  test('takes safe numbers', async () => {
    const most = Number.MAX_SAFE_INTEGER
    const values = min < 0n ? [-most, -(2 ** 32), -1, -0, 0, most] : [0, 1, 2 ** 32, most]
    for (const way of WAYS)
      for (const value of values) expect(await call(fn(), way, [value])).toBe(BigInt(value))
  })

  test.each([min - 1n, max + 1n, 2n ** 200n, -(2n ** 200n)])(
    'refuses %d with a RangeError',
    async (value) => refuses(fn(), value, RangeError, `${value}n`),
  )

  test.each([Number.NaN, 1.5, -0.5, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 2 ** 64])(
    'refuses the number %d with a RangeError',
    async (value) => refuses(fn(), value, RangeError, String(value)),
  )

  test.each(WRONG_KINDS)('refuses %o with a TypeError', async (value, shown) =>
    refuses(fn(), value, TypeError, shown),
  )
})

describe.each(WIDE.filter(({ min }) => min === 0n))('unsigned $type', (row) => {
  test.each([-1, -1n])('refuses %d with a RangeError', async (value) => {
    const shown = typeof value === 'bigint' ? '-1n' : '-1'
    await refuses(echoes.func(prototype(row)), value, RangeError, shown)
  })
})

describe('floating point', () => {
  const DOUBLES = [
    0,
    -0,
    1.1,
    Number.MIN_VALUE,
    -Number.MIN_VALUE,
    Number.MAX_VALUE,
    Number.EPSILON,
    Infinity,
    -Infinity,
    Number.NaN,
  ]

  test.each(DOUBLES)('double carries %d both ways', async (value) => {
    for (const way of WAYS)
      expect(await call(echoes.func('double echo_double(double value)'), way, [value])).toBe(value)
  })

  test('C sees the bits of a double', () => {
    const bits = echoes.func('uint64_t bits_of_double(double value)')
    expect(bits.sync(-0)).toBe(0x8000000000000000n)
    expect(bits.sync(1.1)).toBe(0x3ff199999999999an)
    expect(bits.sync(Number.MIN_VALUE)).toBe(1n)
  })

  test.each([0, -0, 1.5, 0.1, 3.4e38, 1e39, -1e39, 1e-46, 2 ** -149, Infinity, Number.NaN])(
    'float rounds %d as Math.fround does',
    async (value) => {
      for (const way of WAYS)
        expect(await call(echoes.func('float echo_float(float value)'), way, [value])).toBe(
          Math.fround(value),
        )
    },
  )

  test('C sees the bits of a float', () => {
    const bits = echoes.func('uint32_t bits_of_float(float value)')
    expect(bits.sync(0.1)).toBe(0x3dcccccd)
    expect(bits.sync(-0)).toBe(0x80000000)
  })

  test.each(['double', 'float'])('%s refuses what is no number with a TypeError', async (type) => {
    const fn = echoes.func(`${type} echo_${type}(${type} value)`)
    for (const [value, shown] of [...WRONG_KINDS, [1n, '1n'] as const])
      await refuses(fn, value, TypeError, shown)
  })
})

describe('bool', () => {
  test.each([true, false])('carries %s both ways', async (value) => {
    for (const way of WAYS) {
      expect(await call(echoes.func('bool echo_bool(bool value)'), way, [value])).toBe(value)
      expect(await call(echoes.func('int is_true(bool value)'), way, [value])).toBe(value ? 1 : 0)
    }
  })

  test.each([0, 1, 'true', null, undefined, {}, 1n])(
    'refuses %o with a TypeError',
    async (value) => {
      for (const way of WAYS) {
        const error = await failureOf(() => call(echoes.func('bool echo_bool(bool)'), way, [value]))
        expect(error).toBeInstanceOf(TypeError)
        expect(error.message).toMatch(/^echo_bool: argument 1 takes a boolean, not /)
      }
    },
  )
})

describe('signs', () => {
  test.each([8, 16, 32, 64])('C sees a negative int%d_t as negative', async (bits) => {
    const fn = echoes.func(`int is_negative_int${bits}(int${bits}_t value)`)
    expect(await call(fn, 'sync', [-1])).toBe(1)
    expect(await call(fn, 'sync', [1])).toBe(0)
  })
})

describe('void and the number of arguments', () => {
  test.each([[[]], [[1, 2]], [[1, undefined]]])('refuses %o for one parameter', async (args) => {
    for (const way of WAYS) {
      const error = await failureOf(() => call(echoes.func('int echo_int32(int value)'), way, args))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toBe(`echo_int32 takes 1 argument (value), not ${args.length}`)
    }
  })

  test('a wrong argument is no end: the next call works', async () => {
    const fn = echoes.func('int echo_int32(int value)')
    await failureOf(() => call(fn, 'awaited', ['x']))
    expect(await fn(5)).toBe(5)
    expect(echoes.thread.stats().restarts).toBe(0)
  })
})
