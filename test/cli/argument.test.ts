import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parseArgument, type Value } from '../../src/cli/argument.ts'
import { UsageError } from '../../src/cli/failure.ts'
import { parsePrototype } from '../../src/declaration/parse.ts'

const FILE = fileURLToPath(import.meta.url)

function parse(type: string, word: string): Value {
  const [parameter] = parsePrototype(`void f(${type} x)`).parameters
  if (parameter === undefined) throw new Error(`${type} is no parameter`)
  return parseArgument(word, parameter.type, 'f: x')
}

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values)

describe('is read as the type says:', () => {
  const rows: readonly (readonly [string, string, Value])[] = [
    ['int', '5', 5],
    ['int', '-5', -5],
    ['int', '+5', 5],
    ['int', '007', 7],
    ['unsigned', '0xFF', 255],
    ['int', '-0x10', -16],
    ['uint8_t', '0b101', 5],
    ['mode_t', '0o755', 493],
    ['enum color', '2', 2],
    ['long', '-9007199254740993', -9007199254740993n],
    ['uint64_t', '0xffffffffffffffff', 0xffffffffffffffffn],
    ['double', '1.5', 1.5],
    ['double', '-.5e1', -5],
    ['double', '3.', 3],
    ['float', '0x10', 16],
    ['double', 'NaN', Number.NaN],
    ['double', '-inf', Number.NEGATIVE_INFINITY],
    ['double', 'Infinity', Number.POSITIVE_INFINITY],
    ['bool', 'true', true],
    ['bool', 'false', false],
    ['const char *', 'hello', 'hello'],
    ['const char *', '', ''],
    ['const char *', '007', '007'],
    ['const char *', 'null', null],
    ['const char *', 'text:null', 'null'],
    ['const char *', 'text:text:', 'text:'],
    ['const char *', 'hex:6100', bytes(0x61, 0)],
    ['const wchar_t *', 'hé', 'hé'],
    ['char *', 'ab', bytes(0x61, 0x62, 0)],
    ['char *', 'zeros:3', bytes(0, 0, 0)],
    ['void *', 'null', null],
    ['void *', 'hex:', bytes()],
    ['const void *', 'hex:00fF', bytes(0, 255)],
    ['const uint8_t *', 'text:a\nb', bytes(0x61, 0x0a, 0x62, 0)],
    ['const uint8_t *', '1,2,255', [1, 2, 255]],
    ['int *', '-5', [-5]],
    ['unsigned long *', '64', [64n]],
    ['const double *', '1.5,-2', [1.5, -2]],
    ['bool *', 'true,false', [true, false]],
    ['const char **', 'null', null],
  ]
  for (const [type, word, value] of rows)
    test(`${type} ${JSON.stringify(word)}`, () => {
      const parsed = parse(type, word)
      expect(parsed instanceof Uint8Array ? Buffer.from(parsed) : parsed).toEqual(value)
    })

  test('a file', () => {
    expect(Buffer.from(parse('const void *', `@${FILE}`) as Uint8Array).toString()).toMatch(
      /^import/,
    )
  })
})

describe('is refused:', () => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['int', '', /takes a whole number.*not ""/],
    ['int', ' 5', /takes a whole number/],
    ['int', '1.5', /takes a whole number/],
    ['int', '0x', /takes a whole number/],
    ['int', '5n', /takes a whole number/],
    ['int', 'null', /takes a whole number/],
    ['double', '', /takes a number/],
    ['double', '.', /takes a number/],
    ['double', '1,5', /takes a number/],
    ['double', '0x1p3', /takes a number/],
    ['bool', '1', /takes true or false, not "1"/],
    ['void *', 'hello', /takes null, @FILE/],
    ['const char **', 'hello', /takes null, @FILE/],
    ['const struct stat *', '5', /takes null, @FILE/],
    ['void *', 'hex:616', /two hexadecimal digits/],
    ['void *', 'hex:6g', /two hexadecimal digits/],
    ['void *', 'zeros:', /a number of bytes/],
    ['void *', 'zeros:-1', /a number of bytes/],
    ['void *', 'zeros:9999999999', /a number of bytes/],
    ['const char *', '@/nonexistent', /can't read \/nonexistent.*text:@/],
    ['const char *', '@/', /can't read \//],
    ['int *', '1,two', /takes a whole number.*"two"/],
    ['int *', '1,', /takes a whole number.*""/],
  ]
  for (const [type, word, message] of rows)
    test(`${type} ${JSON.stringify(word)}`, () => {
      const refusal = (): unknown => parse(type, word)
      expect(refusal).toThrow(UsageError)
      expect(refusal).toThrow(message)
      expect(refusal).toThrow(/^f: x/)
    })
})
