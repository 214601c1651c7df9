/** Results beside the result: `_Out_` and `_Inout_` parameters. */
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { DeclarationError, type Library, open, Pointer } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const DECLARATIONS = {
  divide: 'int divide(int a, int b, _Out_ int *quotient, _Out_ int *rest)',
  doubled: 'void doubled(_Inout_ double *value)',
  wide: 'int64_t wide(_Out_ uint64_t *most, _Out_ float *half, _Out_ bool *yes, _Out_ signed char *small)',
  words: 'int words(_Out_ char text[length], size_t length, const char *with)',
  numbers:
    'void numbers(int count, _Out_ int first[count], _Out_ short second[4], _Out_ uint8_t third[count])',
  turned: 'void turned(size_t count, _Inout_ double values[count])',
  opened:
    'int opened(int which, _Out_ void **handle, _Out_ const char **name, _Out_ const char *names[2])',
} as const

let library: Library<typeof DECLARATIONS>
beforeAll(async () => {
  library = await open(fixture('gives-results'), DECLARATIONS)
})
afterAll(() => library.close())

describe.each(WAYS)('%s', (way) => {
  const of = (name: keyof typeof DECLARATIONS, ...args: readonly unknown[]): Promise<unknown> =>
    call(library.symbols[name], way, args)

  test('scalars', async () => {
    expect(await of('divide', 17, 5)).toEqual({ result: 0, quotient: 3, rest: 2 })
    expect(await of('wide')).toEqual({
      result: -(2n ** 63n),
      most: 2n ** 64n - 1n,
      half: 0.5,
      yes: true,
      small: -7,
    })
  })

  test('what the library did not write is zero', async () => {
    expect(await of('divide', 1, 0)).toEqual({ result: -1, quotient: 0, rest: 0 })
  })

  test('errno is one more', async () => {
    const divide = library.symbols.divide.with({ errno: true })
    expect(await call(divide, way, [1, 0])).toEqual({
      result: -1,
      quotient: 0,
      rest: 0,
      errno: 33,
    })
  })

  test('values that go in and out', async () => {
    expect(await of('doubled', 1.25)).toEqual({ result: undefined, value: 2.5 })
    const values = [1, 2, 3]
    expect(await of('turned', 3, values)).toEqual({
      result: undefined,
      values: Float64Array.of(3, 2, 1),
    })
    expect(values, 'what was given stays').toEqual([1, 2, 3])
    expect(await of('turned', 2n, Float64Array.of(5, 6))).toMatchObject({
      values: Float64Array.of(6, 5),
    })
  })

  test('text into a buffer of the length that another argument says', async () => {
    expect(await of('words', 6, 'grüße')).toEqual({ result: 7, text: 'grüß' })
    expect(await of('words', 100, 'short')).toEqual({ result: 5, text: 'short' })
    expect(await of('words', 0, 'none')).toEqual({ result: 4, text: '' })
  })

  test('arrays', async () => {
    expect(await of('numbers', 3)).toEqual({
      result: undefined,
      first: Int32Array.of(0, 1, 4),
      second: Int16Array.of(0, -1, -2, -3),
      third: Uint8Array.of(200, 201, 202),
    })
    const many = (await of('numbers', 100_000)) as { first: Int32Array }
    expect(many.first[1000]).toBe(1_000_000)
  })

  test('pointers, and texts that they point to', async () => {
    const found = (await of('opened', 1)) as { handle: unknown }
    expect(found).toEqual({
      result: 1,
      handle: expect.any(Pointer),
      name: 'opened',
      names: ['first', null],
    })
    expect(await of('opened', 0)).toMatchObject({ handle: null, name: null })
  })

  test.each([
    ['divide', [1], /^divide takes 2 arguments \(a, b\), not 1$/],
    ['divide', [1, 2, [0]], /^divide takes 2 arguments \(a, b\), not 3$/],
    ['doubled', ['1'], /^doubled: value takes a number, not the string "1"$/],
    ['turned', [2, [1]], /^turned: values takes 2 elements, not 1$/],
    ['turned', [2, [1, 'x']], /^turned: values\[1\] takes a number, not the string "x"$/],
    ['turned', [2, new Uint16Array(8)], /^turned: values takes a typed array of Float64 or bytes/],
    ['turned', [-1, []], /^turned: count takes 0 to 18446744073709551615, not -1$/],
    ['turned', [1.5, []], /^turned: count takes a whole number, not 1.5$/],
    ['words', [2 ** 31, 'x'], /^words: length takes the length of text, not 2147483648$/],
    ['words', ['3', 'x'], /^words: length takes the length of text, not the string "3"$/],
  ] as const)('refuses %s(%j)', async (name, args, message) => {
    expect((await failureOf(() => of(name, ...args))).message).toMatch(message)
    expect(await of('doubled', 1)).toEqual({ result: undefined, value: 2 })
  })
})

test('values wait as they were', async () => {
  const values = [1, 2]
  const { turned, doubled } = library.symbols
  const first = doubled(1)
  const second = turned(2, values)
  values[0] = 7
  expect(await second).toMatchObject({ values: Float64Array.of(2, 1) })
  await first
})

test('the results have types', () => {
  expectTypeOf(library.symbols.divide).parameters.toEqualTypeOf<[number, number]>()
  expectTypeOf(library.symbols.divide.sync).returns.toEqualTypeOf<{
    result: number
    quotient: number
    rest: number
  }>()
  expectTypeOf(library.symbols.words.sync).returns.toEqualTypeOf<{ result: number; text: string }>()
  expectTypeOf(library.symbols.opened.sync).returns.toEqualTypeOf<{
    result: number
    handle: Pointer | null
    name: string | null
    names: (string | null)[]
  }>()
  expectTypeOf(library.symbols.doubled.sync).parameters.toEqualTypeOf<[number]>()
})

test('a length that no argument says is refused', async () => {
  const prototype: string = 'int words(_Out_ char text[size], size_t length, const char *with)'
  expect(() => library.func(prototype)).toThrow(DeclarationError)
  expect(() => library.func(prototype)).toThrow(/the length of text, size, is no parameter/)
})
