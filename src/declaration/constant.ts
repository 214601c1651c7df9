/** Constant expressions: the values of enumerators, lengths of arrays, widths of bit-fields. */
import { sizeOf } from '../abi/layout.ts'
import { isTypeName, type TypeName } from '../abi/names.ts'
import type { CType } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import type { Pointers } from './declarator.ts'
import type { Complete } from './incomplete.ts'
import { isKeyword, type KeywordOf, keywords } from './keywords.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import type { AnyKnown, Scope } from './scope.ts'
import type { Parsed, Specifiers } from './specifiers.ts'

/** By how strongly they bind, weakest first; operators of a row go from left to right (C11, 6.5). */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
]

/** Nested parentheses and signs; deeper ones are nobody's. */
const MOST_DEPTH = 64
/** Shifts beyond it make numbers that no C type holds. */
const MOST_SHIFT = 63n

/** What the words do that a type may begin with. */
type TypeRole = 'type' | 'tag' | 'const' | 'ignored'

function startsType(word: string): boolean {
  if (!isKeyword(word)) return false
  const role = keywords[word]
  return role === 'type' || role === 'tag' || role === 'const' || role === 'ignored'
}

/** Reads the type in `sizeof (…)`. */
export type ReadType = (cursor: Cursor) => CType

/** Takes a constant expression; its value as C has it in 64 bits and more. */
export function constant(cursor: Cursor, scope: Scope, readType: ReadType): bigint {
  return new Expression(cursor, scope, readType).value()
}

class Expression {
  readonly #cursor: Cursor
  readonly #scope: Scope
  readonly #readType: ReadType
  #depth = 0

  constructor(cursor: Cursor, scope: Scope, readType: ReadType) {
    this.#cursor = cursor
    this.#scope = scope
    this.#readType = readType
  }

  value(): bigint {
    const condition = this.#binary(0)
    if (!this.#cursor.skip('?')) return condition
    const yes = this.#deeper(() => this.value())
    this.#expect(':')
    const no = this.#deeper(() => this.value())
    return condition === 0n ? no : yes
  }

  #binary(level: number): bigint {
    const operators = LEVELS[level]
    if (operators === undefined) return this.#unary()
    let left = this.#binary(level + 1)
    while (operators.includes(this.#cursor.next)) {
      const { place } = this.#cursor
      const operator = this.#cursor.take()
      left = this.#apply(operator, left, this.#binary(level + 1), place)
    }
    return left
  }

  #unary(): bigint {
    const cursor = this.#cursor
    if (cursor.skip('-')) return -this.#deeper(() => this.#unary())
    if (cursor.skip('+')) return this.#deeper(() => this.#unary())
    if (cursor.skip('~')) return ~this.#deeper(() => this.#unary())
    if (cursor.skip('!')) return this.#deeper(() => this.#unary()) === 0n ? 1n : 0n
    if (cursor.next === '(' && this.#beginsType(cursor.look(1))) return this.#cast()
    if (cursor.skip('(')) {
      const value = this.#deeper(() => this.value())
      this.#expect(')')
      return value
    }
    if (cursor.next === 'sizeof' && cursor.look(1) === '(') return this.#size()
    return this.#primary()
  }

  #beginsType(word: string): boolean {
    if (this.#scope.constants.has(word)) return false
    return startsType(word) || isTypeName(word) || this.#scope.typedefs.has(word)
  }

  #cast(): bigint {
    this.#cursor.take()
    const type = this.#readType(this.#cursor)
    this.#expect(')')
    return converted(
      this.#deeper(() => this.#unary()),
      type,
    )
  }

  #size(): bigint {
    const cursor = this.#cursor
    cursor.take()
    cursor.take()
    const type = this.#readType(cursor)
    this.#expect(')')
    return BigInt(sizeOf(type))
  }

  #primary(): bigint {
    const cursor = this.#cursor
    const word = cursor.next
    const named = this.#scope.constants.get(word)
    const value = named ?? numberOf(word)
    if (value === undefined) throw cursor.failure(format('missingNumber', found(word)))
    cursor.take()
    return value
  }

  #expect(token: string): void {
    if (!this.#cursor.skip(token))
      throw this.#cursor.failure(format('missingToken', token, found(this.#cursor.next)))
  }

  #deeper(work: () => bigint): bigint {
    if (++this.#depth > MOST_DEPTH) throw this.#cursor.failure(format('tooDeep'))
    const value = work()
    this.#depth--
    return value
  }

  #apply(operator: string, left: bigint, right: bigint, place: number): bigint {
    const truth = (value: boolean): bigint => (value ? 1n : 0n)
    const divisor = (): bigint => {
      if (right === 0n) throw this.#cursor.failure(format('divisionByZero'), place)
      return right
    }
    const shift = (): bigint => {
      if (right < 0n || right > MOST_SHIFT) throw this.#cursor.failure(format('badShift'), place)
      return right
    }
    switch (operator) {
      case '||':
        return truth(left !== 0n || right !== 0n)
      case '&&':
        return truth(left !== 0n && right !== 0n)
      case '|':
        return left | right
      case '^':
        return left ^ right
      case '&':
        return left & right
      case '==':
        return truth(left === right)
      case '!=':
        return truth(left !== right)
      case '<':
        return truth(left < right)
      case '>':
        return truth(left > right)
      case '<=':
        return truth(left <= right)
      case '>=':
        return truth(left >= right)
      case '<<':
        return BigInt.asIntN(128, left << shift())
      case '>>':
        return left >> shift()
      case '+':
        return left + right
      case '-':
        return left - right
      case '*':
        return BigInt.asIntN(128, left * right)
      case '/':
        return left / divisor()
      default:
        return left % divisor()
    }
  }
}

