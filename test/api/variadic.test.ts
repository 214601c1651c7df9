/** Functions with `...`: each value comes with its type. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { array, FatThread, type Library, struct, union } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const DECLARATIONS = {
  sum: 'double sum(int count, ...)',
  mixed: 'int64_t mixed(const char *kinds, _Out_ int *used, ...)',
} as const
const C = {
  print: 'int snprintf(_Out_ char text[length], size_t length, const char *format, ...)',
  scan: 'int sscanf(const char *text, const char *format, ...)',
  crash: 'void abort(void)',
} as const

let thread: FatThread
let library: Library<typeof DECLARATIONS>
let libc: Library<typeof C>
beforeAll(async () => {
  thread = await FatThread.spawn()
  library = await thread.load(fixture('gives-results'), DECLARATIONS)
  libc = await thread.load('libc.so.6', C)
})
afterAll(() => thread.close())

describe.each(WAYS)('%s', (way) => {
  const of = (fn: unknown, ...args: readonly unknown[]): Promise<unknown> => call(fn, way, args)

  test('numbers', async () => {
    const { sum } = library.symbols
    expect(await of(sum, 0)).toBe(0)
    expect(await of(sum, 1, ['double', 1.5])).toBe(1.5)
    expect(await of(sum, 3, ['double', 1.5], ['float', 2], ['double', 4])).toBe(7.5)
    const many = Array.from({ length: 100 }, (_, index) => ['double', index])
    expect(await of(sum, 100, ...many)).toBe(4950)
  })

  test('kinds mixed, small types widened', async () => {
    const { mixed } = library.symbols
    const values = [
      ['char', -3],
      ['int64_t', 2n ** 40n],
      ['double', 9.9],
      ['const char *', 'four'],
      ['bool', 1],
    ]
    expect(await of(mixed, 'ildsi', ...values)).toEqual({
      result: 2n ** 40n - 3n + 9n + 4n + 1n,
      used: 5,
    })
  })

  test('printf and scanf', async () => {
    const { print, scan } = libc.symbols
    expect(
      await of(
        print,
        100,
        '%d %s %.2f %c %lu',
        ['int', -5],
        ['const char *', 'text'],
        ['double', Math.PI],
        ['int', 65],
        ['unsigned long', 2n ** 64n - 1n],
      ),
    ).toEqual({ result: 35, text: '-5 text 3.14 A 18446744073709551615' })
    const number = new Int32Array(1)
    const word = new Uint8Array(10)
    expect(await of(scan, '42 things', '%d %9s', ['int *', number], ['char *', word])).toBe(2)
    expect(number[0]).toBe(42)
    expect(Buffer.from(word).toString()).toBe('things\0\0\0\0')
  })

  test.each([
    [[], /^sum takes at least 1 argument, not 0$/],
    [[1, 1.5], /^sum: argument 2 takes a type and a value, such as \['double', 1.5\], not 1.5$/],
    [[1, ['double']], /^sum: argument 2 takes a type and a value/],
    [[1, ['double', '1']], /^sum: argument 2 takes a number, not the string "1"$/],
    [[1, ['doubel', 1]], /^unknown type 'doubel' - did you mean 'double'\?/],
    [[1, ['double[2]', 1]], /^sum: the string "double\[2\]" is no type of an argument/],
    [[1, ['void', 1]], /void is no value/],
    [[1, ['int', 2 ** 31]], /^sum: argument 2 takes -2147483648 to 2147483647, not 2147483648$/],
  ])('refuses sum(...%j)', async (args, message) => {
    expect((await failureOf(() => of(library.symbols.sum, ...args))).message).toMatch(message)
    expect(await of(library.symbols.sum, 1, ['double', 1])).toBe(1)
  })
})

describe.each(WAYS)('structures by value, %s', (way) => {
  const pair = struct('pair', { left: 'int', right: 'int' })
  const vector = struct({ x: 'float', y: 'float', z: 'float' })
  const number = union({ real: 'double', bits: 'uint64_t' })
  const large = struct({ bytes: array('uint8_t', 300) })
  const SUM = 'double sum_of_kinds(const char *kinds, ...)'

  test('with a Type for their type', async () => {
    const everything = await thread.load(fixture('takes-and-gives-everything'))
    const sum = everything.func(SUM)
    const of = (...args: readonly unknown[]): Promise<unknown> => call(sum, way, args)
    const pairs = [1, 2, 3, 4].map((left) => [pair, { left, right: 10 }])
    expect(await of('pppp', ...pairs)).toBe(50)
    const bytes = new Uint8Array(300).fill(3)
    expect(
      await of(
        'ivnld',
        ['int', 1],
        [vector, { x: 0.5, y: 0.25, z: 2 }],
        [number, { real: 0.125 }],
        [large, { bytes }],
        ['double', 5],
      ),
    ).toBe(908.875)
    expect((await failureOf(() => of('p', [pair, { left: 1 }]))).message).toMatch(
      /^sum_of_kinds: argument 2.*right/,
    )
    expect((await failureOf(() => of('p', [array('int', 2), [1, 2]]))).message).toMatch(
      /^sum_of_kinds: int\[2\] is no type of an argument; write a pointer$/,
    )
  })

  test('with a type that the library declares', async () => {
    const text = `struct pair { int left, right; }; ${SUM};`
    const everything = await thread.load(fixture('takes-and-gives-everything'), text)
    const { sum_of_kinds: sum } = everything.symbols as unknown as Record<string, unknown>
    const type = everything.type('struct pair')
    expect(await call(sum, way, ['p', [type, { left: 5, right: 6 }]])).toBe(11)
  })
})

test('goes on after a restart', async () => {
  const { sum } = library.symbols
  expect(await sum(2, ['double', 1], ['double', 2])).toBe(3)
  await failureOf(() => libc.symbols.crash())
  expect(await sum(2, ['double', 3], ['double', 4])).toBe(7)
  expect(sum.sync(1, ['float', 3])).toBe(3)
})

test('values behind ... are checked by the compiler', () => {
  const { sum } = library.symbols
  const never = (): void => {
    // @ts-expect-error a string is no double
    void sum(1, ['double', 'x'])
    // @ts-expect-error no such type
    void sum(1, ['doubel', 1])
    // @ts-expect-error the type is missing
    void sum(1, 2)
    // A Type's values are looked at when the call is made.
    void sum(1, [struct({ x: 'int' }), { x: 1 }])
  }
  expect(never).toBeTypeOf('function')
})
