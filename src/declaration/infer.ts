/**
 * What TypeScript knows of C text that is a literal.
 *
 *     func<const Text extends string>(prototype: Checked<Text>):
 *       (...values: Arguments<Text>) => Result<Text>
 */
import type { CType } from '../abi/types.ts'
import type { ParsePrototype, ParseType } from './parse.ts'
import type { Malformed } from './report.ts'
import type { AnyKnown, Find, NothingKnown } from './scope.ts'
import type { ParseText } from './text.ts'
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

/**
 * `Text` if it parses, is no literal, or is more than the compiler is given; otherwise the message that the parser
 * throws. `Scope` has the names that the text may use; it is `never` where they are unknown.
 */
export type Checked<Text extends string, Scope extends AnyKnown = NothingKnown> = [Scope] extends [
  never,
]
  ? Text
  : ParsePrototype<Text, Scope> extends Malformed<infer Message>
    ? Message
    : Text

/** {@link Checked} for a whole text. */
export type CheckedText<Text extends string> =
  ParseText<Text> extends Malformed<infer Message> ? Message : Text

/** The same of a type alone. */
export type CheckedType<Text extends string, Scope extends AnyKnown = NothingKnown> =
  ParseType<Text, Scope> extends Malformed<infer Message> ? Message : Text

/** The names that a text gives; `never` where the compiler is not given it. */
export type NamesIn<Text extends string> =
  ParseText<Text> extends infer Found extends AnyKnown ? Found : never

/** The arguments of a function: any where nothing is known of it. */
export type ArgumentsOf<Signature, Tags> = Signature extends {
  readonly parameters: infer Parameters extends readonly unknown[]
}
  ? number extends Parameters['length']
    ? AnyArgument[]
    : Signature extends { readonly variadic: true }
      ? [...EachArgument<Parameters, Tags>, ...VariadicArgument[]]
      : EachArgument<Parameters, Tags>
  : AnyArgument[]

/** {@link ArgumentsOf} a prototype alone; any arguments where the text is no literal. */
export type Arguments<Text extends string> = Text extends unknown
  ? ArgumentsOf<ParsePrototype<Text>, NothingKnown['tags']>
  : never

/** A mapped type where it will do: the compiler follows it for any number of parameters. */
type EachArgument<
  Parameters extends readonly unknown[],
  Tags,
> = Parameters[number] extends infer Parameter
  ? [Extract<Parameter, Directed>] extends [never]
    ? { -readonly [Index in keyof Parameters]: ArgumentOf<Parameters[Index], Tags> }
    : GivenOf<Parameters, Tags>
  : never

/** Without those that are results only. */
type GivenOf<
  Parameters extends readonly unknown[],
  Tags,
  Done extends readonly unknown[] = [],
> = Parameters extends readonly [infer First, ...infer Rest]
  ? GivenOf<
      Rest,
      Tags,
      First extends { readonly direction: 'out' } ? Done : [...Done, ArgumentOf<First, Tags>]
    >
  : Done

interface Directed {
  readonly direction: 'out' | 'inout'
}

type ArgumentOf<Parameter, Tags> = Parameter extends {
  readonly direction: 'inout'
  readonly type: { readonly to: infer To }
}
  ? InoutOf<To, LengthOf<Parameter>, Tags>
  : Parameter extends { readonly type: infer Type }
    ? Argument<Type, Tags>
    : never

type LengthOf<Parameter> = Parameter extends { readonly length: infer Length } ? Length : undefined

/** The results by the names of their parameters. */
type NamedResults<Parameters extends readonly unknown[], Tags> = {
  -readonly [Parameter in Extract<
    Parameters[number],
    Directed & { name: string }
  > as Parameter['name']]: Parameter extends {
    readonly type: { readonly to: infer To }
  }
    ? Parameter extends { readonly free: string }
      ? Disposed<To, Tags>
      : ResultOf<To, LengthOf<Parameter>, Tags>
    : never
}

