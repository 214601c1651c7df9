/** Arguments as they are when a call is made, for one that begins later: where a session is opened again first. */
import { CParameter } from './mechanism-input.ts'

/** What a module may write into is not longer. */
const MOST_WRITTEN = 2 ** 16

interface Copy {
  readonly given: object
  readonly copy: object
  /** The same once more, to see what was written. */
  readonly before: object
}

export class Kept<Arguments extends readonly unknown[]> {
  readonly values: Arguments
  readonly #copies = new Map<object, Copy>()

  /** @param written Where an argument stands whose members are the caller's own: results go there. */
  constructor(given: Arguments, written?: number) {
    this.values = given.map((each, index) =>
      index === written ? { ...(each as object) } : this.#copyOf(each),
    ) as unknown as Arguments
  }

  /** A call with the copies: what it wrote into them goes into what was given, and they are wiped. */
  async during<Result>(call: (values: Arguments) => Promise<Result>): Promise<Result> {
    try {
      const result = await call(this.values)
      this.back()
      return result
    } finally {
      this.wipe()
    }
  }

  /** The call was good: what was written into the copies goes into what was given. */
  back(): void {
    for (const { given, copy, before } of this.#copies.values()) {
      if (!(given instanceof Uint8Array)) Object.assign(given, changedIn(copy, before))
      else if (Buffer.compare(copy as Uint8Array, before as Uint8Array) !== 0)
        given.set(copy as Uint8Array)
    }
  }

  /** The call is over: the copies may be PINs and keys. */
  wipe(): void {
    for (const { copy, before } of this.#copies.values()) {
      if (copy instanceof Uint8Array) copy.fill(0)
      if (before instanceof Uint8Array) before.fill(0)
    }
  }

  #copyOf(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    const known = this.#copies.get(value)
    if (known !== undefined) return known.copy
    if (value instanceof Uint8Array) return this.#bytesOf(value)
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return structuredClone(value)
    if (value instanceof CParameter)
      return new CParameter(value.structure, this.#copyOf(value.values) as object)
    const isPlain = Array.isArray(value) || isRecord(value)
    return isPlain ? this.#membersOf(value) : value
  }

  #bytesOf(given: Uint8Array): Uint8Array {
    const copy = new Uint8Array(given)
    const before = given.length > MOST_WRITTEN ? copy : new Uint8Array(given)
    this.#copies.set(given, { given, copy, before })
    return copy
  }

  #membersOf(given: object): object {
    const copy: object = Array.isArray(given) ? [] : {}
    const before = {}
    this.#copies.set(given, { given, copy, before })
    for (const [name, value] of Object.entries(given))
      Object.assign(copy, { [name]: this.#copyOf(value) })
    Object.assign(before, copy)
    return copy
  }
}

function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function changedIn(copy: object, before: object): object {
  const known = before as Record<string, unknown>
  return Object.fromEntries(Object.entries(copy).filter(([name, value]) => value !== known[name]))
}
