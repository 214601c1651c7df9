import type { FunctionType } from '../abi/types.ts'
import type { Pointer } from '../memory/pointer.ts'

/** Makes a function of what stands at an address. */
export type MakeCallable = (pointer: Pointer, type: FunctionType) => unknown

/** By the incarnation that the addresses belong to. */
const makers = new WeakMap<object, MakeCallable>()

export function setCallables(owner: object, make: MakeCallable): void {
  makers.set(owner, make)
}

/** A function pointer that C gave, as a function; C's null pointer is `null`. */
export function toCallable(pointer: Pointer | null, type: FunctionType, owner: object): unknown {
  if (pointer === null) return null
  const make = makers.get(owner)
  return make === undefined ? pointer : make(pointer, type)
}
