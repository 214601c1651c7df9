/**
 * A declared text: typedefs, structures, unions, enumerations, functions and variables, as a header has them once
 * it is preprocessed.
 *
 *     text        = { declaration }
 *     declaration = [ "typedef" ] specifiers [ declarator { "," declarator } ] ";"
 *     specifiers  = … | ( "struct" | "union" ) [tag] [ "{" { member } "}" ] | "enum" [tag] [ "{" … "}" ]
 *     member      = specifiers [ declarator [ ":" width ] { "," … } ] ";"
 */
import { type DeclaredMember, isAggregate, layOut, sizeOf } from '../abi/layout.ts'
import { isTypeName, types } from '../abi/names.ts'
import type { AggregateType, CType, Signature } from '../abi/types.ts'
import { DeclarationError } from '../errors.ts'
import { type Attributes, attributes, expect } from './attributes.ts'
import { constant } from './constant.ts'
import { Cursor } from './cursor.ts'
import { declarator, pointers } from './declarator.ts'
import { disposal, requireDisposable } from './disposal.ts'
import { requireComplete } from './incomplete.ts'
import { format, found } from './messages.ts'
import { type Names, takeTag } from './names.ts'
import { parameters } from './parameters.ts'
import { Scope } from './scope.ts'
import { type Qualified, specifiers } from './specifiers.ts'
import type { DeclaredVariable } from './variable.ts'
import { isName } from './words.ts'

/** The longest text, in UTF-16 code units. */
const maxTextLength = 4 * 2 ** 20

/** Elements of an array, at most. */
const MOST_ELEMENTS = 2 ** 31
/** Bytes of a structure, at most. */
const MOST_BYTES = 2 ** 31
/** Structures inside structures. */
const MOST_DEPTH = 64

const ENUM_LEAST = -(2n ** 31n)
const ENUM_MOST = 2n ** 32n - 1n
const INT_MOST = 2n ** 31n - 1n

/** What declared texts say: their names belong to whoever holds this, never to the process. */
export class Declarations implements Names {
  readonly functions = new Map<string, Signature>()
  readonly variables = new Map<string, DeclaredVariable>()
  readonly #enums = new Map<string, CType>()
  readonly #scope = new Scope()
  #cursor = new Cursor('')
  #depth = 0

  /** The enumerators. */
  get constants(): ReadonlyMap<string, bigint> {
    return this.#scope.constants
  }

  /**
   * Takes all that a text declares.
   *
   * @throws {DeclarationError} if the text doesn't parse; the message ends in the line and a caret
   */
  add(text: string): void {
    if (text.length > maxTextLength)
      throw new DeclarationError(format('tooLong', String(maxTextLength)), 1, 1)
    const cursor = new Cursor(text, 'whole')
    this.#cursor = cursor
    this.#depth = 0
    while (cursor.next !== '') if (!cursor.skip(';')) this.#declaration()
  }

  /** Gives a type a name, as a typedef does; throws a `TypeError` for what can't be one. */
  name(name: string, type: CType): void {
    if (!/^[a-z_]\w*$/i.test(name) || !isName(name) || isTypeName(name))
      throw new TypeError(
        `the type ${JSON.stringify(name)} can't have this name: a name that C has no meaning for is taken`,
      )
    this.#scope.typedefs.set(name, type)
  }

  typedef(word: string): CType | undefined {
    return this.#scope.typedefs.get(word)
  }

  /** A number, a constant expression, or a name that a parameter has. */
  length(cursor: Cursor): number | string | undefined {
    this.#cursor = cursor
    const { next, place } = cursor
    if (next === ']') return undefined
    if (cursor.look(1) === ']') {
      const isKnown = this.#scope.constants.has(next)
      if (next === '*' || (isName(next) && !isKnown)) {
        cursor.take()
        return next === '*' ? undefined : next
      }
    }
    const value = this.#constant()
    if (value >= 0n && value <= MOST_ELEMENTS) return Number(value)
    throw cursor.failure(format('badLength', String(MOST_ELEMENTS), String(value)), place)
  }

