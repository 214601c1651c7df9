import { describe, expect, it } from 'vitest'
import { sizeOf } from '../../src/abi/layout.ts'
import { types } from '../../src/abi/names.ts'
import type { CType } from '../../src/abi/types.ts'
import { Declarations } from '../../src/declaration/declarations.ts'
import { maxParameters } from '../../src/declaration/parameters.ts'
import { maxLength, parsePrototype, parseType } from '../../src/declaration/parse.ts'
import { DeclarationError } from '../../src/errors.ts'
import { malformed } from '../fixtures/declarations/malformed.ts'
import { zlib } from '../fixtures/declarations/zlib.ts'

const pointer = (to: CType, isConst = false): CType => ({ kind: 'pointer', to, const: isConst })

/** The types of the parameters of `int f(…)`. */
const parameterTypes = (list: string): CType[] =>
  parsePrototype(`int f(${list})`).parameters.map(({ type }) => type)

function failure(run: () => unknown): DeclarationError {
  try {
    run()
  } catch (error) {
    if (error instanceof DeclarationError) return error
    throw error
  }
  throw new Error('it parses')
}

describe('parsePrototype', () => {
  it('reads name, result and parameters', () => {
    const text = 'unsigned long crc32(unsigned long crc, const uint8_t *buf, unsigned int len)'
    expect(parsePrototype(text)).toEqual({
      name: 'crc32',
      result: types['unsigned long'],
      parameters: [
        { name: 'crc', type: types['unsigned long'] },
        { name: 'buf', type: pointer(types.uint8_t, true) },
        { name: 'len', type: types['unsigned int'] },
      ],
    })
  })

  it.each(['int f(void)', 'int f()', 'int f( void )', 'int f(void);', '\tint\nf ( ) ;\r\n'])(
    'takes %j as a function without parameters',
    (text) => {
      expect(parsePrototype(text)).toEqual({ name: 'f', result: types.int, parameters: [] })
    },
  )

  it('knows void and pointers to it', () => {
    expect(parsePrototype('void f(void)').result).toEqual({ kind: 'void' })
    expect(parsePrototype('void *f(void)').result).toEqual(pointer({ kind: 'void' }))
    expect(parameterTypes('void *a, const void *')).toEqual([
      pointer({ kind: 'void' }),
      pointer({ kind: 'void' }, true),
    ])
  })

  it('leaves out the names that the prototype leaves out', () => {
    const { parameters } = parsePrototype('int f(int, int b, char *, const char *d)')
    expect(parameters.map(({ name }) => name)).toEqual([undefined, 'b', undefined, 'd'])
  })

  it.each([
    ['long unsigned', 'unsigned long'],
    ['int short unsigned', 'unsigned short'],
    ['long int long unsigned', 'unsigned long long'],
    ['long signed int', 'long'],
    ['int long signed long', 'long long'],
    ['char unsigned', 'unsigned char'],
    ['char signed', 'signed char'],
    ['int signed', 'int'],
    ['signed', 'int'],
    ['unsigned', 'unsigned int'],
    ['_Bool', 'bool'],
  ] as const)('reads %s as %s', (spelling, name) => {
    expect(parameterTypes(`${spelling} a, const ${spelling} *`)).toEqual([
      types[name],
      pointer(types[name], true),
    ])
  })

  it('ignores what says nothing about a call', () => {
    const text = 'extern inline static _Noreturn volatile int register f(register int volatile a)'
    expect(parsePrototype(text)).toEqual(parsePrototype('int f(int a)'))
    expect(
      parameterTypes('char *restrict a, int *__restrict volatile b, int *__restrict__'),
    ).toEqual(parameterTypes('char *a, int *b, int *'))
  })

  it('finds const wherever it stands', () => {
    const constant = pointer(types.char, true)
    expect(parameterTypes('const char *a, char const *b, char const *const c')).toEqual([
      constant,
      constant,
      constant,
    ])
    expect(parameterTypes('char *const a')).toEqual([pointer(types.char)])
    expect(parameterTypes('unsigned const char *a')).toEqual([
      pointer(types['unsigned char'], true),
    ])
    expect(parameterTypes('const int a')).toEqual([types.int])
    expect(parameterTypes('char *const *a, const char **b, const char *const *c')).toEqual([
      pointer(pointer(types.char), true),
      pointer(constant),
      pointer(constant, true),
    ])
  })

  it('knows structures, unions and enumerations by their tags', () => {
    expect(parameterTypes('const struct stat *a, union u *, enum color c, enum color *')).toEqual([
      pointer({ kind: 'opaque', keyword: 'struct', tag: 'stat' }, true),
      pointer({ kind: 'opaque', keyword: 'union', tag: 'u' }),
      { kind: 'enum', tag: 'color' },
      pointer({ kind: 'enum', tag: 'color' }),
    ])
    expect(parsePrototype('enum color f(void)').result).toEqual({ kind: 'enum', tag: 'color' })
    expect(parameterTypes('struct size_t const *a')).toEqual([
      pointer({ kind: 'opaque', keyword: 'struct', tag: 'size_t' }, true),
    ])
  })

  it('adjusts arrays to pointers', () => {
    expect(
      parameterTypes(
        'int a[4], const char b[], char *const c[], int d[static 4], int[const], int e[n]',
      ),
    ).toEqual([
      pointer(types.int),
      pointer(types.char, true),
      pointer(pointer(types.char), true),
      pointer(types.int),
      pointer(types.int),
      pointer(types.int),
    ])
    expect(parameterTypes('int *a[*], struct s *[2]')).toEqual([
      pointer(pointer(types.int)),
      pointer(pointer({ kind: 'opaque', keyword: 'struct', tag: 's' })),
    ])
  })

  it('reads declarators from the name outwards', () => {
    const toFunction = (result: CType, ...parameters: CType[]): CType =>
      pointer({
        kind: 'function',
        result,
        parameters: parameters.map((type) => ({ name: undefined, type })),
      })
    const array = (of: CType, length: number): CType => ({ kind: 'array', of, length })
    expect(parameterTypes('int (a), int (*b)[3], int c[2][3], int (*const *d)(char)')).toEqual([
      types.int,
      pointer(array(types.int, 3)),
      pointer(array(types.int, 3)),
      pointer(toFunction(types.int, types.char), true),
    ])
    expect(parameterTypes('int a(char), int (char), void (*(*b)(int))(char)')).toEqual([
      toFunction(types.int, types.char),
      toFunction(types.int, types.char),
      toFunction(toFunction(types.void, types.char), types.int),
    ])
    const handler = toFunction(types.void, types.int)
    const signal = parsePrototype('void (*signal(int number, void (*handler)(int)))(int)')
    expect(signal).toEqual({
      name: 'signal',
      result: handler,
      parameters: [
        { name: 'number', type: types.int },
        { name: 'handler', type: handler },
      ],
    })
    expect(parsePrototype('int (f)(void);')).toEqual(parsePrototype('int f(void)'))
  })

  it('takes the name of a type as a name behind another type', () => {
    const { parameters } = parsePrototype(
      'double clock_t(double time_t, unsigned size_t, bool int8)',
    )
    expect(parameters).toEqual([
      { name: 'time_t', type: types.double },
      { name: 'size_t', type: types['unsigned int'] },
      { name: 'int8', type: types.bool },
    ])
  })

  it('skips comments and white space', () => {
    const text = `
      // the area: int f(
      double /* not int */ area(double width,\t/* ) */
        double/**/height // the last one
      ) /***/ ;`
    expect(parsePrototype(text)).toEqual(parsePrototype('double area(double width, double height)'))
    expect(parsePrototype('int/* */f(int*a)').name).toBe('f')
  })

  it('takes letters of all scripts and names of objects', () => {
    expect(parsePrototype('int größe(int 長さ)').parameters[0]?.name).toBe('長さ')
    expect(parsePrototype('int constructor(int __proto__, int toString)').parameters).toEqual([
      { name: '__proto__', type: types.int },
      { name: 'toString', type: types.int },
    ])
  })

  it.each(Object.entries(zlib))('reads %s of zlib', (name, text) => {
    expect(parsePrototype(text).name).toBe(name)
  })

  it('takes as many parameters as a call may have, and no more', () => {
    const list = (count: number) =>
      Array.from({ length: count }, (_, at) => `long a${at}`).join(', ')
    expect(parsePrototype(`int f(${list(maxParameters)})`).parameters).toHaveLength(126)
    const error = failure(() => parsePrototype(`int f(\n${list(127)})`))
    expect(error.message).toMatch(/^a function may have up to 126 parameters\n {2}long a0,/)
    expect(error).toMatchObject({ line: 2, column: list(126).length + 3 })
  })

  it('takes texts up to a length', () => {
    const text = 'int f(void)'
    expect(parsePrototype(text.padEnd(maxLength)).name).toBe('f')
    const error = failure(() => parsePrototype(text.padEnd(maxLength + 1)))
    expect(error.message).toBe('the declaration is longer than 65536 characters')
    expect(error).toMatchObject({ line: 1, column: 1 })
  })

  it.each([undefined, null, 1, {}, ['int f(void)'], Object('int f(void)')])(
    'refuses %j',
    (text) => {
      const refused = () => parsePrototype(text as string)
      expect(refused).toThrow(TypeError)
      expect(refused).toThrow(/^a declaration is a string, not (undefined|null|number|object)$/)
    },
  )
})

