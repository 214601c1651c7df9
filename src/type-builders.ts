/** Types without a C text: `struct({ x: 'double', y: 'double' })`. */
import { type DeclaredMember, layOut, sizeOf } from './abi/layout.ts'
import type { CType } from './abi/types.ts'
import { describe, wrongKind } from './call/complaint.ts'
import type { Checked, CheckedType } from './declaration/infer.ts'
import {
  type ParsePrototype,
  type ParseType,
  parsePrototype,
  parseType,
} from './declaration/parse.ts'
import type { Entry } from './declaration/scope.ts'
import type { Aggregate } from './declaration/tagged.ts'
import type { ArrayOf, Returned } from './declaration/values.ts'
import { expressionType, namesOf, Type, type TypeLike } from './type.ts'

/** The members of a structure or union by name, in order. */
export type Members = Readonly<Record<string, TypeLike>>

export interface AggregateOptions {
  /** Members follow each other without gaps. */
  readonly packed?: boolean | undefined
  /** The least alignment of the whole, in bytes: a power of two. */
  readonly align?: number | undefined
  /** Members by name that begin at a multiple of so many bytes; they may be packed else. */
  readonly aligned?: Readonly<Record<string, number>> | undefined
  /**
   * Values are the bytes of the whole, as C lays them out, instead of objects: for whoever reads and writes them
   * in a way of their own. It is passed and returned as the structure that it is.
   */
  readonly bytes?: boolean | undefined
}

/** The C type of a text or a {@link Type}, for inference. */
export type DeclaredAs<Given> =
  Given extends Type<unknown, infer Declared>
    ? Declared
    : Given extends string
      ? ParseType<Given> extends {
          readonly type: infer Of
          readonly array: infer Array
          readonly length: infer Length
        }
        ? Array extends true
          ? ArrayTypeOf<Of, Length>
          : Of
        : unknown
      : unknown

/** What reading a C type gives: a string for `char[]`, a typed array for numbers, an object for a structure. */
export type ValueOf<Given> =
  Given extends Type<infer Value, unknown>
    ? Value
    : Given extends string
      ? ParseType<Given> extends { readonly type: infer Of; readonly array: infer Array }
        ? Array extends true
          ? ArrayOf<Of>
          : Array extends false
            ? Returned<Of>
            : unknown
        : unknown
      : unknown

/** A C array as TypeScript sees it. */
export interface ArrayTypeOf<Of, Length> {
  readonly kind: 'array'
  readonly of: Of
  readonly length: Length
}

/** A structure or union as TypeScript sees it: the C types of its members by name. */
export interface AggregateOf<Kind, Name, M>
  extends Aggregate<
    Kind,
    { [Member in keyof M]: Entry<Member, DeclaredAs<M[Member]>> }[keyof M],
    readonly []
  > {
  readonly name: Name
}

type ValuesOf<M> = { -readonly [Member in keyof M]: ValueOf<M[Member]> }

/** Each text if it parses; otherwise the message that the parser throws. */
type CheckedMembers<M> = {
  readonly [Member in keyof M]: M[Member] extends string ? CheckedType<M[Member]> : M[Member]
}

/** A structure. Its name is for messages; in declarations it goes by its key. */
export function struct<const M extends Members>(
  members: CheckedMembers<M>,
  options: AggregateOptions & { readonly bytes: true },
): Type<Uint8Array, AggregateOf<'struct', undefined, M>>
export function struct<const M extends Members>(
  members: CheckedMembers<M>,
  options?: AggregateOptions,
): Type<ValuesOf<M>, AggregateOf<'struct', undefined, M>>
export function struct<const Name extends string, const M extends Members>(
  name: Name,
  members: CheckedMembers<M>,
  options?: AggregateOptions,
): Type<ValuesOf<M>, AggregateOf<'struct', Name, M>>
export function struct(...given: readonly unknown[]): Type {
  return aggregate('struct', given)
}

/** A union: one member is given where it is written, each can be read. */
export function union<const M extends Members>(
  members: CheckedMembers<M>,
  options: AggregateOptions & { readonly bytes: true },
): Type<Uint8Array, AggregateOf<'union', undefined, M>>
export function union<const M extends Members>(
  members: CheckedMembers<M>,
  options?: AggregateOptions,
): Type<ValuesOf<M>, AggregateOf<'union', undefined, M>>
export function union<const Name extends string, const M extends Members>(
  name: Name,
  members: CheckedMembers<M>,
  options?: AggregateOptions,
): Type<ValuesOf<M>, AggregateOf<'union', Name, M>>
export function union(...given: readonly unknown[]): Type {
  return aggregate('union', given)
}

/** An array of so many elements. */
export function array<const Of extends TypeLike, const Length extends number>(
  of: Of extends string ? CheckedType<Of> : Of,
  length: Length,
): Type<ArrayValue<DeclaredAs<Of>, ValueOf<Of>>, ArrayTypeOf<DeclaredAs<Of>, Length>>
export function array(of: TypeLike, length: number): Type {
  const type = memberType(of, 'array: of')
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 0 || length > MOST)
    throw new RangeError(
      `array: length takes a whole number from 0 to ${MOST}, not ${describe(length)}`,
    )
  return new Type(bounded({ kind: 'array', of: type, length }, 'array'))
}

/** Texts and numbers have arrays of their own. */
type ArrayValue<Declared, Value> = Declared extends {
  readonly kind: 'integer' | 'float' | 'enum'
}
  ? ArrayOf<Declared>
  : Value[]

