/** Macros that are constants: their values as C has them. */
import type { Node } from 'web-tree-sitter'
import { sizeOf } from '../../abi/layout.ts'
import type { CType } from '../../abi/types.ts'
import { parseC } from './grammar.ts'

/** A value of a constant: a 64-bit one beyond what a number holds is a bigint. */
export type Constant = number | bigint | string

/** What the names in an expression stand for. */
export interface Meanings {
  /** The value of an enumerator. */
  constant(name: string): bigint | undefined
  /** The type of a cast or of `sizeof`. */
  type(text: string): CType | undefined
}

/** A C value: an integer with its type, a floating-point number, or a text. */
type Value =
  | {
      readonly kind: 'integer'
      readonly value: bigint
      readonly bits: 32 | 64
      readonly signed: boolean
    }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }

type Integer = Extract<Value, { kind: 'integer' }>

/** The value of an expression; `undefined` for what is no constant. */
export async function constantOf(text: string, meanings: Meanings): Promise<Constant | undefined> {
  const root = await parseC(`int x = ${text};`)
  const value = root.firstNamedChild?.childForFieldName('declarator')?.childForFieldName('value')
  if (root.hasError || root.namedChildCount !== 1 || !value) return undefined
  const found = evaluate(value, meanings)
  if (found === undefined) return undefined
  if (found.kind !== 'integer') return found.value
  return Number.isSafeInteger(Number(found.value)) ? Number(found.value) : found.value
}

function evaluate(node: Node, meanings: Meanings): Value | undefined {
  const field = (name: string): Value | undefined => {
    const child = node.childForFieldName(name)
    return child === null ? undefined : evaluate(child, meanings)
  }
  switch (node.type) {
    case 'number_literal':
      return number(node.text)
    case 'char_literal':
      return character(node.text)
    case 'true':
    case 'false':
      return int(node.type === 'true')
    case 'string_literal':
      return text(node.text)
    case 'concatenated_string':
      return joined(node, meanings)
    case 'identifier': {
      const value = meanings.constant(node.text)
      return value === undefined ? undefined : integer(value, 32, value <= 0x7fff_ffffn)
    }
    case 'parenthesized_expression': {
      const inner = node.namedChildren.filter(({ type }) => type !== 'comment')
      return inner.length === 1 && inner[0] ? evaluate(inner[0], meanings) : undefined
    }
    case 'unary_expression':
      return unary(node.childForFieldName('operator')?.text ?? '', field('argument'))
    case 'binary_expression': {
      const operator = node.childForFieldName('operator')?.text ?? ''
      const type = castType(node.childForFieldName('left'), meanings)
      if (type !== undefined) return cast(unary(operator, field('right')), type)
      return binary(operator, field('left'), field('right'))
    }
    case 'call_expression': {
      const type = castType(node.childForFieldName('function'), meanings)
      const [value, ...more] = node.childForFieldName('arguments')?.namedChildren ?? []
      if (type === undefined || !value || more.length > 0) return undefined
      return cast(evaluate(value, meanings), type)
    }
    case 'conditional_expression': {
      const condition = field('condition')
      if (condition === undefined || condition.kind === 'text') return undefined
      return Number(condition.value) === 0 ? field('alternative') : field('consequence')
    }
    case 'cast_expression': {
      const type = meanings.type(node.childForFieldName('type')?.text ?? '')
      return type === undefined ? undefined : cast(field('value'), type)
    }
    case 'sizeof_expression': {
      const name = node.childForFieldName('type')?.text
      const type =
        name === undefined
          ? castType(node.childForFieldName('value'), meanings)
          : meanings.type(name)
      const size = type === undefined ? 0 : sizeOf(type)
      return size === 0 ? undefined : integer(BigInt(size), 64, false)
    }
    default:
      return undefined
  }
}

/** A name in parentheses is a cast where it is a type's: the grammar can't know. */
function castType(node: Node | null, meanings: Meanings): CType | undefined {
  const name = node?.type === 'parenthesized_expression' ? node.namedChild(0) : null
  if (name?.type !== 'identifier' || meanings.constant(name.text) !== undefined) return undefined
  return meanings.type(name.text)
}

/** An integer as its type wraps it around. */
function integer(value: bigint, bits: 32 | 64, signed: boolean): Integer {
  const wrapped = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
  return { kind: 'integer', value: wrapped, bits, signed }
}

function int(truth: boolean): Integer {
  return integer(truth ? 1n : 0n, 32, true)
}

/** The first of C's types that holds the number (C11, 6.4.4.1). */
function number(literal: string): Value | undefined {
  // The grammar takes a sign for a part of the number.
  if (/^[+-]/.test(literal)) return unary(literal.charAt(0), number(literal.slice(1)))
  const [, digits, suffix] = /^(0x[\da-f]+|0b[01]+|\d+)([ul]*)$/i.exec(literal) ?? []
  if (digits === undefined || suffix === undefined) return float(literal)
  const isOctal = /^0[0-7]+$/.test(digits)
  if (/^0\d/.test(digits) && !isOctal) return undefined
  const value = BigInt(isOctal ? `0o${digits.slice(1)}` : digits)
  const unsigned = /u/i.test(suffix)
  const isDecimal = /^[1-9]/.test(digits)
  const long = /l/i.test(suffix)
  if (!long && !unsigned && value < 2n ** 31n) return integer(value, 32, true)
  if (!long && (unsigned || !isDecimal) && value < 2n ** 32n) return integer(value, 32, false)
  if (!unsigned && value < 2n ** 63n) return integer(value, 64, true)
  return value < 2n ** 64n ? integer(value, 64, false) : undefined
}

