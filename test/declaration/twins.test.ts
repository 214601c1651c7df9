/** The parser at compile time against the parser at run time, on texts that nobody chose. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { Declarations } from '../../src/declaration/declarations.ts'
import { parsePrototype, parseType } from '../../src/declaration/parse.ts'
import { parseVariable } from '../../src/declaration/variable.ts'
import { DeclarationError } from '../../src/errors.ts'
import { structure } from '../fixtures/declarations/structures.ts'
import { seed } from '../support/fuzzing.ts'
import { damaged, declaration, jumble } from './arbitrary.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The functions of a text by name, for `toValue`. */
const SHOWN = `import type { ParseText } from '../../src/declaration/text.ts'
type ShownText<Text extends string> = ParseText<Text> extends infer Found
  ? Found extends { functions: infer Entries extends { name: string; type: unknown } }
    ? { functions: { [E in Entries as E['name']]: E['type'] } }
    : Found
  : never`

/** A number of texts; the same ones each time, so that a change is judged by itself. */
const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number): T[] =>
  fc.sample(arbitrary, { numRuns, seed })

/** What the compiler makes of `alias<text>`, a text each. */
function compiled(
  alias: 'ParsePrototype' | 'ParseType' | 'ParseVariable' | 'ShownText',
  texts: readonly string[],
): unknown[] {
  const home = alias === 'ParseVariable' ? 'variable' : 'parse'
  const file = join(root, 'test/declaration/texts.ts')
  const source = [
    alias === 'ShownText'
      ? SHOWN
      : `import type { ${alias} } from '../../src/declaration/${home}.ts'`,
    ...texts.map((text, at) => `export type T${at} = ${alias}<${JSON.stringify(text)}>`),
  ].join('\n')
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  host.getSourceFile = (name, version) =>
    name === file
      ? ts.createSourceFile(name, source, version)
      : getSourceFile.call(host, name, version)
  const program = ts.createProgram([file], options, host)
  const checker = program.getTypeChecker()
  const { statements } = program.getSourceFile(file) as ts.SourceFile
  return statements
    .filter((statement) => ts.isTypeAliasDeclaration(statement))
    .filter(({ name }) => /^T\d+$/.test(name.text))
    .map((statement) => toValue(checker.getTypeAtLocation(statement.name), checker))
}

/** The value of a type that has one value. */
function toValue(type: ts.Type, checker: ts.TypeChecker): unknown {
  if (type.isStringLiteral() || type.isNumberLiteral()) return type.value
  if (type.flags & ts.TypeFlags.BooleanLiteral) return checker.typeToString(type) === 'true'
  if (type.flags & ts.TypeFlags.Undefined) return undefined
  if (checker.isTupleType(type))
    return checker
      .getTypeArguments(type as ts.TypeReference)
      .map((element) => toValue(element, checker))
  // The members of structures are a union.
  if (type.isUnion() || type.flags & ts.TypeFlags.Never) return undefined
  if (type.flags & ts.TypeFlags.Number) return undefined
  if (!(type.flags & ts.TypeFlags.Object)) throw new Error(checker.typeToString(type))
  const properties = type.getProperties().map((property) => {
    return [property.name, toValue(checker.getTypeOfSymbol(property), checker)] as const
  })
  return Object.fromEntries(properties)
}

function parsed(parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof DeclarationError) return { message: error.message }
    throw error
  }
}

/** What only run time finds out: values, and what they mean for a layout. */
const ONLY_RUN_TIME =
  /^(an array has from|'.*' has no room for|an alignment is|'.*' does not fit an enumeration|a structure of more than|a division by|a shift by|this is nested too deep)/

/** A declared text of structures, enumerations and prototypes, most of which use them. */
const text = fc
  .tuple(
    fc.array(structure(1), { minLength: 1, maxLength: 3 }),
    fc.array(declaration, { maxLength: 3 }),
    fc.array(fc.constantFrom('4', '0x10', '1 << 3', '-2', 'C0 + 1', '(7 | C0) * 2'), {
      maxLength: 3,
    }),
  )
  .map(([structures, prototypes, values]) =>
    [
      `enum { C0, ${values.map((value, at) => `C${at + 1} = ${value},`).join(' ')} };`,
      ...structures.map(
        ({ text }, at) =>
          `typedef ${text} t${at}; t${at} f${at}(const t${at} *p, t${at} v, t${at} *); _Free_(g) t${at} *g${at}(_Out_ _Free_(g) t${at} **o);`,
      ),
      ...prototypes.map(({ text }) => `${text.replace(/;\s*$/, '')}\n;`),
    ].join('\n'),
  )

