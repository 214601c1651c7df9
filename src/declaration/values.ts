/** What C types are in JavaScript: the types of arguments and results. */
import type { TypeName, Types } from '../abi/names.ts'
import type { Callback } from '../memory/callback.ts'
import type { Pointer } from '../memory/pointer.ts'
import type { SharedMemory } from '../memory/shared-memory.ts'
import type { PointerTo } from './declarator.ts'

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

/** What a parameter that is a result gives, or takes if it is `_Inout_`: a value, or an array of them. */
export type ResultOf<To, Length> = Length extends undefined ? Returned<To> : ArrayOf<To>

export type InoutOf<To, Length> = Length extends undefined
  ? Argument<To>
  : BytesFor<To> | ArrayFor<To, true>

/** An array as it comes back: text for characters, a typed array for numbers. */
export type ArrayOf<To> = To extends { readonly name: Character }
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
          : Returned<To>[]

type SignedArrays<Size extends keyof IntegerArrays> = {
  readonly 2: { readonly signed: Int16Array; readonly unsigned: Uint16Array }
  readonly 4: { readonly signed: Int32Array; readonly unsigned: Uint32Array }
  readonly 8: { readonly signed: BigInt64Array; readonly unsigned: BigUint64Array }
}[Size]

/** The types of characters; strings of them, if they are const, are strings in JavaScript. */
type Character = 'char' | 'char8_t' | 'char16_t' | 'char32_t' | 'wchar_t' | 'latin1_t'

/** A function that C calls. A promise is for calls that don't block. */
export type CallbackOf<Result, Parameters extends readonly unknown[]> = (
  ...values: { -readonly [Index in keyof Parameters]: GivenTo<Parameters[Index]> }
) => AnswerOf<Result> | Promise<AnswerOf<Result>>

// biome-ignore lint/suspicious/noExplicitAny: what it takes is known to whoever declared it
export type AnyCallback = (...values: any[]) => unknown

type GivenTo<Parameter> = Parameter extends { readonly type: infer Type } ? Returned<Type> : never

type AnswerOf<Type> = Type extends { readonly kind: 'void' }
  ? // biome-ignore lint/suspicious/noConfusingVoidType: it is the return type of a function
    void
  : Argument<Type>

/** What a parameter that points to a function takes. */
type FunctionFor<Type> = Type extends {
  readonly result: infer Result
  readonly parameters: infer Parameters extends readonly unknown[]
}
  ? CallbackOf<Result, Parameters> | Callback | Pointer | { readonly pointer: Pointer } | null
  : never

/** What a parameter of a C type takes. */
export type Argument<Type> =
  Type extends PointerTo<infer To, infer Const>
    ? To extends { readonly kind: 'function' }
      ? FunctionFor<To>
      : Address | BytesFor<To> | ArrayFor<To, Const>
    : Type extends { readonly size: 8; readonly kind: 'integer' }
      ? number | bigint
      : Scalar<Type>

/** What a function whose result has a C type returns. */
export type Returned<Type> =
  Type extends PointerTo<infer To, infer Const>
    ? Const extends true
      ? To extends { readonly name: Character }
        ? string | null
        : Pointer | null
      : To extends { readonly kind: 'function' }
        ? FunctionPointer<To> | null
        : Pointer | null
    : Type extends { readonly kind: 'void' }
      ? // biome-ignore lint/suspicious/noConfusingVoidType: it is the return type of a function
        void
      : Scalar<Type>

/** What a pointer that is given back pointed to. */
export type Disposed<Type> =
  Type extends PointerTo<infer To, unknown>
    ? (To extends { readonly name: Character } ? string : Returned<To>) | null
    : never

/** A function pointer that the library gave. */
export interface FunctionPointer<Type> {
  (...values: ArgumentsFor<Type>): Promise<ResultFor<Type>>
  /** The same, blocking. */
  sync(...values: ArgumentsFor<Type>): ResultFor<Type>
  /** The same, ended early, or with `errno` beside its result. */
  with(options: FunctionOptions & { readonly errno: true }): {
    (...values: ArgumentsFor<Type>): Promise<{ result: ResultFor<Type>; errno: number }>
    sync(...values: ArgumentsFor<Type>): { result: ResultFor<Type>; errno: number }
  }
  with(options: FunctionOptions): FunctionPointer<Type>
  readonly pointer: Pointer
}

interface FunctionOptions {
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

type ArgumentsFor<Type> = Type extends {
  readonly parameters: infer Parameters extends readonly unknown[]
}
  ? number extends Parameters['length']
    ? AnyArgument[]
    : {
        -readonly [Index in keyof Parameters]: Parameters[Index] extends { readonly type: infer Of }
          ? Argument<Of>
          : never
      }
  : never

type ResultFor<Type> = Type extends { readonly result: infer Result } ? Returned<Result> : unknown

/** A value that is no pointer, as the library returns it. */
type Scalar<Type> = Type extends { readonly kind: 'bool' }
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

/** Strings and plain arrays. A mutable array gets the elements back as the library left them. */
type ArrayFor<Element, Const> = Element extends { readonly kind: 'void' | 'opaque' }
  ? never
  : Element extends { readonly kind: 'pointer' }
    ? Const extends true
      ? readonly (Pointer | null)[]
      : (Pointer | null)[]
    : Const extends true
      ?
          | readonly Argument<Element>[]
          | (Element extends { readonly name: Character } ? string : never)
      : Scalar<Element>[]
