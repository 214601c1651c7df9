/**
 * The declaration of one variable.
 *
 *     variable = specifiers pointers declarator [";"]
 */
import type { CType } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import { type Bracketed, type BracketsAt, type Pointers, pointers } from './declarator.ts'
import { type Incomplete, type IncompleteMessage, requireComplete } from './incomplete.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import { type Names, noNames } from './names.ts'
import { type DeclaredAs, declarator, type PointerNameAt, type WithLength } from './parameters.ts'
import { begin, end, type NoLiteral } from './parse.ts'
import type { Reported, Unreadable } from './report.ts'
import type { Scan } from './scanner.ts'
import { type Parsed, type Specifiers, specifiers } from './specifiers.ts'
import { isName, type NoName } from './words.ts'

/** A variable as it is declared. */
export interface DeclaredVariable {
  readonly name: string
  /** An array without a length is as long as the symbol says. */
  readonly type: CType
  /** It can't be written; of an array, its elements can't. */
  readonly const: boolean
}

/**
 * The variable that a text declares, such as `int counter` or `extern const char *const names[4];`.
 *
 * @throws {DeclarationError} if the text is no declaration of one variable
 * @throws {TypeError} if `text` is no string
 */
export function parseVariable(text: string, names: Names = noNames): DeclaredVariable {
  const cursor = begin(text, names)
  const base = pointers(cursor, specifiers(cursor, names))
  const isPointed = cursor.next === '(' && cursor.look(1) === '*'
  if (!isPointed) requireName(cursor, isName(cursor.next))
  const declared = declarator(cursor, base, names, () => cursor.take())
  const { name, type, array, length } = declared
  requireName(cursor, name !== undefined)
  requireComplete(elementOf(type), cursor, 0)
  cursor.skip(';')
  end(cursor)
  const count = typeof length === 'number' ? length : undefined
  return {
    name: name as string,
    type: array ? { kind: 'array', of: type, length: count } : type,
    const: declared.const,
  }
}

function requireName(cursor: Cursor, isThere: boolean): void {
  if (!isThere) throw cursor.failure(format('missingDeclared', found(cursor.next)))
}

/** Of an array of arrays, what it is made of in the end. */
function elementOf(type: CType): CType {
  return type.kind === 'array' ? elementOf(type.of) : type
}

/** {@link parseVariable} as a type: the variable, or {@link Malformed}. */
export type ParseVariable<Text extends string> = Text extends unknown
  ? NoLiteral extends Record<Text, 1>
    ? DeclaredVariable
    : VariableIn<Text, Scan<Text>>
  : never

type VariableIn<Text extends string, Tokens> = Tokens extends string
  ? Reported<Text, Tokens, VariableAt<Pointers<Specifiers<Tokens>>, Tokens>>
  : Unreadable<Text, Tokens>

type VariableAt<Base, Start extends string> =
  Base extends Parsed<infer Type, infer Const, infer Tokens extends string>
    ? Tokens extends `( * ${infer Next}`
      ? PointerAt<PointerNameAt<Type, Next, Start, never, true>>
      : Tokens extends `${infer Name} ${infer Next}`
        ? Name extends NoName
          ? Failure<Format<'missingDeclared', Found<Tokens>>, Tokens>
          : ShapeAt<Name, Type, Const, BracketsAt<Next>, Start>
        : Failure<Format<'missingDeclared', Found<Tokens>>, Tokens>
    : Base

type PointerAt<Result> =
  Result extends DeclaredAs<infer Name, infer Shape, infer Tokens extends string>
    ? Name extends string
      ? Shape extends WithLength<infer Type, infer Array, infer Length>
        ? EndOf<Name, Array extends true ? ElementOf<Type> : Type, false, Array, Length, Tokens>
        : never
      : Failure<Format<'missingDeclared', Found<Tokens>>, Tokens>
    : Result

/** As a parameter it would be a pointer. */
type ElementOf<Type> = Type extends { readonly to: infer To } ? To : never

type ShapeAt<Name, Type, Const, Brackets, Start extends string> =
  Brackets extends Bracketed<infer Array, infer Length, infer Tokens extends string>
    ? Type extends Incomplete
      ? Failure<IncompleteMessage<Type>, Start>
      : EndOf<Name, Type, Const, Array, Length, Tokens>
    : Brackets

type EndOf<Name, Type, Const, Array, Length, Tokens extends string> = Tokens extends '' | '; '
  ? {
      readonly name: Name
      readonly type: Array extends true
        ? {
            readonly kind: 'array'
            readonly of: Type
            readonly length: Length extends number ? Length : undefined
          }
        : Type
      readonly const: Const
    }
  : Tokens extends `; ${infer Rest}`
    ? Failure<Format<'trailing', Found<Rest>>, Rest>
    : Failure<Format<'trailing', Found<Tokens>>, Tokens>
