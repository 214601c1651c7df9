/** Structures and unions, by value and by pointer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Library, open, Pointer, type UntypedFunction } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { text } from '../fixtures/declarations/has-structures.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

let library: Library<typeof text>
beforeAll(async () => {
  library = await open(fixture('has-structures'), text)
})
afterAll(() => library.close())

describe.each(WAYS)('%s', (way) => {
  const of = (name: string, ...args: readonly unknown[]): Promise<unknown> =>
    call((library.symbols as Readonly<Record<string, UntypedFunction>>)[name], way, args)

  test('by value, in registers', async () => {
    expect(await of('add_points', { x: 1, y: 2 }, { x: 3, y: 4.5 })).toEqual({ x: 4, y: 6.5 })
    expect(await of('threes', { a: 1, b: 2, c: 3 }, 3)).toEqual({ a: 3, b: 6, c: 9 })
    expect(await of('swapped', { number: 7n, real: 2.9 })).toEqual({ number: 2n, real: 7 })
    const mixed = { tag: 65, ratio: 0.5, numbers: [1, -2, 300], yes: false }
    expect(await of('turn', mixed)).toEqual({
      tag: 66,
      ratio: -0.5,
      numbers: Int16Array.of(300, -2, 1),
      yes: true,
    })
  })

  test('by value, in memory', async () => {
    const { bytes } = (await of('filled', 3)) as { bytes: Uint8Array }
    expect(bytes).toHaveLength(2 ** 18)
    expect(bytes.every((byte) => byte === 3)).toBe(true)
    expect(await of('total', { bytes })).toBe(3 * 2 ** 18)
    expect(await of('repacked', { c: 1, n: -5, d: 1.5, s: 9 })).toEqual({
      c: 2,
      n: -6n,
      d: 3,
      s: -9,
    })
  })

  test('by pointer: copied in, and back', async () => {
    const point = { x: 3, y: 4 }
    expect(await of('length_squared', point)).toBe(25)
    expect(await of('scale', point, 2)).toBeUndefined()
    expect(point).toEqual({ x: 6, y: 8 })
    expect(await of('scale', Object.freeze({ x: 1, y: 1 }), 2), 'nothing goes back').toBeUndefined()
  })

  test('a pointer to one, shared memory and null give the result alone', async () => {
    const memory = library.thread.alloc(16)
    new Float64Array(memory.bytes.buffer, memory.bytes.byteOffset, 2).set([3, 4])
    for (const given of [memory, memory.pointer, memory.bytes])
      expect(await of('scale', given, 2)).toBeUndefined()
    expect(await of('length_squared', memory)).toBe((9 + 16) * 64)
    expect(await of('first_or', null, 5)).toBe(5)
  })

  test('arrays of structures', async () => {
    const points = [
      { x: 1, y: 2 },
      { x: 3, y: 6 },
    ]
    expect(await of('centre', points, 2)).toEqual({ x: 2, y: 4 })
    await of('shift', points, 2, 10)
    expect(points).toEqual([
      { x: 11, y: 2 },
      { x: 13, y: 6 },
    ])
    expect(await of('centre', Float64Array.of(1, 2, 5, 6), 2), 'or their memory').toEqual({
      x: 3,
      y: 4,
    })
  })

  test('strings, arrays of characters, nested and pointed-to structures', async () => {
    const person = { name: 'Änne', code: 'ab', born: { year: 1950, month: 2 }, next: null }
    expect(await of('oldest', person)).toEqual(person)
    await of('rename_person', person)
    expect(person).toEqual({
      name: 'renamed',
      code: 'abcd',
      born: { year: 1951, month: 2 },
      next: null,
    })
    expect(await of('person_of', 1)).toEqual({
      result: 1,
      p: { name: 'somebody', code: 'xyz', born: { year: 1901, month: 7 }, next: null },
    })
    expect(await of('person_of', 0)).toMatchObject({ p: { name: null } })
  })

  test('unions: one member goes in, each can be read', async () => {
    const found = (await of('negated', { number: 5 })) as Record<string, unknown>
    expect(found['number']).toBe(-5)
    expect(found['bytes']).toEqual(Uint8Array.of(251, 255, 255, 255))
    expect(found['real']).toBeNaN()
    expect(await of('real_of', { real: 0.25 })).toBe(0.25)
    expect(await of('real_of', { bytes: [0, 0, 128, 63] })).toBe(1)
  })

  test('members of nameless unions and structures', async () => {
    expect(await of('value_of', { kind: 0, number: 5 })).toBe(5)
    expect(await of('value_of', { kind: 1, real: 0.5 })).toBe(0.5)
    const value = (await of('value_from', 1)) as object
    expect(value).toEqual({ kind: 1, number: 0x3f800000, real: 1 })
    expect(await of('value_of', value), 'as it was read').toBe(1)
    expect(await of('both_of', { x: 1, y: 2 })).toBe(2n ** 33n + 1n)
    expect(await of('both_of', { both: 7 })).toBe(7n)
  })

  test('bit-fields', async () => {
    const flags = { low: 5, middle: -16, high: 0xffffff, wide: 0n, on: false }
    expect(await of('flipped', flags)).toEqual({
      low: 2,
      middle: -16,
      high: 0,
      wide: 2n ** 40n - 1n,
      on: true,
    })
  })

  test('enumerations and arrays of arrays', async () => {
    expect(await of('next_colour', 0)).toBe(5)
    expect(await of('transposed')).toEqual({
      rows: 2,
      columns: 3,
      cells: [Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6)],
    })
    const cells = [
      [1, 0, 0],
      [0, 2, 0],
    ]
    expect(await of('trace', { rows: 2, columns: 3, cells })).toBe(3)
  })

  test.each([
    ['add_points', [{ x: 1 }, { x: 1, y: 1 }], /^add_points: a\.y is missing$/],
    [
      'add_points',
      [
        { x: 1, y: '2' },
        { x: 1, y: 1 },
      ],
      /^add_points: a\.y takes a number, not the string "2"$/,
    ],
    [
      'add_points',
      [1, { x: 1, y: 1 }],
      /^add_points: a takes an object for struct point with x, y, not 1$/,
    ],
    ['add_points', [null, { x: 1, y: 1 }], /takes an object for struct point with x, y, not null$/],
    ['add_points', [[1, 2], { x: 1, y: 1 }], /not an array$/],
    [
      'turn',
      [{ tag: 200, ratio: 1, numbers: [1, 2, 3], yes: true }],
      /^turn: m\.tag takes -128 to 127, not 200$/,
    ],
    [
      'turn',
      [{ tag: 1, ratio: 1, numbers: [1, 2], yes: true }],
      /^turn: m\.numbers takes 3 elements, not 2$/,
    ],
    [
      'turn',
      [{ tag: 1, ratio: 1, numbers: [1, 2, 3e5], yes: true }],
      /^turn: m\.numbers\[2\] takes/,
    ],
    [
      'turn',
      [{ tag: 1, ratio: 1, numbers: [1, 2, 3], yes: 1 }],
      /^turn: m\.yes takes a boolean, not 1$/,
    ],
    [
      'oldest',
      [{ name: 'x', code: 'abcde', born: { year: 1, month: 1 }, next: null }],
      /^oldest: first\.code has 4 bytes, not 5$/,
    ],
    [
      'oldest',
      [{ name: 'x', code: '', born: { year: 1 }, next: null }],
      /^oldest: first\.born\.month is missing$/,
    ],
    [
      'oldest',
      [{ name: 1, code: '', born: { year: 1, month: 2 }, next: null }],
      /^oldest: first\.name takes a string, a Pointer, bytes or null, not 1$/,
    ],
    [
      'negated',
      [{}],
      /^negated: w takes an object for union word with one of number, real, bytes, not none of them$/,
    ],
    ['negated', [{ number: 1, real: 1 }], /not number and real$/],
    ['value_of', [{ kind: 0 }], /^value_of: v takes one of number, real too$/],
    ['value_of', [{ number: 0 }], /^value_of: v\.kind is missing$/],
    ['both_of', [{ x: 1 }], /^both_of: p\.y is missing$/],
    ['both_of', [{ x: 1, y: 2, both: 3 }], /not x, y and both$/],
    [
      'flipped',
      [{ low: 8, middle: 0, high: 0, wide: 0, on: true }],
      /^flipped: f\.low takes 0 to 7, not 8$/,
    ],
    [
      'flipped',
      [{ low: 1, middle: 16, high: 0, wide: 0, on: true }],
      /^flipped: f\.middle takes -16 to 15, not 16$/,
    ],
    [
      'scale',
      ['x', 1],
      /^scale: p takes an object, an array of them, bytes, a Pointer or null, not the string "x"$/,
    ],
    ['centre', [[{ x: 1, y: 1 }, { x: 1 }], 2], /^centre: points\[1\]\.y is missing$/],
  ] as const)('refuses %s(%j)', async (name, args, message) => {
    const error = await failureOf(() => of(name, ...args))
    expect(error.message).toMatch(message)
    expect(error.name).toMatch(/^(TypeError|RangeError)$/)
    expect(await of('next_colour', 0)).toBe(5)
  })

  test('a getter that throws, and an object that holds itself', async () => {
    const throwing = {
      x: 1,
      get y(): number {
        throw new Error('no')
      },
    }
    const error = await failureOf(() => of('length_squared', throwing))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toBe("length_squared: p can't be read: no")
    expect(error.cause).toMatchObject({ message: 'no' })
    const cyclic: Record<string, unknown> = { x: 1 }
    cyclic['y'] = cyclic
    expect((await failureOf(() => of('length_squared', cyclic))).message).toMatch(/takes a number/)
    expect(await of('length_squared', { x: 1, y: 1 })).toBe(2)
  })
})

test('objects wait as they were', async () => {
  const { scale, next_colour } = library.symbols
  const point = { x: 1, y: 2 }
  const before = next_colour(0)
  const scaled = scale(point, 3)
  point.x = 100
  await Promise.all([before, scaled])
  expect(point).toEqual({ x: 3, y: 6 })
})

test('more prototypes may use the names of the text', async () => {
  const squared = library.func('double length_squared(const point *p)')
  expect(await squared({ x: 1, y: 3 })).toBe(10)
})

test('a structure in the fat thread is a Pointer elsewhere', async () => {
  const first = await library.symbols.person_of(1)
  const memory = library.thread.alloc(64)
  const chained = {
    ...first.p,
    next: memory.pointer,
    name: 'young',
    born: { year: 2000, month: 1 },
  }
  new Uint8Array(memory.bytes).fill(0)
  expect(chained.next).toBeInstanceOf(Pointer)
  // The one in shared memory was born in the year 0.
  expect(await library.symbols.oldest(chained)).toMatchObject({
    name: null,
    born: { year: 0, month: 0 },
  })
})
