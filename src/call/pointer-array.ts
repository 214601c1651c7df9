import type { ArrayType, PointerType } from '../abi/types.ts'
import type { CopyBack, Place } from '../memory/place.ts'
import { toPointer } from '../memory/pointer.ts'

/**
 * Pointers to what C only reads: as elements of an array, strings and bytes may stand for them. Where it writes, they
 * may not: nothing of what they stand for comes back.
 */
export function lentPointer(type: { readonly kind: string }): PointerType | undefined {
  if (type.kind !== 'pointer') return undefined
  const pointer = type as PointerType
  return pointer.const && pointer.to.kind !== 'function' ? pointer : undefined
}

export function arrayOf(type: PointerType, values: readonly unknown[]): ArrayType {
  return { kind: 'array', of: type, length: values.length }
}

/** Puts the pointers that the library changed into the array that they come from; the others stay what was given. */
export function pointersBack(place: Place, source: unknown[], owner: object): CopyBack {
  const { data, offset } = place
  const given = source.map((_, index) => data.getBigUint64(offset + index * 8, true))
  const into = (copy: DataView): void => {
    for (const [index, address] of given.entries()) {
      const found = copy.getBigUint64(index * 8, true)
      if (found !== address) Reflect.set(source, index, toPointer(found, owner))
    }
  }
  return { place, length: given.length * 8, brief: true, into }
}
