/** What C types are in JavaScript: the types of arguments and results. */
import type { TypeName, Types } from '../abi/names.ts'
import type { Callback } from '../memory/callback.ts'
import type { Pointer } from '../memory/pointer.ts'
import type { SharedMemory } from '../memory/shared-memory.ts'
import type { ArrayTo, PointerTo } from './declarator.ts'
import type { Entry, Find } from './scope.ts'
import type { Opaque } from './specifiers.ts'
import type { Aggregate } from './tagged.ts'

/** Memory without a type of element: it fits every pointer. */
type RawBytes = Uint8Array | Uint8ClampedArray | DataView | ArrayBufferLike

/** Typed arrays by the size of the C type that their elements fit. */
interface IntegerArrays {
  readonly 2: Int16Array | Uint16Array
  readonly 4: Int32Array | Uint32Array
  readonly 8: BigInt64Array | BigUint64Array
}

interface FloatArrays {
  readonly 4: Float32Array
  readonly 8: Float64Array
}

/** Any memory of the program. */
export type Bytes =
  | RawBytes
  | Int8Array
  | IntegerArrays[keyof IntegerArrays]
  | FloatArrays[keyof FloatArrays]

/** What a pointer takes whatever it points to. */
type Address = Pointer | SharedMemory | null

/** What any parameter takes: all that is known where the declaration is no literal. */
export type AnyArgument =
  | number
  | bigint
  | boolean
  | string
  | Bytes
  | Address
  | readonly (number | bigint | boolean | Pointer | null)[]

/** A value behind `...`: its type and itself. */
export type VariadicArgument =
  | { readonly [Name in TypeName]: readonly [type: Name, value: Argument<Types[Name]>] }[TypeName]
  | readonly [type: 'const char *' | 'char *', value: string | Bytes | Address]
  | readonly [type: `${string}*`, value: AnyArgument]
  | readonly [type: TypeAsObject, value: unknown]

/** What a `Type` is known by here, where none is made. */
interface TypeAsObject {
  readonly size: number
  readonly align: number
  offsetof(member: string): number
}

/** What a parameter that is a result gives, or takes if it is `_Inout_`: a value, or an array of them. */
export type ResultOf<To, Length, Tags> = Length extends undefined
  ? Returned<To, Tags>
  : ArrayOf<To, Tags>

export type InoutOf<To, Length, Tags> = Length extends undefined
  ? Given<To, Tags>
  : ArrayGiven<To, Tags>

/** An array as it comes back: text for characters, a typed array for numbers. */
export type ArrayOf<To, Tags = NoTags> = To extends { readonly name: Character }
  ? string
  : To extends { readonly kind: 'float'; readonly size: infer Size extends keyof FloatArrays }
    ? FloatArrays[Size]
    : To extends { readonly kind: 'integer'; readonly size: 1; readonly signed: infer Signed }
      ? Signed extends true
        ? Int8Array
        : Uint8Array
      : To extends {
            readonly kind: 'integer'
            readonly size: infer Size extends keyof IntegerArrays
            readonly signed: infer Signed
          }
        ? SignedArrays<Size>[Signed extends true ? 'signed' : 'unsigned']
        : To extends { readonly kind: 'enum' }
          ? Int32Array
          : Returned<To, Tags>[]

type SignedArrays<Size extends keyof IntegerArrays> = {
  readonly 2: { readonly signed: Int16Array; readonly unsigned: Uint16Array }
  readonly 4: { readonly signed: Int32Array; readonly unsigned: Uint32Array }
  readonly 8: { readonly signed: BigInt64Array; readonly unsigned: BigUint64Array }
}[Size]

/** The types of characters; strings of them, if they are const, are strings in JavaScript. */
type Character = 'char' | 'char8_t' | 'char16_t' | 'char32_t' | 'wchar_t' | 'latin1_t'

/** A function that C calls. A promise is for calls that don't block. */
export type CallbackOf<Result, Parameters extends readonly unknown[], Tags = NoTags> = (
  ...values: { -readonly [Index in keyof Parameters]: GivenTo<Parameters[Index], Tags> }
) => AnswerOf<Result, Tags> | Promise<AnswerOf<Result, Tags>>

// biome-ignore lint/suspicious/noExplicitAny: what it takes is known to whoever declared it
export type AnyCallback = (...values: any[]) => unknown

type GivenTo<Parameter, Tags> = Parameter extends { readonly type: infer Type }
  ? Returned<Type, Tags>
  : never

type AnswerOf<Type, Tags> = Type extends { readonly kind: 'void' }
  ? // biome-ignore lint/suspicious/noConfusingVoidType: it is the return type of a function
    void
  : Argument<Type, Tags>