/** A number as a value of a type; what is no integer keeps it. */
function converted(value: bigint, type: CType): bigint {
  if (type.kind === 'bool') return value === 0n ? 0n : 1n
  if (type.kind !== 'integer' && type.kind !== 'enum') return value
  const signed = type.kind === 'integer' ? type.signed : type.sign === undefined
  const bits = sizeOf(type) * 8
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  0: '\0',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
}

/** The value of a number or a character, or `undefined` for another token. */
function numberOf(word: string): bigint | undefined {
  const [, escaped, character] = /^'(?:\\(.)|(.))'$/u.exec(word) ?? []
  const letter = escaped === undefined ? character : (escapes[escaped] ?? escaped)
  if (letter !== undefined) return BigInt(letter.codePointAt(0) ?? 0)
  const [, digits] = /^(0x[\da-f]+|0b[01]+|\d+)[ul]*$/i.exec(word) ?? []
  if (digits === undefined || digits.length > 40) return undefined
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`)
  return /^0\d/.test(digits) ? undefined : BigInt(digits)
}

/**
 * {@link constant} as a type: the tokens behind it, or a failure. Its value is computed at run time, where it says how
 * long an array is or which number an enumerator stands for; no type in JavaScript depends on it.
 */
export type ConstantAt<Tokens extends string, Scope extends AnyKnown> =
  OperandAt<Tokens, Scope> extends infer Rest
    ? Rest extends `${infer Word} ${infer Next}`
      ? Word extends Binary
        ? ConstantAt<Next, Scope>
        : Word extends '?'
          ? ChoiceAt<ConstantAt<Next, Scope>, Scope>
          : Rest
      : Rest
    : never

type Binary =
  | ('||' | '&&' | '|' | '^' | '&' | '==' | '!=' | '<' | '>' | '<=' | '>=' | '<<' | '>>')
  | ('+' | '-' | '*' | '/' | '%')

type ChoiceAt<Rest, Scope extends AnyKnown> = Rest extends string
  ? Rest extends `: ${infer Next}`
    ? ConstantAt<Next, Scope>
    : Failure<Format<'missingToken', ':', Found<Rest>>, Rest>
  : Rest

type OperandAt<
  Tokens extends string,
  Scope extends AnyKnown,
> = Tokens extends `${infer Word} ${infer Next}`
  ? Word extends Scope['constants']
    ? Next
    : Word extends '-' | '+' | '~' | '!'
      ? OperandAt<Next, Scope>
      : Word extends '('
        ? BeginsType<Next, Scope> extends true
          ? CastAt<SizeAt<Pointers<Specifiers<Next, Scope>>, Next>, Scope>
          : ClosedAt<ConstantAt<Next, Scope>>
        : Word extends 'sizeof'
          ? Next extends `( ${infer Type}`
            ? SizeAt<Pointers<Specifiers<Type, Scope>>, Type>
            : Failure<Format<'missingNumber', "'sizeof'">, Tokens>
          : IsNumber<Word> extends true
            ? Next
            : Failure<Format<'missingNumber', `'${Word}'`>, Tokens>
  : Failure<Format<'missingNumber', 'the end'>, ''>

/** Whether a parenthesis is around a type. */
type BeginsType<
  Tokens extends string,
  Scope extends AnyKnown,
> = Tokens extends `${infer Word} ${string}`
  ? Word extends Scope['constants']
    ? false
    : Word extends KeywordOf<TypeRole> | TypeName | Scope['typedefs']['name']
      ? true
      : false
  : false

type CastAt<Rest, Scope extends AnyKnown> = Rest extends string ? OperandAt<Rest, Scope> : Rest

type ClosedAt<Rest> = Rest extends string
  ? Rest extends `) ${infer Next}`
    ? Next
    : Failure<Format<'missingToken', ')', Found<Rest>>, Rest>
  : Rest

type SizeAt<Base, Start extends string> =
  Base extends Parsed<
    infer Type,
    unknown,
    infer Tokens extends string,
    infer Scope extends AnyKnown
  >
    ? Complete<Type, Scope, Start> extends infer Failed extends Failure<string, string>
      ? Failed
      : ClosedAt<Tokens>
    : Base

/** What {@link numberOf} takes. */
type IsNumber<Word extends string> = Word extends `'${string}'`
  ? true
  : Unsuffixed<Lowercase<Word>> extends infer Digits
    ? Digits extends `0${infer Octal}`
      ? Octal extends `x${string}` | `b${string}`
        ? Digits extends `${bigint}`
          ? true
          : false
        : IsOctal<Octal>
      : Digits extends `${bigint}`
        ? true
        : false
    : false

type Unsuffixed<Word extends string> = Word extends `${infer Digits}${'u' | 'l'}`
  ? Unsuffixed<Digits>
  : Word

type IsOctal<Word extends string> = Word extends `${infer Digit}${infer Rest}`
  ? Digit extends `${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`
    ? IsOctal<Rest>
    : false
  : true
