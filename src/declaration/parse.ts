/**
 * C declarations -> signatures, at run time and at compile time: each rule is a function and,
 * below it, the same rule as a type over the tokens that remain.
 *
 *     prototype  = [ "_Free_" "(" name ")" ] specifiers pointers declarator [";"]
 *     parameters = [ "void" | parameter { "," parameter } [ "," "..." ] ]
 *     parameter  = [ "_Out_" [ "_Free_" "(" name ")" ] | "_Inout_" ] specifiers pointers declarator
 *     type       = specifiers pointers declarator
 */
import type { CType, Signature } from '../abi/types.ts'
import { DeclarationError } from '../errors.ts'
import { Cursor } from './cursor.ts'
import {
  type ArrayTo,
  type DeclaratorAt,
  type Declared,
  declarator,
  type IsNested,
  isNested,
  type Pointers,
  pointers,
} from './declarator.ts'
import {
  type Disposal,
  type DisposalAt,
  disposal,
  type Freed,
  type IsDisposable,
  requireDisposable,
} from './disposal.ts'
import { byValue, type Complete, requireComplete } from './incomplete.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import { type Names, noNames } from './names.ts'
import { parameters } from './parameters.ts'
import type { Reported, Unreadable } from './report.ts'
import type { ScanWhole } from './scan-whole.ts'
import type { Scan } from './scanner.ts'
import type { AnyKnown, NothingKnown } from './scope.ts'
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
  if (names !== noNames) return readPrototype(text, names)
  let signature = alone.get(text)
  if (signature === undefined) {
    signature = readPrototype(text, names)
    if (alone.size === MOST_KEPT) alone.clear()
    if (text.length <= LONGEST_KEPT) alone.set(text, signature)
  }
  return signature
}

/** Programs declare the same functions again and again: the last prototypes that need no names, by their text. */
const alone = new Map<string, Signature>()
const MOST_KEPT = 1024
/** In UTF-16 code units. */
const LONGEST_KEPT = 1024

function readPrototype(text: string, names: Names): Signature {
  const cursor = begin(text, names)
  const free = disposal(cursor)
  const base = pointers(cursor, specifiers(cursor, names))
  if (!isNested(cursor, names)) requirePrototype(cursor, base.type, free)
  const takeName = (): string => cursor.take()
  const { name, type } = declarator(cursor, base, { names, takeName, parameters })
  if (name === undefined) throw cursor.failure(format('missingName', found(cursor.next)))
  if (type.kind !== 'function') throw cursor.failure(format('missingOpen', found(cursor.next)))
  requireResult(cursor, type.result, free)
  cursor.skip(';')
  end(cursor)
  const { kind: _, ...signature } = type
  return { name, ...signature, ...(free === undefined ? {} : { free }) }
}

/** Where a name and its parameters follow, what is wrong with them is told before what is in them. */
function requirePrototype(cursor: Cursor, result: CType, free: string | undefined): void {
  requireResult(cursor, result, free)
  if (!isName(cursor.next)) throw cursor.failure(format('missingName', found(cursor.next)))
  if (cursor.look(1) === '(') return
  cursor.take()
  throw cursor.failure(format('missingOpen', found(cursor.next)))
}

function requireResult(cursor: Cursor, result: CType, free: string | undefined): void {
  if (free !== undefined) requireDisposable(result, cursor, 0)
  if (result.kind === 'opaque') throw cursor.failure(byValue(result), 0)
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
export type ParsePrototype<
  Text extends string,
  Scope extends AnyKnown = NothingKnown,
> = Text extends unknown
  ? NoLiteral extends Record<Text, 1>
    ? Signature
    : PrototypeIn<Text, Scope, Scope['whole'] extends true ? ScanWhole<Text> : Scan<Text>>
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
  const base = pointers(cursor, specifiers(cursor, names))
  const { type, length } = declarator(cursor, base, { names, parameters })
  const array = type.kind === 'array'
  const element = array ? type.of : type
  requireComplete(element, cursor, 0)
  end(cursor)
  return { type: element, array, length: array && typeof length === 'number' ? length : undefined }
}

/** {@link parseType} as a type: the expression, or {@link Malformed}. */
export type ParseType<
  Text extends string,
  Scope extends AnyKnown = NothingKnown,
> = Text extends unknown
  ? NoLiteral extends Record<Text, 1>
    ? TypeExpression
    : TypeIn<Text, Scope, Scope['whole'] extends true ? ScanWhole<Text> : Scan<Text>>
  : never

/** Begins to read a declaration. */
export function begin(text: string, names: Names): Cursor {
  if (typeof text !== 'string')
    throw new TypeError(`a declaration is a string, not ${text === null ? 'null' : typeof text}`)
  if (text.length > maxLength)
    throw new DeclarationError(format('tooLong', String(maxLength)), 1, 1)
  return new Cursor(text, names === noNames ? 'one' : 'whole')
}

type PrototypeIn<Text extends string, Scope extends AnyKnown, Tokens> = Tokens extends string
  ? Reported<Text, Tokens, FreedAt<Tokens, Scope>>
  : Unreadable<Text, Tokens>

