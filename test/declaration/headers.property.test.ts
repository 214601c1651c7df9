/** The parser against mutated real headers: its verdict is a DeclarationError or none, in linear time. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Declarations } from '../../src/declaration/declarations.ts'
import { DeclarationError } from '../../src/errors.ts'
import { cpuTime } from '../support/cpu-time.ts'
import { runs, seed } from '../support/fuzzing.ts'
import { headerTexts } from './headers.ts'

const headers = headerTexts()

/** Declares a text; an error is about a place in it. */
function declare(text: string, before = ''): DeclarationError | undefined {
  const declarations = new Declarations()
  declarations.add(before)
  try {
    declarations.add(text)
    return undefined
  } catch (error) {
    if (!(error instanceof DeclarationError)) throw error
    const line = text.split('\n')[error.line - 1]
    expect(line).toBeDefined()
    expect(error.column).toBeGreaterThanOrEqual(1)
    expect(error.column).toBeLessThanOrEqual((line?.length ?? 0) + 1)
    return error
  }
}

const tokens = (text: string): string[] => text.match(/\s+|\w+|[^\w\s]/g) ?? []

/** A change of a list of tokens, at places that are numbers below 1. */
type Mutation = (list: string[], at: number, to: number) => void

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  deletes: (list, at) => list.splice(at, 1),
  'deletes many': (list, at, to) => list.splice(at, to % 9),
  doubles: (list, at) => list.splice(at, 0, list[at] ?? ''),
  'doubles many': (list, at, to) => list.splice(at, 0, ...list.slice(at, at + (to % 40))),
  swaps: (list, at, to) => {
    ;[list[at], list[to]] = [list[to] ?? '', list[at] ?? '']
  },
  truncates: (list, at) => list.splice(at),
  'truncates in front': (list, at) => list.splice(0, at),
  nests: (list, at, to) => list.splice(at, 0, '('.repeat(to % 200)),
  'nests braces': (list, at, to) => list.splice(at, 0, 'struct {'.repeat(to % 100)),
  points: (list, at, to) => list.splice(at, 0, '*'.repeat(to % 300)),
  brackets: (list, at, to) => list.splice(at, 0, '[2]'.repeat(to % 50)),
  'makes long': (list, at, to) => list.splice(at, 1, (list[at] ?? 'x').repeat(to % 1000)),
  'takes another word': (list, at, to) => list.splice(at, 1, WORDS[to % WORDS.length] ?? ''),
}

const WORDS =
  'const struct union enum typedef void int long double float unsigned _Bool char sizeof __attribute__((packed)) __attribute__((aligned(64))) _Out_ _Inout_ { } ( ) [ ] * , ; : = ... -1 0 1 4294967296 99999999999999999999 0x 1.5 << / ? " \' /* // # \\ é \0'.split(
    ' ',
  )

/** A window of a header, mutated a few times; and what stands before it there. */
const mutated = fc
  .record({
    header: fc.constantFrom(...headers),
    place: fc.nat(),
    length: fc.integer({ min: 1, max: 12 }),
    steps: fc.array(
      fc.record({ kind: fc.constantFrom(...Object.keys(MUTATIONS)), at: fc.nat(), to: fc.nat() }),
      { minLength: 1, maxLength: 6 },
    ),
  })
  .map(({ header: { declarations }, place, length, steps }) => {
    const from = place % declarations.length
    const list = tokens(declarations.slice(from, from + length).join('\n'))
    for (const { kind, at, to } of steps)
      MUTATIONS[kind]?.(list, at % (list.length || 1), to % (list.length || 1))
    return { before: declarations.slice(0, from).join('\n'), text: list.join('') }
  })

test('most of what headers declare parses', () => {
  for (const { name, declarations } of headers)
    expect(declarations.length, name).toBeGreaterThan(10)
  for (const { declarations } of headers) expect(declare(declarations.join('\n'))).toBeUndefined()
})

it('throws nothing but DeclarationError, whatever becomes of a header', {
  timeout: 120_000,
}, () => {
  const verdicts = { parsed: 0, refused: 0 }
  fc.assert(
    fc.property(mutated, ({ before, text }) => {
      verdicts[declare(text, before) === undefined ? 'parsed' : 'refused']++
    }),
    { ...runs(1500), seed },
  )
  // Neither all nor nothing: the mutations reach beyond the first token.
  expect(verdicts.parsed).toBeGreaterThan(50)
  expect(verdicts.refused).toBeGreaterThan(500)
})

/** Milliseconds of processor time, at best of a few runs. */
function duration(text: string): number {
  const parse = (): void => {
    try {
      new Declarations().add(text)
    } catch (error) {
      if (!(error instanceof DeclarationError)) throw error
    }
  }
  return Math.min(cpuTime(parse), cpuTime(parse))
}

const count = (length: number, make: (index: number) => string): string => {
  const parts: string[] = []
  for (let index = 0, size = 0; size < length; index++) {
    const part = make(index)
    parts.push(part)
    size += part.length
  }
  return parts.join('')
}

const again = (unit: string) => (length: number) => count(length, () => unit)