  tagged(cursor: Cursor, keyword: 'struct' | 'union' | 'enum'): CType {
    this.#cursor = cursor
    const modes = this.#attributes()
    const { place } = cursor
    const hasTag = isName(cursor.next)
    if (!hasTag && cursor.next !== '{') takeTag(cursor)
    const tag = hasTag ? cursor.take() : undefined
    this.#attributes(modes)
    if (keyword === 'enum') {
      const known = tag === undefined ? undefined : this.#enums.get(tag)
      const range = cursor.next === '{' ? cursor.deeper(() => this.#enumerators()) : undefined
      this.#attributes(modes)
      if (range === undefined) return known ?? { kind: 'enum', tag: tag ?? '' }
      const type = enumeration(tag ?? '', range, modes.packed)
      if (tag !== undefined) this.#enums.set(tag, type)
      return type
    }
    if (cursor.next !== '{') return this.#scope.tagged(keyword, tag as string)
    if (tag !== undefined && this.#scope.tagged(keyword, tag).kind !== 'opaque')
      throw cursor.failure(format('nameTwice', `${keyword} ${tag}`), place)
    const members = this.#members(keyword)
    this.#attributes(modes)
    const type = layOut(keyword, tag, members, { packed: modes.packed, align: modes.align })
    if (type.size > MOST_BYTES) throw cursor.failure(format('tooLarge', String(MOST_BYTES)), place)
    return tag === undefined ? type : this.#scope.complete(tag, type)
  }

  #declaration(): void {
    const cursor = this.#cursor
    this.#attributes()
    const isTypedef = cursor.skip('typedef')
    const { place } = cursor
    const free = isTypedef ? undefined : disposal(cursor)
    const base = specifiers(cursor, this)
    this.#attributes()
    if (cursor.skip(';')) return
    do {
      const made = this.#declared(base, isTypedef)
      if (free === undefined) continue
      if (made === undefined) throw cursor.failure(format('disposal'), place)
      requireDisposable(made.result, cursor, place)
      this.functions.set(made.name, { ...made, free })
    } while (cursor.skip(','))
    if (cursor.next === '{') throw cursor.failure(format('body'))
    expect(cursor, ';')
  }

  /** What it declares, if it is a function. */
  #declared(base: Qualified, isTypedef: boolean): Signature | undefined {
    const cursor = this.#cursor
    const outer = pointers(cursor, base)
    const { place } = cursor
    const takeName = (): string => cursor.take()
    const declared = declarator(cursor, outer, { names: this, takeName, parameters })
    const { name, type } = declared
    if (name === undefined) throw cursor.failure(format('missingDeclared', found(cursor.next)))
    this.#attributes()
    if (isTypedef) this.#name(name, type, place)
    else if (type.kind === 'function') return this.#function(name, type, place)
    else this.variables.set(name, { name, type, const: declared.const })
    return undefined
  }

  #name(name: string, type: CType, place: number): void {
    const known = this.#scope.typedefs.get(name)
    // Headers say again what the table of names has, and the table knows which characters make strings.
    if (known === undefined && isTypeName(name) && isSameNumber(types[name], type)) return
    if (known !== undefined && !isSame(known, type))
      throw this.#cursor.failure(format('nameTwice', name), place)
    // A structure without a tag goes by the name of its typedef.
    const named = isAggregate(type) && type.name === undefined ? { ...type, name } : type
    this.#scope.typedefs.set(name, named)
  }

  #function(name: string, type: CType & { kind: 'function' }, place: number): Signature {
    const { result, parameters, variadic } = type
    if (result.kind === 'opaque' || result.kind === 'array' || result.kind === 'function')
      requireComplete(result, this.#cursor, place)
    const signature = { name, result, parameters, ...(variadic ? { variadic } : {}) }
    this.functions.set(name, signature)
    return signature
  }

  #members(keyword: 'struct' | 'union'): DeclaredMember[] {
    const cursor = this.#cursor
    if (++this.#depth > MOST_DEPTH) throw cursor.failure(format('tooDeep'))
    cursor.take()
    const members: DeclaredMember[] = []
    const names = new Set<string>()
    while (!cursor.skip('}')) {
      if (cursor.next === '') throw cursor.failure(format('missingToken', '}', found(cursor.next)))
      if (!cursor.skip(';')) this.#member(keyword, members, names)
    }
    this.#depth--
    return members
  }

  #member(keyword: 'struct' | 'union', members: DeclaredMember[], names: Set<string>): void {
    const cursor = this.#cursor
    this.#requireNoFlexible(members, keyword)
    const modes = this.#attributes()
    const base = specifiers(cursor, this)
    this.#attributes(modes)
    if (cursor.next === ';') {
      // A structure without a name lends its members; a mere tag declares none.
      if (isAggregate(base.type))
        members.push({ name: undefined, type: base.type, align: modes.align })
      cursor.take()
      return
    }
    do {
      this.#requireNoFlexible(members, keyword)
      members.push(this.#memberDeclarator(base, names, { ...modes }))
    } while (cursor.skip(','))
    expect(cursor, ';')
  }

  #memberDeclarator(base: Qualified, names: Set<string>, modes: Attributes): DeclaredMember {
    const cursor = this.#cursor
    const { place } = cursor
    if (cursor.next === ':') return { name: undefined, ...this.#width(base.type, place, true) }
    const outer = pointers(cursor, base)
    const takeName = (): string => {
      if (names.has(cursor.next)) throw cursor.failure(format('memberTwice', cursor.next))
      names.add(cursor.next)
      return cursor.take()
    }
    const declared = declarator(cursor, outer, { names: this, takeName, parameters })
    const { name, type, length } = declared
    if (name === undefined) throw cursor.failure(format('missingMember', found(cursor.next)))
    if (typeof length === 'string')
      throw cursor.failure(format('missingNumber', found(length)), place)
    requireComplete(elementOf(type), cursor, place)
    const bits = cursor.next === ':' ? this.#width(type, place, false) : { type }
    this.#attributes(modes)
    const align = modes.packed && modes.align === undefined ? 1 : modes.align
    return { name, ...bits, align }
  }

  #width(type: CType, place: number, isGap: boolean): { type: CType; width: number } {
    const cursor = this.#cursor
    cursor.take()
    const at = cursor.place
    const width = this.#constant()
    if (type.kind !== 'integer' && type.kind !== 'bool' && type.kind !== 'enum')
      throw cursor.failure(format('bitType', type.kind), place)
    const most = type.kind === 'bool' ? 1 : sizeOf(type) * 8
    const name = type.kind === 'integer' ? type.name : type.kind
    if (width < (isGap ? 0n : 1n) || width > most)
      throw cursor.failure(format('badWidth', name, String(width)), at)
    return { type, width: Number(width) }
  }

  #requireNoFlexible(members: readonly DeclaredMember[], keyword: 'struct' | 'union'): void {
    const last = members.at(-1)?.type
    if (keyword === 'struct' && last?.kind === 'array' && last.length === undefined)
      throw this.#cursor.failure(format('flexibleLast'))
  }

  /** The least and the largest of the constants, and 0. */
  #enumerators(): Range {
    const cursor = this.#cursor
    cursor.take()
    let next = 0n
    let [least, most] = [0n, 0n]
    while (cursor.next !== '}') {
      const { place } = cursor
      if (!isName(cursor.next)) throw cursor.failure(format('missingDeclared', found(cursor.next)))
      const name = cursor.take()
      this.#attributes()
      if (cursor.skip('=')) next = this.#constant()
      if (next < ENUM_LEAST || next > ENUM_MOST)
        throw cursor.failure(format('badConstant', name, String(next)), place)
      if (this.#scope.constants.has(name)) throw cursor.failure(format('nameTwice', name), place)
      this.#scope.constants.set(name, next)
      if (next < least) least = next
      if (next > most) most = next
      next++
      if (!cursor.skip(',')) break
    }
    expect(cursor, '}')
    return { least, most }
  }

  #constant(): bigint {
    return constant(this.#cursor, this.#scope, (cursor) => {
      const { place } = cursor
      const { type } = pointers(cursor, specifiers(cursor, this))
      requireComplete(type, cursor, place)
      return type
    })
  }

  #attributes(into?: Attributes): Attributes {
    return attributes(this.#cursor, () => this.#constant(), into)
  }
}

