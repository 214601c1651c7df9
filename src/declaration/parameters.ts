/** The list of parameters, from behind its opening parenthesis on. */
import type { CType, Direction, Parameter } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import {
  type ArrayTo,
  type DeclaratorAt,
  type Declared,
  declarator,
  type Pointers,
  type PointerTo,
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
import { type Complete, requireComplete } from './incomplete.ts'
import type { Keyword } from './keywords.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import { type Names, noNames } from './names.ts'
import type { AnyKnown, Entry, NothingKnown } from './scope.ts'
import { type Specifiers, specifiers } from './specifiers.ts'

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
    list.push(cursor.deeper(() => parameter(cursor, names, known)))
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
export type ParametersAt<
  Tokens extends string,
  Scope extends AnyKnown = NothingKnown,
> = Tokens extends `) ${infer Rest}`
  ? Listed<readonly [], Rest>
  : Tokens extends `void ) ${infer Rest}`
    ? Listed<readonly [], Rest>
    : ListAt<Tokens, Scope>

type ListAt<
  Tokens extends string,
  Scope extends AnyKnown,
  Done extends readonly unknown[] = readonly [],
  Names = never,
> = Tokens extends `. . . ${infer Rest}`
  ? VariadicAt<Done, Rest, Tokens>
  : Done['length'] extends MaxParameters
    ? Failure<Format<'tooManyParameters', `${MaxParameters}`>, Tokens>
    : ParameterAt<Tokens, Scope, Names> extends infer Result
      ? Result extends Taken<infer Name, infer Parameter, infer Rest extends string>
        ? Rest extends `, ${infer Next}`
          ? ListAt<Next, Scope, readonly [...Done, Parameter], Names | Name>
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

/** An array is adjusted to a pointer to its first element, a function to a pointer to it, as in C. */
function parameter(cursor: Cursor, names: Set<string>, known: Names): Parameter {
  const { place } = cursor
  const word = cursor.next
  const direction = directionOf(word)
  if (direction !== undefined) cursor.take()
  const free = direction === 'out' ? disposal(cursor) : undefined
  const base = pointers(cursor, specifiers(cursor, known))
  const takeName = (): string => parameterName(cursor, names)
  const declared = declarator(cursor, base, { names: known, takeName, parameters })
  const { name, length } = declared
  const array = declared.type.kind === 'array'
  const type = adjusted(declared.type, declared.const)
  requireComplete(array && type.kind === 'pointer' ? type.to : type, cursor, place)
  if (direction === undefined) return { name, type }
  const isResult = type.kind === 'pointer' && !type.const && isComplete(type.to)
  if (!isResult) throw cursor.failure(format('directed', word), place)
  if (name === undefined) throw cursor.failure(format('unnamed', word), place)
  if (name === 'result' || name === 'errno') throw cursor.failure(format('takenName', name), place)
  if (free !== undefined) {
    requireDisposable(array ? noValue : type.to, cursor, place)
    return { name, type, direction, free }
  }
  if (!array) return { name, type, direction }
  if (length === undefined) throw cursor.failure(format('lengthless', word), place)
  return { name, type, direction, length }
}

/** An array has no single value to give back. */
const noValue: CType = { kind: 'void' }

function adjusted(type: CType, isConst: boolean): CType {
  if (type.kind === 'array') return { kind: 'pointer', to: type.of, const: isConst }
  return type.kind === 'function' ? { kind: 'pointer', to: type, const: false } : type
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

function parameterName(cursor: Cursor, names: Set<string>): string {
  if (names.has(cursor.next)) throw cursor.failure(format('duplicateName', cursor.next))
  names.add(cursor.next)
  return cursor.take()
}

interface Taken<Name, Parameter, Tokens> {
  readonly name: Name
  readonly parameter: Parameter
  readonly tokens: Tokens
}

type ParameterAt<
  Tokens extends string,
  Scope extends AnyKnown,
  Names,
> = Tokens extends `_Out_ _Free_ ${infer Next}`
  ? DisposalAt<Next> extends infer Found
    ? Found extends Disposal<infer Free, infer Rest extends string>
      ? FreedAt<Free, DeclaratorAt<Pointers<Specifiers<Rest, Scope>>, Names>, Tokens, Scope>
      : Found
    : never
  : Tokens extends `${infer Word extends keyof Directions} ${infer Next}`
    ? DirectedAt<Word, DeclaratorAt<Pointers<Specifiers<Next, Scope>>, Names>, Tokens, Scope>
    : PlainAt<DeclaratorAt<Pointers<Specifiers<Tokens, Scope>>, Names>, Tokens, Scope>

type PlainAt<Result, Start extends string, Scope extends AnyKnown> =
  Result extends Declared<infer Name, infer Type, infer Const, unknown, infer Tokens>
    ? Adjusted<Type, Const, Start, Scope> extends infer Whole
      ? Whole extends Failure<string, string>
        ? Whole
        : Taken<Name, Entry<Name, Whole>, Tokens>
      : never
    : Result

type Adjusted<Type, Const, Start extends string, Scope extends AnyKnown> =
  Type extends ArrayTo<infer Of, unknown>
    ? Complete<Of, Scope, Start> extends infer Result
      ? Result extends Failure<string, string>
        ? Result
        : PointerTo<Of, Const>
      : never
    : Type extends { readonly kind: 'function' }
      ? PointerTo<Type, false>
      : Complete<Type, Scope, Start>

type FreedAt<Free, Result, Start extends string, Scope extends AnyKnown> =
  Result extends Declared<unknown, infer Type, unknown, unknown, unknown>
    ? DirectedAt<'_Out_', WithLength<Result>, Start, Scope> extends infer Found
      ? Found extends Taken<infer Name, infer Parameter, infer Tokens>
        ? Type extends { readonly kind: 'pointer'; readonly to: infer To }
          ? IsDisposable<To, Scope> extends true
            ? Taken<Name, Freed<Parameter, Free>, Tokens>
            : Failure<Format<'disposal'>, Start>
          : Failure<Format<'disposal'>, Start>
        : Found
      : never
    : Result

/** Whether an array has a length doesn't matter where it is refused in any case. */
type WithLength<Result> =
  Result extends Declared<infer Name, infer Type, infer Const, unknown, infer Tokens>
    ? Declared<Name, Type, Const, 0, Tokens>
    : never

type DirectedAt<
  Word extends keyof Directions,
  Result,
  Start extends string,
  Scope extends AnyKnown,
> =
  Result extends Declared<infer Name, infer Type, infer Const, infer Length, infer Tokens>
    ? Adjusted<Type, Const, Start, Scope> extends infer Whole
      ? Whole extends PointerTo<infer To, false>
        ? Complete<To, Scope, Start> extends Failure<string, string>
          ? Failure<Format<'directed', Word>, Start>
          : Name extends TakenName
            ? Failure<Format<'takenName', Name>, Start>
            : Name extends string
              ? Type extends ArrayTo<unknown, unknown>
                ? Length extends undefined
                  ? Failure<Format<'lengthless', Word>, Start>
                  : Taken<Name, DirectedArray<Name, Whole, Directions[Word], Length>, Tokens>
                : Taken<Name, Directed<Name, Whole, Directions[Word]>, Tokens>
              : Failure<Format<'unnamed', Word>, Start>
        : Whole extends Failure<string, string>
          ? Whole
          : Failure<Format<'directed', Word>, Start>
      : never
    : Result

/** Of `{ result, errno, … }`, what is no parameter. */
type TakenName = 'result' | 'errno'

interface Directed<Name, Type, Direction> {
  readonly name: Name
  readonly type: Type
  readonly direction: Direction
}

interface DirectedArray<Name, Type, Direction, Length> extends Directed<Name, Type, Direction> {
  readonly length: Length
}