/** A function that C can call as one with that prototype; any function where nothing is known of it. */
export type CallbackFor<Text extends string, Scope extends AnyKnown = NothingKnown> = [
  Scope,
] extends [never]
  ? AnyCallback
  : CallbackAs<ParsePrototype<Text, Scope>, Scope['tags']>

/** {@link CallbackFor}, where the name of a function type does too. */
export type CallbackNamed<Text extends string, Scope extends AnyKnown> = [Scope] extends [never]
  ? AnyCallback
  : Text extends Scope['typedefs']['name']
    ? CallbackAs<Find<Scope['typedefs'], Text>, Scope['tags']>
    : CallbackFor<Text, Scope>

type CallbackAs<Type, Tags> = [Type] extends [never]
  ? AnyCallback
  : Type extends { readonly kind: 'pointer'; readonly to: infer To }
    ? CallbackAs<To, Tags>
    : Type extends {
          readonly result: infer Result
          readonly parameters: infer Parameters extends readonly unknown[]
        }
      ? number extends Parameters['length']
        ? AnyCallback
        : CallbackOf<Result, Parameters, Tags>
      : AnyCallback

/** What a function returns; `unknown` where nothing is known of it. */
export type ResultsOf<Signature, Tags> = Signature extends {
  readonly result: infer Type
  readonly parameters: infer Parameters extends readonly unknown[]
}
  ? number extends Parameters['length']
    ? unknown
    : [Extract<Parameters[number], Directed>] extends [never]
      ? OwnResult<Type, Signature, Tags>
      : Flattened<{ result: OwnResult<Type, Signature, Tags> } & NamedResults<Parameters, Tags>>
  : unknown

/** {@link ResultsOf} a prototype alone. */
export type Result<Text extends string> = Text extends unknown
  ? ResultsOf<ParsePrototype<Text>, NothingKnown['tags']>
  : never

type OwnResult<Type, Signature, Tags> = Signature extends { readonly free: string }
  ? Disposed<Type, Tags>
  : Returned<Type, Tags>

/** Whether a call gives its result and those of its parameters. */
export type HasResults<Signature> = Signature extends {
  readonly parameters: infer Parameters extends readonly unknown[]
}
  ? number extends Parameters['length']
    ? false
    : [Extract<Parameters[number], Directed>] extends [never]
      ? false
      : true
  : false

/** {@link Checked} for the declaration of a variable. */
export type CheckedVariable<Text extends string, Scope extends AnyKnown = NothingKnown> = [
  Scope,
] extends [never]
  ? Text
  : ParseVariable<Text, Scope> extends Malformed<infer Message>
    ? Message
    : Text

/** What a variable with that declaration holds; `unknown` where nothing is known of it. */
export type HeldBy<Text extends string, Scope extends AnyKnown = NothingKnown> = [Scope] extends [
  never,
]
  ? HeldBy<Text>
  : HeldIn<ParseVariable<Text, Scope>, Scope['tags']>

/** What it can be set to. */
export type GivenTo<Text extends string, Scope extends AnyKnown = NothingKnown> = [Scope] extends [
  never,
]
  ? GivenTo<Text>
  : GivenIn<ParseVariable<Text, Scope>, Scope['tags']>

/** {@link HeldBy} a variable whose declaration is parsed. */
export type HeldIn<Variable, Tags> = Variable extends { readonly type: infer Type }
  ? CType extends Type
    ? unknown
    : Type extends { readonly kind: 'array'; readonly of: infer Of }
      ? ResultOf<Of, number, Tags>
      : Returned<Type, Tags>
  : unknown

/** {@link GivenTo} such a variable. */
export type GivenIn<Variable, Tags> = Variable extends {
  readonly type: infer Type
  readonly const: infer Const
}
  ? CType extends Type
    ? unknown
    : Const extends true
      ? never
      : Type extends { readonly kind: 'array'; readonly of: infer Of }
        ? InoutOf<Of, number, Tags>
        : Argument<Type, Tags>
  : unknown

type Flattened<Type> = { [Key in keyof Type]: Type[Key] }