interface Range {
  readonly least: bigint
  readonly most: bigint
}

/** The type that C compilers take for an enumeration: packed, the smallest that all constants fit. */
function enumeration(tag: string, { least, most }: Range, packed: boolean): CType {
  const signed = least < 0n
  const size = packed ? ([1, 2] as const).find((bytes) => fits(least, most, bytes)) : undefined
  if (size !== undefined) return { kind: 'integer', name: `enum ${tag}`.trim(), size, signed }
  if (signed) return { kind: 'enum', tag }
  return { kind: 'enum', tag, sign: most > INT_MOST ? 'unsigned' : 'either' }
}

function fits(least: bigint, most: bigint, bytes: number): boolean {
  const bits = bytes * 8
  if (least >= 0n) return most < 2n ** BigInt(bits)
  return least >= -(2n ** BigInt(bits - 1)) && most < 2n ** BigInt(bits - 1)
}

/** Of an array of arrays, what it is made of in the end. */
function elementOf(type: CType): CType {
  return type.kind === 'array' ? elementOf(type.of) : type
}

function isSameNumber(one: CType, other: CType): boolean {
  if (one.kind === 'integer' && other.kind === 'integer')
    return one.size === other.size && one.signed === other.signed
  return one.kind === other.kind && sizeOf(one) === sizeOf(other)
}

/** The same typedef again is no other one. */
function isSame(one: CType, other: CType): boolean {
  if (one === other) return true
  if (one.kind === 'pointer' && other.kind === 'pointer')
    return one.const === other.const && isSame(one.to, other.to)
  const tag = tagOf(one)
  const otherTag = tagOf(other)
  if (tag !== undefined && otherTag !== undefined) return tag === otherTag
  if (isAggregate(one) && isAggregate(other)) return sameLayout(one, other)
  if (one.kind === 'integer' && other.kind === 'integer') return one.name === other.name
  return one.kind === other.kind && sizeOf(one) === sizeOf(other)
}

function sameLayout(one: AggregateType, other: AggregateType): boolean {
  return one.size === other.size && one.members.length === other.members.length
}

/** What two types are the same by, whether their members are known or not. */
function tagOf(type: CType): string | undefined {
  if (type.kind === 'opaque') return `${type.keyword} ${type.tag}`
  if (type.kind === 'enum') return `enum ${type.tag}`
  return isAggregate(type) && type.name !== undefined ? `${type.kind} ${type.name}` : undefined
}