/** The text with some of its characters gone, doubled or replaced; what is in attributes, run time reads alone. */
const spoiled = fc
  .tuple(
    text,
    fc.nat(),
    fc.nat(4),
    fc.constantFrom('', '(', ')', '}', '{', ';', ',', '*', ' x ', 'int', ':', '= ', '[', '#'),
  )
  .map(([whole, place, length, other]) => {
    const plain = whole.replace(/__attribute__\(\((?:[^()]|\([^()]*\))*\)\)/g, '')
    const at = place % (plain.length + 1)
    return plain.slice(0, at) + other + plain.slice(at + length)
  })

/** A declared text at run time, as {@link toValue} shows it. */
function declared(source: string): unknown {
  const declarations = new Declarations()
  try {
    declarations.add(source)
  } catch (error) {
    if (error instanceof DeclarationError) return { message: error.message }
    throw error
  }
  const functions = [...declarations.functions].map(([name, { name: _, ...rest }]) => [
    name,
    shown({ kind: 'function', ...rest }),
  ])
  return { functions: Object.fromEntries(functions) }
}

/** Without what a type in TypeScript has no use for: lengths of arrays, layouts, names of tags. */
function shown(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(shown)
  const { kind } = value as { kind?: string }
  if (kind === 'struct' || kind === 'union' || kind === 'opaque') return 'aggregate'
  const entries = Object.entries(value).filter(([key]) => key !== 'length' && key !== 'tag')
  return Object.fromEntries(entries.map(([key, each]) => [key, shown(each)]))
}

