import type { FunctionType } from '../abi/types.ts'
import { wrongKind } from '../call/complaint.ts'
import { pointedFunction } from '../call/plan.ts'
import { type CallableHome, type CallablePointer, CallablePointers } from '../callable-pointers.ts'
import { parsePrototype } from '../declaration/parse.ts'
import type { Incarnation } from '../incarnation.ts'
import { pointerOf } from '../memory/pointer.ts'
import { Type } from '../type.ts'
import type { Life } from './life.ts'

/** Prototypes of calls by address that are kept. */
const MOST_PROTOTYPES = 4096

interface NamedFunction {
  readonly type: FunctionType
  readonly name?: string
}

/** Functions of C that a fat thread knows by their address, in whichever process serves. */
export class ByAddress {
  readonly #life: Life
  readonly #home: CallableHome
  #callables: CallablePointers | undefined
  /** So that calling by the same text twice is calling the same function. */
  readonly #prototypes = new Map<string, NamedFunction>()

  constructor(life: Life, thread: object) {
    this.#life = life
    const { timeout, loadTimeout, lanes } = life.settings
    this.#home = {
      incarnation: () => life.incarnationAtWork(),
      nextFunction: () => life.nextFunction(),
      slots: [],
      thread,
      timeout,
      loadTimeout,
      lanes,
    }
  }

  /** Addresses lead into this process from now on. */
  begin(incarnation: Incarnation): void {
    this.#callables = new CallablePointers(this.#home, incarnation)
  }

  of(pointer: unknown, prototype: unknown): CallablePointer | undefined {
    const found = pointerOf(pointer)
    if (found === undefined) throw wrongKind('call: pointer', 'a Pointer', pointer)
    const { type, name } = this.#functionType(prototype)
    const { owner } = this.#life.incarnation()
    found.in(owner)
    return this.#callables?.of(found, type, name)
  }

  #functionType(prototype: unknown): NamedFunction {
    if (prototype instanceof Type) {
      const type = pointedFunction(prototype.ctype)
      if (type !== undefined) return { type }
    }
    if (typeof prototype !== 'string')
      throw wrongKind('call: prototype', 'a C prototype or a Type of function pointers', prototype)
    let known = this.#prototypes.get(prototype)
    if (known === undefined) {
      const { name, free, ...rest } = parsePrototype(prototype)
      if (free !== undefined)
        throw new TypeError(
          `${name}: _Free_(${free}) is for functions of a library, not for an address`,
        )
      known = { type: { kind: 'function', ...rest }, name }
      if (this.#prototypes.size === MOST_PROTOTYPES) this.#prototypes.clear()
      this.#prototypes.set(prototype, known)
    }
    return known
  }
}
