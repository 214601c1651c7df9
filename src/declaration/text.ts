/** Declared texts at compile time: the twin of `Declarations.add`, rule by rule. */
import type { Types } from '../abi/names.ts'
import type { SkipAttributes } from './attributes.ts'
import type { DeclaratorAt, Declared, PointersTo } from './declarator.ts'
import type { Disposal, DisposalAt, Freed, IsDisposable } from './disposal.ts'
import type { Complete } from './incomplete.ts'
import type { Failure, Format, Found } from './messages.ts'
import type { Reported, Unreadable } from './report.ts'
import type { Beyond, ScanWhole } from './scan-whole.ts'
import type {
  AnyKnown,
  Find,
  NothingYet,
  WithFunction,
  WithTypedef,
  WithVariable,
} from './scope.ts'
import type { Parsed, Specifiers } from './specifiers.ts'

/**
 * What a text declares, as a type: `Known`, `Malformed` with the message of run time, or `Beyond` where the text is
 * no literal, or more than the compiler is given.
 */
export type ParseText<Text extends string> =
  NoLiteral extends Record<Text, 1> ? Beyond : TextIn<Text, ScanWhole<Text>>

/** Has the properties of a `Record` only if its keys are no literals but `string` or a pattern. */
type NoLiteral = Record<never, 1>

type TextIn<Text extends string, Tokens> = Tokens extends string
  ? Reported<Text, Tokens, DeclarationsAt<Tokens, NothingYet>>
  : Unreadable<Text, Tokens>

type DeclarationsAt<Tokens extends string, Scope extends AnyKnown> = Tokens extends ''
  ? Scope
  : Tokens extends `; ${infer Next}`
    ? DeclarationsAt<Next, Scope>
    : DeclarationAt<SkipAttributes<Tokens>, Scope> extends infer Result
      ? Result extends Behind<infer Rest extends string, infer Inner extends AnyKnown>
        ? DeclarationsAt<Rest, Inner>
        : Result
      : never

/** The tokens behind a declaration, and what is known there. */
interface Behind<Tokens, Scope> {
  readonly tokens: Tokens
  readonly scope: Scope
}

type DeclarationAt<
  Tokens extends string,
  Scope extends AnyKnown,
> = Tokens extends `typedef ${infer Next}`
  ? BaseAt<Specifiers<Next, Scope>, Typedefs>
  : Tokens extends `_Free_ ${infer Next}`
    ? DisposalAt<Next> extends infer Found
      ? Found extends Disposal<infer Free extends string, infer Rest extends string>
        ? BaseAt<Specifiers<Rest, Scope>, FreedBy<Free, Tokens>>
        : Found
      : never
    : BaseAt<Specifiers<Tokens, Scope>, Symbols>

/** What the declarators behind the specifiers make. */
type Typedefs = 'typedefs'
type Symbols = 'symbols'

/** Functions whose results `Free` takes back; `Start` are the tokens from the word that says so on. */
interface FreedBy<Free, Start extends string> {
  readonly free: Free
  readonly start: Start
}

type BaseAt<Base, What> =
  Base extends Parsed<
    infer Type,
    infer Const,
    infer Tokens extends string,
    infer Scope extends AnyKnown
  >
    ? SkipAttributes<Tokens> extends `; ${infer Rest}`
      ? Behind<Rest, Scope>
      : DeclaratorsAt<Type, Const, SkipAttributes<Tokens>, Scope, What>
    : Base

type DeclaratorsAt<Type, Const, Tokens extends string, Scope extends AnyKnown, What> =
  NamedAt<PointersTo<Type, Const, Tokens, Scope>, What> extends infer Result
    ? Result extends Behind<infer Rest extends string, infer Inner extends AnyKnown>
      ? Rest extends `; ${infer Next}`
        ? Behind<Next, Inner>
        : Rest extends `, ${infer Next}`
          ? DeclaratorsAt<Type, Const, Next, Inner, What>
          : Rest extends `{ ${string}`
            ? Failure<Format<'body'>, Rest>
            : Failure<Format<'missingToken', ';', Found<Rest>>, Rest>
      : Result
    : never

type NamedAt<Base, What> =
  Base extends Parsed<unknown, unknown, infer Start extends string, unknown>
    ? DeclaratorAt<Base> extends infer Result
      ? Result extends Declared<
          infer Name,
          infer Type,
          infer Const,
          unknown,
          infer Rest extends string,
          infer Scope extends AnyKnown
        >
        ? Name extends string
          ? What extends Typedefs
            ? Typedef<Name, Type, Scope, SkipAttributes<Rest>, Start>
            : Type extends { readonly kind: 'function'; readonly result: infer Returned }
              ? Complete<Returned, Scope, Start> extends infer Failed extends Failure<
                  `'${string}`,
                  string
                >
                ? Failed
                : What extends FreedBy<infer Free, infer From>
                  ? IsDisposable<Returned, Scope> extends true
                    ? Behind<SkipAttributes<Rest>, WithFunction<Scope, Name, Freed<Type, Free>>>
                    : Failure<Format<'disposal'>, From>
                  : Behind<SkipAttributes<Rest>, WithFunction<Scope, Name, Type>>
              : What extends FreedBy<unknown, infer From>
                ? Failure<Format<'disposal'>, From>
                : Behind<SkipAttributes<Rest>, WithVariable<Scope, Name, Type, Const>>
          : Failure<Format<'missingDeclared', Found<Rest>>, Rest>
        : Result
      : never
    : Base

/** The same typedef again is no other one; what the table of names has keeps its meaning if it is the same. */
type Typedef<
  Name extends string,
  Type,
  Scope extends AnyKnown,
  Rest,
  Start extends string,
> = Name extends Scope['typedefs']['name']
  ? IsSame<Find<Scope['typedefs'], Name>, Type> extends true
    ? Behind<Rest, Scope>
    : Failure<Format<'nameTwice', Name>, Start>
  : Name extends keyof Types
    ? Representation<Type> extends Representation<Types[Name]>
      ? Behind<Rest, Scope>
      : Behind<Rest, WithTypedef<Scope, Name, Type>>
    : Behind<Rest, WithTypedef<Scope, Name, Type>>

/** What two names of one integer have in common. */
type Representation<Type> = Type extends {
  readonly kind: infer Kind
  readonly size: infer Size
  readonly signed: infer Signed
}
  ? readonly [Kind, Size, Signed]
  : Type

type IsSame<One, Other> = One extends {
  readonly kind: 'pointer'
  readonly to: infer To
  readonly const: infer Const
}
  ? Other extends { readonly kind: 'pointer'; readonly to: infer OtherTo; readonly const: Const }
    ? IsSame<To, OtherTo>
    : false
  : One extends { readonly kind: 'integer' | 'float'; readonly name: infer Name }
    ? Other extends { readonly name: Name }
      ? true
      : false
    : One extends { readonly kind: 'enum' | 'opaque'; readonly tag: infer Tag }
      ? Other extends { readonly kind: One['kind']; readonly tag: Tag }
        ? SameKeyword<One, Other>
        : false
      : One extends { readonly kind: 'struct' | 'union' }
        ? Equal<One, Other>
        : One extends { readonly kind: infer Kind }
          ? Other extends { readonly kind: Kind }
            ? true
            : false
          : false

type SameKeyword<One, Other> = One extends { readonly keyword: infer Keyword }
  ? Other extends { readonly keyword: Keyword }
    ? true
    : false
  : true

type Equal<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false
