import type { CType, FunctionType, PointerType } from '../../abi/types.ts'
import { pointerOf, toPointer } from '../../memory/pointer.ts'
import { SharedMemory, sharedAddress } from '../../memory/shared-memory.ts'
import { toCallable } from '../callable-pointer.ts'
import { wrongKind } from '../complaint.ts'
import { elementBytes, isElements } from '../elements.ts'
import { callbackAddress } from '../function-pointer.ts'
import { type Element, elementOf, textUnit } from '../plan.ts'
import { arrayOf, lentPointer } from '../pointer-array.ts'
import { encodeText, type Unit } from '../text.ts'
import type { Codec, CodecOf, Writing } from './codec.ts'

export function pointerCodec(type: PointerType, codecOf: CodecOf): Codec {
  if (type.to.kind === 'function') return functionPointerCodec(type.to)
  const unit = type.const ? textUnit(type.to) : 0
  const element = elementOf(type.to)
  const lent = lentPointer(type.to)
  return {
    size: 8,
    lazy: false,
    keep: (value) =>
      ArrayBuffer.isView(value) && !(value.buffer instanceof SharedArrayBuffer)
        ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
        : value,
    write(value, memory, at, writing) {
      const { target } = writing
      const put = (address: bigint | number): void => memory.setBigUint64(at, BigInt(address), true)
      const pointer = pointerOf(value)
      if (value === null) put(0)
      else if (pointer !== undefined) put(pointer.in(target.owner))
      else if (value instanceof SharedMemory) put(value.pointer.in(target.owner))
      else if (typeof value === 'string' && unit !== 0)
        put(encodeText(value, unit, target, () => writing.where))
      else if (lent !== undefined && Array.isArray(value))
        put(placePointers(codecOf(arrayOf(lent, value)), value, writing))
      else if (isElements(value)) put(placeElements(value, element, writing))
      else
        throw wrongKind(
          writing.where,
          unit === 0 ? 'a Pointer, bytes or null' : 'a string, a Pointer, bytes or null',
          value,
        )
    },
    read(memory, at, reading) {
      return toPointer(memory.getBigUint64(at, true), reading.owner)
    },
  }
}

/** A function in such a place is called until the call is over; a `Callback` until it is released. */
function functionPointerCodec(type: FunctionType): Codec {
  return {
    size: 8,
    lazy: false,
    keep: (value) => value,
    write(value, memory, at, writing) {
      const address = callbackAddress(value, type, writing.where, writing.target)
      memory.setBigUint64(at, BigInt(address), true)
    },
    read(memory, at, reading) {
      const pointer = toPointer(memory.getBigUint64(at, true), reading.owner)
      return toCallable(pointer, type, reading.owner)
    },
  }
}

/** Bytes that a member points to live as long as the call. */
function placeElements(value: object, element: Element | undefined, writing: Writing): number {
  const { target } = writing
  const shared = ArrayBuffer.isView(value) ? sharedAddress(value, target.owner) : undefined
  if (shared !== undefined) return shared
  const bytes = elementBytes(value as never, element, target.owner, (takes) =>
    wrongKind(writing.where, takes, value),
  )
  const place = target.place(bytes.length)
  place.bytes.set(bytes, place.offset)
  return place.address
}

/** The same of pointers, and of what they point to. */
function placePointers(array: Codec, values: readonly unknown[], writing: Writing): number {
  const place = writing.target.place(array.size)
  array.write(values, place.data, place.offset, writing)
  return place.address
}

/** Bytes of a character where a value of the type is a string that stands elsewhere. */
export function pointedUnit(type: CType): Unit | 0 {
  return type.kind === 'pointer' && type.const ? textUnit(type.to) : 0
}