/** Whole texts, each wrong in a way of its own. */
const MALFORMED = [
  ...[
    'int f(int a)',
    'int f(int a) int g(void);',
    'int f(void) { return 1; }',
    'int;f(void);',
    'f(void);',
  ],
  ...[
    'typedef int;t f(void);',
    'typedef int t, ;',
    'typedef int t u;',
    'typedef itn t;',
    'typedef int 4;',
  ],
  ...['typedef int t; typedef long t;', 'typedef t t;'],
  ...[
    'typedef struct a t; typedef struct b t;',
    'typedef struct a *t; typedef struct b *t;',
    'typedef struct a t; typedef union a t;',
    'typedef struct { int a; } t; typedef struct { double a; } t;',
    'enum a { A }; enum b { B }; typedef enum a t; typedef enum b t;',
    'struct a { int a; }; struct b { int a; }; typedef struct a t; typedef struct b t;',
  ],
  ...[
    'int f[2](void);',
    'typedef int f[2](void);',
    'struct s { int (f[2])(void); };',
    'typedef int g(int); g h[2];',
    'int f(int (a[])(int));',
  ],
  ...[
    'enum e { A = (int };',
    'enum e { A = (int) };',
    'enum e { A = (gone) 4 };',
    'enum e { A = (void) 4 };',
    'enum e { A = (struct gone) 4 };',
    'enum e { A = (int 4) };',
  ],
  ...['struct s { int a', 'struct s { int a }; ', 'struct s { int a, ; };'],
  ...[
    'struct s { int a; int a; };',
    'struct s { int a; } struct t;',
    'struct s { struct s a; };',
    'struct 4 { int a; };',
  ],
  ...['struct s { int a; }; struct s { int a; };', 'struct;', 'union { int'],
  ...[
    'struct s { void a; };',
    'struct s { int a(void); };',
    'struct s { struct gone a; };',
    'struct s { int a[]; int b; };',
  ],
  ...[
    'struct s { int a : ; };',
    'struct s { int a : 33; };',
    'struct s { double a : 3; };',
    'struct s { int : 0 };',
  ],
  ...[
    'struct s { int a[; };',
    'struct s { int a[N]; };',
    'struct s { int a[-1]; };',
    'struct s { int a[1.5]; };',
  ],
  ...[
    'enum e { A, B',
    'enum e { A = };',
    'enum e { A = B };',
    'enum e { A, A };',
    'enum e { 4 };',
    'enum e { A = 1 + };',
  ],
  ...[
    'enum e { A = (1 };',
    'enum e { A = 1 / 0 };',
    'enum e { A = 1 << 64 };',
    'enum e { A = sizeof };',
    'enum { , };',
  ],
  ...[
    'enum e { A = sizeof(gone) };',
    'enum e { A = 1 ? 2 };',
    'enum e { A } f(void)',
    'enum e { A B };',
    'enum;',
  ],
  ...[
    'int a[',
    'int a[4',
    'int a[4];;b',
    'int (*a(void);',
    'int (*a)(void',
    'int (a',
    'int a = 4;',
  ],
  ...[
    'extern',
    'extern extern',
    'static',
    'const;',
    'const const x;',
    'unsigned float f(void);',
    'long char f(void);',
  ],
  ...[
    'int f(int a, int a);',
    'int f(void, int a);',
    'int f(int a, void);',
    'int f(...);',
    'int f(int a, ..., int b);',
  ],
  ...[
    'int f(_Out_ int a);',
    'int f(_Out_ int *);',
    'int f(_Out_ const int *a);',
    'int f(_Inout_ void *a);',
    '_Out_ int f(void);',
  ],
  ...[
    '_Free_(f int *g(void);',
    '_Free_(free) int g(void);',
    '_Free_(free) int g;',
    'typedef _Free_(free) int *t;',
  ],
  ...['int f(struct gone a);', 'struct gone f(void);', 'int f(int a)(int b);', 'int f(void)[3];'],
  ...[
    'int f(long double a);',
    'long double f(void);',
    'int f(_Complex double a);',
    'int f(__int128 a);',
    'auto f(void);',
  ],
  ...[
    'int f(int a); // fine\n int g(itn b);',
    '/* open',
    'int f(void); /* open',
    'int f(void); # define',
    '@',
    'int f(void); "x"',
  ],
  ...[
    'int f(int (*cb)(int, );',
    'int f(int (*)(itn));',
    'int f(int cb(void)(void));',
    'int f(int (*cb)(int) ;',
    '}',
    ')',
    ']',
  ],
]

/** Texts as headers have them, with what random ones don't. */
const UNUSUAL = [
  'typedef struct a t; typedef struct a t; void f(t *x);',
  'typedef struct a *t; struct a { int b; }; typedef struct a *t; void f(t x);',
  'typedef struct { int a; } t; typedef t u; typedef t u; u f(void);',
  'enum a { A }; typedef enum a t; typedef enum a t; void f(void);',
  'struct s { char a[8 * (int) sizeof(short)]; int b : (unsigned char) 257 + 2; }; struct s f(void);',
  'enum { A = (unsigned) -1 >> 31, B = (int)(A), C = (const unsigned long long) sizeof(int *) }; int f(int a[A + B]);',
  'typedef int number; enum { A = -(number) +4 ? (struct s *) 0 == 0 : (_Bool) 7 }; int f(void);',
  'int (*f[2])(void); int (*(*g)[2])(int); int h(int (*a[])(int));',
]

