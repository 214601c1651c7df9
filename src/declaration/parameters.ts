/** The list of parameters, from behind its opening parenthesis on. */
import type { Parameter } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import {
  type Bracketed,
  type BracketsAt,
  brackets,
  type Pointers,
  type PointerTo,
  pointers,
} from './declarator.ts'
import { type Incomplete, type IncompleteMessage, requireComplete } from './incomplete.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import { isName, type NoName, type Parsed, type Specifiers, specifiers } from './specifiers.ts'

/** The most parameters of a function. */
export const maxParameters = 126
type MaxParameters = typeof maxParameters

/** Takes everything up to the closing parenthesis. */
export function parameters(cursor: Cursor): Parameter[] {
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

export interface Listed<Parameters, Tokens> {
  readonly parameters: Parameters
  readonly tokens: Tokens
}

/** {@link parameters} as a type, and the tokens that follow. */
export type ParametersAt<Tokens extends string> = Tokens extends `) ${infer Rest}`
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
  requireComplete(type, cursor, place)
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
      : Type extends Incomplete
        ? Failure<IncompleteMessage<Type>, Start>
        : Declared<Name, Array extends true ? PointerTo<Type, Const> : Type, Tokens>
    : Brackets
