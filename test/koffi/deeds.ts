/**
 * What programs do with koffi, a deed each. A deed is given koffi, by whatever name, and the library
 * `takes-and-gives-everything`; what it gives must be the same in both. Addresses are said as what they are.
 */
import { promisify } from 'node:util'

// biome-ignore lint/suspicious/noExplicitAny: koffi's values are not typed
type Any = any

export type Deed = (koffi: Any, lib: Any) => unknown

/** What an attempt throws, or what it gives. */
function attempt(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return { name: (error as Error).name, message: (error as Error).message }
  }
}

/** The kind of error alone: its words are each one's own. */
function kindOfFailure(work: () => unknown): unknown {
  try {
    return { gave: work() }
  } catch (error) {
    return error instanceof TypeError ? 'TypeError' : 'Error'
  }
}

const isAddress = (value: unknown): boolean => typeof value === 'bigint' && value > 0n

function defineTypes(koffi: Any): void {
  koffi.struct('pair', { left: 'int32_t', right: 'int32_t' })
  koffi.struct('vector', { x: 'float', y: 'float', z: 'float' })
  koffi.struct('record', {
    tag: 'int8_t',
    aligned: [8, 'int16_t'],
    wide: 'int64_t',
    letter: 'char',
    text: 'const char *',
    inner: koffi.struct({ ratio: 'float', exact: 'double' }),
  })
  koffi.pack('packed', {
    a: 'int8_t',
    b: 'int64_t',
    c: 'char',
    d: 'const char *',
    e: 'int16_t',
    h: koffi.pack({ f: 'float', g: 'double' }),
  })
  koffi.union('number', {
    real: 'double',
    bits: 'uint64_t',
    floats: koffi.array('float', 2),
    bytes: koffi.array('uint8_t', 8),
    parts: koffi.struct({ a: 'int16_t', b: 'char', c: 'char', d: 'int32_t' }),
  })
  koffi.struct('boxed', { v: 'uint64_t' })
  koffi.struct('span', { length: 'int', _: 'int', bytes: 'uint8_t *' })
  koffi.struct('large', { bytes: koffi.array('uint8_t', 262145) })
  koffi.opaque('opaque')
  koffi.proto('int binary(int a, int b)')
  koffi.proto('int unary(int value)')
}

/** Begins anew: names of types are the process's. */
export function prepare(koffi: Any, path: string): Any {
  koffi.reset()
  defineTypes(koffi)
  return koffi.load(path)
}