describe('the compiler', () => {
  it('reads what is unusual as the parser does', { timeout: 60_000 }, () => {
    const found = compiled('ShownText', UNUSUAL)
    for (const [at, source] of UNUSUAL.entries()) {
      const expected = declared(source)
      expect(expected).not.toHaveProperty('message')
      expect({ source, is: shown(found[at]) }).toEqual({ source, is: expected })
    }
  })

  it('says of malformed texts what the parser says', { timeout: 120_000 }, () => {
    const found = compiled('ShownText', MALFORMED)
    for (const [at, source] of MALFORMED.entries()) {
      const expected = declared(source) as { message?: string }
      const is = shown(found[at]) as { beyond?: true; message?: string }
      if (expected.message !== undefined && ONLY_RUN_TIME.test(expected.message) && !is.message)
        continue
      if (!is.beyond) expect({ source, is }).toEqual({ source, is: expected })
    }
    const wrong = MALFORMED.filter((source) => 'message' in (declared(source) as object))
    expect(wrong).toEqual(MALFORMED)
  })

  it('reads texts as the parser does', { timeout: 120_000 }, () => {
    const texts = [...sample(text, 15), ...sample(spoiled, 75)]
    const found = compiled('ShownText', texts)
    let failed = 0
    for (const [at, source] of texts.entries()) {
      const expected = declared(source) as { message?: string }
      const is = shown(found[at]) as { beyond?: true; message?: string }
      if (is.beyond) continue
      if (expected.message !== undefined && ONLY_RUN_TIME.test(expected.message) && !is.message)
        continue
      if (expected.message !== undefined) failed++
      expect({ source, is }).toEqual({ source, is: expected })
    }
    expect(failed).toBeGreaterThan(20)
  })

  it('reads prototypes as the parser does', { timeout: 60_000 }, () => {
    const good = sample(declaration, 100).map(({ text }) => text)
    const texts = [...good, ...sample(fc.oneof(damaged, jumble), 300)]
    const types = compiled('ParsePrototype', texts)
    for (const [at, text] of texts.entries())
      expect({ text, is: types[at] }).toEqual({ text, is: parsed(parsePrototype, text) })
  })

  it('knows every ASCII character as the scanner does', { timeout: 60_000 }, () => {
    const texts = Array.from({ length: 128 }, (_, code) => {
      return `int f(int a${String.fromCharCode(code)}b)`
    })
    const types = compiled('ParsePrototype', texts)
    for (const [at, text] of texts.entries())
      expect({ text, is: types[at] }).toEqual({ text, is: parsed(parsePrototype, text) })
  })

  it('reads what is given back as the parser does', { timeout: 60_000 }, () => {
    const results = [
      'int',
      'void *',
      'char *',
      'struct s *',
      'const int **',
      'int (*',
      '',
      ') char *',
    ]
    const disposals = [
      '_Free_(f)',
      '_Free_',
      '_Free_()',
      '_Free_(f',
      '_Free_(4)',
      '_Free_(f,',
      '_Free_(int)',
    ]
    const texts = disposals.flatMap((disposal) => [
      ...results.map((result) => `${disposal} ${result} g(void)`),
      ...['int *a', 'char **a', 'void **a', 'char *a[2]', 'char **', 'int a'].flatMap(
        (parameter) => [
          `int g(_Out_ ${disposal} ${parameter}, int b)`,
          `int g(_Inout_ ${disposal} ${parameter})`,
          `int g(${disposal} ${parameter})`,
        ],
      ),
    ])
    const types = compiled('ParsePrototype', texts)
    for (const [at, text] of texts.entries())
      expect({ text, is: types[at] }).toEqual({ text, is: parsed(parsePrototype, text) })
  })

  it('reads variables as the parser does', { timeout: 60_000 }, () => {
    const random = sample(
      fc.oneof(
        declaration.map(({ text }) => text),
        damaged,
        jumble,
      ),
      200,
    ).map((text, index) => text.replace(/\(.*/s, index % 2 === 0 ? '' : '[4];'))
    const texts = [
      ...random,
      ...[
        'int a',
        'int a;',
        'extern const char *const a[];',
        'int (*a)(void)',
        'int (*a[3])(int b)',
      ],
      ...[
        'int (*)(void)',
        'int a(void)',
        'int a, b',
        'void a',
        'struct s a',
        'struct s *a',
        'int a[n]',
      ],
      ...[
        'int (*a',
        'int (*a)',
        'int a[2][2]',
        'int a[',
        '',
        'int',
        'int 4',
        'void *a[2]',
        'void a[2]',
      ],
    ]
    const types = compiled('ParseVariable', texts)
    for (const [at, text] of texts.entries())
      expect({ text, is: types[at] }).toEqual({ text, is: parsed(parseVariable, text) })
  })

  it('reads types as the parser does', { timeout: 60_000 }, () => {
    const texts = sample(fc.oneof(damaged, jumble), 200).map((text) => text.replace(/\w*\(.*/s, ''))
    const types = compiled('ParseType', texts)
    for (const [at, text] of texts.entries())
      expect({ text, is: types[at] }).toEqual({ text, is: parsed(parseType, text) })
  })
})
