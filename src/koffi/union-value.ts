import type { Info, MemberInfo } from './info.ts'

/** What a union holds as C has it, and how one of its members is read from that. */
export interface RawUnion {
  readonly bytes: Uint8Array
  readonly decode: (member: MemberInfo) => unknown
}

const active = Symbol('active')

/** A union with at most one member that was set, or what C left in it: then each member can be read. */
export class UnionValue {
  readonly #type: Info
  #raw: RawUnion | undefined
  #member: MemberInfo | undefined;
  [active]: unknown

  /** @internal */
  constructor(type: Info, raw?: RawUnion) {
    this.#type = type
    this.#raw = raw
  }

  static type(value: UnionValue): Info {
    return value.#type
  }

  static setRaw(value: UnionValue, raw: RawUnion): void {
    value.#raw = raw
    value.#member = undefined
    value[active] = undefined
  }

  /** Its bytes, or the member that was set with its value. */
  static content(value: UnionValue): Uint8Array | readonly [MemberInfo, unknown] | undefined {
    if (value.#raw !== undefined) return value.#raw.bytes
    return value.#member === undefined ? undefined : [value.#member, value[active]]
  }

  static get(value: UnionValue, member: MemberInfo): unknown {
    if (value.#member !== member) {
      if (value.#raw === undefined)
        throw new Error(
          `Cannot convert ${value.#member === undefined ? 'empty' : 'assigned'} union value`,
        )
      value[active] = value.#raw.decode(member)
      value.#member = member
    }
    return value[active]
  }

  static set(value: UnionValue, member: MemberInfo, given: unknown): void {
    value.#member = member
    value.#raw = undefined
    value[active] = given
  }
}

export const unionType = UnionValue.type

type UnionClass = new (type: Info, raw?: RawUnion) => UnionValue

const classes = new WeakMap<readonly MemberInfo[], UnionClass>()

/** A value of a union type, with a property for each member. */
export function makeUnion(type: Info, raw?: RawUnion): UnionValue {
  const made = classes.get(type.members) ?? defineClass(type)
  return new made(type, raw)
}

function defineClass(type: Info): UnionClass {
  const made = class extends UnionValue {}
  Object.defineProperty(made, 'name', { value: type.name })
  for (const member of type.members)
    Object.defineProperty(made.prototype, member.name, {
      enumerable: true,
      get(this: UnionValue) {
        return UnionValue.get(this, member)
      },
      set(this: UnionValue, value: unknown) {
        UnionValue.set(this, member, value)
      },
    })
  classes.set(type.members, made)
  return made
}
