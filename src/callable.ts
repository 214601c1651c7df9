import type { UntypedFunction, WithOptions } from './bound-function.ts'
import type { ArgumentsOf, Checked, HasResults, NamesIn, ResultsOf } from './declaration/infer.ts'
import type { ParsePrototype } from './declaration/parse.ts'
import type { AnyKnown, Entry, Find, Known, NothingKnown } from './declaration/scope.ts'
import type { Type } from './type.ts'

/**
 * A C function with the types that its prototype says. `Names` are those that the prototype may use; where they are
 * unknown (`never`), a prototype that doesn't stand alone says nothing.
 */
export type Callable<Prototype extends string, Names extends AnyKnown = NothingKnown> = [
  Names,
] extends [never]
  ? CallableOf<ParsePrototype<Prototype>, NothingKnown['tags']>
  : CallableOf<ParsePrototype<Prototype, Names>, Names['tags']>

/** A C function with the types of its signature. */
export interface CallableOf<Signature, Tags> {
  (...values: ArgumentsOf<Signature, Tags>): Promise<ResultsOf<Signature, Tags>>
  /** The same, blocking. */
  sync(...values: ArgumentsOf<Signature, Tags>): ResultsOf<Signature, Tags>
  /** The same function, ended early, or with `errno` beside its result. */
  with<const Options extends WithOptions>(options: Options): CallableWith<Signature, Tags, Options>
}

export interface CallableWith<Signature, Tags, Options extends WithOptions> {
  (...values: ArgumentsOf<Signature, Tags>): Promise<ResultWith<Signature, Tags, Options>>
  sync(...values: ArgumentsOf<Signature, Tags>): ResultWith<Signature, Tags, Options>
  /** Both together; what was said later counts. */
  with<const More extends WithOptions>(
    options: More,
  ): CallableWith<Signature, Tags, Omit<Options, keyof More> & More>
}

type ResultWith<Signature, Tags, Options extends WithOptions> = Options extends {
  readonly errno: true
}
  ? WithErrno<ResultsOf<Signature, Tags>, HasResults<Signature>>
  : ResultsOf<Signature, Tags>

/** Beside several results it is one more. */
type WithErrno<Found, Several> = Several extends true
  ? Found & { errno: number }
  : { result: Found; errno: number }

/** A C function whose types are written out, as `fat-threads bind` does. */
export interface CFunction<Values extends readonly unknown[], Result> {
  (...values: Values): Promise<Result>
  /** The same, blocking. */
  sync(...values: Values): Result
  /** The same function, ended early, or with `errno` beside its result. */
  with<const Options extends WithOptions>(options: Options): CFunctionWith<Values, Result, Options>
}

export interface CFunctionWith<
  Values extends readonly unknown[],
  Result,
  Options extends WithOptions,
> {
  (...values: Values): Promise<CResultWith<Result, Options>>
  sync(...values: Values): CResultWith<Result, Options>
  /** Both together; what was said later counts. */
  with<const More extends WithOptions>(
    options: More,
  ): CFunctionWith<Values, Result, Omit<Options, keyof More> & More>
}

type CResultWith<Result, Options extends WithOptions> = Options extends { readonly errno: true }
  ? { result: Result; errno: number }
  : Result

/** A declared text with the types of what it declares, where the text itself is too long to infer them from. */
export type DeclaredText<Functions, Variables = Record<never, never>> = string & {
  readonly [functions]: Functions
  readonly [variables]: Variables
}

declare const functions: unique symbol
declare const variables: unique symbol

/**
 * What the names in declarations stand for: of a text, all that it declares; beside prototypes, the types. `never`
 * where TypeScript doesn't know the declarations.
 */
export type NamesOf<D> =
  D extends DeclaredText<unknown, unknown>
    ? never
    : D extends string
      ? NamesIn<D>
      : string extends keyof D
        ? never
        : HasTypes<D> extends true
          ? Known<true, TypesIn<D>, never, never, never, never>
          : NothingKnown

type HasTypes<D> = [Exclude<D[keyof D], string>] extends [never] ? false : true

type TypesIn<D> = {
  [Name in keyof D]: D[Name] extends Type<unknown, infer Declared>
    ? Entry<Name & string, unknown extends Declared ? { readonly kind: 'unknown' } : Declared>
    : never
}[keyof D]

/** Declarations whose prototypes parse, with the message of run time in the place of one that doesn't. */
export type CheckedAll<D> = {
  readonly [Name in keyof D]: D[Name] extends string ? Checked<D[Name], NamesOf<D>> : D[Name]
}

/** The functions of a library, by their names in JavaScript; untyped where the compiler is not given the text. */
export type Symbols<D> =
  D extends DeclaredText<infer Functions, unknown>
    ? Functions
    : D extends string
      ? NamesIn<D> extends infer Names extends AnyKnown
        ? [Names] extends [never]
          ? Readonly<Record<string, UntypedFunction>>
          : {
              readonly [Name in Names['functions']['name']]: CallableOf<
                Find<Names['functions'], Name>,
                Names['tags']
              >
            }
        : never
      : {
          readonly [Name in keyof D as D[Name] extends string ? Name : never]: Callable<
            D[Name] & string,
            NamesOf<D>
          >
        }
