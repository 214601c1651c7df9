import type { AggregateType, CType, OpaqueType } from '../abi/types.ts'

/** The names that a declared text has given so far. They belong to it, never to the process. */
export class Scope {
  readonly typedefs = new Map<string, CType>()
  readonly constants = new Map<string, bigint>()
  readonly #tags = new Map<string, CType>()

  /** The structure or union of that tag, complete or not. */
  tagged(keyword: 'struct' | 'union', tag: string): AggregateType | OpaqueType {
    const key = `${keyword} ${tag}`
    let found = this.#tags.get(key)
    if (found === undefined) {
      found = { kind: 'opaque', keyword, tag }
      this.#tags.set(key, found)
    }
    return found as AggregateType | OpaqueType
  }

  /** Gives a tag its members. One object stands for the type, so pointers declared before know them too. */
  complete(tag: string, type: AggregateType): AggregateType {
    const known = this.tagged(type.kind, tag) as { keyword?: string; tag?: string }
    delete known.keyword
    delete known.tag
    return Object.assign(known, type)
  }
}

/**
 * A name and what it stands for. Many are a union of these: the compiler copies objects whose keys are computed each
 * time it looks at what holds them, and references never.
 */
export interface Entry<Name, Type> {
  readonly name: Name
  readonly type: Type
}

type AnyEntry = Entry<string, unknown>

/** What a name stands for among entries. */
export type Find<Entries, Name> = Entries extends Entry<Name, infer Type> ? Type : never

/**
 * {@link Scope} as a type, with all else that a text has declared so far. A structure with a tag stands here by its
 * tag alone (`OpaqueType`), so that it may point to itself; `tags` has its members.
 */
export interface Known<
  Whole extends boolean,
  Typedefs extends AnyEntry,
  Tags extends AnyEntry,
  Constants,
  Functions extends AnyEntry,
  Variables extends AnyEntry,
> {
  /** Whether lengths are constant expressions, and types may have bodies. */
  readonly whole: Whole
  readonly typedefs: Typedefs
  /** Complete structures and unions, such as `struct point`. */
  readonly tags: Tags
  /** The names of enumerators. */
  readonly constants: Constants
  readonly functions: Functions
  readonly variables: Variables
}

export type AnyKnown = Known<boolean, AnyEntry, AnyEntry, unknown, AnyEntry, AnyEntry>

/** In a prototype alone no names are known. */
export type NothingKnown = Known<false, never, never, never, never, never>

/** At the beginning of a text. */
export type NothingYet = Known<true, never, never, never, never, never>

export type WithTypedef<Scope extends AnyKnown, Name extends string, Type> = Known<
  true,
  Scope['typedefs'] | Entry<Name, Type>,
  Scope['tags'],
  Scope['constants'],
  Scope['functions'],
  Scope['variables']
>

export type WithTag<Scope extends AnyKnown, Name extends string, Type> = Known<
  true,
  Scope['typedefs'],
  Scope['tags'] | Entry<Name, Type>,
  Scope['constants'],
  Scope['functions'],
  Scope['variables']
>

export type WithConstant<Scope extends AnyKnown, Name> = Known<
  true,
  Scope['typedefs'],
  Scope['tags'],
  Scope['constants'] | Name,
  Scope['functions'],
  Scope['variables']
>

/** What is declared again counts as it was declared last. */
type With<Entries extends AnyEntry, Name extends string, Type> = Name extends Entries['name']
  ? Exclude<Entries, Entry<Name, unknown>> | Entry<Name, Type>
  : Entries | Entry<Name, Type>

export type WithFunction<Scope extends AnyKnown, Name extends string, Type> = Known<
  true,
  Scope['typedefs'],
  Scope['tags'],
  Scope['constants'],
  With<Scope['functions'], Name, Type>,
  Scope['variables']
>

/** A variable as it is declared. */
export interface Held<Type, Const> {
  readonly type: Type
  readonly const: Const
}

export type WithVariable<Scope extends AnyKnown, Name extends string, Type, Const> = Known<
  true,
  Scope['typedefs'],
  Scope['tags'],
  Scope['constants'],
  Scope['functions'],
  With<Scope['variables'], Name, Held<Type, Const>>
>