interface PointerTypeOf<To> {
  readonly kind: 'pointer'
  readonly to: To
  readonly const: false
}

/** A pointer to a type; of a text, to what it says: `pointer('const char')` reads as a string. */
export function pointer<const To extends TypeLike>(
  to: To extends string
    ? CheckedType<`${To} *`> extends `${To} *`
      ? To
      : CheckedType<`${To} *`>
    : To,
): To extends string
  ? Type<ValueOf<`${To} *`>, DeclaredAs<`${To} *`>>
  : Type<Returned<PointerTypeOf<DeclaredAs<To>>>, PointerTypeOf<DeclaredAs<To>>>
export function pointer(to: TypeLike): Type {
  if (typeof to === 'string') return new Type(expressionType(parseType(`${to} *`)))
  if (to instanceof Type) return new Type({ kind: 'pointer', to: to.ctype, const: false })
  throw wrongKind('pointer: to', "a C type, such as 'double', or a Type", to)
}

/** A pointer to functions with a prototype, such as `int compare(const void *a, const void *b)`. */
export function callback<const Text extends string>(
  prototype: Checked<Text>,
): Type<Returned<FunctionPointerOf<ParsePrototype<Text>>>, FunctionPointerOf<ParsePrototype<Text>>>
/** `types` has names for the prototype, which are nobody else's. */
export function callback(prototype: string, types: Readonly<Record<string, Type>>): Type
export function callback(prototype: string, types?: Readonly<Record<string, Type>>): Type {
  if (typeof prototype !== 'string')
    throw wrongKind(
      'callback: prototype',
      "a C prototype, such as 'int compare(int a, int b)'",
      prototype,
    )
  const names = types === undefined ? undefined : namesOf(types)
  const { result, parameters, variadic } = parsePrototype(prototype, names)
  const to: CType = { kind: 'function', result, parameters, ...(variadic ? { variadic } : {}) }
  return new Type({ kind: 'pointer', to, const: false })
}

interface FunctionPointerOf<Signature> {
  readonly kind: 'pointer'
  readonly to: { readonly kind: 'function' } & Omit<Signature, 'name'>
  readonly const: false
}

/** Elements of an array, and bytes of a type. */
const MOST = 2 ** 31

/** The largest alignment that is taken, in bytes. */
const MOST_ALIGN = 4096

function aggregate(kind: 'struct' | 'union', given: readonly unknown[]): Type {
  const named = typeof given[0] === 'string' || given[0] === undefined || given[0] === null
  const [name, members, wanted] = named ? given : [undefined, ...given]
  const isList = members instanceof Type || Array.isArray(members)
  if (typeof members !== 'object' || members === null || isList)
    throw wrongKind(`${kind}: members`, "an object of C types, such as { x: 'double' }", members)
  const options = optionsOf(kind, wanted)
  const declared = Object.entries(members).map(
    ([member, type]): DeclaredMember => ({
      name: member,
      type: memberType(type, `${kind}: ${member}`),
      align: alignmentOf(`${kind}: the alignment of ${member}`, options.aligned?.[member]),
    }),
  )
  const { packed } = options
  const tag = typeof name === 'string' ? name : undefined
  const align = alignmentOf(`${kind}: align`, options.align)
  const laidOut = layOut(kind, tag, declared, { packed, align })
  return new Type(bounded(options.bytes ? { ...laidOut, bytes: true } : laidOut, kind))
}

function optionsOf(kind: string, options: unknown): AggregateOptions {
  if (options === undefined) return {}
  if (typeof options !== 'object' || options === null)
    throw wrongKind(`${kind}: options`, 'an object', options)
  const { packed, bytes, aligned } = options as AggregateOptions
  if (packed !== undefined && typeof packed !== 'boolean')
    throw wrongKind(`${kind}: packed`, 'a boolean', packed)
  if (bytes !== undefined && typeof bytes !== 'boolean')
    throw wrongKind(`${kind}: bytes`, 'a boolean', bytes)
  if (aligned !== undefined && (typeof aligned !== 'object' || aligned === null))
    throw wrongKind(`${kind}: aligned`, 'an object of alignments', aligned)
  return options
}

function alignmentOf(where: string, align: unknown): number | undefined {
  if (align === undefined) return undefined
  if (typeof align !== 'number') throw wrongKind(where, 'a power of two', align)
  if (align >= 1 && align <= MOST_ALIGN && Number.isInteger(Math.log2(align))) return align
  throw new RangeError(`${where} takes a power of two up to ${MOST_ALIGN}, not ${align}`)
}

/** A type that a value has: its size is known. */
function memberType(given: unknown, where: string): CType {
  if (!(given instanceof Type) && typeof given !== 'string')
    throw wrongKind(where, "a C type, such as 'double', or a Type", given)
  const type = given instanceof Type ? given.ctype : expressionType(parseType(given))
  if (type.kind === 'function')
    throw new TypeError(`${where}: a function is no value; write pointer(…) around it`)
  if (type.kind === 'array' && type.length === undefined)
    throw new TypeError(
      `${where}: an array needs its length: write ${describe('double[4]')} or array('double', 4)`,
    )
  return type
}

function bounded(type: CType, what: string): CType {
  const size = sizeOf(type)
  if (size > MOST) throw new RangeError(`${what}: ${size} bytes are more than ${MOST}`)
  return type
}
