import type { FunctionType, Signature } from './abi/types.ts'
import { BoundFunction, type FunctionHome, type UntypedFunction } from './bound-function.ts'
import { setCallables } from './call/callable-pointer.ts'
import type { Entrance } from './channel/entrance.ts'
import type { Pending } from './channel/pending.ts'
import { ClosedError, FatThreadError } from './errors.ts'
import type { Incarnation } from './incarnation.ts'
import type { Pointer } from './memory/pointer.ts'
import { bindAt } from './message/bind.ts'

/** Functions that are bound by their address at the same time, in one process; more take turns on one lane. */
const MOST_BOUND = 4096
/** On several lanes nobody knows whose turn it is: so many there may be, each with a number for good. */
const MOST_FOR_GOOD = 32_768
/** Functions of one type that are kept, so that a table that is read again gives the same ones. */
const MOST_KEPT = 4096

/** A C function without its types, and where it is. */
export interface CallablePointer extends UntypedFunction {
  readonly pointer: Pointer
}

/** Who has a number, and where that was asked for. */
interface Bound {
  readonly bound: BoundFunction
  readonly lane: Entrance
  readonly binding: Pending
}

/** What the functions of all incarnations have in common. */
export interface CallableHome {
  /** Throws `ClosedError` after the end. */
  incarnation(): Incarnation
  nextFunction(): number
  /** Numbers of bound functions that are used again and again. */
  readonly slots: number[]
  /** Whose functions they are. */
  readonly thread: object
  readonly timeout: number | undefined
  readonly loadTimeout: number
  readonly lanes: number
}

/**
 * Functions of one incarnation that are known by their address: results, members of tables, what `thread.call` is
 * given. One is bound when it is called; when there are many, one takes the place of another, which is bound again
 * by its next call.
 */
export class CallablePointers {
  readonly #home: CallableHome
  readonly #incarnation: Incarnation
  readonly #kept = new WeakMap<FunctionType, Map<bigint, CallablePointer>>()
  /** Whose each number is just now. */
  readonly #bound = new Map<number, Bound>()
  #made = 0

  constructor(home: CallableHome, incarnation: Incarnation) {
    this.#home = home
    this.#incarnation = incarnation
    setCallables(incarnation.owner, (pointer, type) => this.of(pointer, type))
  }

  of(pointer: Pointer, type: FunctionType, name?: string): CallablePointer {
    const address = pointer.in(this.#incarnation.owner)
    let kept = this.#kept.get(type)
    if (kept === undefined) {
      kept = new Map()
      this.#kept.set(type, kept)
    }
    let found = kept.get(address)
    if (found === undefined) {
      const { result, parameters, variadic } = type
      const called = name ?? `the function at ${pointer}`
      const signature = { name: called, result, parameters, ...(variadic ? { variadic } : {}) }
      found = this.#make(pointer, address, signature).callable() as CallablePointer
      if (kept.size === MOST_KEPT && this.#home.lanes === 1) kept.clear()
      kept.set(address, found)
    }
    return found
  }

  #make(pointer: Pointer, address: bigint, signature: Signature, fixed?: number): BoundFunction {
    const { slots, timeout, nextFunction, lanes, thread } = this.#home
    if (lanes > 1 && this.#made === MOST_FOR_GOOD)
      throw new FatThreadError(
        `${signature.name}: a fat thread with several lanes knows ${MOST_FOR_GOOD} functions by address, the most there may be`,
      )
    const slot = this.#made++ % (lanes > 1 ? MOST_FOR_GOOD : MOST_BOUND)
    slots[slot] ??= nextFunction()
    const id = slots[slot]
    const home: FunctionHome = {
      path: undefined,
      thread,
      timeout,
      pointer,
      owner: this.#incarnation.owner,
      lane: () => {
        const { callbacks } = this.#incarnation
        const lane = callbacks.front ?? callbacks.find()
        this.#bind(bound, address, lane)
        return lane
      },
      freeing: (name) => {
        throw new TypeError(
          `${signature.name}: _Free_(${name}) is for functions of a library, not for an address`,
        )
      },
      variant: (kind, before) => {
        const variant = this.#make(pointer, address, kind, before)
        const { callbacks } = this.#incarnation
        this.#bind(variant, address, callbacks.front ?? callbacks.find())
        return variant
      },
    }
    const bound = new BoundFunction(id, signature, home, fixed)
    return bound
  }

  /** Requests of a lane are served in order: calls of whoever had the number before come first. */
  #bind(bound: BoundFunction, address: bigint, lane: Entrance): void {
    if (this.#home.incarnation() !== this.#incarnation)
      throw new ClosedError(`${bound.plan.name} was in a process that has ended`)
    const last = this.#bound.get(bound.id)
    // What waits on another lane may be overtaken by what a callback asks for.
    if (last?.bound === bound && (last.lane === lane || !last.binding.open)) return
    const { loadTimeout } = this.#home
    const binding = lane.begin(bindAt(bound.id, address, bound.plan), { timeout: loadTimeout })
    this.#bound.set(bound.id, { bound, lane, binding })
  }
}
