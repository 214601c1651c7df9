/** C types as data. Sizes and alignments are in bytes and those of LP64 (Linux on 64-bit processors). */

export interface VoidType {
  readonly kind: 'void'
}

export interface BoolType {
  readonly kind: 'bool'
}

/** `name` keeps the spelling that matters to JavaScript: the character types make strings. */
export interface IntegerType {
  readonly kind: 'integer'
  readonly name: string
  readonly size: 1 | 2 | 4 | 8
  readonly signed: boolean
}

export interface FloatType {
  readonly kind: 'float'
  readonly name: 'float' | 'double'
  readonly size: 4 | 8
}

/** An enumeration of four bytes. A packed one is an integer of fewer. */
export interface EnumType {
  readonly kind: 'enum'
  readonly tag: string
  /**
   * `unsigned`: a constant is larger than an `int`. `either`: none is, and none is negative; to C that is unsigned
   * too, but programs give and take -1. Otherwise it is an `int`.
   */
  readonly sign?: 'unsigned' | 'either'
}

/** What a pointer to a function points to. */
export interface FunctionType {
  readonly kind: 'function'
  readonly result: CType
  readonly parameters: readonly Parameter[]
  readonly variadic?: true | undefined
}

/** A `struct` or `union` that is known by its tag only: good for nothing but pointers to it. */
export interface OpaqueType {
  readonly kind: 'opaque'
  readonly keyword: 'struct' | 'union'
  readonly tag: string
}

/** A `struct` or `union` whose members are known. */
export interface AggregateType {
  readonly kind: 'struct' | 'union'
  /** Its tag, or the name that a typedef gave it. */
  readonly name: string | undefined
  readonly size: number
  readonly align: number
  readonly members: readonly Member[]
  /** Its values are its bytes, not objects. */
  readonly bytes?: true | undefined
}

export interface Member {
  /** `undefined` for a structure whose members stand for themselves, and for bits that are padding. */
  readonly name: string | undefined
  readonly type: CType
  /** In bytes, from the start of the structure; of a bit-field, where its type would be read. */
  readonly offset: number
  /** Of a bit-field: the lowest of its bits in what is read at `offset`, and how many there are. */
  readonly bits?: { readonly shift: number; readonly width: number } | undefined
}

export interface ArrayType {
  readonly kind: 'array'
  readonly of: CType
  /** `undefined` for the flexible array at a structure's end. */
  readonly length: number | undefined
}

/** `const` says that what it points to is const. */
export interface PointerType {
  readonly kind: 'pointer'
  readonly to: CType
  readonly const: boolean
}

export type CType =
  | VoidType
  | BoolType
  | IntegerType
  | FloatType
  | EnumType
  | OpaqueType
  | AggregateType
  | ArrayType
  | FunctionType
  | PointerType

export interface Parameter {
  /** As declared, or `undefined` where the prototype leaves it out. */
  readonly name: string | undefined
  readonly type: CType
  /** `_Out_` or `_Inout_`: what it points to is a result. */
  readonly direction?: Direction | undefined
  /** Of a result that is an array: its elements, or the parameter that says how many there are. */
  readonly length?: number | string | undefined
  /** Of a result that is a pointer: the function that takes it back, once what it points to is copied. */
  readonly free?: string | undefined
}

export type Direction = 'out' | 'inout'

export interface Signature {
  /** The symbol. */
  readonly name: string
  readonly result: CType
  readonly parameters: readonly Parameter[]
  /** More arguments may follow, whose types are given with them. */
  readonly variadic?: true | undefined
  /** The function that takes the result back, once what it points to is copied. */
  readonly free?: string | undefined
}
