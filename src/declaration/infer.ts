/**
 * What TypeScript knows of a C prototype that is a literal.
 *
 *     func<const Text extends string>(prototype: Checked<Text>):
 *       (...values: Arguments<Text>) => Result<Text>
 */
import type { ParsePrototype } from './parse.ts'
import type { Malformed } from './report.ts'
import type { AnyArgument, Argument, Returned } from './values.ts'

/** `Text` if it parses, or is no literal; otherwise the message that the parser throws. */
export type Checked<Text extends string> =
  ParsePrototype<Text> extends Malformed<infer Message> ? Message : Text

/** {@link Checked} for each property. */
export type CheckedAll<Declarations extends Readonly<Record<string, string>>> = {
  readonly [Name in keyof Declarations]: Checked<Declarations[Name]>
}

/** The arguments of a function with that prototype; any arguments where the text is no literal. */
export type Arguments<Text extends string> =
  ParsePrototype<Text> extends { readonly parameters: infer Parameters extends readonly unknown[] }
    ? number extends Parameters['length']
      ? AnyArgument[]
      : ArgumentsOf<Parameters>
    : AnyArgument[]

type ArgumentsOf<Parameters extends readonly unknown[]> = {
  -readonly [Index in keyof Parameters]: Argument<
    Parameters[Index]['type' & keyof Parameters[Index]]
  >
}

/** What a function with that prototype returns; `unknown` where the text is no literal. */
export type Result<Text extends string> =
  ParsePrototype<Text> extends {
    readonly result: infer Type
    readonly parameters: infer Parameters extends readonly unknown[]
  }
    ? number extends Parameters['length']
      ? unknown
      : Returned<Type>
    : unknown
