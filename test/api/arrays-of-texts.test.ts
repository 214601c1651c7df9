/** Arrays of strings, and of bytes, where C wants pointers to what it only reads; and what to write where it doesn't. */
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { type Library, open, Pointer } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const TEXT = `
  typedef struct FILE FILE;
  const char *join(const char *const *words, size_t count);
  const char *join_all(const char *words[]);
  void drop_first(const char **words, size_t count);
  void keep(const char **words, size_t count);
  int count_mutable(char *words[]);
  double sum(const double *const *rows, size_t count, size_t width);
  struct command { int count; const char *const *words; };
  const char *join_command(const struct command *command);
  struct message { int length; unsigned char bytes[]; };
  int first_byte(const struct message *message);
`

let library: Library<typeof TEXT>
beforeAll(async () => {
  library = await open(fixture('joins-texts'), TEXT)
})
afterAll(() => library.close())

describe.each(WAYS)('%s', (way) => {
  const of = (name: keyof typeof library.symbols, ...values: readonly unknown[]) =>
    call(library.symbols[name], way, values)

  test('strings, bytes, pointers and null', async () => {
    expect(await of('join', ['one', 'zwölf', ''], 3)).toBe('one|zwölf||')
    expect(await of('join', [Buffer.from('bytes\0'), null, 'x'], 3)).toBe('bytes|null|x|')
    const kept = library.thread.alloc(8)
    kept.bytes.set(Buffer.from('shared\0'))
    expect(await of('join', [kept, kept.pointer, kept.bytes], 3)).toBe('shared|shared|shared|')
    kept[Symbol.dispose]()
    expect(await of('join_all', ['a', 'b', null])).toBe('a|b|')
    expect(await of('join', [], 0)).toBe('')
  })

  test('arrays of typed arrays', async () => {
    expect(await of('sum', [new Float64Array([1, 2]), new Float64Array([3, 4])], 2, 2)).toBe(10)
    expect(await of('sum', [[1, 2], new Float64Array([3, 4])], 2, 2)).toBe(10)
  })

  test('inside a structure', async () => {
    expect(await of('join_command', { count: 2, words: ['run', 'fast'] })).toBe('run|fast|')
  })

  test('an array that the library may change keeps what it left alone', async () => {
    const words = ['one', 'two', 'three']
    await of('keep', words, 3)
    expect(words).toEqual(['one', 'two', 'three'])
    const changed: unknown[] = ['one', 'two']
    await of('drop_first', changed, 2)
    expect(changed).toEqual([expect.any(Pointer), expect.any(Pointer)])
    expect(await library.thread.read(changed[1] as Pointer, 'char[]')).toBe('last')
    const frozen = Object.freeze(['one', 'two'])
    await of('drop_first', frozen, 2)
    expect(frozen).toEqual(['one', 'two'])
  })

  test('what does not fit is named by its place', async () => {
    const failure = await failureOf(() => of('join', ['a', 5], 2))
    expect(failure).toBeInstanceOf(TypeError)
    expect(failure.message).toBe('join: words[1] takes a string, a Pointer, bytes or null, not 5')
    const object = await failureOf(() => of('join', {}, 1))
    expect(object.message).toMatch(/^join: words takes an array/)
  })

  test('where the characters are not const, it says how they could be strings', async () => {
    const failure = await failureOf(() => of('count_mutable', ['a', null]))
    expect(failure).toBeInstanceOf(TypeError)
    expect(failure.message).toBe(
      "count_mutable: words takes pointers or null (element 0 is a string: strings go where the characters are const, as in 'const char **'), not an array",
    )
    expect(await of('count_mutable', [null])).toBe(0)
  })

  test('elements of a flexible array: where they belong', async () => {
    const failure = await failureOf(() => of('first_byte', { length: 2, bytes: [1, 2] }))
    expect(failure).toBeInstanceOf(RangeError)
    expect(failure.message).toBe(
      'first_byte: message.bytes is an array without a length: it takes no elements here; write the structure and, behind it, its elements into shared memory (thread.alloc), or declare a length',
    )
    const text = await failureOf(() => of('first_byte', { length: 2, bytes: new Uint8Array(2) }))
    expect(text.message).toBe(failure.message)
    using memory = library.thread.alloc(16)
    await library.thread.write(memory.pointer, library.type('struct message'), {
      length: 1,
      bytes: [],
    })
    memory.bytes[4] = 42
    expect(await of('first_byte', memory)).toBe(42)
  })
})

test('arguments that wait are those of the call', async () => {
  const words = ['before', 'x']
  const bytes = Buffer.from('bytes\0')
  const first = library.symbols.join(['first'], 1)
  const given = [words[0] as string, bytes]
  const waiting = library.symbols.join(given, 2)
  given[0] = 'after'
  bytes.fill(0x41, 0, 5)
  expect(await first).toBe('first|')
  expect(await waiting).toBe('before|bytes|')
})

test('the types know them', () => {
  type Words = Parameters<typeof library.symbols.join>[0]
  expectTypeOf<readonly ['a', null]>().toExtend<Words>()
  expectTypeOf<(string | Uint8Array | null)[]>().toExtend<Words>()
  expectTypeOf<number[]>().not.toExtend<Words>()
  type Mutable = Parameters<typeof library.symbols.count_mutable>[0]
  expectTypeOf<string[]>().not.toExtend<Mutable>()
  type Command = Parameters<typeof library.symbols.join_command>[0]
  expectTypeOf<{ count: number; words: string[] }>().toExtend<Command>()
  type Rows = Parameters<typeof library.symbols.sum>[0]
  expectTypeOf<Float64Array[]>().toExtend<Rows>()
  expectTypeOf<string[]>().not.toExtend<Rows>()
})
