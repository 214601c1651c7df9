/**
 * C declarations -> signatures, at run time and at compile time: each rule is a function and,
 * below it, the same rule as a type over the tokens that remain.
 *
 *     prototype  = [ "_Free_" "(" name ")" ] specifiers pointers name "(" parameters ")" [";"]
 *     parameters = [ "void" | parameter { "," parameter } [ "," "..." ] ]
 *     parameter  = [ "_Out_" [ "_Free_" "(" name ")" ] | "_Inout_" ] specifiers pointers declarator
 *     declarator = [name] brackets | "(" "*" [name] brackets ")" "(" parameters ")"
 *     type       = specifiers pointers brackets
 *
 * What C has beyond that is refused where it would begin: `(*name)(…)` as a result, further brackets, structures by value in `requireComplete`.
 */
import type { CType, Signature } from '../abi/types.ts'
import { DeclarationError } from '../errors.ts'
import { Cursor } from './cursor.ts'
import {
  type Bracketed,
  type BracketsAt,
  brackets,
  type Pointers,
  pointers,
  requireFlat,
} from './declarator.ts'
import {
  type Disposal,
  type DisposalAt,
  disposal,
  type Freed,
  type IsDisposable,
  requireDisposable,
} from './disposal.ts'
import { byValue, type Incomplete, type IncompleteMessage, requireComplete } from './incomplete.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import { type Names, noNames } from './names.ts'
import { type Listed, type ParametersAt, parameters } from './parameters.ts'
import type { Reported, Unreadable } from './report.ts'
import type { Scan } from './scanner.ts'
import { type Opaque, type Parsed, type Specifiers, specifiers } from './specifiers.ts'
import { isName, type NoName } from './words.ts'

/** The longest declaration, in UTF-16 code units. */
export const maxLength = 65_536

/**
 * The signature that a C prototype declares, such as `int puts(const char *s)`.
 *
 * @throws {DeclarationError} if the text is no prototype; the message ends in the line and a caret
 * @throws {TypeError} if `text` is no string
 */
export function parsePrototype(text: string, names: Names = noNames): Signature {
  const cursor = begin(text, names)
  const free = disposal(cursor)
  const { type: result } = pointers(cursor, specifiers(cursor, names))
  requireNoFunctionPointer(cursor)
  if (free !== undefined) requireDisposable(result, cursor, 0)
  if (result.kind === 'opaque') throw cursor.failure(byValue(result), 0)
  const name = functionName(cursor)
  if (!cursor.skip('(')) throw cursor.failure(format('missingOpen', found(cursor.next)))
  const list = parameters(cursor, names)
  cursor.skip(';')
  end(cursor)
  return { name, result, ...list, ...(free === undefined ? {} : { free }) }
}

/**
 * {@link parsePrototype} as a type: a signature, or {@link Malformed}; a mere {@link Signature}
 * where the text is no literal.
 *
 * The compiler follows a recursion 1,000 times. Each of these takes one: a parameter, a `*`, a
 * comment, a blank beyond the first of a run. So all functions that run time takes fit, with a
 * comment and a line for each of their parameters, unless they have 1,000 comments or `*`.
 * A prototype costs the compiler some 800 instantiations, a few milliseconds.
 */
export type ParsePrototype<Text extends string> = Text extends unknown
  ? NoLiteral extends Record<Text, 1>
    ? Signature
    : PrototypeIn<Text, Scan<Text>>
  : never

/** Has the properties of a `Record` only if its keys are no literals but `string` or a pattern. */
export type NoLiteral = Record<never, 1>

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
export function parseType(text: string, names: Names = noNames): TypeExpression {
  const cursor = begin(text, names)
  const { type } = pointers(cursor, specifiers(cursor, names))
  requireNoFunctionPointer(cursor)
  const { array, length } = brackets(cursor, names)
  requireFlat(cursor)
  requireComplete(type, cursor, 0)
  end(cursor)
  return { type, array, length: typeof length === 'number' ? length : undefined }
}

/** {@link parseType} as a type: the expression, or {@link Malformed}. */
export type ParseType<Text extends string> = Text extends unknown
  ? NoLiteral extends Record<Text, 1>
    ? TypeExpression
    : TypeIn<Text, Scan<Text>>
  : never

