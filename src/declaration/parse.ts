/**
 * C declarations -> signatures, at run time and at compile time: each rule is a function and,
 * below it, the same rule as a type over the tokens that remain.
 *
 *     prototype  = specifiers pointers name "(" parameters ")" [";"]
 *     parameters = [ "void" | parameter { "," parameter } ]
 *     parameter  = specifiers pointers [name] brackets
 *     type       = specifiers pointers brackets
 */
import type { CType, OpaqueType, Parameter, Signature } from '../abi/types.ts'
import { DeclarationError } from '../errors.ts'
import { Cursor } from './cursor.ts'
import {
  type Bracketed,
  type BracketsAt,
  brackets,
  type Pointers,
  type PointerTo,
  pointers,
} from './declarator.ts'
import type { FailureAt } from './excerpt.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import type { After, Gapless, Scan, Unscanned } from './scanner.ts'
import {
  isName,
  type NoName,
  type Opaque,
  type Parsed,
  type Specifiers,
  specifiers,
} from './specifiers.ts'

/** The longest declaration, in UTF-16 code units. */
export const maxLength = 65_536

/** The most parameters of a function, one below what C promises to support. */
export const maxParameters = 126
type MaxParameters = typeof maxParameters

/**
 * The signature that a C prototype declares, such as `int puts(const char *s)`.
 *
 * @throws {DeclarationError} if the text is no prototype; the message ends in the line and a caret
 * @throws {TypeError} if `text` is no string
 */
export function parsePrototype(text: string): Signature {
  const cursor = begin(text)
  const { type: result } = pointers(cursor, specifiers(cursor))
  if (result.kind === 'opaque') throw cursor.failure(byValue(result), 0)
  const name = functionName(cursor)
  if (!cursor.skip('(')) throw cursor.failure(format('missingOpen', found(cursor.next)))
  const list = parameters(cursor)
  cursor.skip(';')
  end(cursor)
  return { name, result, parameters: list }
}

/** {@link parsePrototype} as a type: a signature, or {@link Malformed}. */
export type ParsePrototype<Text extends string> = Text extends unknown
  ? {} extends Record<Text, 1>
    ? Signature
    : PrototypeIn<Text, Scan<Text>>
  : never

/** A declaration that doesn't parse; the message is the one at run time. */
export interface Malformed<Message extends string> {
  readonly message: Message
}

/** A type alone, or an array of it. */
export interface TypeExpression {
  /** Of an array, the type of its elements. */
  readonly type: CType
  readonly array: boolean
  /** Elements of the array, where that is a number in the text. */
  readonly length: number | undefined
}

/**
 * A type alone, such as `const char *`, `uint8_t[16]` or `char[]`.
 *
 * @throws {DeclarationError} if the text is no type that a value may have
 * @throws {TypeError} if `text` is no string
 */
export function parseType(text: string): TypeExpression {
  const cursor = begin(text)
  const { type } = pointers(cursor, specifiers(cursor))
  const { array, length } = brackets(cursor)
  requireValue(type, cursor, 0)
  end(cursor)
  return { type, array, length }
}

/** {@link parseType} as a type: the expression, or {@link Malformed}. */
export type ParseType<Text extends string> = Text extends unknown
  ? {} extends Record<Text, 1>
    ? TypeExpression
    : TypeIn<Text, Scan<Text>>
  : never

function begin(text: string): Cursor {
  if (typeof text !== 'string')
    throw new TypeError(
      `a declaration must be a string, not ${text === null ? 'null' : typeof text}`,
    )
  if (text.length > maxLength)
    throw new DeclarationError(format('tooLong', String(maxLength)), 1, 1)
  return new Cursor(text)
}

type PrototypeIn<Text extends string, Tokens> = Tokens extends string
  ? Reported<Text, Tokens, PrototypeAt<Tokens>>
  : Unreadable<Text, Tokens>