type TypeIn<Text extends string, Scope extends AnyKnown, Tokens> = Tokens extends string
  ? Reported<Text, Tokens, TypeAt<AbstractAt<Pointers<Specifiers<Tokens, Scope>>>, Tokens>>
  : Unreadable<Text, Tokens>

type FreedAt<Tokens extends string, Scope extends AnyKnown> = Tokens extends `_Free_ ${infer Next}`
  ? DisposalAt<Next> extends infer Found
    ? Found extends Disposal<infer Free, infer Rest extends string>
      ? WithFree<PrototypeAt<Pointers<Specifiers<Rest, Scope>>, Tokens, true>, Free>
      : Found
    : never
  : PrototypeAt<Pointers<Specifiers<Tokens, Scope>>, Tokens, false>

type WithFree<Signature, Free> = Signature extends { readonly parameters: unknown }
  ? Freed<Signature, Free>
  : Signature

type PrototypeAt<Base, Start extends string, IsFreed> =
  Base extends Parsed<
    infer Type,
    unknown,
    infer Tokens extends string,
    infer Scope extends AnyKnown
  >
    ? Tokens extends `${infer Word} ${infer Next}`
      ? IsNested<Tokens, Scope> extends true
        ? SignatureAt<DeclaratorAt<Base>, Start, IsFreed>
        : ResultAt<Type, Scope, Start, IsFreed> extends infer Failed extends Failure<string, string>
          ? Failed
          : Word extends NoName
            ? Failure<Format<'missingName', `'${Word}'`>, Tokens>
            : Next extends `( ${string}`
              ? SignatureAt<DeclaratorAt<Base>, Start, IsFreed>
              : Failure<Format<'missingOpen', Found<Next>>, Next>
      : Failure<Format<'missingName', 'the end'>, ''>
    : Base

/** A failure, unless a function may return the type. */
type ResultAt<Type, Scope extends AnyKnown, Start extends string, IsFreed> = IsFreed extends true
  ? IsDisposable<Type, Scope> extends true
    ? Type
    : Failure<Format<'disposal'>, Start>
  : Type extends Opaque<string, string>
    ? Complete<Type, Scope, Start>
    : Type

type SignatureAt<Result, Start extends string, IsFreed> =
  Result extends Declared<
    infer Name,
    infer Type,
    unknown,
    unknown,
    infer Tokens extends string,
    infer Scope extends AnyKnown
  >
    ? Name extends string
      ? Type extends {
          readonly kind: 'function'
          readonly result: infer Returned
          readonly parameters: infer Parameters
        }
        ? ResultAt<Returned, Scope, Start, IsFreed> extends infer Failed extends Failure<
            string,
            string
          >
          ? Failed
          : Tokens extends '' | '; '
            ? Type extends { readonly variadic: true }
              ? {
                  readonly name: Name
                  readonly result: Returned
                  readonly parameters: Parameters
                  readonly variadic: true
                }
              : { readonly name: Name; readonly result: Returned; readonly parameters: Parameters }
            : Trailing<Tokens>
        : Failure<Format<'missingOpen', Found<Tokens>>, Tokens>
      : Failure<Format<'missingName', Found<Tokens>>, Tokens>
    : Result

type Trailing<Tokens extends string> = Tokens extends `; ${infer Rest}`
  ? Failure<Format<'trailing', Found<Rest>>, Rest>
  : Failure<Format<'trailing', Found<Tokens>>, Tokens>

/** Nothing may follow. */
export function end(cursor: Cursor): void {
  if (cursor.next !== '') throw cursor.failure(format('trailing', found(cursor.next)))
}

/** A declarator without a name: what stands in a name's place is the end. */
type AbstractAt<Base> =
  Base extends Parsed<unknown, unknown, infer Tokens extends string>
    ? Tokens extends `${infer Word} ${string}`
      ? Word extends NoName
        ? DeclaratorAt<Base>
        : Base
      : Base
    : Base

type TypeAt<Result, Start extends string> =
  Result extends Declared<
    unknown,
    infer Type,
    unknown,
    infer Length,
    infer Tokens extends string,
    infer Scope extends AnyKnown
  >
    ? Type extends ArrayTo<infer Of, unknown>
      ? TypeOf<Complete<Of, Scope, Start>, true, Length extends number ? Length : undefined, Tokens>
      : TypeOf<Complete<Type, Scope, Start>, false, undefined, Tokens>
    : Result extends Parsed<
          infer Type,
          unknown,
          infer Tokens extends string,
          infer Scope extends AnyKnown
        >
      ? TypeOf<Complete<Type, Scope, Start>, false, undefined, Tokens>
      : Result

type TypeOf<Type, Array, Length, Tokens extends string> =
  Type extends Failure<string, string>
    ? Type
    : Tokens extends ''
      ? { readonly type: Type; readonly array: Array; readonly length: Length }
      : Failure<Format<'trailing', Found<Tokens>>, Tokens>