it.each([
  ['8 * (int) sizeof(short)', 16],
  ['(unsigned char) 257 + 2', 3],
  ['(unsigned) -1 >> 28', 15],
  ['(char) 200 + 57', 1],
  ['(_Bool) 7', 1],
  ['(const long) -(int) -5', 5],
  ['sizeof(int) * (N)', 12],
  ['(N) + (short) (N)', 6],
  ['(enum size) 65536 * 0 + 2', 2],
])('a cast in a constant expression: %s', (expression, length) => {
  const declarations = new Declarations()
  declarations.add(`enum size { N = 3 }; struct s { char bytes[${expression}]; };`)
  expect(sizeOf(parseType('struct s', declarations).type)).toBe(length)
})

describe('a malformed prototype', () => {
  it.each(Object.entries(malformed))('%s', (_, { text, line, column, message }) => {
    const error = failure(() => parsePrototype(text))
    expect(error.message).toBe(message)
    expect(error).toMatchObject({ line, column, code: 'ERR_FAT_THREAD_DECLARATION' })
  })

  it('has its caret below the place', () => {
    for (const { text } of Object.values(malformed)) {
      const { message, line, column } = failure(() => parsePrototype(text))
      const [shown, caret] = message.split('\n').slice(-2)
      expect(shown?.slice(2)).toBe(text.split('\n')[line - 1]?.replace(/[\t\r]/g, ' '))
      expect(caret).toBe(`${' '.repeat(column + 1)}^`)
    }
  })
})