type TypeIn<Text extends string, Tokens> = Tokens extends string
  ? Reported<Text, Tokens, TypeAt<Tokens>>
  : Unreadable<Text, Tokens>

type Unreadable<Text extends string, Scanned> =
  Scanned extends Unscanned<infer Message, infer Rest>
    ? Malformed<FailureAt<Text, Rest, Message>>
    : never

/** A rule's result, with the place of a failure in `Text` instead of among `Tokens`. */
type Reported<Text extends string, Tokens extends string, Result> =
  Result extends Failure<infer Message, infer Rest>
    ? Tokens extends `${infer Consumed}${Rest}`
      ? Malformed<
          FailureAt<
            Text,
            Rest extends '' ? After<Text, Consumed> : Gapless<After<Text, Consumed>>,
            Message
          >
        >
      : never
    : Result

type PrototypeAt<Tokens extends string> = NamedAt<Pointers<Specifiers<Tokens>>, Tokens>

function functionName(cursor: Cursor): string {
  if (!isName(cursor.next)) throw cursor.failure(format('missingName', found(cursor.next)))
  return cursor.take()
}

type NamedAt<Result, Start extends string> =
  Result extends Parsed<infer Type, unknown, infer Tokens extends string>
    ? Type extends Opaque<infer Keyword extends string, infer Tag extends string>
      ? Failure<Format<'byValue', `${Keyword} ${Tag}`>, Start>
      : Tokens extends `${infer Name} ${infer Next}`
        ? Name extends NoName
          ? Failure<Format<'missingName', Found<Tokens>>, Tokens>
          : Next extends `( ${infer List}`
            ? EndOf<Name, Type, ParametersAt<List>>
            : Failure<Format<'missingOpen', Found<Next>>, Next>
        : Failure<Format<'missingName', Found<''>>, ''>
    : Result

/** Nothing may follow. */
function end(cursor: Cursor): void {
  if (cursor.next !== '') throw cursor.failure(format('trailing', found(cursor.next)))
}

type EndOf<Name, Result, List> =
  List extends Listed<infer Parameters, infer Tokens extends string>
    ? Tokens extends '' | '; '
      ? { readonly name: Name; readonly result: Result; readonly parameters: Parameters }
      : Tokens extends `; ${infer Rest}`
        ? Failure<Format<'trailing', Found<Rest>>, Rest>
        : Failure<Format<'trailing', Found<Tokens>>, Tokens>
    : List

/** Takes everything up to the closing parenthesis. */
function parameters(cursor: Cursor): Parameter[] {
  if (cursor.next === 'void' && cursor.look(1) === ')') cursor.take()
  if (cursor.skip(')')) return []
  const list: Parameter[] = []
  const names = new Set<string>()
  do {
    if (list.length === maxParameters)
      throw cursor.failure(format('tooManyParameters', String(maxParameters)))
    list.push(parameter(cursor, names))
  } while (cursor.skip(','))
  if (!cursor.skip(')')) throw cursor.failure(format('missingComma', found(cursor.next)))
  return list
}

interface Listed<Parameters, Tokens> {
  readonly parameters: Parameters
  readonly tokens: Tokens
}

type ParametersAt<Tokens extends string> = Tokens extends `) ${infer Rest}`
  ? Listed<readonly [], Rest>
  : Tokens extends `void ) ${infer Rest}`
    ? Listed<readonly [], Rest>
    : ListAt<Tokens>

type ListAt<
  Tokens extends string,
  Done extends readonly unknown[] = readonly [],
  Names = never,
> = Done['length'] extends MaxParameters
  ? Failure<Format<'tooManyParameters', `${MaxParameters}`>, Tokens>
  : ParameterAt<Tokens, Names> extends infer Result
    ? Result extends Declared<infer Name, infer Type, infer Rest extends string>
      ? Rest extends `, ${infer Next}`
        ? ListAt<Next, readonly [...Done, NamedType<Name, Type>], Names | Name>
        : Rest extends `) ${infer Next}`
          ? Listed<readonly [...Done, NamedType<Name, Type>], Next>
          : Failure<Format<'missingComma', Found<Rest>>, Rest>
      : Result
    : never

