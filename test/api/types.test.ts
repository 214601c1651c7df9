/** Types as objects: built, named in declarations, read and written. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  alignof,
  array,
  ClosedError,
  callback,
  DeclarationError,
  FatThread,
  type Library,
  LoadError,
  offsetof,
  open,
  type Pointer,
  pointer,
  sizeof,
  struct,
  Type,
  type UntypedFunction,
  union,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { text } from '../fixtures/declarations/has-structures.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const point = struct('point', { x: 'double', y: 'double' })
const mixed = struct('mixed', { tag: 'char', ratio: 'float', numbers: 'int16_t[3]', yes: 'bool' })
const word = union('word', { number: 'int32_t', real: 'float', bytes: 'uint8_t[4]' })
const packed = struct(
  'packed',
  { c: 'char', n: 'int64_t', d: 'double', s: 'int16_t' },
  { packed: true },
)
const person = struct('person', {
  name: 'const char *',
  code: 'char[4]',
  born: struct({ year: 'int', month: 'int' }),
  next: 'void *',
})
const matrix = struct('matrix', { rows: 'int', columns: 'int', cells: array('double[3]', 2) })

describe('builders', () => {
  test('lay out as the C compiler does', () => {
    expect([point.size, point.align, point.offsetof('y')]).toEqual([16, 8, 8])
    expect([mixed.size, mixed.align, mixed.offsetof('yes')]).toEqual([16, 4, 14])
    expect([word.size, word.align, word.offsetof('bytes')]).toEqual([4, 4, 0])
    expect([packed.size, packed.align, packed.offsetof('d')]).toEqual([19, 1, 9])
    expect([person.size, person.offsetof('born'), person.offsetof('next')]).toEqual([32, 12, 24])
    expect([matrix.size, matrix.offsetof('cells')]).toEqual([56, 8])
    const wide = struct({ a: 'char' }, { align: 32 })
    expect([wide.size, wide.align]).toEqual([32, 32])
    expect([array(point, 4).size, array(point, 4).align]).toEqual([64, 8])
    expect([pointer(point).size, callback('int f(int)').size]).toEqual([8, 8])
  })

  test('place members where they are told to', () => {
    const wide = struct({ a: 'int8_t', b: 'int16_t' }, { aligned: { b: 8 } })
    expect([wide.size, wide.align, wide.offsetof('b')]).toEqual([16, 8, 8])
    const tight = struct({ a: 'int8_t', b: 'int32_t' }, { packed: true, aligned: { b: 2 } })
    expect([tight.size, tight.align, tight.offsetof('b')]).toEqual([6, 2, 2])
  })

  test('have names as C spells them', () => {
    expect(String(point)).toBe('struct point')
    expect(struct({ x: 'int', p: 'const char *' }).name).toBe('struct { int x; const char *p; }')
    expect(array(array('int', 3), 2).name).toBe('int[2][3]')
    expect(pointer('const char').name).toBe('const char *')
    expect(pointer(array(point, 3)).name).toBe('struct point (*)[3]')
    expect(pointer(pointer(word)).name).toBe('union word **')
    expect(callback('int compare(const void *a, const void *b)').name).toBe(
      'int (*)(const void *a, const void *b)',
    )
    expect(array(callback('void f(const char *format, ...)'), 2).name).toBe(
      'void (*[2])(const char *format, ...)',
    )
  })

  test('sizeof, alignof and offsetof take texts and types', () => {
    expect(sizeof('uint8_t[16]')).toBe(16)
    expect(sizeof('const char *')).toBe(8)
    expect(sizeof(point)).toBe(16)
    expect(alignof('int16_t')).toBe(2)
    expect(alignof(mixed)).toBe(4)
    expect(offsetof(mixed, 'numbers')).toBe(8)
  })

  test.each<[string, () => unknown, RegExp]>([
    ['a member of no type', () => struct({ x: 5 as never }), /struct: x takes a C type, such as/],
    ['an unknown type', () => struct({ x: 'dubble' as never }), /unknown type 'dubble'/],
    ['members in a list', () => struct(['int'] as never), /struct: members takes an object/],
    ['no members', () => union(null as never, 5 as never), /union: members takes an object/],
    ['a type for members', () => struct('x', point as never), /struct: members takes an object/],
    ['no length', () => struct({ x: 'char[]' }), /an array needs its length: write/],
    ['void', () => struct({ x: 'void' as never }), /void is no value/],
    ['an alignment', () => struct({ x: 'int' }, { align: 3 }), /align takes a power of two up to/],
    ['a packing', () => struct({ x: 'int' }, { packed: 1 as never }), /packed takes a boolean/],
    ['options', () => struct({ x: 'int' }, 5 as never), /struct: options takes an object/],
    [
      'a place',
      () => struct({ x: 'int' }, { aligned: { x: 3 } }),
      /struct: the alignment of x takes a power of two/,
    ],
    ['a length', () => array('int', -1), /array: length takes a whole number from 0 to/],
    ['half a length', () => array('int', 1.5), /array: length takes a whole number/],
    ['too much', () => array('double', 2 ** 31), /array: .* bytes are more than/],
    ['an element', () => array(7 as never, 2), /array: of takes a C type/],
    ['a pointer to 7', () => pointer(7 as never), /pointer: to takes a C type/],
    ['no prototype', () => callback(7 as never), /callback: prototype takes a C prototype/],
    ['no member', () => point.offsetof('z'), /offsetof struct point takes one of x, y, not/],
    ['no structure', () => array('int', 2).offsetof('z'), /offsetof takes a structure or union/],
    ['no Type', () => offsetof('int' as never, 'x'), /offsetof: type takes a Type/],
    ['no size', () => sizeof('char[]'), /sizeof: char\[\] has no length/],
    ['nothing', () => sizeof(undefined as never), /sizeof: type takes a C type/],
  ])('refuse %s', async (_name, deed, message) => {
    const error = await failureOf(deed)
    expect(
      error instanceof TypeError ||
        error instanceof RangeError ||
        error instanceof DeclarationError,
    ).toBe(true)
    expect(error.message).toMatch(message)
  })
})

const DECLARATIONS = {
  point,
  mixed,
  word,
  packed,
  person,
  matrix,
  add: 'point add_points(point a, point b)',
  scale: 'void scale(point *p, double factor)',
  centre: 'point centre(const point *points, size_t count)',
  turn: 'mixed turn(mixed m)',
  negated: 'word negated(word w)',
  repacked: 'packed repacked(packed p)',
  personOf: 'int person_of(int which, _Out_ person *p)',
  transposed: 'matrix transposed(void)',
} as const

describe.each(WAYS)('in declarations (%s)', (way) => {
  let library: Library<typeof DECLARATIONS>
  beforeAll(async () => {
    library = await open(fixture('has-structures'), DECLARATIONS)
  })
  afterAll(() => library.close())

  test('the prototypes beside them know their names', async () => {
    const { symbols } = library
    expect(
      await call(symbols.add, way, [
        { x: 1, y: 2 },
        { x: 3, y: 4.5 },
      ]),
    ).toEqual({
      x: 4,
      y: 6.5,
    })
    const given = { x: 3, y: 4 }
    await call(symbols.scale, way, [given, 2])
    expect(given).toEqual({ x: 6, y: 8 })
    expect(await call(symbols.centre, way, [[given, { x: 0, y: 0 }], 2])).toEqual({ x: 3, y: 4 })
    expect(
      await call(symbols.turn, way, [{ tag: 65, ratio: 0.5, numbers: [1, -2, 300], yes: false }]),
    ).toEqual({ tag: 66, ratio: -0.5, numbers: Int16Array.of(300, -2, 1), yes: true })
    expect(await call(symbols.negated, way, [{ number: 5 }])).toMatchObject({ number: -5 })
    expect(await call(symbols.repacked, way, [{ c: 1, n: -5, d: 1.5, s: 9 }])).toEqual({
      c: 2,
      n: -6n,
      d: 3,
      s: -9,
    })
    expect(await call(symbols.personOf, way, [1])).toMatchObject({
      p: { name: 'somebody', born: { year: 1901, month: 7 }, next: null },
    })
    expect(await call(symbols.transposed, way)).toEqual({
      rows: 2,
      columns: 3,
      cells: [Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6)],
    })
  })

  test('later prototypes know them too', async () => {
    const func = library.func as unknown as (prototype: string) => unknown
    const shift = func.call(library, 'void shift(point *points, size_t count, double by)')
    const points = [{ x: 1, y: 2 }]
    await call(shift, way, [points, 1, 10])
    expect(points).toEqual([{ x: 11, y: 2 }])
  })

  test('a prototype may bring its own names', async () => {
    const bytes = struct({ x: 'double', y: 'double' }, { bytes: true })
    const add = library.func('pair add_points(pair a, point b)', { pair: bytes })
    const pair = new Uint8Array(Float64Array.of(1, 2).buffer)
    const sum = (await call(add, way, [pair, { x: 3, y: 4 }])) as Uint8Array
    expect(new Float64Array(sum.buffer)).toEqual(Float64Array.of(4, 6))
    const scaled = new Uint8Array(pair)
    const scale = library.func('void scale(pair *p, double factor)', { pair: bytes })
    await call(scale, way, [scaled, 3])
    expect(new Float64Array(scaled.buffer)).toEqual(Float64Array.of(3, 6))
    for (const [wrong, shown] of [
      [{ x: 1, y: 2 }, 'an object (Object)'],
      [pair.subarray(1), 'an object (Uint8Array)'],
      [null, 'null'],
    ])
      expect((await failureOf(() => call(add, way, [wrong, pair]))).message).toBe(
        `add_points: a takes a Uint8Array of 16 bytes, not ${shown}`,
      )
    expect(() => library.func('int get_counter(pair p)' as never)).toThrow(/unknown type 'pair'/)
    expect(() => library.func('int get_counter(void)', { pair: 5 as never })).toThrow(TypeError)
  })

  test('are no symbols', () => {
    expect(Object.keys(library.symbols)).not.toContain('point')
  })
})

test.each<[string, unknown]>([
  ['int', point],
  ['struct', point],
  ['const', point],
  ['no name', point],
])('a type can not be named %s', async (name, type) => {
  const error = await failureOf(() => open(fixture('has-structures'), { [name]: type } as never))
  expect(error).toBeInstanceOf(TypeError)
  expect(error.message).toContain(JSON.stringify(name))
})

describe('library.type', () => {
  let library: Library<string>
  beforeAll(async () => {
    library = await open(fixture('has-structures'), text as string)
  })
  afterAll(() => library.close())

  test('gives what the declared text names', () => {
    expect(library.type('struct person')).toBeInstanceOf(Type)
    expect(library.type('struct person').size).toBe(32)
    expect(library.type('point').offsetof('y')).toBe(8)
    expect(library.type('point *').size).toBe(8)
    expect(library.type('point[4]').size).toBe(64)
    expect(sizeof(library.type('matrix'))).toBe(56)
    expect(() => library.type('struct flags').offsetof('low')).toThrow(/is a bit-field/)
  })

  test.each([['nothing_declared'], ['struct person x']])('refuses %s', async (wrong) => {
    expect(await failureOf(() => library.type(wrong))).toBeInstanceOf(DeclarationError)
  })

  test('symbol gives the place of a function or variable', async () => {
    const { thread } = library
    expect(thread.readSync(library.symbol('counter'), 'int')).toBe(7)
    expect(await thread.read(library.symbol('origin'), library.type('point'))).toEqual({
      x: 3,
      y: 4,
    })
    expect(thread.call(library.symbol('get_counter'), 'int get_counter(void)').sync()).toBe(7)
    const missing = await failureOf(() => library.symbol('conter'))
    expect(missing).toBeInstanceOf(LoadError)
    expect(missing.message).toMatch(/there is no symbol conter; did you mean counter/)
    expect(await failureOf(() => library.symbol(5 as never))).toBeInstanceOf(TypeError)
    const closed = await open(fixture('has-structures'))
    await closed.close()
    expect(await failureOf(() => closed.symbol('counter'))).toBeInstanceOf(ClosedError)
  })

  test('takes a text', async () => {
    expect(await failureOf(() => library.type(5 as never))).toBeInstanceOf(TypeError)
  })
})

describe('read and write', () => {
  let thread: FatThread
  let room: Pointer
  beforeAll(async () => {
    thread = await FatThread.spawn()
    room = thread.alloc(4096).pointer
  })
  afterAll(() => thread.close())

  async function roundTrip(type: Type | string, value: unknown): Promise<unknown> {
    thread.writeSync(room, 'uint8_t[64]', new Uint8Array(64).fill(0xee))
    await thread.write(room, type, value)
    const read = await thread.read(room, type)
    thread.writeSync(room, type, value)
    expect(thread.readSync(room, type)).toEqual(read)
    return read
  }

  test('structures, unions, arrays and pointers come back as they were', async () => {
    expect(await roundTrip(point, { x: 1.5, y: -2 })).toEqual({ x: 1.5, y: -2 })
    expect(await roundTrip(mixed, { tag: -3, ratio: 0.5, numbers: [1, 2, 3], yes: true })).toEqual({
      tag: -3,
      ratio: 0.5,
      numbers: Int16Array.of(1, 2, 3),
      yes: true,
    })
    expect(await roundTrip(word, { real: 1 })).toMatchObject({ number: 0x3f800000, real: 1 })
    expect(await roundTrip(packed, { c: 1, n: 2 ** 40, d: 3, s: 4 })).toEqual({
      c: 1,
      n: 2n ** 40n,
      d: 3,
      s: 4,
    })
    const cells = [Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6)]
    expect(await roundTrip(matrix, { rows: 2, columns: 3, cells })).toEqual({
      rows: 2,
      columns: 3,
      cells,
    })
    expect(await roundTrip(array(point, 2), [point0, point1])).toEqual([point0, point1])
    expect(await roundTrip(array('char', 8), 'Grüße')).toBe('Grüße')
    expect(await roundTrip(pointer(point), null)).toBeNull()
    const back = await roundTrip(pointer(point), room)
    expect((back as Pointer).address).toBe(room.address)
  })

  const point0 = { x: 1, y: 2 }
  const point1 = { x: 3, y: 4 }

  test('the bytes of a structure, as they are', async () => {
    const bytes = struct({ x: 'double', n: 'int' }, { bytes: true })
    const value = Uint8Array.from({ length: 16 }, (_, index) => index)
    expect(await roundTrip(bytes, value)).toEqual(value)
  })

  test('functions of a type that brings its own names', async () => {
    const pair = struct('pair', { x: 'int', y: 'int' })
    const type = callback('int sum(pair p, const pair *q)', { pair })
    expect(type.name).toBe('int (*)(struct pair p, const struct pair *q)')
    using sum = thread.callback(type, (({ x, y }: { x: number; y: number }) => x + y) as never)
    const called = thread.call(sum.pointer, type) as unknown as UntypedFunction
    expect(await called({ x: 3, y: 4 }, null)).toBe(7)
    for (const wrong of [array('int', 2), 5, null])
      expect(await failureOf(() => thread.callback(wrong as never, () => 0))).toBeInstanceOf(
        TypeError,
      )
  })

  test('a pointer to an address that is a number', async () => {
    thread.writeSync(room, 'int', 7)
    const again = thread.pointer(room.address)
    expect(thread.readSync(again, 'int')).toBe(7)
    expect(thread.owns(again)).toBe(true)
    for (const wrong of [0n, -1n, 2n ** 64n])
      expect(() => thread.pointer(wrong)).toThrow(RangeError)
    expect(() => thread.pointer(5 as never)).toThrow(TypeError)
    expect(() => thread.owns(5n as never)).toThrow(TypeError)
    await using other = await FatThread.spawn()
    expect(other.owns(again)).toBe(false)
  })

  test('texts that are pointed to are fetched', async () => {
    const names = thread.alloc(64)
    names.bytes.set(Buffer.from('Änne\0Ole\0'))
    const ole = thread.alloc(64)
    ole.bytes.set(Buffer.from('Ole\0'))
    const value = { name: names.pointer, code: 'xyz', born: { year: 1950, month: 2 }, next: null }
    await thread.write(room, person, value)
    expect(await thread.read(room, person)).toEqual({ ...value, name: 'Änne' })
    await thread.write(room, array('const char *', 3), [names.pointer, null, ole.pointer])
    expect(await thread.read(room, array('const char *', 3))).toEqual(['Änne', null, 'Ole'])
    expect(thread.readSync(room, 'const char *[3]')).toEqual(['Änne', null, 'Ole'])
  })

  test('an array may be shorter than its type says', async () => {
    await thread.write(room, array(point, 2), [point0, point1])
    await thread.write(room, array(point, 2), [{ x: 9, y: 9 }])
    expect(await thread.read(room, array(point, 2))).toEqual([{ x: 9, y: 9 }, point1])
    const error = await failureOf(() => thread.write(room, array(point, 1), [point0, point1]))
    expect(error).toBeInstanceOf(RangeError)
    expect(error.message).toMatch(/32 bytes don't fit struct point\[1\]/)
  })

  test.each<[string, Type | string, unknown, RegExp]>([
    ['a member is missing', point, { x: 1 }, /write: struct point\.y is missing/],
    ['a member is no number', point, { x: 1, y: '2' }, /\.y takes a number/],
    ['it is no object', point, 5, /takes an object for struct point with x, y/],
    ['a string would not last', person, { name: 'x' }, /would not outlast the write/],
    ['bytes would not last', 'void *', Buffer.from('x'), /would not outlast the write/],
    ['a number is out of range', 'uint8_t', 256, /takes 0 to 255/],
    ['there is no such value', callback('int f(void)'), 'f', /takes a/],
  ])('refuse when %s', async (_name, type, value, message) => {
    thread.writeSync(room, 'uint8_t[4]', [1, 2, 3, 4])
    for (const error of [
      await failureOf(() => thread.write(room, type, value)),
      await failureOf(() => thread.writeSync(room, type, value)),
    ]) {
      expect(error instanceof TypeError || error instanceof RangeError).toBe(true)
      expect(error.message).toMatch(message)
    }
    expect(await thread.read(room, 'uint8_t[4]'), 'nothing is written').toEqual(
      Uint8Array.of(1, 2, 3, 4),
    )
  })

  test('refuse a type that is none', async () => {
    const error = await failureOf(() => thread.read(room, 5 as never))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(/read: type takes a C type/)
  })
})
