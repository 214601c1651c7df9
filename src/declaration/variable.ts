/**
 * The declaration of one variable.
 *
 *     variable = specifiers pointers declarator [";"]
 */
import type { CType } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import {
  type DeclaratorAt,
  type Declared,
  declarator,
  type IsNested,
  isNested,
  type Pointers,
  pointers,
} from './declarator.ts'
import { type Complete, requireComplete } from './incomplete.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import { type Names, noNames } from './names.ts'
import { parameters } from './parameters.ts'
import { begin, end, type NoLiteral } from './parse.ts'
import type { Reported, Unreadable } from './report.ts'
import type { ScanWhole } from './scan-whole.ts'
import type { Scan } from './scanner.ts'
import type { AnyKnown, NothingKnown } from './scope.ts'
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
  if (!isNested(cursor, names)) requireName(cursor, isName(cursor.next))
  const takeName = (): string => cursor.take()
  const declared = declarator(cursor, base, { names, takeName, parameters })
  const { name, type } = declared
  requireName(cursor, name !== undefined)
  requireComplete(elementOf(type), cursor, 0)
  cursor.skip(';')
  end(cursor)
  return { name: name as string, type, const: declared.const }
}

function requireName(cursor: Cursor, isThere: boolean): void {
  if (!isThere) throw cursor.failure(format('missingDeclared', found(cursor.next)))
}

/** Of an array of arrays, what it is made of in the end. */
function elementOf(type: CType): CType {
  return type.kind === 'array' ? elementOf(type.of) : type
}

/** {@link parseVariable} as a type: the variable, or {@link Malformed}. */
export type ParseVariable<
  Text extends string,
  Scope extends AnyKnown = NothingKnown,
> = Text extends unknown
  ? NoLiteral extends Record<Text, 1>
    ? DeclaredVariable
    : VariableIn<Text, Scope, Scope['whole'] extends true ? ScanWhole<Text> : Scan<Text>>
  : never

type VariableIn<Text extends string, Scope extends AnyKnown, Tokens> = Tokens extends string
  ? Reported<Text, Tokens, VariableAt<Pointers<Specifiers<Tokens, Scope>>, Tokens>>
  : Unreadable<Text, Tokens>

type VariableAt<Base, Start extends string> =
  Base extends Parsed<unknown, unknown, infer Tokens extends string, infer Scope extends AnyKnown>
    ? IsNested<Tokens, Scope> extends true
      ? NamedAt<DeclaratorAt<Base>, Start>
      : Tokens extends `${infer Word} ${string}`
        ? Word extends NoName
          ? Failure<Format<'missingDeclared', `'${Word}'`>, Tokens>
          : NamedAt<DeclaratorAt<Base>, Start>
        : Failure<Format<'missingDeclared', 'the end'>, ''>
    : Base

type NamedAt<Result, Start extends string> =
  Result extends Declared<
    infer Name,
    infer Type,
    infer Const,
    unknown,
    infer Tokens extends string,
    infer Scope extends AnyKnown
  >
    ? Name extends string
      ? Complete<ElementOf<Type>, Scope, Start> extends infer Failed extends Failure<string, string>
        ? Failed
        : Tokens extends '' | '; '
          ? { readonly name: Name; readonly type: Type; readonly const: Const }
          : Tokens extends `; ${infer Rest}`
            ? Failure<Format<'trailing', Found<Rest>>, Rest>
            : Failure<Format<'trailing', Found<Tokens>>, Tokens>
      : Failure<Format<'missingDeclared', Found<Tokens>>, Tokens>
    : Result

type ElementOf<Type> = Type extends { readonly kind: 'array'; readonly of: infer Of }
  ? ElementOf<Of>
  : Type
