/** The list of parameters, from behind its opening parenthesis on. */
import type { CType, Direction, Parameter } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import {
  type Bracketed,
  type BracketsAt,
  brackets,
  isQualifier,
  type Pointers,
  type PointerTo,
  pointers,
  type Qualifier,
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
import { type Incomplete, type IncompleteMessage, requireComplete } from './incomplete.ts'
import type { Keyword } from './keywords.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import { type Names, noNames } from './names.ts'
import { type Parsed, type Qualified, type Specifiers, specifiers } from './specifiers.ts'
import { isName, type NoName } from './words.ts'

/** The most parameters of a function. */
export const maxParameters = 126
type MaxParameters = typeof maxParameters

export interface ParameterList {
  readonly parameters: Parameter[]
  readonly variadic?: true
}

/** Takes everything up to the closing parenthesis. */
export function parameters(cursor: Cursor, known: Names = noNames): ParameterList {
  if (cursor.next === 'void' && cursor.look(1) === ')') cursor.take()
  if (cursor.skip(')')) return { parameters: [] }
  const list: Parameter[] = []
  const names = new Set<string>()
  do {
    if (isEllipsis(cursor)) return variadic(cursor, list)
    if (list.length === maxParameters)
      throw cursor.failure(format('tooManyParameters', String(maxParameters)))
    list.push(parameter(cursor, names, known))
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
      ? Result extends DeclaredAs<infer Name, infer Parameter, infer Rest extends string>
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
function parameter(cursor: Cursor, names: Set<string>, known: Names): Parameter {
  const { place } = cursor
  const word = cursor.next
  const direction = directionOf(word)
  if (direction !== undefined) cursor.take()
  const free = direction === 'out' ? disposal(cursor) : undefined
  const base = pointers(cursor, specifiers(cursor, known))
  const declared = declarator(cursor, base, known, () => parameterName(cursor, names))
  const { name, type, const: isConst, array, length } = declared
  if (cursor.next === '(') throw cursor.failure(format('functionPointer'))
  requireComplete(type, cursor, place)
  const adjusted: CType = array ? { kind: 'pointer', to: type, const: isConst } : type
  if (direction === undefined) return { name, type: adjusted }
  const isResult = adjusted.kind === 'pointer' && !adjusted.const && isComplete(adjusted.to)
  if (!isResult) throw cursor.failure(format('directed', word), place)
  if (name === undefined) throw cursor.failure(format('unnamed', word), place)
  if (free !== undefined) {
    requireDisposable(array ? adjusted : adjusted.to, cursor, place)
    if (array) throw cursor.failure(format('disposal'), place)
    return { name, type: adjusted, direction, free }
  }
  if (!array) return { name, type: adjusted, direction }
  if (length === undefined) throw cursor.failure(format('lengthless', word), place)
  return { name, type: adjusted, direction, length }
}

/** A declared name, and what stands around it; of an array, the type of its elements. */
export interface Declarator extends Qualified {
  readonly name: string | undefined
  readonly array: boolean
  readonly length: number | string | undefined
}

/** Takes `name`, `name[4]`, `(*name)(…)`, or the same without a name, behind the pointers. */
export function declarator(
  cursor: Cursor,
  base: Qualified,
  known: Names,
  takeName: () => string,
): Declarator {
  if (cursor.next === '(' && cursor.look(1) === '*')
    return functionPointer(cursor, base.type, known, takeName)
  const name = isName(cursor.next) ? takeName() : undefined
  const { array, length } = brackets(cursor, known)
  const inner = innerBrackets(cursor, base.type, known)
  return { name, type: inner, const: base.const, array, length }
}

/** The brackets behind the first ones belong to the elements. */
function innerBrackets(cursor: Cursor, type: CType, known: Names): CType {
  if (known.length === undefined) requireFlat(cursor)
  if (cursor.next !== '[') return type
  const { length } = brackets(cursor, known)
  const of = innerBrackets(cursor, type, known)
  return { kind: 'array', of, length: typeof length === 'number' ? length : undefined }
}

/** `(*name)(…)`: what is deeper needs a typedef. */
function functionPointer(
  cursor: Cursor,
  result: CType,
  known: Names,
  takeName: () => string,
): Declarator {
  cursor.take()
  cursor.take()
  while (isQualifier(cursor.next)) cursor.take()
  const name = isName(cursor.next) ? takeName() : undefined
  const { array, length } = brackets(cursor, known)
  requireFlat(cursor)
  if (!cursor.skip(')')) throw cursor.failure(format('missingToken', ')', found(cursor.next)))
  if (!cursor.skip('(')) throw cursor.failure(format('missingOpen', found(cursor.next)))
  const to: CType = { kind: 'function', result, ...parameters(cursor, known) }
  return { name, type: { kind: 'pointer', to, const: false }, const: false, array, length }
}

const directions = { _Out_: 'out', _Inout_: 'inout' } as const satisfies Partial<
  Record<Keyword, Direction>
>

type Directions = typeof directions

function directionOf(word: string): Direction | undefined {
  return Object.hasOwn(directions, word) ? directions[word as keyof Directions] : undefined
}

function isComplete({ kind }: CType): boolean {
  return kind !== 'void' && kind !== 'opaque' && kind !== 'function'
}

/** A declared name with its type, at compile time. */
export interface DeclaredAs<Name, Parameter, Tokens> {
  readonly name: Name
  readonly parameter: Parameter
  readonly tokens: Tokens
}

type ParameterAt<Tokens extends string, Names> = Tokens extends `_Out_ _Free_ ${infer Next}`
  ? DisposalAt<Next> extends infer Found
    ? Found extends Disposal<infer Free, infer Rest extends string>
      ? FreedAt<
          Free,
          DirectedAt<
            '_Out_',
            ParameterNameAt<Pointers<Specifiers<Rest>>, Tokens, Names, true>,
            Tokens
          >,
          Tokens
        >
      : Found
    : never
  : Tokens extends `${infer Word extends keyof Directions} ${infer Next}`
    ? DirectedAt<Word, ParameterNameAt<Pointers<Specifiers<Next>>, Tokens, Names, true>, Tokens>
    : ParameterNameAt<Pointers<Specifiers<Tokens>>, Tokens, Names>

type FreedAt<Free, Result, Start extends string> =
  Result extends DeclaredAs<infer Name, infer Parameter, infer Tokens>
    ? Parameter extends { readonly length: unknown }
      ? Failure<Format<'disposal'>, Start>
      : Parameter extends { readonly type: { readonly to: infer To } }
        ? IsDisposable<To> extends true
          ? DeclaredAs<Name, Freed<Parameter, Free>, Tokens>
          : Failure<Format<'disposal'>, Start>
        : never
    : Result

type DirectedAt<Word extends keyof Directions, Result, Start extends string> =
  Result extends DeclaredAs<infer Name, infer Parameter, infer Tokens>
    ? Parameter extends WithLength<infer Type, infer Array, infer Length>
      ? Type extends { readonly kind: 'pointer'; readonly const: false; readonly to: infer To }
        ? To extends Incomplete | { readonly kind: 'function' }
          ? Failure<Format<'directed', Word>, Start>
          : Name extends string
            ? [Array, Length] extends [true, undefined]
              ? Failure<Format<'lengthless', Word>, Start>
              : DeclaredAs<Name, Directed<Name, Type, Directions[Word], Length>, Tokens>
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
export interface WithLength<Type, Array, Length> {
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
    ? Tokens extends `( * ${infer Next}`
      ? PointerNameAt<Type, Next, Start, Names, Whole>
      : Tokens extends `${infer Name} ${infer Next}`
        ? Name extends NoName
          ? Adjusted<undefined, Type, Const, BracketsAt<Tokens>, Start, Whole>
          : Name extends Names
            ? Failure<Format<'duplicateName', Name>, Tokens>
            : Adjusted<Name, Type, Const, BracketsAt<Next>, Start, Whole>
        : Adjusted<undefined, Type, Const, BracketsAt<Tokens>, Start, Whole>
    : Base

/** Behind `(*`. */
export type PointerNameAt<
  Result,
  Tokens extends string,
  Start extends string,
  Names,
  Whole,
> = Tokens extends `${infer Word} ${infer Next}`
  ? Word extends Qualifier
    ? PointerNameAt<Result, Next, Start, Names, Whole>
    : Word extends NoName
      ? PointedAt<undefined, Result, BracketsAt<Tokens>, Start, Whole>
      : Word extends Names
        ? Failure<Format<'duplicateName', Word>, Tokens>
        : PointedAt<Word, Result, BracketsAt<Next>, Start, Whole>
  : Failure<Format<'missingToken', ')', 'the end'>, ''>

type PointedAt<Name, Result, Brackets, Start extends string, Whole> =
  Brackets extends Bracketed<infer Array, infer Length, infer Tokens extends string>
    ? Tokens extends `) ${infer Next}`
      ? Next extends `( ${infer List}`
        ? ParametersAt<List> extends infer Listing
          ? Listing extends Listed<infer Parameters, infer Rest extends string, infer Variadic>
            ? Adjusted<
                Name,
                PointerTo<Function<Result, Parameters, Variadic>, false>,
                false,
                Bracketed<Array, Length, Rest>,
                Start,
                Whole
              >
            : Listing
          : never
        : Failure<Format<'missingOpen', Found<Next>>, Next>
      : Failure<Format<'missingToken', ')', Found<Tokens>>, Tokens>
    : Brackets

type Function<Result, Parameters, Variadic> = Variadic extends true
  ? {
      readonly kind: 'function'
      readonly result: Result
      readonly parameters: Parameters
      readonly variadic: true
    }
  : { readonly kind: 'function'; readonly result: Result; readonly parameters: Parameters }

type Adjusted<Name, Type, Const, Brackets, Start extends string, Whole> =
  Brackets extends Bracketed<infer Array, infer Length, infer Tokens extends string>
    ? Tokens extends `( ${string}`
      ? Failure<Format<'functionPointer'>, Tokens>
      : Type extends Incomplete
        ? Failure<IncompleteMessage<Type>, Start>
        : Array extends true
          ? DeclaredAs<Name, Shaped<Name, PointerTo<Type, Const>, true, Length, Whole>, Tokens>
          : DeclaredAs<Name, Shaped<Name, Type, false, undefined, Whole>, Tokens>
    : Brackets

type Shaped<Name, Type, Array, Length, Whole> = Whole extends true
  ? WithLength<Type, Array, Length>
  : NamedType<Name, Type>
