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
