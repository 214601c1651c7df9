import { alignOf, isAggregate, namedMembers, sizeOf } from './abi/layout.ts'
import { spell } from './abi/spelling.ts'
import type { CType } from './abi/types.ts'
import { wrongKind } from './call/complaint.ts'
import { Declarations } from './declaration/declarations.ts'
import type { Names } from './declaration/names.ts'
import { parseType } from './declaration/parse.ts'

/** Keys that no value has: what TypeScript knows of a type and JavaScript doesn't. */
declare const readAs: unique symbol
declare const declaredAs: unique symbol

/**
 * A C type: what `struct`, `union`, `array`, `pointer` and `callback` make, and what `library.type` gives.
 * `Value` is what reading one gives, `Declared` the C type as TypeScript sees it.
 */
export class Type<out Value = unknown, out Declared = unknown> {
  declare readonly [readAs]: Value
  declare readonly [declaredAs]: Declared

  /** As C spells it, such as `struct point` or `double[4]`. */
  readonly name: string
  /** @internal */
  readonly ctype: CType

  /** @internal */
  constructor(ctype: CType) {
    this.ctype = ctype
    this.name = spell(ctype)
  }

  /** Bytes of a value. */
  get size(): number {
    return sizeOf(complete(this.ctype, 'size'))
  }

  /** Every address of a value is a multiple of it. */
  get align(): number {
    return alignOf(complete(this.ctype, 'align'))
  }

  /** Where a member of a structure or union begins, in bytes; those of nameless members count. */
  offsetof(member: string): number {
    const { ctype } = this
    if (!isAggregate(ctype))
      throw new TypeError(`offsetof takes a structure or union, not ${this.name}`)
    const members = namedMembers(ctype)
    const found = members.find(({ name }) => name === member)
    if (found === undefined)
      throw wrongKind(
        `offsetof ${this.name}`,
        `one of ${members.map(({ name }) => name).join(', ')}`,
        member,
      )
    if (found.bits !== undefined)
      throw new TypeError(`offsetof: ${member} of ${this.name} is a bit-field: it has no address`)
    return found.offset
  }

  toString(): string {
    return this.name
  }
}

/** A C type as a text, such as `const char *` or `uint8_t[16]`, or as an object. */
export type TypeLike = string | Type

/** The C type that a text or a {@link Type} says; `where` names the function and the parameter for messages. */
export function ctypeOf(type: unknown, where: string): CType {
  if (type instanceof Type) return type.ctype
  if (typeof type !== 'string')
    throw wrongKind(where, "a C type, such as 'double', or a Type", type)
  return expressionType(parseType(type))
}

/** The names of types, beside those that are declared already. */
export function namesOf(types: Readonly<Record<string, Type>>, declared?: Names): Names {
  if (typeof types !== 'object' || types === null)
    throw wrongKind('types', 'an object of Types', types)
  const found = new Declarations()
  for (const [name, type] of Object.entries(types)) {
    if (!(type instanceof Type)) throw wrongKind(`types: ${name}`, 'a Type', type)
    found.name(name, type.ctype)
  }
  if (declared === undefined) return found
  return {
    typedef: (word) => found.typedef(word) ?? declared.typedef(word),
    tagged: (cursor, keyword) => declared.tagged(cursor, keyword),
    length: (cursor) => (declared.length ?? found.length).call(declared, cursor),
  }
}

/** A type alone, its brackets included. */
export function expressionType({ type, array, length }: ReturnType<typeof parseType>): CType {
  return array ? { kind: 'array', of: type, length } : type
}

/** Bytes of a value of a C type. */
export function sizeof(type: TypeLike): number {
  return sizeOf(complete(ctypeOf(type, 'sizeof: type'), 'sizeof'))
}

/** What every address of a value of a C type is a multiple of. */
export function alignof(type: TypeLike): number {
  return alignOf(complete(ctypeOf(type, 'alignof: type'), 'alignof'))
}

/** Where a member of a structure or union begins, in bytes. */
export function offsetof(type: Type, member: string): number {
  if (!(type instanceof Type)) throw wrongKind('offsetof: type', 'a Type', type)
  return type.offsetof(member)
}

function complete(type: CType, what: string): CType {
  if (type.kind === 'function' || type.kind === 'void' || type.kind === 'opaque')
    throw new TypeError(`${what}: ${spell(type)} has no size`)
  if (type.kind === 'array' && type.length === undefined)
    throw new TypeError(`${what}: ${spell(type)} has no length`)
  return type
}
