/** The parser at compile time against the parser at run time, on texts that nobody chose. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { parsePrototype, parseType } from '../../src/declaration/parse.ts'
import { parseVariable } from '../../src/declaration/variable.ts'
import { DeclarationError } from '../../src/errors.ts'
import { damaged, declaration, jumble } from './arbitrary.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What the compiler makes of `alias<text>`, a text each. */
function compiled(
  alias: 'ParsePrototype' | 'ParseType' | 'ParseVariable',
  texts: readonly string[],
): unknown[] {
  const home = alias === 'ParseVariable' ? 'variable' : 'parse'
  const file = join(root, 'test/declaration/texts.ts')
  const source = [
    `import type { ${alias} } from '../../src/declaration/${home}.ts'`,
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

describe('the compiler', () => {
  it('reads prototypes as the parser does', { timeout: 60_000 }, () => {
    const good = fc.sample(declaration, 100).map(({ text }) => text)
    const texts = [...good, ...fc.sample(fc.oneof(damaged, jumble), 300)]
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
    const random = fc
      .sample(
        fc.oneof(
          declaration.map(({ text }) => text),
          damaged,
          jumble,
        ),
        200,
      )
      .map((text, index) => text.replace(/\(.*/s, index % 2 === 0 ? '' : '[4];'))
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
    const texts = fc
      .sample(fc.oneof(damaged, jumble), 200)
      .map((text) => text.replace(/\w*\(.*/s, ''))
    const types = compiled('ParseType', texts)
    for (const [at, text] of texts.entries())
      expect({ text, is: types[at] }).toEqual({ text, is: parsed(parseType, text) })
  })
})
