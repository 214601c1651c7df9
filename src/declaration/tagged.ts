/** What follows `struct`, `union` or `enum`, at compile time: the twin of `Declarations.tagged`. */
import type { SkipAttributes } from './attributes.ts'
import type { ConstantAt } from './constant.ts'
import type { DeclaratorAt, Declared, PointersTo } from './declarator.ts'
import type { Complete } from './incomplete.ts'
import type { Failure, Format, Found } from './messages.ts'
import type { AnyKnown, Entry, WithConstant, WithTag } from './scope.ts'
import type { Enum, Opaque, Parsed, Specifiers } from './specifiers.ts'
import type { NoName } from './words.ts'

/** A type with a tag or a body; `Words` are its tokens. */
export interface Tagged<Words, Type, Tokens, Scope> {
  readonly words: Words
  readonly type: Type
  readonly tokens: Tokens
  readonly scope: Scope
}

/** A structure or union; `Members` are entries, `Lent` the nameless ones among its members, whose members stand for themselves. */
export interface Aggregate<Kind, Members, Lent> {
  readonly kind: Kind
  readonly members: Members
  readonly lent: Lent
}

type AnyMember = Entry<string, unknown>

/** The tokens from behind the keyword on. */
export type TaggedAt<Keyword extends string, Tokens extends string, Scope extends AnyKnown> =
  SkipAttributes<Tokens> extends `${infer Tag} ${infer Next}`
    ? Tag extends '{'
      ? Bodied<Keyword, '', `${Tag} ${Next}`, BodyAt<Keyword, Next, Scope>>
      : Tag extends NoName
        ? Failure<Format<'missingTag', `'${Tag}'`>, `${Tag} ${Next}`>
        : SkipAttributes<Next> extends `{ ${infer Inside}`
          ? `${Keyword} ${Tag}` extends Scope['tags']['name']
            ? Failure<Format<'nameTwice', `${Keyword} ${Tag}`>, `${Tag} ${Next}`>
            : Bodied<Keyword, Tag, `${Tag} ${Next}`, BodyAt<Keyword, Inside, Scope>>
          : Tagged<
              `${Keyword} ${Tag}`,
              Keyword extends 'enum' ? Enum<Tag> : Opaque<Keyword, Tag>,
              Next,
              Scope
            >
    : Failure<Format<'missingTag', 'the end'>, ''>

/** What stood between braces, and what is known behind it. */
interface Body<Type, Tokens, Scope> {
  readonly body: Type
  readonly tokens: Tokens
  readonly scope: Scope
}

/** Where it has a tag, that stands for the type from here on. */
type Bodied<Keyword extends string, Tag extends string, Tokens extends string, Result> =
  Result extends Body<infer Type, infer Rest extends string, infer Scope extends AnyKnown>
    ? SkipAttributes<Rest> extends infer Next extends string
      ? Keyword extends 'enum'
        ? Tagged<Taken<Keyword, Tokens, Next>, Enum<Tag>, Next, Scope>
        : Tag extends ''
          ? Tagged<Taken<Keyword, Tokens, Next>, Type, Next, Scope>
          : Tagged<
              Taken<Keyword, Tokens, Next>,
              Opaque<Keyword, Tag>,
              Next,
              WithTag<Scope, `${Keyword} ${Tag}`, Type>
            >
      : never
    : Result

/** The tokens of a type, for messages. */
type Taken<
  Keyword extends string,
  Tokens extends string,
  Rest extends string,
> = Tokens extends `${infer Words} ${Rest}` ? `${Keyword} ${Words}` : Keyword

/** The tokens from behind the opening brace on. */
type BodyAt<Keyword, Tokens extends string, Scope extends AnyKnown> = Keyword extends 'enum'
  ? EnumeratorsAt<Tokens, Scope>
  : MembersAt<Keyword, Tokens, Scope>

type EnumeratorsAt<Tokens extends string, Scope extends AnyKnown> = Tokens extends `} ${infer Rest}`
  ? Body<undefined, Rest, Scope>
  : EnumeratorAt<Tokens, Scope> extends infer Result
    ? Result extends Body<undefined, infer Rest extends string, infer Inner extends AnyKnown>
      ? Rest extends `, ${infer Next}`
        ? EnumeratorsAt<Next, Inner>
        : Rest extends `} ${infer Next}`
          ? Body<undefined, Next, Inner>
          : Failure<Format<'missingToken', '}', Found<Rest>>, Rest>
      : Result
    : never

type EnumeratorAt<
  Tokens extends string,
  Scope extends AnyKnown,
> = Tokens extends `${infer Name} ${infer Next}`
  ? Name extends NoName
    ? Failure<Format<'missingDeclared', `'${Name}'`>, Tokens>
    : Next extends `${',' | '}'} ${string}`
      ? Enumerator<Name, Tokens, Scope, Next>
      : SkipAttributes<Next> extends `= ${infer Value}`
        ? Enumerator<Name, Tokens, Scope, ConstantAt<Value, Scope>>
        : Enumerator<Name, Tokens, Scope, SkipAttributes<Next>>
  : Failure<Format<'missingDeclared', 'the end'>, ''>

/** `Rest` are the tokens behind its value, or the failure of that. */
type Enumerator<
  Name extends string,
  Start extends string,
  Scope extends AnyKnown,
  Rest,
> = Rest extends string
  ? Name extends Scope['constants']
    ? Failure<Format<'nameTwice', Name>, Start>
    : Body<undefined, Rest, WithConstant<Scope, Name>>
  : Rest

