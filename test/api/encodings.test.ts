/** Strings of every encoding, wherever C has them. */
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { type FatThread, type Library, open, type Pointer, type Variable } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const ENCODINGS = [
  ['narrow', 'char', 'Grüße €'],
  ['octet', 'char8_t', 'Grüße €'],
  ['utf16', 'char16_t', 'Grüße €𝄞'],
  ['utf32', 'char32_t', 'Grüße €𝄞'],
  ['wide', 'wchar_t', 'Grüße €𝄞'],
  ['latin', 'latin1_t', 'Grüße ÿ\u0080'],
] as const

const textOf = (prefix: string, type: string): string => `
  struct label { const ${type} *text; ${type} code[8]; };
  size_t ${prefix}_units(const ${type} *text);
  unsigned ${prefix}_at(const ${type} *text, size_t index);
  const ${type} *${prefix}_echo(const ${type} *text);
  int ${prefix}_copy(_Out_ ${type} target[length], size_t length, const ${type} *text);
  int ${prefix}_reverse(_Inout_ ${type} text[length], size_t length);
  int ${prefix}_out(_Out_ const ${type} **text);
  struct label ${prefix}_swap(struct label label);
  extern const ${type} *${prefix}_variable;
  extern ${type} ${prefix}_array[8];
`

describe.each(ENCODINGS)('%s', (prefix, type, text) => {
  let library: Library<string>
  beforeAll(async () => {
    library = await open(fixture('speaks-every-encoding'), textOf(prefix, type) as string)
  })
  afterAll(() => library.close())

  test.each(WAYS)('%s: arguments and results', async (way) => {
    const of = (name: string, ...values: readonly unknown[]) =>
      call(library.symbols[`${prefix}_${name}`], way, values)
    for (const each of ['', 'a', text, text.repeat(20_000)])
      expect(await of('echo', each)).toBe(each)
    expect(await of('copy', 64, text)).toMatchObject({ target: text })
    expect(await of('copy', 4, 'abcdef')).toEqual({ result: 3, target: 'abc' })
    expect(await of('copy', 0, 'abcdef')).toMatchObject({ target: '' })
    expect(await of('reverse', 'abc', 8)).toEqual({ result: 3, text: 'cba' })
    expect(await of('out')).toEqual({ result: 1, text: 'out' })
    expect(await of('swap', { text: 'pointer', code: 'in' })).toEqual({
      text: 'in',
      code: 'pointer',
    })
    const long = await failureOf(() => of('swap', { text: '', code: 'too long by far' }))
    expect(long).toBeInstanceOf(RangeError)
    expect(long.message).toContain(`${prefix}_swap: label.code has `)
    const cut = await failureOf(() => of('echo', 'a\0b'))
    expect(cut.message).toContain('text takes a string without NUL characters')
  })

  test('variables and memory', async () => {
    const variable = library.variables[`${prefix}_variable`] as Variable
    const array = library.variables[`${prefix}_array`] as Variable
    expect(await variable.get()).toBe('v')
    await variable.set(text)
    expect(variable.get.sync()).toBe(text)
    expect(await array.get()).toBe('ab')
    await array.set('xyz')
    expect(await array.get()).toBe('xyz')
    const { pointer } = array
    expect(await library.thread.read(pointer, `${type}[]` as string)).toBe('xyz')
    await library.thread.write(pointer, `${type}[8]` as string, 'hello')
    expect(await array.get()).toBe('hello')
  })
})

describe('Latin-1', () => {
  let library: Library<string>
  beforeAll(async () => {
    library = await open(fixture('speaks-every-encoding'), textOf('latin', 'latin1_t') as string)
  })
  afterAll(() => library.close())
  const every = Array.from({ length: 255 }, (_, code) => String.fromCharCode(code + 1)).join('')

  test('has one byte for each of its 255 characters', () => {
    expect(library.symbols['latin_echo']?.sync(every)).toBe(every)
    expect(library.symbols['latin_units']?.sync(every)).toBe(255n)
    for (let index = 0; index < 255; index++)
      expect(library.symbols['latin_at']?.sync(every, index)).toBe(index + 1)
  })

  test.each(WAYS)('%s: a character beyond them is a RangeError that says which', async (way) => {
    const of = (name: string, ...values: readonly unknown[]) =>
      call(library.symbols[`latin_${name}`], way, values)
    const before = library.thread.stats().completed
    const euro = await failureOf(() => of('echo', 'a €'))
    expect(euro).toBeInstanceOf(RangeError)
    expect(euro.message).toBe(
      'latin_echo: text takes the characters of Latin-1, up to U+00FF, not U+20AC at 2 of the string "a €"',
    )
    expect((await failureOf(() => of('echo', '𝄞'))).message).toContain('not U+1D11E at 0')
    expect((await failureOf(() => of('echo', '\ud800'))).message).toContain('not U+D800 at 0')
    const member = await failureOf(() => of('swap', { text: 'ok', code: '€' }))
    expect(member.message).toContain('latin_swap: label.code takes the characters of Latin-1')
    const inout = await failureOf(() => of('reverse', '€', 8))
    expect(inout.message).toContain('latin_reverse: text takes the characters of Latin-1')
    const array = library.variables['latin_array'] as Variable
    expect((await failureOf(() => array.set('€'))).message).toContain(
      'latin_array.set: value takes',
    )
    const written = await failureOf(() => library.thread.write(array.pointer, 'latin1_t[8]', '€'))
    expect(written.message).toContain('write: latin1_t[8] takes the characters of Latin-1')
    expect(library.thread.stats().completed, 'nothing was sent').toBe(before)
    expect(await of('echo', 'ok')).toBe('ok')
  })

  test('is a string in types', () => {
    const typed = () => open.sync('', { f: 'const latin1_t *f(const latin1_t *text)' })
    type F = ReturnType<typeof typed>['symbols']['f']['sync']
    expectTypeOf<ReturnType<F>>().toEqualTypeOf<string | null>()
    expectTypeOf<string>().toExtend<Parameters<F>[0]>()
    const read = (thread: FatThread, at: Pointer) => thread.readSync(at, 'latin1_t[]')
    expectTypeOf(read).returns.toEqualTypeOf<string>()
  })
})
