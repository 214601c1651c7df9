/** Results that are copied and given back: `_Free_(name)`. */
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import {
  type CallablePointer,
  DeclarationError,
  FatThread,
  type Library,
  LoadError,
  open,
  type Pointer,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { needs } from '../support/needs.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const TEXT = `
  struct point { double x, y; };
  struct named { const char *name; int age; };
  int living_now(void);
  int freed_so_far(void);
  _Free_(give_back) char *copied(const char *text);
  _Free_(give_back) const char *copied_const(const char *text);
  _Free_(give_back) char16_t *wide_copy(void);
  _Free_(give_back) struct point *made(double x, double y);
  _Free_(give_back) struct named *named(const char *name);
  _Free_(give_back) struct named *badly_named(void);
  _Free_(give_back) int *number(int value);
  int several(_Out_ _Free_(give_back) char **first, _Out_ _Free_(give_back) struct point **second,
              _Out_ _Free_(give_back) char **third);
  _Free_(give_back) char *both(_Out_ _Free_(give_back) char **second);
`

let library: Library<string>
beforeAll(async () => {
  library = await open(fixture('gives-what-must-be-given-back'), TEXT as string, {
    stderr: 'ignore',
  })
})
afterAll(() => library.close())

describe.each(WAYS)('%s', (way) => {
  const of = (name: string, ...values: readonly unknown[]) =>
    call(library.symbols[name], way, values)
  /** That so many were given back, each once. */
  const givesBack = async (count: number, deed: () => Promise<unknown>): Promise<void> => {
    const before = (await of('freed_so_far')) as number
    await deed()
    expect(((await of('freed_so_far')) as number) - before, 'given back').toBe(count)
    expect(await of('living_now')).toBe(0)
  }

  test('a text is a string, and null is null', async () => {
    for (const text of ['text', '', 'ünï', 'long'.repeat(100_000)])
      await givesBack(1, async () => expect(await of('copied', text)).toBe(text))
    await givesBack(1, async () => expect(await of('copied_const', 'const')).toBe('const'))
    await givesBack(1, async () => expect(await of('wide_copy')).toBe('wï'))
    await givesBack(0, async () => expect(await of('copied', null)).toBeNull())
  })

  test('a structure is an object with its texts, a number is a number', async () => {
    await givesBack(1, async () => expect(await of('made', 1, 2)).toEqual({ x: 1, y: 2 }))
    await givesBack(1, async () =>
      expect(await of('named', 'inside')).toEqual({ name: 'inside', age: 3 }),
    )
    await givesBack(1, async () => expect(await of('number', -5)).toBe(-5))
  })

  test('out parameters, several and beside a result', async () => {
    await givesBack(2, async () =>
      expect(await of('several')).toEqual({
        result: 5,
        first: 'first',
        second: { x: 1, y: 2 },
        third: null,
      }),
    )
    await givesBack(2, async () =>
      expect(await of('both')).toEqual({ result: 'result', second: 'second' }),
    )
  })

  test('errno is that of the call', async () => {
    const withErrno = library.symbols['copied']?.with({ errno: true })
    await givesBack(1, async () =>
      expect(await call(withErrno, way, ['a'])).toEqual({ result: 'a', errno: 7 }),
    )
  })

  test('given back although it can’t be read', async () => {
    await givesBack(1, async () => {
      const error = await failureOf(() => of('badly_named'))
      expect(error).toBeInstanceOf(RangeError)
      expect(error.message).toContain('0x8')
    })
  })

  test('many at once', async () => {
    await givesBack(500, async () => {
      const texts = Array.from({ length: 500 }, (_, index) => `text ${index}`)
      expect(await Promise.all(texts.map((text) => of('copied', text)))).toEqual(texts)
    })
  })
})

test('prototypes, inferred', async () => {
  const declarations = {
    strdup: '_Free_(free) char *strdup(const char *s)',
    several:
      'int several(_Out_ _Free_(give_back) char **first, void **, _Out_ _Free_(give_back) char **third)',
  } as const
  await using typed = await open(fixture('gives-what-must-be-given-back'), declarations)
  expect(typed.symbols.strdup.sync('of the C library')).toBe('of the C library')
  expectTypeOf<ReturnType<typeof typed.symbols.strdup.sync>>().toEqualTypeOf<string | null>()
  const found = typed.symbols.several.sync(Buffer.alloc(8))
  expect(found).toEqual({ result: 5, first: 'first', third: null })
  expectTypeOf(found).toEqualTypeOf<{
    result: number
    first: string | null
    third: string | null
  }>()
  const late = typed.func('_Free_(give_back) int *number(int value)')
  expectTypeOf(late.sync).returns.toEqualTypeOf<number | null>()
  expect(late.sync(9)).toBe(9)
  expect(await late(10)).toBe(10)
})

test('a function that is not there is a LoadError with near names', async () => {
  const path = fixture('gives-what-must-be-given-back')
  const error = await failureOf(() =>
    open(path, { f: '_Free_(give_bak) char *copied(const char *t)' }),
  )
  expect(error).toBeInstanceOf(LoadError)
  expect(error.message).toContain('there is no symbol give_bak; did you mean give_back?')
  expect(
    await failureOf(() => library.func('_Free_(nothing_like_it) char *copied(const char *t)')),
  ).toBeInstanceOf(LoadError)
})

test('a restart binds it anew', async () => {
  await using own = await open(fixture('gives-what-must-be-given-back'), TEXT as string)
  expect(own.symbols['copied']?.sync('a')).toBe('a')
  await own.reload()
  expect(own.symbols['copied']?.sync('b')).toBe('b')
  expect(own.symbols['freed_so_far']?.sync()).toBe(1)
})

test.each([
  ['_Free_(f) int g(void)', "'_Free_' belongs to a pointer to a value that can be copied"],
  ['_Free_(f) void *g(void)', "'_Free_' belongs to a pointer to a value that can be copied"],
  ['_Free_ char *g(void)', "expected '(', found 'char'"],
  ['_Free_() char *g(void)', "expected a function name, found ')'"],
  ['_Free_(f char *g(void)', "expected ')', found 'char'"],
  ['int g(_Free_(f) char *a)', "'_Free_' belongs in front of a result, or behind '_Out_'"],
  ['int g(_Inout_ _Free_(f) char **a)', "'_Free_' belongs in front of a result"],
  ['int g(_Out_ _Free_(f) int *a)', "'_Free_' belongs to a pointer to a value"],
  ['int g(_Out_ _Free_(f) char *a[2])', "'_Free_' belongs to a pointer to a value"],
  ['char *_Free_(f) g(void)', "expected a function name, found '_Free_'"],
])('%s', async (text, message) => {
  const error = await failureOf(() => library.func(text as string))
  expect(error).toBeInstanceOf(DeclarationError)
  expect(error.message).toContain(message)
})

test('an address has no library to give back to', async () => {
  await using thread = await FatThread.spawn()
  const own = await thread.load(fixture('hands-out-functions'), { wild: 'void *wild(void)' })
  const pointer = own.symbols.wild.sync() as Pointer
  const error = await failureOf(
    () => thread.call(pointer, '_Free_(free) char *f(void)') as unknown as CallablePointer,
  )
  expect(error).toBeInstanceOf(TypeError)
})

test.skipIf(needs('libsqlite3-0', 'libsqlite3.so.0'))(
  'sqlite3_exec gives its message back',
  async () => {
    await using real = await open('libsqlite3.so.0', {
      open: 'int sqlite3_open(const char *name, _Out_ void **db)',
      exec: 'int sqlite3_exec(void *db, const char *sql, void *callback, void *argument, _Out_ _Free_(sqlite3_free) char **message)',
      used: 'int64_t sqlite3_memory_used(void)',
    })
    const { db } = await real.symbols.open(':memory:')
    const fails = () => real.symbols.exec.sync(db, 'select nonsense', null, null)
    expect(fails()).toEqual({ result: 1, message: 'no such column: nonsense' })
    expect(real.symbols.exec.sync(db, 'select 1', null, null)).toEqual({ result: 0, message: null })
    const before = real.symbols.used.sync()
    for (let index = 0; index < 100; index++) fails()
    expect(real.symbols.used.sync() - before).toBeLessThan(100n)
  },
)
