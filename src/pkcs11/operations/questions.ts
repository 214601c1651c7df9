/** Questions for attributes of an object, and the room for their answers. */
import {
  CKR_ATTRIBUTE_SENSITIVE,
  CKR_ATTRIBUTE_TYPE_INVALID,
  CKR_BUFFER_TOO_SMALL,
} from '../constants/index.ts'
import { aligned, copyOf, type Frame, type Place, partOf, zero } from '../frame.ts'
import { type Call, call } from '../operation.ts'
import { ATTRIBUTE_BYTES, attributeLength, writeAttribute } from '../structures/attributes.ts'
import { type Ulong, UNAVAILABLE } from '../words.ts'

/** Attributes that are templates themselves. */
const TEMPLATES: ReadonlySet<number> = new Set([0x40000211, 0x40000212, 0x40000213])

/** What `C_GetAttributeValue` returns where some of the values are missing. */
export const PARTIAL = [CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL]

/** It may be asked again, about another object. */
export interface Question {
  readonly about: (session: Ulong, object: Ulong) => Call
  /** The values of its last answer; `undefined` for what the object has not, does not tell, or had no room for. */
  readonly read: () => (Uint8Array | undefined)[]
}

/** Bytes that a question takes. */
export function questionBytes(bytes: readonly number[]): number {
  return listBytes(bytes) + valueBytes(bytes)
}

/** So many of them side by side. @param bytes The room that each attribute is offered. */
export function layOut(
  frame: Frame,
  types: readonly Ulong[],
  bytes: readonly number[],
  count: number,
): Question[] {
  const size = questionBytes(bytes)
  const all = frame.room(count * size)
  return Array.from({ length: count }, (_, index) => {
    const list = partOf(all, index * size, listBytes(bytes))
    return question(list, partOf(list, list.size, valueBytes(bytes)), types, bytes)
  })
}

function question(
  list: Place,
  values: Place,
  types: readonly Ulong[],
  bytes: readonly number[],
): Question {
  let next = 0
  const rooms = types.map((type, index): Place | undefined => {
    const size = bytes[index] as number
    const room = isTemplate(type) ? undefined : partOf(values, next, size)
    next += size
    return room
  })
  return {
    about(session, object) {
      zero(values)
      for (let index = 0; index < rooms.length; index++) {
        const [type, size] = [types[index] as Ulong, bytes[index] as number]
        writeAttribute(list, index, type, rooms[index]?.address ?? 0, size)
      }
      return call('C_GetAttributeValue', [session, object, list.address, types.length], PARTIAL)
    },
    read: () =>
      rooms.map((room, index) => {
        const length = attributeLength(list, index)
        if (room === undefined || length === UNAVAILABLE || length > room.size) return undefined
        return copyOf(room, length)
      }),
  }
}

function listBytes(bytes: readonly number[]): number {
  return aligned(bytes.length * ATTRIBUTE_BYTES)
}

function valueBytes(bytes: readonly number[]): number {
  return aligned(bytes.reduce((sum, each) => sum + each, 0))
}

/** The room that attributes are offered, where each has the same. */
export function offer(types: readonly Ulong[], bytes: number): number[] {
  return types.map((type) => (isTemplate(type) ? 0 : bytes))
}

/** It is asked for in a way of its own. */
export function isTemplate(type: Ulong): boolean {
  return TEMPLATES.has(Number(type))
}