/** Begins to read a declaration. */
export function begin(text: string, names: Names): Cursor {
  if (typeof text !== 'string')
    throw new TypeError(`a declaration is a string, not ${text === null ? 'null' : typeof text}`)
  if (text.length > maxLength)
    throw new DeclarationError(format('tooLong', String(maxLength)), 1, 1)
  return new Cursor(text, names === noNames ? 'one' : 'whole')
}

type PrototypeIn<Text extends string, Tokens> = Tokens extends string
  ? Reported<Text, Tokens, PrototypeAt<Tokens>>
  : Unreadable<Text, Tokens>

type TypeIn<Text extends string, Tokens> = Tokens extends string
  ? Reported<Text, Tokens, TypeAt<Tokens>>
  : Unreadable<Text, Tokens>

type PrototypeAt<Tokens extends string> = Tokens extends `_Free_ ${infer Next}`
  ? DisposalAt<Next> extends infer Found
    ? Found extends Disposal<infer Free, infer Rest extends string>
      ? FreedAt<Free, Pointers<Specifiers<Rest>>, Rest, Tokens>
      : Found
    : never
  : NamedAt<Pointers<Specifiers<Tokens>>, Tokens>

type FreedAt<Free, Result, Start extends string, Whole extends string> =
  Result extends Parsed<infer Type, unknown, infer Tokens extends string>
    ? Tokens extends `( * ${string}`
      ? Failure<Format<'functionPointer'>, Tokens>
      : IsDisposable<Type> extends true
        ? WithFree<NamedAt<Result, Start>, Free>
        : Failure<Format<'disposal'>, Whole>
    : Result

type WithFree<Signature, Free> = Signature extends { readonly parameters: unknown }
  ? Freed<Signature, Free>
  : Signature

/** A function that returns a pointer to a function needs a typedef. */
function requireNoFunctionPointer(cursor: Cursor): void {
  if (cursor.next === '(' && cursor.look(1) === '*') throw cursor.failure(format('functionPointer'))
}

function functionName(cursor: Cursor): string {
  if (!isName(cursor.next)) throw cursor.failure(format('missingName', found(cursor.next)))
  return cursor.take()
}

type NamedAt<Result, Start extends string> =
  Result extends Parsed<infer Type, unknown, infer Tokens extends string>
    ? Tokens extends `( * ${string}`
      ? Failure<Format<'functionPointer'>, Tokens>
      : Type extends Opaque<infer Keyword extends string, infer Tag extends string>
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
export function end(cursor: Cursor): void {
  if (cursor.next !== '') throw cursor.failure(format('trailing', found(cursor.next)))
}

type EndOf<Name, Result, List> =
  List extends Listed<infer Parameters, infer Tokens extends string, infer Variadic>
    ? Tokens extends '' | '; '
      ? Declared<Name, Result, Parameters, Variadic>
      : Tokens extends `; ${infer Rest}`
        ? Failure<Format<'trailing', Found<Rest>>, Rest>
        : Failure<Format<'trailing', Found<Tokens>>, Tokens>
    : List

type Declared<Name, Result, Parameters, Variadic> = Variadic extends true
  ? {
      readonly name: Name
      readonly result: Result
      readonly parameters: Parameters
      readonly variadic: true
    }
  : { readonly name: Name; readonly result: Result; readonly parameters: Parameters }

type TypeAt<Tokens extends string> = BracketsOf<Pointers<Specifiers<Tokens>>, Tokens>

type BracketsOf<Base, Start extends string> =
  Base extends Parsed<infer Type, unknown, infer Tokens extends string>
    ? Tokens extends `( * ${string}`
      ? Failure<Format<'functionPointer'>, Tokens>
      : BracketsAt<Tokens> extends infer Result
        ? Result extends Bracketed<infer Array, infer Length, infer Rest extends string>
          ? Type extends Incomplete
            ? Failure<IncompleteMessage<Type>, Start>
            : Rest extends ''
              ? {
                  readonly type: Type
                  readonly array: Array
                  readonly length: Length extends number ? Length : undefined
                }
              : Failure<Format<'trailing', Found<Rest>>, Rest>
          : Result
        : never
    : Base
