/** What koffi's documentation shows, with the results that it promises. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import * as door from '../../src/koffi/index.ts'
import { fixture } from '../fixtures/build.ts'

const koffi = door.default
const folder = mkdtempSync(join(tmpdir(), 'fat-threads-'))
afterAll(() => rmSync(folder, { recursive: true }))

// The one thing that a program adds: what its libraries may read.
koffi.isolate({ permissions: { read: [folder] } })

const libc = koffi.load('libc.so.6')
const lib = koffi.load(fixture('takes-and-gives-everything'))

beforeEach(() => koffi.reset())

describe('start', () => {
  test('the time, with results in objects', () => {
    koffi.struct('timeval', { tv_sec: 'unsigned int', tv_usec: 'unsigned int' })
    koffi.struct('timezone', { tz_minuteswest: 'int', tz_dsttime: 'int' })
    koffi.struct('time_t', { value: 'int64_t' })
    const members = ['sec', 'min', 'hour', 'mday', 'mon', 'year', 'wday', 'yday', 'isdst']
    // The structure of glibc goes on behind them.
    const tm = Object.fromEntries(members.map((name) => [`tm_${name}`, 'int']))
    koffi.struct('tm', { ...tm, tm_gmtoff: 'long', tm_zone: 'const char *' })
    const now = libc.func('int gettimeofday(_Out_ timeval *tv, _Out_ timezone *tz)')
    const local = libc.func('tm *gmtime_r(const time_t *timeval, _Out_ tm *result)')
    const time: { tv_sec?: number } = {}
    expect(now(time, null)).toBe(0)
    expect(Math.abs((time.tv_sec ?? 0) - Date.now() / 1000)).toBeLessThan(5)
    const date: { tm_year?: number } = {}
    local({ value: time.tv_sec }, date)
    expect(date.tm_year).toBe(new Date().getUTCFullYear() - 1900)
  })
})

describe('functions', () => {
  test('in both syntaxes', () => {
    expect(libc.func('atoi', 'int', ['str'])('1257')).toBe(1257)
    expect(libc.func('int atoi(const char *nptr)')('1257')).toBe(1257)
  })

  test('asynchronous ones call back later', async () => {
    const order: unknown[] = []
    const atoi = libc.func('int atoi(const char *str)')
    await new Promise<void>((resolve) => {
      atoi.async('1257', (error: unknown, result: unknown) => {
        order.push([error, result])
        resolve()
      })
      order.push('Hello World!')
    })
    expect(order).toEqual(['Hello World!', [null, 1257]])
    expect(await promisify(atoi.async)('5')).toBe(5)
  })

  test('variadic ones take a type before each value', () => {
    const print = libc.func('snprintf', 'int', ['void *', 'size_t', 'str', '...'])
    const out = Buffer.alloc(64)
    print(out, 64, 'Integer %d, double %g, str %s', 'int', 6, 'double', 8.5, 'str', 'THE END')
    expect(koffi.decode(out, 'char', -1)).toBe('Integer 6, double 8.5, str THE END')
  })
})

describe('types', () => {
  test('say of themselves what they are', () => {
    const type = koffi.struct('FoobarType', { a: 'int', b: 'char *', c: 'double' })
    expect(type).toMatchObject({
      name: 'FoobarType',
      primitive: 'Record',
      size: 24,
      alignment: 8,
      disposable: false,
    })
    expect(Object.values(type.members ?? {}).map(({ name, offset }) => [name, offset])).toEqual([
      ['a', 0],
      ['b', 8],
      ['c', 16],
    ])
    expect(koffi.sizeof('long')).toBe(koffi.sizeof(koffi.types.long))
  })

  test('of each other, the opaque one later', () => {
    const first = koffi.opaque('Type1')
    koffi.struct('Type2', { ptr: 'Type1 *', i: 'int' })
    expect(koffi.struct(first, { ptr: 'Type2 *', f: 'float' }).size).toBe(16)
  })

  test('packed, aligned, enumerated', () => {
    expect(koffi.pack('PackedStruct', { a: 'int8_t', b: 'int16_t' }).size).toBe(3)
    const big = koffi.struct('BigStruct', { a: 'int8_t', b: [8, 'int16_t'] })
    expect(koffi.offsetof(big, 'b')).toBe(8)
    const result = koffi.enumeration('OpenResult', { Success: 0, MissingFile: 1 })
    expect(result.values?.['MissingFile']).toBe(1)
    expect(koffi.enumeration('Position', { Left: -1, Right: 1 }).primitive).toBe('Int32')
    const limits = { Min: -9223372036854775808n, Max: 9223372036854775807n }
    expect(koffi.enumeration('Int64Limits', limits).primitive).toBe('Int64')
    expect(koffi.enumeration('Explicit', { Zero: 0 }, 'int64_t').size).toBe(8)
  })

  test('of arrays, by their hints', () => {
    koffi.struct('Foo1', { i: 'int', a16: koffi.array('int16_t', 2) })
    koffi.struct('Foo2', { i: 'int', a16: koffi.array('int16_t', 2, 'Array') })
    const bytes = Buffer.alloc(8)
    koffi.encode(bytes, 'Foo1', { i: 5, a16: [6, 8] })
    expect(koffi.decode(bytes, 'Foo1')).toEqual({ i: 5, a16: Int16Array.of(6, 8) })
    expect(koffi.decode(bytes, 'Foo2')).toEqual({ i: 5, a16: [6, 8] })
    expect(koffi.struct('Short', { f8: 'float [8]', self4: 'Short *[4]' }).size).toBe(64)
  })

  test('of arrays as long as another member says', () => {
    koffi.struct('FlexibleArray', {
      count: 'size_t',
      numbers: koffi.array('int', 'count', 256, 'Array'),
    })
    const append = lib.func('void counted_append(_Inout_ FlexibleArray *arr, int count, int start)')
    const array = { count: 0, numbers: [] }
    append(array, 5, 1)
    append(array, 3, 10)
    expect(array).toEqual({ count: 8, numbers: [1, 2, 3, 4, 5, 10, 11, 12] })
  })
})

describe('pointers', () => {
  test('a single element stands for a reference', () => {
    const sum = [36]
    lib.func('void times(int by, _Inout_ int *dest, int count)')(2, sum, 1)
    expect(sum).toEqual([72])
  })

  test('lists of strings end with null', () => {
    const total = lib.func('int64_t total_length(const char **strings)')
    expect(total(['Get', 'Total', 'Length', null])).toBe(14)
  })

  test('to functions are called, or decoded', () => {
    const binary = koffi.proto('int BinaryIntFunc(int a, int b)')
    const named = lib.func('BinaryIntFunc *binary_named(const char *name)')
    expect(koffi.call(named('add'), binary, 4, 5)).toBe(9)
    expect(koffi.decode(named('subtract'), binary)(100, 58)).toBe(42)
  })

  test('a PNG header, read by the C library into an object', () => {
    const file = join(folder, 'picture.png')
    const header = [
      0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
    ]
    writeFileSync(
      file,
      Buffer.from([...header, 0, 0, 2, 0, 0, 0, 1, 0x80, 8, 6, 0, 0, 0, 1, 2, 3, 4]),
    )
    koffi.opaque('FILE')
    koffi.pack('PngHeader', {
      signature: koffi.array('uint8_t', 8),
      ihdr: koffi.pack({
        length: 'uint32_be_t',
        chunk: koffi.array('char', 4),
        width: 'uint32_be_t',
        height: 'uint32_be_t',
        depth: 'uint8_t',
        color: 'uint8_t',
      }),
    })
    const fopen = libc.func('FILE *fopen(const char *path, const char *mode)')
    const fread = libc.func('size_t fread(_Out_ void *ptr, size_t size, size_t nmemb, FILE *fp)')
    const stream = fopen(file, 'rb')
    const found = {}
    fread(koffi.as(found, 'PngHeader *'), 1, koffi.sizeof('PngHeader'), stream)
    libc.func('int fclose(FILE *fp)')(stream)
    expect(found).toMatchObject({
      signature: Uint8Array.from(header.slice(0, 8)),
      ihdr: { length: 13, chunk: 'IHDR', width: 512, height: 384, depth: 8, color: 6 },
    })
    expect(fopen('/etc/passwd', 'rb'), 'other files are out of reach').toBeNull()
  })

  test('to what has to be freed', () => {
    const before = koffi.stats().disposed
    const heap = koffi.disposable('str')
    expect(libc.func('strdup', heap, ['str'])('Hello!')).toBe('Hello!')
    expect(libc.func('str! strdup(const char *str)')('World!')).toBe('World!')
    koffi.disposable('HeapStr', 'str', koffi.free)
    expect(libc.func('HeapStr strdup(const char *str)')('Again!')).toBe('Again!')
    expect(koffi.stats().disposed - before).toBe(3)
  })
})

describe('values', () => {
  test('of variables', () => {
    const counter = lib.symbol('counter')
    const text = lib.symbol('text')
    const [number, string] = [koffi.decode(counter, 'int'), koffi.decode(text, 'const char *')]
    expect(koffi.decode(text, 'const char *')).toBe('at first')
    koffi.encode(counter, 'int', -1)
    koffi.encode(text, 'const char *', 'Hello World!')
    expect(koffi.decode(counter, 'int')).toBe(-1)
    expect(koffi.decode(text, 'const char *')).toBe('Hello World!')
    koffi.encode(counter, 'int', number)
    koffi.encode(text, 'const char *', string)
  })

  test('out of a buffer that was written', () => {
    koffi.struct('Vec3', { x: 'float32', y: 'float32', z: 'float32' })
    const memcpy = libc.func('void *memcpy(_Out_ void *dest, const void *src, size_t size)')
    const vector = { x: 1, y: 2, z: 3 }
    const buffer = Buffer.allocUnsafe(koffi.sizeof('Vec3'))
    memcpy(buffer, koffi.as(vector, 'Vec3 *'), koffi.sizeof('Vec3'))
    Object.assign(vector, { x: vector.z, z: vector.x })
    expect(vector).toEqual({ x: 3, y: 2, z: 1 })
    expect(koffi.decode(buffer, 'Vec3')).toEqual({ x: 1, y: 2, z: 3 })
  })

  test('in memory that stays where it is', () => {
    const output = koffi.alloc('char', 64)
    lib.func('void keep(char *buf, size_t size)')(output, 64)
    const append = lib.func('void append(const char *str)')
    append('Hello')
    expect(koffi.decode(output, 'char', -1)).toBe('Hello')
    append(' World!')
    expect(koffi.decode(output, 'char', -1)).toBe('Hello World!')
    koffi.free(output)
  })
})

describe('callbacks', () => {
  test('transient', () => {
    koffi.proto('int TransferCallback(const char *str, int age)')
    const heard: unknown[] = []
    const transfer = lib.func('greet', 'int', ['str', 'int', 'TransferCallback *'])
    const result = transfer('Niels', 27, (text: string, age: number) => {
      heard.push(text, age)
      return 42
    })
    expect([result, ...heard]).toEqual([42, 'Hello Niels!', 27])
  })

  test('registered', () => {
    koffi.proto('int IntCallback(int x)')
    const callback = koffi.register((x: number) => x * 2, 'IntCallback *')
    lib.func('void remember(IntCallback *cb)')(callback)
    expect(lib.func('int call_remembered(int x)')(21)).toBe(42)
    koffi.unregister(callback)
  })

  test('sort strings where they are', () => {
    koffi.proto('int SortCallback(const void *first, const void *second)')
    const qsort = libc.func(
      'void qsort(_Inout_ void *array, size_t count, size_t size, SortCallback *cb)',
    )
    const array = ['foo', 'bar', '123', 'foobar']
    const compare = (left: bigint, right: bigint): number =>
      koffi.decode(left, 'char *').localeCompare(koffi.decode(right, 'char *'))
    qsort(koffi.as(array, 'char **'), array.length, koffi.sizeof('void *'), compare)
    expect(array).toEqual(['123', 'bar', 'foo', 'foobar'])
  })
})

test('errno', () => {
  libc.func('int close(int fd)')(-1)
  expect(koffi.errno()).toBe(koffi.os.errno['EBADF'])
})

test('settings', () => {
  expect(koffi.config()).toMatchObject({ sync_heap_size: 1048576, max_async_calls: 256 })
  expect(() => koffi.config({ max_async_calls: 8 })).toThrow(/once a library has been loaded/)
})