/** Texts of any length, each of which is long in its own way. */
const LONG: Readonly<Record<string, (length: number) => string>> = {
  parentheses: (length) => `int ${again('(')(length)}`,
  'parentheses with stars': (length) => `int ${again('(*')(length)}`,
  'closed parentheses': (length) => `int ${again('(')(length / 2)}f${again(')')(length / 2)};`,
  stars: (length) => `int ${again('*')(length)}p;`,
  'typedefs of stars': (length) => {
    const stars = again('*')(length / 2)
    return `typedef int ${stars}p; typedef int ${stars}p;`
  },
  brackets: (length) => `int a${again('[1]')(length)};`,
  'empty brackets': (length) => `int a${again('[]')(length)};`,
  'brackets in a structure': (length) => `struct s { int a${again('[1]')(length)}; };`,
  'parameters behind parameters': (length) => `int f${again('(int)')(length)};`,
  'function pointers in function pointers': (length) => `int f(${again('int (*a)(')(length)}`,
  'functions of functions': (length) => `int f(${again('int (')(length)}`,
  'structures in structures': (length) => again('struct {')(length),
  'tagged structures in structures': (length) => count(length, (at) => `struct s${at} {`),
  'enumerations in enumerations': (length) => again('enum { A = sizeof(')(length),
  attributes: (length) => `int f(void) ${again('__attribute__((x)) ')(length)};`,
  'one attribute': (length) => `int f(void) __attribute__((${again('x(1),')(length)}));`,
  'parentheses in an attribute': (length) => `int f(void) __attribute__((x${again('(')(length)}`,
  typedefs: (length) => count(length, (at) => `typedef int t${at};`),
  'typedefs of typedefs': (length) =>
    `typedef int t0;${count(length, (at) => `typedef t${at} t${at + 1};`)}`,
  'pointers to typedefs': (length) =>
    `typedef int t0;${count(length, (at) => `typedef t${at} *t${at + 1};`)}`,
  'arrays of typedefs': (length) =>
    `typedef int t0;${count(length, (at) => `typedef t${at} t${at + 1}[1];`)}`,
  'structures of typedefs': (length) =>
    `typedef int t0;${count(length, (at) => `typedef struct { t${at} m; } t${at + 1};`)}`,
  'functions of typedefs': (length) =>
    `typedef int t0;${count(length, (at) => `typedef t${at} (*t${at + 1})(t${at});`)}`,
  'a use of arrays of typedefs': (length) => {
    const chain = count(length, (at) => `typedef t${at} t${at + 1}[1];`)
    return `typedef int t0;${chain} struct s { t${chain.split(';').length - 1} m; };`
  },
  'the same pointers to typedefs': (length) => {
    const chain = count(length, (at) => `typedef t${at} *t${at + 1};`)
    const last = `t${chain.split(';').length - 1}`
    return `typedef int t0;${chain} typedef ${last} *p; typedef ${last} *p;`
  },
  'the same typedef': again('typedef struct s { int a; } *p;'),
  tags: (length) => count(length, (at) => `struct s${at};`),
  members: (length) => `struct s { ${count(length, (at) => `int m${at};`)} };`,
  'members of one type': (length) => `struct s { int a${count(length, (at) => `, m${at}`)}; };`,
  'bit-fields': (length) => `struct s { ${count(length, (at) => `int m${at} : 3;`)} };`,
  'nameless structures': (length) => `struct s { ${again('struct { int : 1; };')(length)} };`,
  enumerators: (length) => `enum e { ${count(length, (at) => `E${at},`)} };`,
  'enumerators of each other': (length) =>
    `enum e { E0, ${count(length, (at) => `E${at + 1} = E${at} + 1,`)} };`,
  variables: (length) => `int a${count(length, (at) => `, v${at}`)};`,
  functions: (length) => count(length, (at) => `int f${at}(int a, char *b);`),
  parameters: (length) => `int f(${count(length, (at) => `int p${at},`)}`,
  'a sum': (length) => `enum { A = 1${again('+1')(length)} };`,
  'a product that grows': (length) => `enum { A = 1${again('*3')(length)} };`,
  shifts: (length) => `enum { A = 1${again('<<63')(length)} };`,
  signs: (length) => `enum { A = ${again('-')(length)}1 };`,
  conditions: (length) => `enum { A = ${again('1?1:')(length)}1 };`,
  'parentheses in a number': (length) => `enum { A = ${again('(')(length)}1 };`,
  sizes: (length) => `enum { A = ${again('sizeof(')(length)}`,
  digits: (length) => `enum { A = ${again('1')(length)} };`,
  'zero digits': (length) => `enum { A = ${again('0')(length)} };`,
  qualifiers: (length) => `${again('const ')(length)}int x;`,
  specifiers: (length) => `${again('long ')(length)}x;`,
  'one name': (length) => `int ${again('x')(length)};`,
  'an unknown type': (length) => `${again('x')(length)} y;`,
  semicolons: again(';'),
  blanks: (length) => `${again(' ')(length)}!`,
  lines: (length) => `${again('\n')(length)}!`,
  comments: (length) => `${again('/**/')(length)}!`,
  'open comments': again('/*'),
  slashes: again('/'),
  quotes: again("'"),
  'quoted characters': again("'a'"),
  'one wrong character at the end': (length) => `${count(length, (at) => `int v${at};\n`)}@`,
}

describe('takes linear time', () => {
  it.each(Object.keys(LONG))('for many %s', { timeout: 60_000 }, (name) => {
    const make = LONG[name] as (length: number) => string
    const [short, long] = [2 ** 16, 2 ** 19]
    duration(make(2 ** 12))
    const before = duration(make(short))
    // Eight times as long; quadratic time would be 64 times as long, and many seconds.
    const after = duration(make(long))
    expect(after, `${after} ms, and ${before} ms for an eighth`).toBeLessThan(
      Math.max(40 * before, 2500),
    )
  })

  test.each(headers.map(({ name }) => name))('for %s, many times over', (name) => {
    const header = headers.find((each) => each.name === name)
    const once = header?.declarations.filter((each) => !each.includes('{')).join('\n') ?? ''
    const times = (many: number): string =>
      Array.from({ length: many }, () => once)
        .join('\n')
        .slice(0, 2 ** 22)
    const [few, more] = [4, 16].map((many) => duration(times(many)))
    expect(more).toBeLessThan(Math.max(14 * (few ?? 0), 2500))
  })
})