export const deeds: Readonly<Record<string, Deed>> = {
  'structures: by value, out, in and out'(koffi, lib) {
    const out: Any = {}
    lib.func('void pair_into(int32_t left, int32_t right, _Out_ pair *out)')(7, 9, out)
    const add = lib.func('pair_add', 'void', [koffi.inout(koffi.pointer('pair')), 'pair'])
    add(out, { left: 1, right: -1 })
    const of = lib.func('pair pair_of(int32_t, int32_t)')
    const scaled = lib.func('vector vector_scaled(vector v, float by)')
    return [out, of(-3, 4), scaled({ x: 1, y: 2, z: 0.5 }, 2), of.info.name]
  },

  'structures: with alignment, texts and structures inside'(_koffi, lib) {
    const out = {}
    lib.func('void record_into(int8_t tag, _Out_ record *out)')(3, out)
    const sum = lib.func('double record_sum(const record *r)')
    const of = lib.func('record record_of(int8_t tag, const char *text)')
    return [out, of(5, 'Grüße'), sum(of(2, 'two')), sum({ ...of(2, 'two'), text: 'twelve' })]
  },

  'structures: members may be left out'(_koffi, lib) {
    const sum = lib.func('double record_sum(const record *r)')
    return [sum({ tag: 1, text: 'x' }), sum({ text: '', inner: {} })]
  },

  packs(_koffi, lib) {
    const out: Any = {}
    lib.func('void packed_into(int n, _Out_ packed *out)')(3, out)
    const sum = lib.func('double packed_sum(packed p)')
    return [out, sum(out), sum({ a: 1, d: 'text', h: { g: 0.5 } })]
  },

  'polymorphic pointers'(koffi, lib) {
    const either = lib.func('void either_into(int which, _Out_ void *out)')
    const pair = {}
    const packed = {}
    either(0, koffi.as(pair, 'pair *'))
    either(1, koffi.as(packed, 'packed *'))
    const buffer = Buffer.alloc(koffi.sizeof('pair'))
    either(0, buffer)
    const length = lib.func('int length8(const void *text)')
    return [
      pair,
      packed,
      koffi.decode(buffer, 'pair'),
      length('Hello!'),
      length(koffi.as([72, 105, 0], 'int8_t *')),
      kindOfFailure(() => either(0, {})),
      kindOfFailure(() => length([1, 2])),
    ]
  },

  'variadics: structures and unions by value'(koffi, lib) {
    const sum = lib.func('double sum_of_kinds(const char *kinds, ...)')
    const large = koffi.struct('three_hundred', { bytes: koffi.array('uint8_t', 300) })
    const all = [
      ...['int', 1, 'pair', { left: 20, right: 300 }, 'vector', { x: 0.5, y: 0.25, z: 0.125 }],
      ...['packed', { a: 1, b: 2n, c: 3, d: 'four', e: 5, h: { f: 6, g: 7 } }],
      ...['number', { real: 0.0625 }, large, { bytes: new Uint8Array(300).fill(2) }],
      ...['double', 1e6, koffi.type('pair'), { left: -1 }],
    ]
    return [
      sum('ipvknldp', ...all),
      Array.from({ length: 12 }, (_, index) => sum('p', 'pair', { left: index, right: 1 })),
      sum('vvvv', ...[1, 2, 3, 4].flatMap((x) => ['vector', { x, y: 0, z: -1 }])),
      kindOfFailure(() => sum('p', 'pair', 5)),
      kindOfFailure(() => sum('p', 'nothing', 5)),
    ]
  },

  variadics(koffi, lib) {
    const format = lib.func('format', koffi.disposable('str'), ['const char *', '...'])
    const sum = lib.func('int sum_of(int count, ...)')
    const before = koffi.stats().disposed
    return [
      format('%d %g %s', 'int', 200, 'double', 1.5, 'str', 'end'),
      format('no more'),
      format('%lld %hhd %c', 'int64_t', 2n ** 60n, 'int8_t', -5, 'char', 65),
      sum(3, 'int', 1, 'int', 2, 'int', 3),
      koffi.stats().disposed - before,
      kindOfFailure(() => sum(1, 'int')),
      kindOfFailure(() => sum()),
      kindOfFailure(() => sum(1, 'nothing', 5)),
      sum.async === undefined,
    ]
  },

  disposables(koffi, lib) {
    const before = koffi.stats().disposed
    let given: unknown
    const own = koffi.disposable('own', 'str', (pointer: unknown) => {
      given = isAddress(pointer)
      koffi.free(pointer)
    })
    const out = [null]
    lib.func('void copy_out(const char *text, _Out_ own *out)')('by pointer', out)
    koffi.disposable('own16', 'str16', koffi.free)
    return [
      own.disposable,
      out,
      given,
      lib.func('own copy8(const char *)')('by value'),
      lib.func('own16 copy16(const char16_t *)')('Ünïcödé \u{1F600}'),
      lib.func('const char *! copy8(const char *)')('by mark'),
      koffi.stats().disposed - before,
      kindOfFailure(() => koffi.disposable('int')),
      kindOfFailure(() => koffi.type('int!')),
    ]
  },

  strings(koffi, lib) {
    const out = ['\0'.repeat(32)]
    lib.func('void upper(const char *text, _Out_ char *out)')('grow up', out)
    const inside = [null]
    lib.func('void upper_inside(const char *text, _Out_ uint8_t **out)')('within', inside)
    const latin1 = lib.func('const uint8_t *latin1()')()
    const total = lib.func('int64_t total_length(const char **texts)')
    return [
      out,
      koffi.decode(inside[0], 'char', -1),
      koffi.decode(inside[0], 'char', 3),
      koffi.decode.string(inside[0]),
      koffi.decode.string(inside[0], 2),
      [...koffi.decode(latin1, 'uint8_t', -1)],
      total(['Get', 'Total', 'Length', null]),
      lib.func('int length16(const int16_t *text)')('ẹỊ¢a'),
      lib.func('int length16(const char16_t *text)')('ab'),
      lib.func('int length32(const wchar_t *text)')('\u{1F600}!'),
      lib.func('const char *copy8(const char *)')('again'),
      lib.func('int length8(const char *)')(Buffer.from('bytes\0')),
      lib.func('int length8(int8_t *)')([1, 2, 3, 0]),
      kindOfFailure(() => lib.func('int length8(const char *)')({})),
    ]
  },

  'structures of texts'(koffi, lib) {
    koffi.struct('two_texts', { first: 'str', second: 'str' })
    const second = lib.func('const char *second_text(two_texts two)')
    return [second({ first: 'a', second: 'b' }), second({ first: 'a', second: null }), second({})]
  },

  'numbers: every size, and what does not fit'(_koffi, lib) {
    const values = [
      0,
      -1,
      127,
      128,
      255,
      256,
      32768,
      65536,
      2 ** 31,
      2 ** 32 + 5,
      1.9,
      -1.9,
      5n,
      -5n,
    ]
    const types = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64']
    const names: Record<string, string> = {
      f32: 'float',
      f64: 'double',
    }
    return types.map((type) => {
      const name = names[type] ?? `${type.replace('i', 'int').replace(/^u/, 'uint')}_t`
      const through = lib.func(`${name} through_${type}(${name} v)`)
      return [type, ...values.map((value) => through(value)), kindOfFailure(() => through('1'))]
    })
  },

  'numbers: the limits of 64 bits'(_koffi, lib) {
    const signed = lib.func('int64_t through_i64(int64_t v)')
    const unsigned = lib.func('uint64_t through_u64(uint64_t v)')
    const boxed = lib.func('boxed through_boxed(boxed b)')
    const most = 2n ** 64n - 1n
    return [
      [
        2n ** 53n,
        2n ** 53n + 1n,
        -(2n ** 53n),
        -(2n ** 53n) - 1n,
        2n ** 63n - 1n,
        -(2n ** 63n),
      ].map((value) => signed(value)),
      [2n ** 53n, 2n ** 53n + 1n, most, 9007199254740991].map((value) => unsigned(value)),
      [2n ** 53n, 2n ** 53n + 1n, most].map((v) => boxed({ v })),
    ]
  },

  'numbers: in another byte order'(koffi, lib) {
    const swapped = lib.func('uint16_be_t turned(uint16_le_t v)')
    const buffer = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8])
    return [
      swapped(0x1234),
      lib.func('uint16_t turned(uint16_be_t v)')(0x1234),
      lib.func('int32_be_t through_i32(int32_be_t v)')(-2),
      lib.func('int64_be_t through_i64(int64_t v)')(1),
      koffi.decode(buffer, 'uint32_be_t'),
      koffi.decode.int16be(buffer),
      koffi.decode.uint64le(buffer),
      koffi.decode(buffer, 2, 'int16_be_t', 3),
      koffi.decode(buffer, koffi.array('uint16_be_t', 2, 'Array')),
    ]
  },

  booleans(_koffi, lib) {
    const through = lib.func('bool through_bool(bool v)')
    return [through(true), through(false), kindOfFailure(() => through(1))]
  },

  'many arguments'(_koffi, lib) {
    const digits = lib.func('digits', 'int64_t', Array(10).fill('int8_t'))
    return [digits(1, 2, 3, 4, 5, 6, 7, 8, 9, 0), attempt(() => digits(1, 2))]
  },

  'unions: results'(koffi, lib) {
    const by = lib.func('number number_of(double real)')(-2)
    const out = [null as Any]
    const into = lib.func('void number_into(double real, _Out_ number *out)')
    into(42, out)
    const union = new koffi.Union('number')
    into(0.5, union)
    return [by, out[0], union].map((found: Any) => ({
      real: found.real,
      bits: found.bits,
      floats: found.floats,
      bytes: found.bytes,
      parts: found.parts,
      back: lib.func('uint64_t number_bits(number n)')(found),
    }))
  },

  'unions: arguments'(koffi, lib) {
    const bits = lib.func('uint64_t number_bits(number n)')
    const union = new koffi.Union('number')
    const empty = kindOfFailure(() => bits(union))
    union.real = 450
    koffi.union('alone', { f: 'float' })
    return [
      empty,
      bits(union),
      union.real,
      kindOfFailure(() => union.bits),
      bits({ floats: [5, -4] }),
      bits({ bits: 18 }),
      bits({ parts: { a: 1 } }),
      lib.func('float only_float(alone u)')({ f: 4 }),
      kindOfFailure(() => bits({})),
      kindOfFailure(() => bits({ real: 1, bits: 2 })),
      kindOfFailure(() => bits({ other: 1 })),
      kindOfFailure(() => new koffi.Union('pair')),
    ]
  },

  'arrays in structures, as they are asked for'(koffi, lib) {
    const back = (hint: string | undefined, name: string): unknown => {
      koffi.struct(name, {
        text: 'char[16]',
        numbers: koffi.array('int16_t', 4, hint),
        raw: koffi.array('int8_t', 8, hint),
      })
      const call = lib.func(`${name} arrays_back(${name} a)`)
      return [
        call({ text: 'fits', numbers: [1, 2, 3, 4], raw: Int8Array.of(1, 2) }),
        call({ text: 'is much too long for it', numbers: Int16Array.of(5), raw: 'text' }),
      ]
    }
    return [
      back(undefined, 'arrays1'),
      back('Typed', 'arrays2'),
      back('Array', 'arrays3'),
      back('array', 'arrays4'),
      kindOfFailure(() => koffi.array('str', 2, 'Typed')),
      kindOfFailure(() => koffi.array('double', 2, 'String')),
      kindOfFailure(() => koffi.array('int', 0)),
      kindOfFailure(() => koffi.array('int', 2, 'Other')),
    ]
  },

  'arrays behind pointers'(koffi, lib) {
    const into = lib.func('void range_into(int from, int step, _Out_ int *out, int count)')
    const times = lib.func('void times(int by, _Inout_ int *values, int count)')
    const plain = Array(5)
    const typed = new Int32Array(5)
    const nothing = into(2, 7, plain, 5)
    into(13, 3, typed, 5)
    times(-1, plain, 3)
    times(3, typed, 2)
    const input = [1, 2, 3]
    lib.func('void times(int by, int *values, int count)')(9, input, 3)
    const bytes = Uint8Array.of(1, 2, 3, 4)
    const words = Int16Array.of(1, 2)
    const reverse = lib.func('void reverse(_Inout_ void *bytes, int count)')
    reverse(bytes, 4)
    reverse(words, 4)
    const whole = new Uint8Array(8)
    reverse(whole.fill(7, 2, 4).subarray(2, 8), 6)
    return [nothing, plain, typed, input, bytes, words, whole, koffi.decode(typed, 'int', 3)]
  },

  'flexible arrays'(koffi, lib) {
    koffi.struct('counted', { count: 'size_t', numbers: koffi.array('int', 'count', 64, 'Array') })
    const append = lib.func('void counted_append(_Inout_ counted *c, int how_many, int from)')
    const list = { count: 0, numbers: [] }
    append(list, 3, 5)
    append(list, 2, 50)
    return [
      list,
      koffi.sizeof('counted'),
      kindOfFailure(() => append({ count: 5, numbers: [1] }, 1, 1)),
      kindOfFailure(() => koffi.array('int', 'count')),
    ]
  },

  'buffers in structures'(_koffi, lib) {
    const one = { length: 6, bytes: new Uint8Array(8) }
    const two = { length: 4, bytes: Buffer.alloc(4) }
    lib.func('void fill(span s, int with)')(one, 42)
    lib.func('void fill_at(const span *s, int with)')(two, 24)
    return [one.bytes, [...two.bytes]]
  },

  'large structures'(_koffi, lib) {
    const bytes = Uint8Array.from({ length: 262145 }, (_, index) => index & 0xff)
    const reversed = lib.func('large large_reversed(large l)')({ bytes }).bytes as Uint8Array
    return [
      reversed.length,
      reversed[0],
      reversed[1000],
      reversed.reverse().join() === bytes.join(),
    ]
  },

  'large texts'(_koffi, lib) {
    const text = 'fooBAR!'.repeat(1024 * 128)
    return lib.func('const char *! copy8(const char *)')(text) === text
  },

  globals(koffi, lib) {
    const counter = lib.symbol('counter')
    const text = lib.symbol('text', 'const char *')
    const three = lib.symbol('three')
    const before = [
      koffi.decode(counter, 'int'),
      koffi.decode(text, 'const char *'),
      koffi.decode(three, 'int', 3),
      koffi.decode(three, koffi.array('int', 3, 'Array')),
      koffi.decode(three, 4, 'int'),
    ]
    koffi.encode(counter, 'int', -7)
    koffi.encode(text, 'const char *', 'then')
    koffi.encode(text, 'const char *', 'at last')
    koffi.encode(three, 'int', [4, 2, 42], 3)
    koffi.encode(three, 4, 'int', 9)
    const after = [
      lib.func('int get_counter()')(),
      lib.func('const char *get_text()')(),
      koffi.decode(lib.func('int *get_three()')(), 'int', 3),
    ]
    koffi.encode(counter, 'int', 12)
    koffi.encode(three, 'int', [1, 2, 3], 3)
    return [isAddress(counter), before, after, kindOfFailure(() => lib.symbol('not_there'))]
  },

  'memory that stays'(koffi, lib) {
    const room = koffi.alloc('char', 16)
    lib.func('void keep(char *bytes, size_t size)')(room, 16)
    const append = lib.func('void append(const char *more)')
    append('Hello')
    const once = koffi.decode(room, 'char', -1)
    append(' World, and all others')
    const twice = koffi.decode(room, 'char', -1)
    koffi.encode(room, 'char', 'Bye', 16)
    const thrice = koffi.decode(room, 'char', 16)
    koffi.free(room)
    return [
      once,
      twice,
      thrice,
      isAddress(room),
      koffi.address(room) === room,
      koffi.address(null),
      isAddress(koffi.address(Buffer.alloc(4))),
      kindOfFailure(() => koffi.alloc('void', 1)),
      kindOfFailure(() => koffi.alloc('int', 0)),
    ]
  },

  'decoding and encoding buffers'(koffi) {
    const buffer = Buffer.alloc(32)
    koffi.encode(buffer, 'pair', { left: 1, right: -2 })
    koffi.encode(buffer, 8, 'double', 0.25)
    koffi.encode(buffer, 16, 'int16_t', [1, 2, 3], 3)
    return [
      [...buffer],
      koffi.decode(buffer, 'pair'),
      koffi.decode(buffer, 8, 'double'),
      koffi.decode(buffer, 16, 'int16_t', 3),
      koffi.decode.int(buffer),
      koffi.decode(Buffer.from('text\0more'), 'char', -1),
      koffi.decode.string(Buffer.from('text\0more')),
      koffi.decode(new Uint8Array([1, 0, 0, 0, 2, 0, 0, 0]).buffer, 'pair'),
      attempt(() => koffi.decode(Buffer.alloc(2), 'int')),
      kindOfFailure(() => koffi.decode(null, 'int')),
      kindOfFailure(() => koffi.decode(buffer, -4, 'int')),
      kindOfFailure(() => koffi.decode('text', 'int')),
      kindOfFailure(() => koffi.encode(buffer, 'int', 'text')),
    ]
  },

  enumerations(koffi, lib) {
    const level = koffi.enumeration('level', { LOW: -1, MIDDLE: 0, HIGH: 1 })
    const wide = koffi.enumeration('wide', { MOST: 2n ** 40n })
    const small = koffi.enumeration('small', { ONE: 1 }, 'uint8_t')
    const plain = koffi.enumeration({ A: 1, B: 2 })
    const higher = lib.func('level higher(level l)')
    return [
      higher(level.values.LOW),
      [level, wide, plain].map(({ primitive, size, values }: Any) => [primitive, size, values]),
      [small.primitive, small.size],
      kindOfFailure(() => koffi.enumeration('text', { A: 'a' })),
      kindOfFailure(() => koffi.enumeration('real', { A: 1 }, 'double')),
    ]
  },

  'opaque types'(koffi, lib) {
    const out = [null]
    const made = lib.func('bool opaque_new(int value, _Out_ opaque **out)')(42, out)
    const value = lib.func('opaque_value', 'int', [koffi.pointer('opaque')])
    const found = value(out[0])
    const none = value(null)
    lib.func('void opaque_free(opaque *o)')(out[0])
    const later = koffi.opaque('later')
    koffi.struct(later, { left: 'int32_t', right: 'int32_t' })
    const filled = {}
    lib.func('void pair_into(int32_t left, int32_t right, _Out_ later *out)')(5, 6, filled)
    return [
      made,
      found,
      none,
      filled,
      koffi.sizeof('later'),
      kindOfFailure(() => koffi.struct(later, { a: 'int' })),
      attempt(() => koffi.struct('itself', { self: 'itself' })),
      attempt(() => koffi.union('itself', { self: 'itself' })),
      attempt(() => koffi.struct({ inside: koffi.opaque('unknown') })),
      koffi.struct('pointing', { self: 'pointing *' }).size,
    ]
  },

  errno(koffi, lib) {
    koffi.errno(1)
    const set = koffi.errno()
    lib.func('void fail_with(int error)')(koffi.os.errno.ENOENT)
    return [set, koffi.errno() === koffi.os.errno.ENOENT, koffi.os.errno]
  },

  'function pointers'(koffi, lib) {
    const named = lib.func('binary *binary_named(const char *name)')
    const add = named('add')
    const decoded = koffi.decode(named('subtract'), 'binary')
    koffi.struct('table_type', { first: 'binary *', second: koffi.pointer('binary') })
    const { first, second } = koffi.decode(lib.symbol('table'), 'table_type')
    return [
      isAddress(add),
      koffi.call(add, 'binary', 4, 5),
      decoded(4, 5),
      named('divide'),
      koffi.call(first, 'binary', 1, 2),
      koffi.call(second, koffi.type('binary'), 1, 2),
      kindOfFailure(() => koffi.call(add, 'int', 1)),
      kindOfFailure(() => koffi.call(add, 'binary', 1)),
    ]
  },

  'callbacks: for the length of a call'(koffi, lib) {
    koffi.proto('int greeter(const char *text, int age)')
    const greet = lib.func('greet', 'int', ['str', 'int', koffi.pointer('greeter')])
    const heard: unknown[] = []
    const result = greet('Niels', 27, (...given: unknown[]) => {
      heard.push(given)
      return 42
    })
    const all = lib.func('int apply_all(int value, unary **functions, int count)')
    koffi.struct('two_functions', { first: 'unary *', second: 'unary *' })
    const two = lib.func('int apply_two(int value, two_functions two)')
    return [
      result,
      heard,
      all(27, [(x: number) => x * 5, (x: number) => x - 42, (x: number) => -x], 3),
      two(27, { first: (x: number) => -x, second: (x: number) => x * 5 }),
      attempt(() =>
        greet('Anna', 3, () => {
          throw new RangeError('as it is')
        }),
      ),
      kindOfFailure(() => greet('Anna', 3, 'no function')),
      greet('Anna', 3, (text: string) => text.length),
    ]
  },

  'callbacks: recursive'(koffi, lib) {
    koffi.proto('float recursion(int depth, const char *text, double exact)')
    const recurse = lib.func('float recurse(int depth, recursion *to)')
    const heard: unknown[] = []
    const step = (depth: number, text: string, exact: number): number => {
      heard.push([depth, text, exact])
      return depth + (depth > 0 ? recurse(depth - 1, step) : 0)
    }
    return [recurse(4, step), heard]
  },

  'callbacks: structures by value'(koffi, lib) {
    koffi.proto('record changer(record r)')
    const through = lib.func('record record_through(int8_t tag, changer *by, _Out_ record *before)')
    const before = {}
    const after = through(
      3,
      (record: Any) => ({ ...record, text: 'after', inner: { ratio: -1, exact: 2 } }),
      before,
    )
    return [before, after]
  },

  'callbacks: pointers to read from'(koffi, lib) {
    koffi.proto('int reader(int count, const vector *vectors)')
    const to = lib.func('int vectors_to(int count, reader *to)')
    const read: unknown[] = []
    const result = to(3, (count: number, vectors: unknown) => {
      for (let index = 0; index < count; index++)
        read.push(koffi.decode(vectors, index * koffi.sizeof('vector'), 'vector'))
      read.push(koffi.decode(vectors, 'float', 3), isAddress(vectors))
      return count * 2
    })
    return [result, read]
  },

  'callbacks: results that are texts'(koffi, lib) {
    koffi.proto('const char *namer(int number)')
    const name = lib.func('const char *! name_of(int number, namer *by)')
    return [name(5, (number: number) => `number ${number}`)]
  },

  'callbacks: registered'(koffi, lib) {
    const remember = lib.func('void remember(unary *function)')
    const call = lib.func('int call_remembered(int value)')
    const before = koffi.stats().callbacks
    const negative = koffi.register((x: number) => -x, koffi.pointer('unary'))
    const registered = koffi.stats().callbacks - before
    remember(negative)
    const results = [call(27), call(1)]
    const gone = koffi.unregister(negative)
    class Multiplier {
      readonly by = 5
      multiply(x: number): number {
        return this.by * x
      }
    }
    const multiplier = new Multiplier()
    const bound = koffi.register(multiplier.multiply.bind(multiplier), 'unary *')
    remember(bound)
    results.push(call(3))
    koffi.unregister(bound)
    return [
      isAddress(negative),
      registered,
      results,
      gone,
      kindOfFailure(() => koffi.unregister(negative)),
      kindOfFailure(() => koffi.register('no function', 'unary *')),
      kindOfFailure(() => koffi.register(() => 0, 'int')),
    ]
  },

  async 'callbacks: from another thread'(koffi, lib) {
    const negative = koffi.register((x: number) => -x - 2, 'unary *')
    lib.func('void remember(unary *function)')(negative)
    const found = await promisify(lib.func('int call_in_thread(int value)').async)(27)
    koffi.unregister(negative)
    return found
  },

  async 'asynchronous calls'(koffi, lib) {
    const digits = lib.func('digits', 'int64_t', Array(10).fill('int8_t'))
    const out = {}
    const into = promisify(
      lib.func('void pair_into(int32_t left, int32_t right, _Out_ pair *out)').async,
    ) as Any
    await into(3, 4, out)
    const apply = promisify(
      lib.func('int apply_all(int value, unary **functions, int count)').async,
    )
    const bytes = Buffer.from([1, 2, 3])
    await (promisify(lib.func('void reverse(_Inout_ void *bytes, int count)').async) as Any)(
      bytes,
      3,
    )
    return [
      await (promisify(digits.async) as Any)(1, 2, 3, 4, 5, 6, 7, 8, 9, 0),
      out,
      [...bytes],
      await (apply as Any)(7, [(x: number) => x + 1], 1),
      kindOfFailure(() => digits.async(1)),
      kindOfFailure(() => digits.async(1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 'no callback')),
      await Promise.all(
        [1, 2, 3].map((n) =>
          (promisify(lib.func('int32_t through_i32(int32_t v)').async) as Any)(n),
        ),
      ),
      typeof koffi.version,
    ]
  },

  'what types say of themselves'(koffi) {
    const shown = (type: Any): unknown =>
      JSON.parse(
        JSON.stringify(type, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)),
        (_key, value) =>
          typeof value === 'string' ? value.replace(/^<anonymous_\d+>/, '<anonymous>') : value,
      )
    koffi.alias('renamed', 'pair')
    return [
      ...['int', 'char *', 'str16', 'pair', 'packed', 'number', 'pair *', 'int[3]', 'record'].map(
        (name) => shown(koffi.type(name)),
      ),
      ...['binary', 'binary *', 'uint64_be_t', 'void', 'bool', 'void **'].map((name) =>
        shown(koffi.type(name)),
      ),
      koffi.type('renamed') === koffi.type('pair'),
      koffi.types.int === koffi.type('int'),
      ['pair', 'record', 'packed', 'number', 'long', 'void *'].map((name) => [
        koffi.sizeof(name),
        koffi.alignof(name),
      ]),
      koffi.offsetof('record', 'inner'),
      koffi.offsetof('packed', 'e'),
      Object.isFrozen(koffi.type('pair')),
      Object.keys(koffi.types).sort(),
    ]
  },

  'functions in all forms'(koffi, lib) {
    const forms = [
      lib.func('int32_t through_i32(int32_t v)'),
      lib.func('int32_t through_i32(int32_t);'),
      lib.func('int32_t __stdcall through_i32(int32_t v)'),
      lib.func('through_i32', 'int32_t', ['int32_t']),
      lib.func('through_i32', koffi.types.int32_t, [koffi.types.int32_t]),
      lib.func('__fastcall', 'through_i32', 'int32_t', ['int32_t']),
    ]
    const protos = [
      koffi.proto('int (int a, int b)'),
      koffi.proto('int', ['int', 'int']),
      koffi.proto('__stdcall', 'int', ['int', 'int']),
      koffi.proto(null, 'int', ['int', 'int']),
      koffi.proto('named_one', 'int', ['int', 'int']),
    ]
    return [
      forms.map((form: Any) => [form(-5), form.name, typeof form.async, form.info.name]),
      protos.map(({ name, primitive, proto }: Any) => [
        name.replace(/\d+/, 'n'),
        primitive,
        proto.arguments.length,
      ]),
    ]
  },

  'what is wrong is refused'(koffi, lib) {
    const wrong: readonly (() => unknown)[] = [
      () => koffi.struct('pair', { a: 'int' }),
      () => koffi.struct(' blank', { a: 'int' }),
      () => koffi.union('4th', { a: 'int' }),
      () => koffi.struct('empty', {}),
      () => koffi.struct('misnamed', { 'a ': 'int' }),
      () => koffi.struct('unknown', { a: 'missing' }),
      () => koffi.struct('misaligned', { a: [3, 'int'] }),
      () => koffi.struct('disposed', { a: 'int!' }),
      () => koffi.alias('int', 'long'),
      () => koffi.out('int'),
      () => koffi.as(1, 'int'),
      () => koffi.sizeof('missing'),
      () => koffi.offsetof('pair', 'middle'),
      () => koffi.offsetof('int', 'a'),
      () => koffi.pointer('int', 9),
      () => koffi.type(5),
      () => lib.func('int missing_function(int)'),
      () => lib.func('void through_i32(missing v)'),
      () => lib.func('void through_i32(_Out_ missing v)'),
      () => lib.func('int[3] through_i32()'),
      () => lib.func('void through_i32(int v[5])'),
      () => lib.func('void through_i32(void v)'),
      () => lib.func('void through_i32(int v'),
      () => lib.func('through_i32', 'int'),
      () => lib.func(),
      () => koffi.load(5),
      () => koffi.load('/no/such/library.so'),
      () => koffi.register(() => 0),
      () => koffi.config({ sync_heap_size: 1 }),
    ]
    return wrong.map(kindOfFailure)
  },

  'after unload nothing is found'(_koffi, lib) {
    return [typeof lib.unload, typeof lib.func]
  },
}
