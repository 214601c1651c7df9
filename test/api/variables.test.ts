/** Variables of a library: read and written in its process. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import {
  ClosedError,
  CrashError,
  DeclarationError,
  FatThreadError,
  type Library,
  LoadError,
  open,
  Pointer,
  type Variable,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { failureOf, WAYS, type Way } from '../support/ways.ts'

const functions = {
  count: 'int count(void)',
  sumOfNumbers: 'int sum_of_numbers(void)',
  sumOfOrigin: 'double sum_of_origin(void)',
  nameIs: 'int name_is(const char *expected)',
  nameLength: 'size_t name_length(void)',
  personIs: 'int person_is(const char *expected)',
  nextPerThread: 'int next_per_thread(void)',
  crash: 'int crash(void)',
} as const

const TEXT = `
  typedef struct { double x, y; } point;
  union number { uint32_t bits; float real; };
  struct person { const char *name; int age; };
  enum color { RED, GREEN = 7 };
  extern point origin, corners[2];
  extern union number number;
  extern struct person person;
  extern enum color color;
  extern double matrix[2][2];
  extern const char *const names[3];
  extern const char version[];
  extern const int limit;
  int count(void);
  int person_is(const char *expected);
`

let library: Library<typeof functions>
let declared: Library<string>
beforeAll(async () => {
  library = await open(fixture('keeps-variables'), functions)
  declared = await open(fixture('keeps-variables'), TEXT as string)
})
afterAll(async () => {
  await library.close()
  await declared.close()
})

async function get<Value>(variable: Variable<Value, never>, way: Way): Promise<Value> {
  return way === 'sync' ? variable.get.sync() : await variable.get()
}

async function set(variable: unknown, way: Way, value: unknown): Promise<void> {
  const { set } = variable as Variable
  if (way === 'sync') set.sync(value)
  else await set(value)
}

describe.each(WAYS)('%s', (way) => {
  test('a counter that the library counts on', async () => {
    const counter = library.variable('int counter')
    await set(counter, way, 5)
    expect(await get(counter, way)).toBe(5)
    expect(await library.symbols.count()).toBe(6)
    expect(await get(counter, way)).toBe(6)
    await set(counter, way, -7)
    expect(await library.symbols.count()).toBe(-6)
  })

  test.each([
    ['int8_t small', [-128, 127, -8]],
    ['uint16_t half', [0, 65535]],
    ['int64_t wide', [2n ** 63n - 1n, -(2n ** 63n)]],
    ['uint64_t widest', [0n, 2n ** 64n - 1n]],
    ['float single', [-1.5, Number.NaN, 0.5]],
    ['double real', [Math.PI, Number.NEGATIVE_INFINITY, 2.5]],
    ['bool yes', [false, true]],
    ['enum color color', [0, 7]],
    ['int numbers[4]', [Int32Array.of(4, 3, 2, 1), Int32Array.of(1, 2, 3, 4)]],
    ['char code[8]', ['abcdefgh', '', 'äöü', 'abc']],
  ] as const)('%s', async (declaration, values) => {
    const variable = library.variable(declaration as string)
    for (const value of values) {
      await set(variable, way, value)
      expect(await get(variable, way)).toEqual(value)
    }
  })

  test('structures, unions and arrays of a declared text', async () => {
    const { origin, corners, number, matrix, color } = declared.variables
    expect(await get(origin as Variable, way)).toEqual({ x: 1, y: 2 })
    expect(await get(corners as Variable, way)).toEqual([
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ])
    await set(corners, way, [
      { x: 5, y: 6 },
      { x: 7, y: 8 },
    ])
    expect(await get(corners as Variable, way)).toEqual([
      { x: 5, y: 6 },
      { x: 7, y: 8 },
    ])
    await set(corners, way, [
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ])
    expect(await get(number as Variable, way)).toMatchObject({ bits: 0x3f800000, real: 1 })
    await set(number, way, { real: -1 })
    expect(await get(number as Variable, way)).toMatchObject({ bits: 0xbf800000, real: -1 })
    await set(number, way, { real: 1 })
    expect(await get(matrix as Variable, way)).toEqual([
      Float64Array.of(1, 2),
      Float64Array.of(3, 4),
    ])
    expect(await get(color as Variable, way)).toBe(7)
    const late = declared.variable('extern point origin;' as string)
    await set(late, way, { x: 1, y: 2 })
  })

  test('texts, read and written: what was written lasts', async () => {
    const name = library.variable('const char *name')
    for (const text of ['second', 'ünïcode', '', 'a'.repeat(100_000)]) {
      await set(name, way, text)
      expect(await get(name, way)).toBe(text)
      expect(await library.symbols.nameIs(text)).toBe(1)
    }
    // Other calls reuse the memory of calls that are over.
    for (let index = 0; index < 300; index++) await library.symbols.nameIs('x'.repeat(500))
    expect(await library.symbols.nameLength()).toBe(100_000n)
    await set(name, way, null)
    expect(await get(name, way)).toBeNull()
    await set(name, way, 'first')
    expect(await get(library.variable('const char16_t *wide_name'), way)).toBe('wïde')
    expect(await get(library.variable('const char *nothing'), way)).toBeNull()
    const { names, person, version } = declared.variables
    expect(await get(names as Variable, way)).toEqual(['one', 'two', null])
    expect(await get(version as Variable, way)).toBe('1.2.3')
    expect(await get(person as Variable, way)).toEqual({ name: 'Ada', age: 36 })
    await set(person, way, { name: 'Grace', age: 85 })
    expect(await declared.symbols['person_is']?.('Grace')).toBe(1)
    await set(person, way, { name: 'Ada', age: 36 })
  })

  test('pointers', async () => {
    const counter = library.variable('int counter')
    const where = library.variable('int *where')
    const found = await get(where, way)
    expect(found).toBeInstanceOf(Pointer)
    expect(found?.address).toBe(counter.pointer.address)
    await set(library.variable('void *anything'), way, null)
    expect(await get(library.variable('void *anything'), way)).toBeNull()
    await set(library.variable('void *anything'), way, counter.pointer)
    expect((await get(library.variable('void *anything'), way))?.address).toBe(found?.address)
    await set(counter, way, 77)
    expect(await library.thread.read(counter.pointer, 'int')).toBe(77)
  })

  test('of the thread that runs the calls', async () => {
    const variable = library.variable('int per_thread')
    await set(variable, way, 20)
    expect(await library.symbols.nextPerThread()).toBe(21)
    expect(await get(variable, way)).toBe(21)
  })

  test('a value that does not fit is refused by name, and changes nothing', async () => {
    const counter = library.variable('int counter')
    await set(counter, way, 1)
    for (const wrong of ['1', 1n, null, undefined, {}])
      await expect(failureOf(() => set(counter, way, wrong))).resolves.toMatchObject({
        name: 'TypeError',
        message: expect.stringContaining('counter.set: value takes a number, not '),
      })
    for (const wrong of [2 ** 31, 0.5, Number.NaN])
      await expect(failureOf(() => set(counter, way, wrong))).resolves.toMatchObject({
        name: 'RangeError',
      })
    const error = await failureOf(() => set(declared.variables['origin'], way, { x: 1 }))
    expect(error.message).toBe('origin.set: value.y is missing')
    const numbers = library.variable('int numbers[4]')
    expect(await failureOf(() => set(numbers, way, [1, 2, 3]))).toBeInstanceOf(RangeError)
    expect(await get(counter, way)).toBe(1)
    expect(await get(numbers, way)).toEqual(Int32Array.of(1, 2, 3, 4))
  })

  test('const: a TypeError where it is declared so, else what its memory says', async () => {
    const { limit } = declared.variables
    expect(await get(limit as Variable, way)).toBe(42)
    expect(await failureOf(() => set(limit, way, 1))).toMatchObject({
      name: 'TypeError',
      message: 'limit.set: limit is const',
    })
    const bold = library.variable('int limit')
    const error = await failureOf(() => set(bold, way, 1))
    expect(error).toBeInstanceOf(FatThreadError)
    expect(error.message).toBe("limit stands in memory that can't be written")
    expect(await get(bold, way)).toBe(42)
  })
})

describe('declarations', () => {
  test.each([
    ['int countr', LoadError, 'there is no symbol countr; did you mean count or counter?'],
    ['int count', LoadError, 'count is a function, not a variable'],
    ['long counter', LoadError, 'counter has 4 bytes, and its declaration takes 8'],
    ['int numbers[5]', LoadError, 'numbers has 16 bytes, and its declaration takes 20'],
    ['int count(void)', DeclarationError, 'a function is no value'],
    ['void counter', DeclarationError, 'void is no value'],
    ['struct point origin', DeclarationError, "'struct point' by value"],
    ['int', DeclarationError, 'expected a name, found the end'],
    ['int counter, other', DeclarationError, "expected the end of the text, found ','"],
    ['itn counter', DeclarationError, "unknown type 'itn'"],
  ])('%s', async (declaration, kind, message) => {
    const error = await failureOf(() => library.variable(declaration as string))
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toContain(message)
  })

  test('a text whose variable is not there does not open', async () => {
    const error = await failureOf(() =>
      open(fixture('keeps-variables'), 'extern int missing;' as string),
    )
    expect(error).toBeInstanceOf(LoadError)
    expect(error.message).toContain('there is no symbol missing')
  })

  test('have types', () => {
    const { variable } = library
    expectTypeOf(variable<'int counter'>).returns.toEqualTypeOf<Variable<number, number>>()
    expectTypeOf(variable<'unsigned long n'>).returns.toEqualTypeOf<
      Variable<bigint, number | bigint>
    >()
    expectTypeOf(variable<'const char *name'>).returns.toExtend<Variable<string | null, never>>()
    expectTypeOf(variable<'int numbers[4]'>).returns.toExtend<Variable<Int32Array, never>>()
    expectTypeOf(variable<'const char version[]'>).returns.toEqualTypeOf<Variable<string, never>>()
    expectTypeOf(variable<'const int limit'>).returns.toEqualTypeOf<Variable<number, never>>()
    expectTypeOf(variable<string>).returns.toEqualTypeOf<Variable<unknown, unknown>>()
    // @ts-expect-error: it says what is wrong
    expect(() => library.variable('int')).toThrow(DeclarationError)
  })
})

describe('after a crash', () => {
  test('they are those of the new process, and old pointers are refused', async () => {
    await using own = await open(fixture('keeps-variables'), functions, {
      stderr: 'ignore',
    })
    const counter = own.variable('int counter')
    await counter.set(100)
    const old = counter.pointer
    const crash = failureOf(() => own.symbols.crash())
    const later = counter.get()
    const reading = failureOf(() => own.thread.read(old, 'int'))
    expect(await crash).toBeInstanceOf(CrashError)
    expect(await later, 'it waited and went on').toBe(5)
    expect(await reading, 'an address does not').toBeInstanceOf(ClosedError)
    expect(await failureOf(() => own.thread.read(old, 'int'))).toBeInstanceOf(ClosedError)
    expect(await own.thread.read(counter.pointer, 'int')).toBe(5)
    await own.close()
    for (const deed of [() => counter.get(), () => counter.set(1), () => counter.pointer])
      expect(await failureOf(deed)).toBeInstanceOf(ClosedError)
  })

  test('setting texts a thousand times keeps one of them', async () => {
    await using own = await open(fixture('keeps-variables'), functions)
    const name = own.variable('const char *name')
    for (let index = 0; index < 1000; index++) name.set.sync(`${index}`.repeat(2000))
    const maps = readFileSync('/proc/self/maps', 'utf8')
    const kept = maps.match(/fat-thread-memory/g)?.length ?? 0
    expect(kept).toBeGreaterThan(0)
    expect(kept).toBeLessThan(10)
    expect(await own.symbols.nameLength()).toBe(6000n)
  })
})
