import { isAggregate, sizeOf } from './abi/layout.ts'
import type { ArrayType, CType } from './abi/types.ts'
import { wrongKind } from './call/complaint.ts'
import { elementBytes, isElements } from './call/elements.ts'
import { elementOf, textUnit } from './call/plan.ts'
import { textBytes, type Unit, unitBytes } from './call/text.ts'
import { Reading, Writing } from './call/value/codec.ts'
import { codecOf, readWithText } from './call/value/of.ts'
import type { Steps } from './channel/follow.ts'
import { lastingAddress } from './memory/callback.ts'
import type { Target } from './memory/place.ts'
import { Pointer } from './memory/pointer.ts'
import { viewsOf } from './memory/views.ts'
import { readBytes, writeBytes } from './message/memory.ts'
import { textAt } from './message/texts.ts'
import { ctypeOf, type TypeLike } from './type.ts'

/** The most that one read looks at: beyond it there is `alloc`. */
const MOST_BYTES = 2 ** 29

/** Reads a value of a C type at a pointer. */
export function* readSteps(pointer: Pointer, given: TypeLike, owner: object): Steps<unknown> {
  const address = addressOf(pointer, 'read', owner)
  const type = valueType(given, 'read')
  if (type.kind === 'array' && textUnit(type.of) !== 0)
    return yield* readText(address, textUnit(type.of) as Unit, type.length, owner)
  if (type.kind === 'array' && type.length === undefined)
    throw new TypeError(`read: ${given} needs a length`)
  const copy = (yield readBytes(address, bounded(sizeOf(type)), owner)) as Uint8Array
  const reading = new Reading(owner)
  let value: unknown
  readWithText(type, new DataView(copy.buffer, copy.byteOffset, copy.length), reading, (found) => {
    value = found
  })
  for (const { address, unit, put } of reading.texts)
    put(yield* readText(address, unit, undefined, owner))
  return value
}

/** Writes a value of a C type at a pointer. */
export function* writeSteps(
  pointer: Pointer,
  given: TypeLike,
  value: unknown,
  owner: object,
): Steps<undefined> {
  const address = addressOf(pointer, 'write', owner)
  yield writeBytes(address, bytesToWrite(valueType(given, 'write'), given, value, owner), owner)
  return undefined
}

function addressOf(pointer: unknown, what: string, owner: object): bigint {
  if (!(pointer instanceof Pointer)) throw wrongKind(`${what}: pointer`, 'a Pointer', pointer)
  return pointer.in(owner)
}

function valueType(given: TypeLike, what: string): CType {
  const type = ctypeOf(given, `${what}: type`)
  if (type.kind === 'function' || type.kind === 'void' || type.kind === 'opaque')
    throw new TypeError(`${what}: ${given} is no type of a value in memory`)
  return type
}

function* readText(
  address: bigint,
  unit: Unit,
  length: number | undefined,
  owner: object,
): Steps<string> {
  const most = length === undefined ? MOST_BYTES : bounded(length * unitBytes(unit))
  return yield* textAt(address, unit, owner, most)
}

function bytesToWrite(type: CType, given: TypeLike, value: unknown, owner: object): Uint8Array {
  if (type.kind === 'array') return arrayToWrite(type, given, value, owner)
  return written(type, value, owner, () => `write: ${given}`)
}

/** An array may be shorter than its type says: what is behind it stays as it is. */
function arrayToWrite(
  { of, length }: ArrayType,
  given: TypeLike,
  value: unknown,
  owner: object,
): Uint8Array {
  const complain = (takes: string): Error => wrongKind(`write: ${given}`, takes, value)
  const unit = textUnit(of)
  const fitting = (bytes: Uint8Array): Uint8Array => {
    if (length === undefined || bytes.length <= length * sizeOf(of)) return bytes
    throw new RangeError(`write: ${bytes.length} bytes don't fit ${given}`)
  }
  if (unit !== 0 && typeof value === 'string')
    return fitting(textBytes(`${value}\0`, unit, () => `write: ${given}`))
  if (!isElements(value)) throw complain('an array or bytes')
  if (Array.isArray(value) && (isAggregate(of) || of.kind === 'array'))
    return fitting(
      written({ kind: 'array', of, length: value.length }, value, owner, () => `write: ${given}`),
    )
  return fitting(elementBytes(value, elementOf(of), owner, complain))
}

/** A value in C's layout. What it points to would not outlast the write, so it takes pointers only. */
function written(type: CType, value: unknown, owner: object, where: () => string): Uint8Array {
  const bytes = new Uint8Array(sizeOf(type))
  const target: Target = {
    views: viewsOf(new ArrayBuffer(0)),
    words: 0,
    owner,
    place: () => {
      throw new TypeError(
        `${writing.where} takes a Pointer, shared memory or null: a string or bytes would not outlast the write`,
      )
    },
    callback: (_type, label, value) => lastingAddress(value, label, owner),
  }
  const writing = new Writing(target, where)
  codecOf(type).write(value, new DataView(bytes.buffer), 0, writing)
  return bytes
}

function bounded(bytes: number): number {
  if (bytes <= MOST_BYTES) return bytes
  throw new RangeError(`read: ${bytes} bytes are more than ${MOST_BYTES} at once`)
}