type MembersAt<
  Keyword,
  Tokens extends string,
  Scope extends AnyKnown,
  Members extends AnyMember = never,
  Lent extends readonly unknown[] = readonly [],
  Flexible = false,
> = Tokens extends `${infer Word} ${infer Next}`
  ? Word extends '}'
    ? Body<Aggregate<Keyword, Members, Lent>, Next, Scope>
    : Word extends ';'
      ? MembersAt<Keyword, Next, Scope, Members, Lent, Flexible>
      : Flexible extends Keyword
        ? Failure<Format<'flexibleLast'>, Tokens>
        : MemberAt<
              Keyword,
              Specifiers<SkipAttributes<Tokens>, Scope>,
              Members,
              Lent
            > extends infer Result
          ? Result extends MembersTaken<
              infer Rest extends string,
              infer Inner extends AnyKnown,
              infer More extends AnyMember,
              infer MoreLent extends readonly unknown[],
              infer IsFlexible
            >
            ? MembersAt<Keyword, Rest, Inner, More, MoreLent, IsFlexible>
            : Result
          : never
  : Failure<Format<'missingToken', '}', 'the end'>, ''>

/** `Flexible` is `'struct'` behind an array without a length. */
interface MembersTaken<Tokens, Scope, Members, Lent, Flexible> {
  readonly tokens: Tokens
  readonly scope: Scope
  readonly members: Members
  readonly lent: Lent
  readonly flexible: Flexible
}

/** A structure without a name lends its members; a mere tag declares none. */
type MemberAt<Keyword, Base, Members extends AnyMember, Lent extends readonly unknown[]> =
  Base extends Parsed<
    infer Type,
    infer Const,
    infer Tokens extends string,
    infer Scope extends AnyKnown
  >
    ? SkipAttributes<Tokens> extends `; ${infer Rest}`
      ? MembersTaken<Rest, Scope, Members, Lender<Type, Scope, Lent>, false>
      : MemberListAt<Keyword, Type, Const, SkipAttributes<Tokens>, Scope, Members, Lent>
    : Base

type Lender<Type, Scope extends AnyKnown, Lent extends readonly unknown[]> =
  Type extends Opaque<infer Keyword extends string, infer Tag extends string>
    ? `${Keyword} ${Tag}` extends Scope['tags']['name']
      ? readonly [...Lent, Type]
      : Lent
    : Type extends Aggregate<unknown, unknown, unknown>
      ? readonly [...Lent, Type]
      : Lent

type MemberListAt<
  Keyword,
  Type,
  Const,
  Tokens extends string,
  Scope extends AnyKnown,
  Members extends AnyMember,
  Lent,
> =
  OneMemberAt<Type, Const, Tokens, Scope, Members> extends infer Result
    ? Result extends OneMember<
        infer Rest extends string,
        infer More extends AnyMember,
        infer Flexible
      >
      ? Rest extends `, ${infer Next}`
        ? Flexible extends Keyword
          ? Failure<Format<'flexibleLast'>, Next>
          : MemberListAt<Keyword, Type, Const, Next, Scope, More, Lent>
        : Rest extends `; ${infer Next}`
          ? MembersTaken<Next, Scope, More, Lent, Flexible>
          : Failure<Format<'missingToken', ';', Found<Rest>>, Rest>
      : Result
    : never

interface OneMember<Tokens, Members, Flexible = false> {
  readonly tokens: Tokens
  readonly members: Members
  readonly flexible: Flexible
}

type OneMemberAt<
  Type,
  Const,
  Tokens extends string,
  Scope extends AnyKnown,
  Members extends AnyMember,
> = Tokens extends `: ${infer Width}`
  ? Wide<Type, Tokens, Members, ConstantAt<Width, Scope>>
  : DeclaratorAt<
        PointersTo<Type, Const, Tokens, Scope>,
        Members['name'],
        'memberTwice'
      > extends infer Result
    ? Result extends Declared<
        infer Name,
        infer Whole,
        unknown,
        infer Length,
        infer Rest extends string
      >
      ? Name extends string
        ? Length extends string
          ? Failure<Format<'missingNumber', `'${Length}'`>, Tokens>
          : Complete<ElementOf<Whole>, Scope, Tokens> extends infer Failed extends Failure<
                string,
                string
              >
            ? Failed
            : Rest extends `: ${infer Width}`
              ? Wide<Whole, Tokens, Members | Entry<Name, Whole>, ConstantAt<Width, Scope>>
              : OneMember<SkipAttributes<Rest>, Members | Entry<Name, Whole>, FlexibleIn<Whole>>
        : Failure<Format<'missingMember', Found<Rest>>, Rest>
      : Result
    : never

type ElementOf<Type> = Type extends { readonly kind: 'array'; readonly of: infer Of }
  ? ElementOf<Of>
  : Type

type FlexibleIn<Type> = Type extends { readonly kind: 'array'; readonly length: undefined }
  ? 'struct'
  : false

/** Behind the width of a bit-field; how many bits there may be is known at run time. */
type Wide<Type, Start extends string, Members extends AnyMember, Rest> = Rest extends string
  ? Type extends { readonly kind: 'integer' | 'bool' | 'enum' }
    ? OneMember<SkipAttributes<Rest>, Members>
    : Failure<Format<'bitType', KindOf<Type>>, Start>
  : Rest

type KindOf<Type> =
  Type extends Opaque<infer Keyword extends string, string>
    ? Keyword
    : Type extends { readonly kind: infer Kind extends string }
      ? Kind
      : never