describe('parseType', () => {
  it.each([
    ['int', { type: types.int, array: false, length: undefined }],
    ['const char *', { type: pointer(types.char, true), array: false, length: undefined }],
    ['uint8_t[16]', { type: types.uint8_t, array: true, length: 16 }],
    ['char []', { type: types.char, array: true, length: undefined }],
    ['struct a *[2]', expect.objectContaining({ array: true, length: 2 })],
    ['long unsigned int', { type: types['unsigned long'], array: false, length: undefined }],
    ['enum color[0]', { type: { kind: 'enum', tag: 'color' }, array: true, length: 0 }],
    ['int[n]', { type: types.int, array: true, length: undefined }],
    ['int[2][3]', { type: { kind: 'array', of: types.int, length: 3 }, array: true, length: 2 }],
    [
      'int (*)(char)',
      {
        type: pointer({
          kind: 'function',
          result: types.int,
          parameters: [{ name: undefined, type: types.char }],
        }),
        array: false,
        length: undefined,
      },
    ],
  ])('reads %s', (text, expected) => {
    expect(parseType(text)).toEqual(expected)
  })

  it.each([
    ['', 'expected a type, found the end\n  \n  ^'],
    ['int x', "expected the end of the text, found 'x'\n  int x\n      ^"],
    ['int;', "expected the end of the text, found ';'\n  int;\n     ^"],
    [
      'void',
      "void is no value: write '(void)' for no parameters, 'void *' for a pointer\n  void\n  ^",
    ],
    [
      'struct a',
      "'struct a' by value is not supported: pass a pointer, 'struct a *'\n  struct a\n  ^",
    ],
    ['int[', "expected an array length or ']', found the end\n  int[\n      ^"],
    ['itn *', "unknown type 'itn' - did you mean 'int'?\n  itn *\n  ^"],
    ['in#t', "unexpected character '#'\n  in#t\n    ^"],
  ])('refuses %j', (text, message) => {
    expect(failure(() => parseType(text)).message).toBe(message)
  })

  it('refuses what is no string', () => {
    expect(() => parseType(4 as unknown as string)).toThrow(TypeError)
  })
})
