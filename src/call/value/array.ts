import type { ArrayType } from '../../abi/types.ts'
import { wrongKind } from '../complaint.ts'
import { arrayType, elementBytes, isElements } from '../elements.ts'
import { elementOf, textUnit } from '../plan.ts'
import { decodeText, textBytes, type Unit, unitBytes } from '../text.ts'
import type { Codec, CodecOf, Writing } from './codec.ts'
import { pointedUnit } from './pointer.ts'

export function arrayCodec(type: ArrayType, codecOf: CodecOf): Codec {
  const unit = textUnit(type.of)
  const element = elementOf(type.of)
  const inner = codecOf(type.of)
  const size = inner.size * (type.length ?? 0)
  const readText = (memory: DataView, at: number): string => {
    const copy = bytesAt(memory, at, size)
    return decodeText(untilEnd(copy, unit as Unit), unit as Unit)
  }
  return {
    size,
    get lazy() {
      return inner.lazy
    },
    keep: (value) => {
      if (Array.isArray(value)) return value.map((each) => inner.keep(each))
      return ArrayBuffer.isView(value)
        ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
        : value
    },
    write(value, memory, at, writing) {
      const { length } = type
      if (length === undefined) {
        if (isEmpty(value)) return
        throw new RangeError(`${writing.where} ${FLEXIBLE}`)
      }
      if (typeof value === 'string' && unit !== 0) {
        const bytes = textBytes(value, unit, () => writing.where)
        if (bytes.length > size) throw tooLong(writing, bytes.length, size)
        bytesAt(memory, at, size).fill(0).set(bytes)
        return
      }
      if (Array.isArray(value)) {
        if (value.length !== length)
          throw new RangeError(`${writing.where} takes ${length} elements, not ${value.length}`)
        for (let index = 0; index < length; index++) {
          writing.enter(index)
          inner.write(value[index], memory, at + index * inner.size, writing)
          writing.leave()
        }
        return
      }
      if (!isElements(value)) throw wrongKind(writing.where, arrayTakes(unit, length), value)
      const bytes = elementBytes(value, element, writing.target.owner, (takes) =>
        wrongKind(writing.where, takes, value),
      )
      if (bytes.length !== size) throw tooLong(writing, bytes.length, size)
      bytesAt(memory, at, size).set(bytes)
    },
    read(memory, at, reading) {
      if (unit !== 0) return readText(memory, at)
      if (element !== undefined && element.kind !== 'bool' && element.kind !== 'pointer') {
        const copy = bytesAt(memory, at, size).slice()
        return new (arrayType(element))(copy.buffer as ArrayBuffer, 0, type.length ?? 0)
      }
      const values: unknown[] = []
      const text = pointedUnit(type.of)
      for (let index = 0; index < (type.length ?? 0); index++) {
        const value = inner.read(memory, at + index * inner.size, reading)
        values.push(value)
        reading.text(value, text, (found) => {
          values[index] = found
        })
      }
      return values
    },
  }
}

/** What lies behind a structure can't be given with it. */
const FLEXIBLE =
  'is an array without a length: it takes no elements here; write the structure and, behind it, its elements into shared memory (thread.alloc), or declare a length'

function isEmpty(value: unknown): boolean {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return true
  return ArrayBuffer.isView(value) && value.byteLength === 0
}

function arrayTakes(unit: Unit | 0, length: number): string {
  return unit === 0 ? `an array of ${length} elements or bytes` : 'a string, an array or bytes'
}

function tooLong(writing: Writing, given: number, size: number): RangeError {
  return new RangeError(`${writing.where} has ${size} bytes, not ${given}`)
}

function bytesAt(memory: DataView, at: number, size: number): Uint8Array {
  return new Uint8Array(memory.buffer, memory.byteOffset + at, size)
}

/** The bytes before the first unit of zeros. */
function untilEnd(copy: Uint8Array, unit: Unit): Uint8Array {
  const size = unitBytes(unit)
  for (let at = 0; at + size <= copy.length; at += size)
    if (copy.subarray(at, at + size).every((byte) => byte === 0)) return copy.subarray(0, at)
  return copy
}
