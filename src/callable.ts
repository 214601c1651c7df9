import type { UntypedFunction, WithOptions } from './bound-function.ts'
import type { Arguments, HasResults, NamesTypes, Result } from './declaration/infer.ts'

/** A C function with the types that its prototype says. */
export interface Callable<Prototype extends string> {
  (...values: Arguments<Prototype>): Promise<Result<Prototype>>
  /** The same, blocking. */
  sync(...values: Arguments<Prototype>): Result<Prototype>
  /** The same function, ended early, or with `errno` beside its result. */
  with<const Options extends WithOptions>(options: Options): CallableWith<Prototype, Options>
}

export interface CallableWith<Prototype extends string, Options extends WithOptions> {
  (...values: Arguments<Prototype>): Promise<ResultWith<Prototype, Options>>
  sync(...values: Arguments<Prototype>): ResultWith<Prototype, Options>
  /** Both together; what was said later counts. */
  with<const More extends WithOptions>(
    options: More,
  ): CallableWith<Prototype, Omit<Options, keyof More> & More>
}

type ResultWith<Prototype extends string, Options extends WithOptions> = Options extends {
  readonly errno: true
}
  ? WithErrno<Result<Prototype>, HasResults<Prototype>>
  : Result<Prototype>

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

/** A declared text with the types of its functions, where the text itself is too long to infer them from. */
export type DeclaredText<Functions> = string & { readonly [functions]: Functions }

declare const functions: unique symbol

/** The functions of a library, by their names in JavaScript. */
export type Symbols<D> =
  D extends DeclaredText<infer Functions>
    ? Functions
    : D extends string
      ? Readonly<Record<string, UntypedFunction>>
      : {
          readonly [Name in keyof D as D[Name] extends string
            ? Name
            : never]: NamesTypes<D> extends true ? UntypedFunction : Callable<D[Name] & string>
        }