interface NamedType<Name, Type> {
  readonly name: Name
  readonly type: Type
}

/** An array is adjusted to a pointer to its first element, as in C. */
function parameter(cursor: Cursor, names: Set<string>): Parameter {
  const { place } = cursor
  if (cursor.next === '.' && cursor.look(1) === '.' && cursor.look(2) === '.')
    throw cursor.failure(format('variadic'))
  const { type, const: isConst } = pointers(cursor, specifiers(cursor))
  const name = isName(cursor.next) ? parameterName(cursor, names) : undefined
  const { array } = brackets(cursor)
  if (cursor.next === '(') throw cursor.failure(format('functionPointer'))
  requireValue(type, cursor, place)
  return { name, type: array ? { kind: 'pointer', to: type, const: isConst } : type }
}

interface Declared<Name, Type, Tokens> extends NamedType<Name, Type> {
  readonly tokens: Tokens
}

type ParameterAt<Tokens extends string, Names> = Tokens extends `. . . ${string}`
  ? Failure<Format<'variadic'>, Tokens>
  : ParameterNameAt<Pointers<Specifiers<Tokens>>, Tokens, Names>

function parameterName(cursor: Cursor, names: Set<string>): string {
  if (names.has(cursor.next)) throw cursor.failure(format('duplicateName', cursor.next))
  names.add(cursor.next)
  return cursor.take()
}

type ParameterNameAt<Base, Start extends string, Names> =
  Base extends Parsed<infer Type, infer Const, infer Tokens extends string>
    ? Tokens extends `${infer Name} ${infer Next}`
      ? Name extends NoName
        ? Adjusted<undefined, Type, Const, BracketsAt<Tokens>, Start>
        : Name extends Names
          ? Failure<Format<'duplicateName', Name>, Tokens>
          : Adjusted<Name, Type, Const, BracketsAt<Next>, Start>
      : Adjusted<undefined, Type, Const, BracketsAt<Tokens>, Start>
    : Base

type Adjusted<Name, Type, Const, Brackets, Start extends string> =
  Brackets extends Bracketed<infer Array, unknown, infer Tokens extends string>
    ? Tokens extends `( ${string}`
      ? Failure<Format<'functionPointer'>, Tokens>
      : Type extends NoValue
        ? Failure<NoValueMessage<Type>, Start>
        : Declared<Name, Array extends true ? PointerTo<Type, Const> : Type, Tokens>
    : Brackets

type TypeAt<Tokens extends string> = BracketsOf<Pointers<Specifiers<Tokens>>, Tokens>

type BracketsOf<Base, Start extends string> =
  Base extends Parsed<infer Type, unknown, infer Tokens extends string>
    ? BracketsAt<Tokens> extends infer Result
      ? Result extends Bracketed<infer Array, infer Length, infer Rest extends string>
        ? Type extends NoValue
          ? Failure<NoValueMessage<Type>, Start>
          : Rest extends ''
            ? { readonly type: Type; readonly array: Array; readonly length: Length }
            : Failure<Format<'trailing', Found<Rest>>, Rest>
        : Result
      : never
    : Base

/** A value needs a size. */
function requireValue(type: CType, cursor: Cursor, place: number): void {
  if (type.kind === 'void') throw cursor.failure(format('noValue'), place)
  if (type.kind === 'opaque') throw cursor.failure(byValue(type), place)
}

type NoValue = { readonly kind: 'void' | 'opaque' }

type NoValueMessage<Type> =
  Type extends Opaque<infer Keyword extends string, infer Tag extends string>
    ? Format<'byValue', `${Keyword} ${Tag}`>
    : Format<'noValue'>

function byValue({ keyword, tag }: OpaqueType): string {
  return format('byValue', `${keyword} ${tag}`)
}