/** What a parameter that points to a function takes. */
type FunctionFor<Type, Tags> = Type extends {
  readonly result: infer Result
  readonly parameters: infer Parameters extends readonly unknown[]
}
  ? CallbackOf<Result, Parameters, Tags> | Callback | Pointer | { readonly pointer: Pointer } | null
  : never

/** What a parameter of a C type takes; `Tags` has the structures and unions that have a tag. */
export type Argument<Type, Tags = NoTags> =
  Type extends PointerTo<infer To, infer Const>
    ? To extends { readonly kind: 'function' }
      ? FunctionFor<To, Tags>
      : Address | BytesFor<To> | PointedTo<To, Const, Tags>
    : Given<Type, Tags>

type NoTags = never

/** What a value in memory is given as: a parameter that is no pointer, a member, an element. */
type Given<Type, Tags> = Type extends { readonly size: 8; readonly kind: 'integer' }
  ? number | bigint
  : Type extends PointerTo<infer To, infer Const>
    ? Address | BytesFor<To> | InMemory<To, Const>
    : Type extends ArrayTo<infer Of, unknown>
      ? ArrayGiven<Of, Tags>
      : Type extends Aggregate<'struct', infer Members extends AnyMember, infer Lent>
        ? Flattened<Givens<Members, Tags> & LentTo<Lent, Tags>>
        : Type extends Aggregate<'union', infer Members extends AnyMember, infer Lent>
          ? Alone<Alternatives<Members, Lent, Tags>, AllMembers<Type, Tags>['name']>
          : Type extends Opaque<string, string>
            ? Given<Complete<Type, Tags>, Tags>
            : Scalar<Type>

/** Of a structure or union with a tag, what the tag stands for. */
type Complete<Type, Tags> =
  Type extends Opaque<infer Keyword extends string, infer Tag extends string>
    ? Find<Tags, `${Keyword} ${Tag}`>
    : Type

/** What a pointer in memory takes beside memory: what it points to lives as long as the call. */
type InMemory<To, Const> =
  | (To extends { readonly kind: 'integer' | 'float' | 'bool' | 'enum' | 'pointer' }
      ? readonly ElementGiven<To>[]
      : never)
  | (Const extends true ? TextOf<To> : never)

type TextOf<Element> = Element extends { readonly name: Character } ? string : never

type ElementGiven<Element> = Element extends { readonly kind: 'pointer' }
  ? Pointer | null | Lent<Element>
  : Element extends { readonly size: 8; readonly kind: 'integer' }
    ? number | bigint
    : Scalar<Element>

/** What stands for a pointer in an array, where the library only reads what it points to. */
type Lent<Element> =
  Element extends PointerTo<infer To, true>
    ? To extends { readonly kind: 'function' }
      ? never
      : SharedMemory | BytesFor<To> | InMemory<To, true>
    : never

type ArrayGiven<Of, Tags> = BytesFor<Of> | readonly Given<Of, Tags>[] | TextOf<Of>

type Givens<Members extends AnyMember, Tags> = {
  readonly [Member in Members as Member['name']]: Given<Member['type'], Tags>
}

type AnyMember = Entry<string, unknown>

/** What nameless members add: all of a structure, at least one of a union, which no type can say. */
type LentTo<Lent, Tags> = Lent extends readonly [infer First, ...infer More]
  ? (Complete<First, Tags> extends infer Group
      ? Group extends { readonly kind: 'struct' }
        ? Given<Group, Tags>
        : Partial<Givens<AllMembers<Group, Tags>, Tags>>
      : never) &
      LentTo<More, Tags>
  : unknown

/** The objects that a union takes, each with what belongs together. */
type Alternatives<Members extends AnyMember, Lent, Tags> =
  | Each<Members, Tags>
  | LentAlternatives<Lent, Tags>

type Each<Members extends AnyMember, Tags> = Members extends unknown ? Givens<Members, Tags> : never

type LentAlternatives<Lent, Tags> = Lent extends readonly [infer First, ...infer More]
  ?
      | (Complete<First, Tags> extends infer Group
          ? Group extends Aggregate<'union', infer Members extends AnyMember, infer Inner>
            ? Alternatives<Members, Inner, Tags>
            : Given<Group, Tags>
          : never)
      | LentAlternatives<More, Tags>
  : never

/** Each object, and none of the others' members. */
type Alone<Object, Names extends PropertyKey> = Object extends unknown
  ? Flattened<Object & { readonly [Name in Exclude<Names, keyof Object>]?: never }>
  : never

/** The members, and those of nameless structures and unions among them. */
type AllMembers<Type, Tags> =
  Complete<Type, Tags> extends Aggregate<string, infer Members extends AnyMember, infer Lent>
    ? Members | AllLent<Lent, Tags>
    : never

