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

/** An enumeration that is known by its tag only: an `int` to the C ABI. */
export interface EnumType {
  readonly kind: 'enum'
  readonly tag: string
}

/** A `struct` or `union` that is known by its tag only: good for nothing but pointers to it. */
export interface OpaqueType {
  readonly kind: 'opaque'
  readonly keyword: 'struct' | 'union'
  readonly tag: string
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
  | PointerType

export interface Parameter {
  /** As declared, or `undefined` where the prototype leaves it out. */
  readonly name: string | undefined
  readonly type: CType
}

export interface Signature {
  /** The symbol. */
  readonly name: string
  readonly result: CType
  readonly parameters: readonly Parameter[]
}
