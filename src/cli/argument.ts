import { readFileSync } from 'node:fs'
import type { CType, PointerType } from '../abi/types.ts'
import { UsageError } from './failure.ts'

const INTEGER = /^[+-]?(\d+|0x[\da-f]+|0b[01]+|0o[0-7]+)$/i
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const INFINITY = /^([+-]?)inf(inity)?$/i
const HEX = /^([\da-f]{2})*$/i
const CHARACTERS = new Set(['char', 'char16_t', 'char32_t', 'wchar_t'])

type Scalar = number | bigint | boolean

/** What a word of the command line may stand for. */
export type Value = Scalar | string | Uint8Array | Scalar[] | null

/**
 * A word of the command line as the value for a parameter. Whether a number is in range is for the
 * call to say. `where` begins the message of a UsageError.
 */
export function parseArgument(word: string, type: CType, where: string): Value {
  return type.kind === 'pointer' ? parsePointer(word, type, where) : parseScalar(word, type, where)
}

function parseScalar(word: string, type: CType, where: string): Scalar {
  switch (type.kind) {
    case 'bool':
      return parseBool(word, where)
    case 'float':
      return parseFloating(word, where)
    case 'enum':
      return Number(parseInteger(word, where))
    case 'integer':
      return type.size === 8 ? parseInteger(word, where) : Number(parseInteger(word, where))
    default:
      throw wrong(where, 'null, @FILE, hex:…, zeros:… or text:…', word)
  }
}

function parseBool(word: string, where: string): boolean {
  if (word === 'true' || word === 'false') return word === 'true'
  throw wrong(where, 'true or false', word)
}

function parseInteger(word: string, where: string): bigint {
  if (!INTEGER.test(word)) throw wrong(where, 'a whole number, such as 5, -5 or 0xff', word)
  // BigInt knows no sign before 0x.
  const size = BigInt(word.replace(/^[+-]/, ''))
  return word.startsWith('-') ? -size : size
}

function parseFloating(word: string, where: string): number {
  if (FLOAT.test(word)) return Number(word)
  if (INTEGER.test(word)) return Number(parseInteger(word, where))
  if (word.toLowerCase() === 'nan') return Number.NaN
  const [infinity, sign] = INFINITY.exec(word) ?? []
  if (infinity === undefined) throw wrong(where, 'a number, such as 1.5, -1e9 or Infinity', word)
  return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

function parsePointer(word: string, type: PointerType, where: string): Value {
  const { to } = type
  if (word === 'null') return null
  if (word.startsWith('@')) return readBytes(word.slice(1), where)
  const [, prefix, rest = ''] = /^(hex|zeros|text):(.*)$/s.exec(word) ?? []
  if (prefix === 'hex') return parseHex(rest, where)
  if (prefix === 'zeros') return zeros(rest, where)
  if (isText(to) && type.const) return prefix === 'text' ? rest : word
  if (prefix === 'text') return Buffer.from(`${rest}\0`)
  if (isText(to) && to.size === 1) return Buffer.from(`${word}\0`)
  return word.split(',').map((each) => parseScalar(each, to, where))
}

function isText(type: CType): type is Extract<CType, { readonly kind: 'integer' }> {
  return type.kind === 'integer' && CHARACTERS.has(type.name)
}

function zeros(count: string, where: string): Uint8Array {
  if (/^\d{1,9}$/.test(count)) return new Uint8Array(Number(count))
  throw wrong(where, 'a number of bytes below 1,000,000,000', `zeros:${count}`)
}

function parseHex(digits: string, where: string): Uint8Array {
  if (!HEX.test(digits)) throw wrong(where, 'two hexadecimal digits for each byte', `hex:${digits}`)
  return Buffer.from(digits, 'hex')
}

function readBytes(path: string, where: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : error
    const advice = 'text:@… is text that begins with @'
    throw new UsageError(`${where}: can't read ${path}: ${reason}; ${advice}`, { cause: error })
  }
}

function wrong(where: string, takes: string, word: string): UsageError {
  return new UsageError(`${where} takes ${takes}, not ${JSON.stringify(word)}`)
}