type AllLent<Lent, Tags> = Lent extends readonly [infer First, ...infer More]
  ? AllMembers<First, Tags> | AllLent<More, Tags>
  : never

type Flattened<Type> = { [Key in keyof Type]: Type[Key] }

/** What a function whose result has a C type returns. */
export type Returned<Type, Tags = NoTags> =
  Type extends PointerTo<infer To, infer Const>
    ? Const extends true
      ? To extends { readonly name: Character }
        ? string | null
        : Pointer | null
      : To extends { readonly kind: 'function' }
        ? FunctionPointer<To, Tags> | null
        : Pointer | null
    : Type extends { readonly kind: 'void' }
      ? // biome-ignore lint/suspicious/noConfusingVoidType: it is the return type of a function
        void
      : Type extends ArrayTo<infer Of, unknown>
        ? ArrayOf<Of, Tags>
        : Type extends { readonly kind: 'struct' | 'union' | 'opaque' }
          ? ReturnedMembers<AllMembers<Type, Tags>, Tags>
          : Scalar<Type>

type ReturnedMembers<Members extends AnyMember, Tags> = {
  [Member in Members as Member['name']]: Returned<Member['type'], Tags>
}

/** What a pointer that is given back pointed to. */
export type Disposed<Type, Tags = NoTags> =
  Type extends PointerTo<infer To, unknown>
    ? (To extends { readonly name: Character } ? string : Returned<To, Tags>) | null
    : never

/** A function pointer that the library gave. */
export interface FunctionPointer<Type, Tags = NoTags> {
  (...values: ArgumentsFor<Type, Tags>): Promise<ResultFor<Type, Tags>>
  /** The same, blocking. */
  sync(...values: ArgumentsFor<Type, Tags>): ResultFor<Type, Tags>
  /** The same, ended early, or with `errno` beside its result. */
  with(options: FunctionOptions & { readonly errno: true }): {
    (...values: ArgumentsFor<Type, Tags>): Promise<{ result: ResultFor<Type, Tags>; errno: number }>
    sync(...values: ArgumentsFor<Type, Tags>): { result: ResultFor<Type, Tags>; errno: number }
  }
  with(options: FunctionOptions): FunctionPointer<Type, Tags>
  readonly pointer: Pointer
}

interface FunctionOptions {
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

type ArgumentsFor<Type, Tags> = Type extends {
  readonly parameters: infer Parameters extends readonly unknown[]
}
  ? number extends Parameters['length']
    ? AnyArgument[]
    : {
        -readonly [Index in keyof Parameters]: Parameters[Index] extends { readonly type: infer Of }
          ? Argument<Of, Tags>
          : never
      }
  : never

type ResultFor<Type, Tags> = Type extends { readonly result: infer Result }
  ? Returned<Result, Tags>
  : unknown

/** A value that is no pointer, as the library returns it. */
type Scalar<Type> = Type extends { readonly kind: 'unknown' }
  ? unknown
  : Type extends { readonly kind: 'bool' }
    ? boolean
    : Type extends { readonly size: 8; readonly kind: 'integer' }
      ? bigint
      : number

/** The memory that may hold elements of a type: bytes, or elements of their kind and size. */
type BytesFor<Element> = Element extends {
  readonly kind: 'float'
  readonly size: infer Size extends keyof FloatArrays
}
  ? RawBytes | FloatArrays[Size]
  : Element extends {
        readonly kind: 'integer'
        readonly size: infer Size extends keyof IntegerArrays
      }
    ? RawBytes | IntegerArrays[Size]
    : Element extends { readonly kind: 'enum' }
      ? RawBytes | IntegerArrays[4]
      : Element extends { readonly kind: 'pointer' }
        ? RawBytes | IntegerArrays[8]
        : Bytes

/** Strings, plain arrays and objects. A mutable array gets the elements back as the library left them. */
type PointedTo<Element, Const, Tags> = Element extends { readonly kind: 'unknown' }
  ? unknown
  : Element extends {
        readonly kind: 'void' | 'array' | 'function'
      }
    ? never
    : Element extends { readonly kind: 'struct' | 'union' | 'opaque' }
      ? Objects<Given<Element, Tags>, Const>
      : Const extends true
        ? readonly ElementGiven<Element>[] | TextOf<Element>
        : Element extends { readonly kind: 'pointer' }
          ? (Pointer | null)[] | ElementGiven<Element>[]
          : Scalar<Element>[]

/** One, or an array of them. */
type Objects<Object, Const> = [Object] extends [never]
  ? never
  : Object | (Const extends true ? readonly Object[] : Object[])
