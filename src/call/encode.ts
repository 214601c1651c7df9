import type { CopyBack, Place, Target } from '../memory/place.ts'
import { Pointer } from '../memory/pointer.ts'
import { SharedMemory, sharedAddress } from '../memory/shared-memory.ts'
import { outOfRange, wrongKind } from './complaint.ts'
import { type Elements, elementBytes, isElements, readElements } from './elements.ts'
import type { Plan, PlannedArgument, PointerArgument } from './plan.ts'
import { encodeText } from './text.ts'

const TWO_32 = 2 ** 32

/**
 * Writes the arguments of one call as C lays them out, one word each, with pointers to bytes placed beside them.
 * Throws `TypeError` or `RangeError` before anything is sent. Returns what has to be copied back.
 */
export function encode(
  plan: Plan,
  values: readonly unknown[],
  target: Target,
): CopyBack[] | undefined {
  const planned = plan.arguments
  if (values.length !== planned.length) throw wrongCount(plan, values.length)
  const { views, words } = target
  let back: CopyBack[] | undefined
  for (let index = 0; index < planned.length; index++) {
    const argument = planned[index] as PlannedArgument
    const value = values[index]
    const at = words + index * 8
    const { type } = argument
    switch (type.kind) {
      case 'integer':
        if (typeof value !== 'number') throw wrongKind(where(plan, argument), 'a number', value)
        if (!(value >= type.min && value <= type.max) || value !== Math.floor(value))
          throw outOfRange(where(plan, argument), type.min, type.max, value)
        views.i32[at >> 2] = value
        break
      case 'wide':
        writeWide(plan, argument, value, type.min, type.max, at, target)
        break
      case 'f64':
        if (typeof value !== 'number') throw wrongKind(where(plan, argument), 'a number', value)
        views.f64[at >> 3] = value
        break
      case 'f32':
        if (typeof value !== 'number') throw wrongKind(where(plan, argument), 'a number', value)
        views.f32[at >> 2] = value
        break
      case 'bool':
        if (typeof value !== 'boolean') throw wrongKind(where(plan, argument), 'a boolean', value)
        views.i32[at >> 2] = value ? 1 : 0
        break
      case 'pointer': {
        const copy = writePointer(plan, argument, type, value, at, target)
        if (copy !== undefined) {
          back ??= []
          back.push(copy)
        }
        break
      }
    }
  }
  return back
}

/** The values as they are now: bytes that the caller may change before the call begins are copied. */
export function keepArguments(
  plan: Plan,
  values: readonly unknown[],
  owner: object,
): readonly unknown[] {
  if (plan.scalar || values.length !== plan.arguments.length) return values
  return values.map((value, index) => {
    const type = plan.arguments[index]?.type
    if (type?.kind !== 'pointer' || !isElements(value)) return value
    if (ArrayBuffer.isView(value) && value.buffer instanceof SharedArrayBuffer) return value
    const element = type.element
    const complain = (takes: string): Error =>
      wrongKind(`${plan.name}: ${plan.arguments[index]?.label}`, takes, value)
    return new Kept(elementBytes(value, element, owner, complain).slice(), value)
  })
}

/** Bytes as they were when the call was made, and the object they came from. */
class Kept {
  readonly bytes: Uint8Array
  readonly source: Elements

  constructor(bytes: Uint8Array, source: Elements) {
    this.bytes = bytes
    this.source = source
  }
}

function where(plan: Plan, argument: PlannedArgument): string {
  return `${plan.name}: ${argument.label}`
}

function wrongCount(plan: Plan, given: number): TypeError {
  const wanted = plan.arguments.length
  const names = plan.arguments.map((argument) => argument.label).join(', ')
  const takes =
    wanted === 0 ? 'no arguments' : `${wanted} argument${wanted === 1 ? '' : 's'} (${names})`
  return new TypeError(`${plan.name} takes ${takes}, not ${given}`)
}

function writeWide(
  plan: Plan,
  argument: PlannedArgument,
  value: unknown,
  min: bigint,
  max: bigint,
  at: number,
  target: Target,
): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) {
      const takes = Number.isInteger(value) ? 'a bigint for a number this large' : 'a whole number'
      throw new RangeError(`${where(plan, argument)} takes ${takes}, not ${value}`)
    }
    if (value < 0 && min === 0n) throw outOfRange(where(plan, argument), min, max, value)
    writeNumber(target.views.u32, at, value)
  } else if (typeof value === 'bigint') {
    if (value < min || value > max) throw outOfRange(where(plan, argument), min, max, value)
    target.views.i64[at >> 3] = value
  } else {
    throw wrongKind(where(plan, argument), 'a bigint or a whole number', value)
  }
}

/** A safe integer as a 64-bit word, without a BigInt. */
function writeNumber(u32: Uint32Array, at: number, value: number): void {
  u32[at >> 2] = value
  u32[(at >> 2) + 1] = Math.floor(value / TWO_32)
}

function writePointer(
  plan: Plan,
  argument: PlannedArgument,
  type: PointerArgument,
  value: unknown,
  at: number,
  target: Target,
): CopyBack | undefined {
  const { views, owner } = target
  if (value === null) {
    writeNumber(views.u32, at, 0)
  } else if (typeof value === 'string' && type.text !== 0) {
    writeNumber(
      views.u32,
      at,
      encodeText(value, type.text, target, () => where(plan, argument)),
    )
  } else if (value instanceof Pointer) {
    views.u64[at >> 3] = value.in(owner)
  } else if (value instanceof SharedMemory) {
    writeNumber(views.u32, at, sharedAddress(value.bytes, owner) ?? 0)
  } else if (value instanceof Kept) {
    return copyIn(value.bytes, value.source, type, at, target)
  } else if (isElements(value)) {
    const shared = ArrayBuffer.isView(value) ? sharedAddress(value, owner) : undefined
    if (shared === undefined) {
      const complain = (takes: string): Error => wrongKind(where(plan, argument), takes, value)
      return copyIn(elementBytes(value, type.element, owner, complain), value, type, at, target)
    }
    writeNumber(views.u32, at, shared)
  } else {
    throw wrongKind(where(plan, argument), pointerTakes(type), value)
  }
  return undefined
}

function pointerTakes(type: PointerArgument): string {
  if (type.text !== 0) return 'a string, bytes, a Pointer or null'
  return type.element === undefined
    ? 'bytes, a Pointer, shared memory or null'
    : 'an array, bytes, a Pointer, shared memory or null'
}

function copyIn(
  bytes: Uint8Array,
  source: Elements,
  type: PointerArgument,
  at: number,
  target: Target,
): CopyBack | undefined {
  const place: Place = target.place(bytes.length)
  place.bytes.set(bytes, place.offset)
  writeNumber(target.views.u32, at, place.address)
  if (!type.back || bytes.length === 0) return undefined
  const into = (copy: Uint8Array): void => readElements(copy, source, type.element, target.owner)
  return { place, length: bytes.length, into }
}