function float(literal: string): Value | undefined {
  const [, digits, suffix] = /^((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([fl]?)$/i.exec(literal) ?? []
  if (digits === undefined) return undefined
  const value = Number(digits)
  return { kind: 'float', value: suffix?.toLowerCase() === 'f' ? Math.fround(value) : value }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  e: '\x1b',
}

/** What is between quotes; `undefined` where bytes are no text. */
function unescaped(quoted: string): string | undefined {
  let isText = true
  const text = quoted.replace(
    /\\(?:x([\da-f]+)|([0-7]{1,3})|u([\da-f]{4})|([\s\S]))/gi,
    (_, hex, octal, code, other) => {
      if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16))
      if (other !== undefined) return ESCAPES[other] ?? other
      const byte = hex === undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex, 16)
      if (byte > 127) isText = false
      return String.fromCharCode(byte & 0xff)
    },
  )
  return isText ? text : undefined
}

function character(literal: string): Value | undefined {
  const inner = unescaped(literal.slice(1, -1))
  return literal.startsWith("'") && inner?.length === 1
    ? integer(BigInt(inner.charCodeAt(0)), 32, true)
    : undefined
}

function text(literal: string): Value | undefined {
  const value = literal.startsWith('"') ? unescaped(literal.slice(1, -1)) : undefined
  return value === undefined ? undefined : { kind: 'text', value }
}

function joined(node: Node, meanings: Meanings): Value | undefined {
  const parts = node.namedChildren.map((each) => evaluate(each, meanings))
  if (!parts.every((part) => part?.kind === 'text')) return undefined
  return { kind: 'text', value: parts.map((part) => part?.value).join('') }
}

function unary(operator: string, value: Value | undefined): Value | undefined {
  if (value === undefined || value.kind === 'text') return undefined
  if (operator === '!') return int(Number(value.value) === 0)
  if (operator === '+') return value
  if (value.kind === 'float')
    return operator === '-' ? { ...value, value: -value.value } : undefined
  if (operator === '-') return integer(-value.value, value.bits, value.signed)
  return operator === '~' ? integer(~value.value, value.bits, value.signed) : undefined
}

function binary(
  operator: string,
  left: Value | undefined,
  right: Value | undefined,
): Value | undefined {
  if (left === undefined || right === undefined || left.kind === 'text' || right.kind === 'text')
    return undefined
  if (left.kind === 'float' || right.kind === 'float')
    return floating(operator, Number(left.value), Number(right.value))
  if (operator === '<<' || operator === '>>') {
    if (right.value < 0n || right.value >= BigInt(left.bits)) return undefined
    const shifted = operator === '<<' ? left.value << right.value : left.value >> right.value
    return integer(shifted, left.bits, left.signed)
  }
  // The usual arithmetic conversions (C11, 6.3.1.8).
  const bits = left.bits === 64 || right.bits === 64 ? 64 : 32
  const signed = [left, right].every((each) => each.bits < bits || each.signed)
  const one = integer(left.value, bits, signed).value
  const other = integer(right.value, bits, signed).value
  const result = whole(operator, one, other)
  return typeof result === 'boolean'
    ? int(result)
    : result === undefined
      ? undefined
      : integer(result, bits, signed)
}

function whole(operator: string, one: bigint, other: bigint): bigint | boolean | undefined {
  switch (operator) {
    case '+':
      return one + other
    case '-':
      return one - other
    case '*':
      return one * other
    case '/':
      return other === 0n ? undefined : one / other
    case '%':
      return other === 0n ? undefined : one % other
    case '&':
      return one & other
    case '|':
      return one | other
    case '^':
      return one ^ other
    case '&&':
      return one !== 0n && other !== 0n
    case '||':
      return one !== 0n || other !== 0n
    default:
      return compared(operator, one, other)
  }
}

function compared<T extends number | bigint>(operator: string, one: T, other: T) {
  switch (operator) {
    case '==':
      return one === other
    case '!=':
      return one !== other
    case '<':
      return one < other
    case '>':
      return one > other
    case '<=':
      return one <= other
    case '>=':
      return one >= other
    default:
      return undefined
  }
}

function floating(operator: string, one: number, other: number): Value | undefined {
  const results: Readonly<Record<string, number>> = {
    '+': one + other,
    '-': one - other,
    '*': one * other,
    '/': one / other,
  }
  const value = results[operator]
  if (value !== undefined) return { kind: 'float', value }
  const truth = compared(operator, one, other)
  return truth === undefined ? undefined : int(truth)
}

function cast(value: Value | undefined, type: CType): Value | undefined {
  if (value === undefined || value.kind === 'text') return undefined
  if (type.kind === 'float') {
    const number = Number(value.value)
    return { kind: 'float', value: type.size === 4 ? Math.fround(number) : number }
  }
  if (type.kind === 'bool') return int(Number(value.value) !== 0)
  if (type.kind !== 'integer' && type.kind !== 'enum') return undefined
  const size = sizeOf(type)
  const signed = type.kind === 'enum' || type.signed
  const from = value.kind === 'float' ? BigInt(Math.trunc(value.value)) : value.value
  const narrow = signed ? BigInt.asIntN(size * 8, from) : BigInt.asUintN(size * 8, from)
  // What is narrower than int is an int where it is used.
  return integer(narrow, size === 8 ? 64 : 32, size < 4 || signed)
}
