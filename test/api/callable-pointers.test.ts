/** Function pointers that a library gives: results, members, variables, addresses. */
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import {
  type CallablePointer,
  ClosedError,
  CrashError,
  callback,
  FatThread,
  type Library,
  open,
  Pointer,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const TEXT = `
  typedef int (*binary)(int a, int b);
  struct table {
    int version;
    binary add, subtract, none;
    double (*scale)(double value, double factor);
    const char *(*name)(void);
    binary all[2];
  };
  binary pick(int which);
  const struct table *get_table(void);
  int get_list(_Out_ struct table **list);
  struct table table_of(int version);
  int same_address(void *f);
  int same_in(struct table *t);
  void *wild(void);
  binary numbered(int n);
  int run_current(int a, int b);
  extern binary current;
`

interface Table {
  version: number
  add: CallablePointer
  subtract: CallablePointer
  none: null
  scale: CallablePointer
  name: CallablePointer
  all: CallablePointer[]
}

let library: Library<string>
const of = (name: string, ...values: readonly unknown[]): unknown =>
  library.symbols[name]?.sync(...values)
const table = (): Table =>
  library.thread.readSync(of('get_table') as Pointer, library.type('struct table')) as Table

beforeAll(async () => {
  library = await open(fixture('hands-out-functions'), TEXT as string, { stderr: 'ignore' })
})
afterAll(() => library.close())

describe.each(WAYS)('%s', (way) => {
  test('a result is a function, or null', async () => {
    const add = (await call(library.symbols['pick'], way, [0])) as CallablePointer
    const subtract = (await call(library.symbols['pick'], way, [1])) as CallablePointer
    expect(add).toBeTypeOf('function')
    expect(add.pointer).toBeInstanceOf(Pointer)
    expect(await call(add, way, [2, 3])).toBe(5)
    expect(await call(subtract, way, [2, 3])).toBe(-1)
    expect(await call(library.symbols['pick'], way, [9])).toBeNull()
    const withErrno = (of('pick', 2) as CallablePointer).with({ errno: true, timeout: 1000 })
    expect(await call(withErrno, way, [12, 34])).toEqual({ result: 34, errno: 12 })
  })

  test('members of a structure that is read, given or returned are functions', async () => {
    const { list } = (await call(library.symbols['get_list'], way)) as { list: Pointer }
    const found = (await library.thread.read(list, library.type('struct table'))) as Table
    for (const each of [found, (await call(library.symbols['table_of'], way, [3])) as Table]) {
      expect(each.version).toBe(3)
      expect(await call(each.add, way, [2, 3])).toBe(5)
      expect(await call(each.subtract, way, [2, 3])).toBe(-1)
      expect(each.none).toBeNull()
      expect(await call(each.scale, way, [1.5, 2])).toBe(3)
      expect(await call(each.name, way)).toBe('table')
      expect(await Promise.all(each.all.map((one) => call(one, way, [2, 3])))).toEqual([-1, 5])
    }
  })

  test('a variable that is a function pointer is read and set', async () => {
    const { current } = library.variables
    const { add, subtract } = table()
    expect(current?.get.sync()).toBe(of('pick', 0))
    await current?.set(subtract)
    expect(await call(library.symbols['run_current'], way, [5, 3])).toBe(2)
    expect(await call(current?.get.sync(), way, [5, 3])).toBe(2)
    await current?.set(add.pointer)
    expect(await call(library.symbols['run_current'], way, [5, 3])).toBe(8)
  })

  test('thread.call binds an address', async () => {
    const { thread } = library
    const { pointer } = table().add
    const add = thread.call(pointer, 'int add(int a, int b)')
    expect(await call(add, way, [2, 3])).toBe(5)
    expect(thread.call(pointer, 'int add(int a, int b)'), 'the same one').toBe(add)
    expect(thread.call(add, 'int add(int a, int b)'), 'of a function too').toBe(add)
    const binary = callback('int binary(int a, int b)')
    expect(await call(thread.call(pointer, binary), way, [2, 3])).toBe(5)
    const wrong = await failureOf(() => call(add, way, [2, 'x']))
    expect(wrong).toBeInstanceOf(TypeError)
    expect(wrong.message).toBe('add: b takes a number, not the string "x"')
    const nameless = await failureOf(() => call(table().add, way, [2]))
    expect(nameless.message).toMatch(
      /^the function at 0x[0-9a-f]+ takes 2 arguments \(a, b\), not 1$/,
    )
  })

  test('a variadic one', async () => {
    const format = library.thread.call(
      library.variable('void *format').get.sync() as Pointer,
      'int snprintf(_Out_ char text[length], size_t length, const char *format, ...)',
    )
    expect(await call(format, way, [50, '%d-%s', ['int', 4], ['const char *', 'x']])).toEqual({
      result: 3,
      text: '4-x',
    })
  })

  test('a bad address is a crash, and the next process knows nothing of old functions', async () => {
    await using own = await open(fixture('hands-out-functions'), TEXT as string, {
      stderr: 'ignore',
    })
    const { thread } = own
    const add = own.symbols['pick']?.sync(0) as CallablePointer
    const bad = thread.call(own.symbols['wild']?.sync() as Pointer, 'int bad(int a)')
    const crash = failureOf(() => call(bad, way, [1]))
    const waiting = way === 'awaited' ? failureOf(() => add(1, 2)) : undefined
    expect(await crash).toBeInstanceOf(CrashError)
    if (waiting !== undefined) expect(await waiting).toBeInstanceOf(ClosedError)
    expect(await failureOf(() => call(add, way, [1, 2]))).toBeInstanceOf(ClosedError)
    expect(await failureOf(() => thread.call(add.pointer, 'int f(int a)'))).toBeInstanceOf(
      ClosedError,
    )
    expect(await failureOf(() => own.symbols['same_address']?.sync(add))).toBeInstanceOf(
      ClosedError,
    )
    expect(await call(own.symbols['pick']?.sync(0), way, [1, 2])).toBe(3)
    const fatal = own.symbols['pick']?.sync(3)
    expect(await failureOf(() => call(fatal, way, [1, 2]))).toBeInstanceOf(CrashError)
  })
})

test('a function is passed where a pointer is taken', () => {
  const { add, subtract } = table()
  expect(of('same_address', add)).toBe(1)
  expect(of('same_address', subtract)).toBe(0)
  expect(of('same_address', add.pointer)).toBe(1)
  const given = { ...table(), subtract: null }
  expect(of('same_in', given)).toBe(1)
  expect(of('same_in', { ...given, add: subtract, all: [add, null] })).toBe(0)
})

test('the same table read again has the same functions', () => {
  expect(table().add).toBe(table().add)
  expect(of('pick', 0)).toBe(of('pick', 0))
})

test('reading a table ten thousand times, and five thousand functions, use nothing up', {
  timeout: 60_000,
}, async () => {
  await using thread = await FatThread.spawn()
  const own = await thread.load(fixture('hands-out-functions'), TEXT as string)
  const pointer = own.symbols['get_table']?.sync() as Pointer
  const type = own.type('struct table')
  for (let index = 0; index < 10_000; index++) thread.readSync(pointer, type)
  const { add, subtract } = thread.readSync(pointer, type) as Table
  // Each text is a type of its own, and so a function of its own.
  const many = Array.from({ length: 5000 }, (_, index) =>
    thread.call(
      index % 2 ? add.pointer : subtract.pointer,
      `int f${index}(int a, int b)` as string,
    ),
  ) as unknown as CallablePointer[]
  for (const [index, one] of many.entries())
    expect(one.sync(index, 1)).toBe(index % 2 ? index + 1 : index - 1)
  const all = await Promise.all(many.map((one, index) => one(index, 1)))
  expect(all).toEqual(many.map((_, index) => (index % 2 ? index + 1 : index - 1)))
  expect(own.func('int run_current(int a, int b)').sync(1, 2)).toBe(3)
})

test('wrong arguments of thread.call', async () => {
  const { thread } = library
  const { pointer } = table().add
  for (const wrong of [null, undefined, 5, 5n, {}, () => 1])
    expect(await failureOf(() => thread.call(wrong as never, 'int f(void)'))).toBeInstanceOf(
      TypeError,
    )
  for (const wrong of [null, 5, {}, library.type('int')])
    expect(await failureOf(() => thread.call(pointer, wrong as never))).toBeInstanceOf(TypeError)
  await using other = await FatThread.spawn()
  expect(await failureOf(() => other.call(pointer, 'int f(void)'))).toBeInstanceOf(ClosedError)
})

test('types', () => {
  const typed = (thread: FatThread, pointer: Pointer) =>
    thread.call(pointer, 'double scale(double value, float factor)')
  expectTypeOf(typed).returns.toBeCallableWith(1, 2)
  expectTypeOf<ReturnType<ReturnType<typeof typed>['sync']>>().toEqualTypeOf<number>()
  expectTypeOf<ReturnType<typeof typed>['pointer']>().toEqualTypeOf<Pointer>()
  const binary = callback('int binary(int a, int b)')
  const byType = (thread: FatThread, pointer: Pointer) => thread.call(pointer, binary)
  expectTypeOf<ReturnType<ReturnType<typeof byType>['sync']>>().toEqualTypeOf<number>()
  expectTypeOf<Parameters<ReturnType<typeof byType>>>().toEqualTypeOf<[number, number]>()
})
