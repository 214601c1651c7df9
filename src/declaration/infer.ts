/**
 * What TypeScript knows of a C prototype that is a literal.
 *
 *     func<const Text extends string>(prototype: Checked<Text>):
 *       (...values: Arguments<Text>) => Result<Text>
 */
import type { CType } from '../abi/types.ts'
import type { ParsePrototype, ParseType } from './parse.ts'
import type { Malformed } from './report.ts'
import type {
  AnyArgument,
  AnyCallback,
  Argument,
  CallbackOf,
  Disposed,
  InoutOf,
  ResultOf,
  Returned,
  VariadicArgument,
} from './values.ts'
import type { ParseVariable } from './variable.ts'

/** `Text` if it parses, or is no literal; otherwise the message that the parser throws. */
export type Checked<Text extends string> =
  ParsePrototype<Text> extends Malformed<infer Message> ? Message : Text

/** The same of a type alone. */
export type CheckedType<Text extends string> =
  ParseType<Text> extends Malformed<infer Message> ? Message : Text

/** {@link Checked} for each prototype. Beside types, whose names only run time knows, each is taken as it is. */
export type CheckedAll<Declarations> = {
  readonly [Name in keyof Declarations]: Declarations[Name] extends string
    ? NamesTypes<Declarations> extends true
      ? Declarations[Name]
      : Checked<Declarations[Name]>
    : Declarations[Name]
}

/** Whether there are types among the declarations. */
export type NamesTypes<Declarations> = [Exclude<Declarations[keyof Declarations], string>] extends [
  never,
]
  ? false
  : true

/** The arguments of a function with that prototype; any arguments where the text is no literal. */
export type Arguments<Text extends string> =
  ParsePrototype<Text> extends { readonly parameters: infer Parameters extends readonly unknown[] }
    ? number extends Parameters['length']
      ? AnyArgument[]
      : ParsePrototype<Text> extends { readonly variadic: true }
        ? [...ArgumentsOf<Parameters>, ...VariadicArgument[]]
        : ArgumentsOf<Parameters>
    : AnyArgument[]

/** A mapped type where it will do: the compiler follows it for any number of parameters. */
type ArgumentsOf<Parameters extends readonly unknown[]> = Parameters[number] extends infer Parameter
  ? [Extract<Parameter, Directed>] extends [never]
    ? { -readonly [Index in keyof Parameters]: ArgumentOf<Parameters[Index]> }
    : GivenOf<Parameters>
  : never

/** Without those that are results only. */
type GivenOf<
  Parameters extends readonly unknown[],
  Done extends readonly unknown[] = [],
> = Parameters extends readonly [infer First, ...infer Rest]
  ? GivenOf<Rest, First extends { readonly direction: 'out' } ? Done : [...Done, ArgumentOf<First>]>
  : Done

interface Directed {
  readonly direction: 'out' | 'inout'
}

type ArgumentOf<Parameter> = Parameter extends {
  readonly direction: 'inout'
  readonly type: { readonly to: infer To }
}
  ? InoutOf<To, LengthOf<Parameter>>
  : Parameter extends { readonly type: infer Type }
    ? Argument<Type>
    : never

type LengthOf<Parameter> = Parameter extends { readonly length: infer Length } ? Length : undefined

/** The results by the names of their parameters. */
type ResultsOf<Parameters extends readonly unknown[]> = {
  -readonly [Parameter in Extract<
    Parameters[number],
    Directed & { name: string }
  > as Parameter['name']]: Parameter extends {
    readonly type: { readonly to: infer To }
  }
    ? Parameter extends { readonly free: string }
      ? Disposed<To>
      : ResultOf<To, LengthOf<Parameter>>
    : never
}

/** A function that C can call as one with that prototype; any function where the text is no literal. */
export type CallbackFor<Text extends string> =
  ParsePrototype<Text> extends {
    readonly result: infer Result
    readonly parameters: infer Parameters extends readonly unknown[]
  }
    ? number extends Parameters['length']
      ? AnyCallback
      : CallbackOf<Result, Parameters>
    : AnyCallback

/** What a function with that prototype returns; `unknown` where the text is no literal. */
export type Result<Text extends string> =
  ParsePrototype<Text> extends {
    readonly result: infer Type
    readonly parameters: infer Parameters extends readonly unknown[]
  }
    ? number extends Parameters['length']
      ? unknown
      : [Extract<Parameters[number], Directed>] extends [never]
        ? OwnResult<Type, ParsePrototype<Text>>
        : Flattened<{ result: OwnResult<Type, ParsePrototype<Text>> } & ResultsOf<Parameters>>
    : unknown

type OwnResult<Type, Signature> = Signature extends { readonly free: string }
  ? Disposed<Type>
  : Returned<Type>

/** Whether a call gives its result and those of its parameters. */
export type HasResults<Text extends string> =
  ParsePrototype<Text> extends { readonly parameters: infer Parameters extends readonly unknown[] }
    ? number extends Parameters['length']
      ? false
      : [Extract<Parameters[number], Directed>] extends [never]
        ? false
        : true
    : false

/** {@link Checked} for the declaration of a variable. */
export type CheckedVariable<Text extends string> =
  ParseVariable<Text> extends Malformed<infer Message> ? Message : Text

/** What a variable with that declaration holds; `unknown` where the text is no literal. */
export type HeldBy<Text extends string> =
  ParseVariable<Text> extends { readonly type: infer Type }
    ? CType extends Type
      ? unknown
      : Type extends { readonly kind: 'array'; readonly of: infer Of }
        ? ResultOf<Of, number>
        : Returned<Type>
    : unknown

/** What it can be set to. */
export type GivenTo<Text extends string> =
  ParseVariable<Text> extends { readonly type: infer Type; readonly const: infer Const }
    ? CType extends Type
      ? unknown
      : Const extends true
        ? never
        : Type extends { readonly kind: 'array'; readonly of: infer Of }
          ? InoutOf<Of, number>
          : Argument<Type>
    : unknown

type Flattened<Type> = { [Key in keyof Type]: Type[Key] }
