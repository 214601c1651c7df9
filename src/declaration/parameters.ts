/** The list of parameters, from behind its opening parenthesis on. */
import type { CType, Direction, Parameter } from '../abi/types.ts'
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
import type { Keyword } from './keywords.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import { isName, type NoName, type Parsed, type Specifiers, specifiers } from './specifiers.ts'

/** The most parameters of a function. */
export const maxParameters = 126
type MaxParameters = typeof maxParameters

export interface ParameterList {
  readonly parameters: Parameter[]
  readonly variadic?: true
}

/** Takes everything up to the closing parenthesis. */
export function parameters(cursor: Cursor): ParameterList {
  if (cursor.next === 'void' && cursor.look(1) === ')') cursor.take()
  if (cursor.skip(')')) return { parameters: [] }
  const list: Parameter[] = []
  const names = new Set<string>()
  do {
    if (isEllipsis(cursor)) return variadic(cursor, list)
    if (list.length === maxParameters)
      throw cursor.failure(format('tooManyParameters', String(maxParameters)))
    list.push(parameter(cursor, names))
  } while (cursor.skip(','))
  if (!cursor.skip(')')) throw cursor.failure(format('missingComma', found(cursor.next)))
  return { parameters: list }
}

export interface Listed<Parameters, Tokens, Variadic = false> {
  readonly parameters: Parameters
  readonly tokens: Tokens
  readonly variadic: Variadic
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
> = Tokens extends `. . . ${infer Rest}`
  ? VariadicAt<Done, Rest, Tokens>
  : Done['length'] extends MaxParameters
    ? Failure<Format<'tooManyParameters', `${MaxParameters}`>, Tokens>
    : ParameterAt<Tokens, Names> extends infer Result
      ? Result extends Declared<infer Name, infer Parameter, infer Rest extends string>
        ? Rest extends `, ${infer Next}`
          ? ListAt<Next, readonly [...Done, Parameter], Names | Name>
          : Rest extends `) ${infer Next}`
            ? Listed<readonly [...Done, Parameter], Next>
            : Failure<Format<'missingComma', Found<Rest>>, Rest>
        : Result
      : never

function isEllipsis(cursor: Cursor): boolean {
  return cursor.next === '.' && cursor.look(1) === '.' && cursor.look(2) === '.'
}

/** Nothing but the end may follow. */
function variadic(cursor: Cursor, list: Parameter[]): ParameterList {
  if (list.length === 0) throw cursor.failure(format('variadicFirst'))
  for (let dot = 0; dot < 3; dot++) cursor.take()
  if (!cursor.skip(')')) throw cursor.failure(format('variadicLast', found(cursor.next)))
  return { parameters: list, variadic: true }
}

type VariadicAt<
  Done extends readonly unknown[],
  Rest extends string,
  Start extends string,
> = Done extends readonly []
  ? Failure<Format<'variadicFirst'>, Start>
  : Rest extends `) ${infer Next}`
    ? Listed<Done, Next, true>
    : Failure<Format<'variadicLast', Found<Rest>>, Rest>

interface NamedType<Name, Type> {
  readonly name: Name
  readonly type: Type
}

/** An array is adjusted to a pointer to its first element, as in C. */
function parameter(cursor: Cursor, names: Set<string>): Parameter {
  const { place } = cursor
  const word = cursor.next
  const direction = directionOf(word)
  if (direction !== undefined) cursor.take()
  const { type, const: isConst } = pointers(cursor, specifiers(cursor))
  const name = isName(cursor.next) ? parameterName(cursor, names) : undefined
  const { array, length } = brackets(cursor)
  if (cursor.next === '(') throw cursor.failure(format('functionPointer'))
  requireComplete(type, cursor, place)
  const adjusted: CType = array ? { kind: 'pointer', to: type, const: isConst } : type
  if (direction === undefined) return { name, type: adjusted }
  const isResult = adjusted.kind === 'pointer' && !adjusted.const && isComplete(adjusted.to)
  if (!isResult) throw cursor.failure(format('directed', word), place)
  if (name === undefined) throw cursor.failure(format('unnamed', word), place)
  if (!array) return { name, type: adjusted, direction }
  if (length === undefined) throw cursor.failure(format('lengthless', word), place)
  return { name, type: adjusted, direction, length }
}

const directions = { _Out_: 'out', _Inout_: 'inout' } as const satisfies Partial<
  Record<Keyword, Direction>
>

type Directions = typeof directions

function directionOf(word: string): Direction | undefined {
  return Object.hasOwn(directions, word) ? directions[word as keyof Directions] : undefined
}

function isComplete({ kind }: CType): boolean {
  return kind !== 'void' && kind !== 'opaque'
}

interface Declared<Name, Parameter, Tokens> {
  readonly name: Name
  readonly parameter: Parameter
  readonly tokens: Tokens
}

type ParameterAt<
  Tokens extends string,
  Names,
> = Tokens extends `${infer Word extends keyof Directions} ${infer Next}`
  ? DirectedAt<Word, ParameterNameAt<Pointers<Specifiers<Next>>, Tokens, Names, true>, Tokens>
  : ParameterNameAt<Pointers<Specifiers<Tokens>>, Tokens, Names>

type DirectedAt<Word extends keyof Directions, Result, Start extends string> =
  Result extends Declared<infer Name, infer Parameter, infer Tokens>
    ? Parameter extends WithLength<infer Type, infer Array, infer Length>
      ? Type extends { readonly kind: 'pointer'; readonly const: false; readonly to: infer To }
        ? To extends Incomplete
          ? Failure<Format<'directed', Word>, Start>
          : Name extends string
            ? [Array, Length] extends [true, undefined]
              ? Failure<Format<'lengthless', Word>, Start>
              : Declared<Name, Directed<Name, Type, Directions[Word], Length>, Tokens>
            : Failure<Format<'unnamed', Word>, Start>
        : Failure<Format<'directed', Word>, Start>
      : never
    : Result

type Directed<Name, Type, Direction, Length> = Length extends undefined
  ? { readonly name: Name; readonly type: Type; readonly direction: Direction }
  : {
      readonly name: Name
      readonly type: Type
      readonly direction: Direction
      readonly length: Length
    }

/** What a direction needs to know of its parameter. */
interface WithLength<Type, Array, Length> {
  readonly whole: Type
  readonly array: Array
  readonly length: Length
}

function parameterName(cursor: Cursor, names: Set<string>): string {
  if (names.has(cursor.next)) throw cursor.failure(format('duplicateName', cursor.next))
  names.add(cursor.next)
  return cursor.take()
}

type ParameterNameAt<Base, Start extends string, Names, Whole = false> =
  Base extends Parsed<infer Type, infer Const, infer Tokens extends string>
    ? Tokens extends `${infer Name} ${infer Next}`
      ? Name extends NoName
        ? Adjusted<undefined, Type, Const, BracketsAt<Tokens>, Start, Whole>
        : Name extends Names
          ? Failure<Format<'duplicateName', Name>, Tokens>
          : Adjusted<Name, Type, Const, BracketsAt<Next>, Start, Whole>
      : Adjusted<undefined, Type, Const, BracketsAt<Tokens>, Start, Whole>
    : Base

type Adjusted<Name, Type, Const, Brackets, Start extends string, Whole> =
  Brackets extends Bracketed<infer Array, infer Length, infer Tokens extends string>
    ? Tokens extends `( ${string}`
      ? Failure<Format<'functionPointer'>, Tokens>
      : Type extends Incomplete
        ? Failure<IncompleteMessage<Type>, Start>
        : Array extends true
          ? Declared<Name, Shaped<Name, PointerTo<Type, Const>, true, Length, Whole>, Tokens>
          : Declared<Name, Shaped<Name, Type, false, undefined, Whole>, Tokens>
    : Brackets

type Shaped<Name, Type, Array, Length, Whole> = Whole extends true
  ? WithLength<Type, Array, Length>
  : NamedType<Name, Type>
