import { sizeOf } from '../abi/layout.ts'
import type { CType, PointerType } from '../abi/types.ts'
import { FatThreadError } from '../errors.ts'
import { type CopyBack, NotYet, type Place, type Target } from '../memory/place.ts'
import { Pointer, pointerOf } from '../memory/pointer.ts'
import { isShared, SharedMemory, sharedAddress } from '../memory/shared-memory.ts'
import { outOfRange, wrongKind } from './complaint.ts'
import { type Elements, elementBytes, isElements, readElements } from './elements.ts'
import { callbackAddress } from './function-pointer.ts'
import { Outcome } from './outcome.ts'
import type { Argument, Plan, PlannedArgument, PointerArgument, ResultArgument } from './plan.ts'
import { arrayOf, pointersBack } from './pointer-array.ts'
import { encodeText } from './text.ts'
import { Writing } from './value/codec.ts'
import { codecOf, readWithText } from './value/of.ts'

const TWO_32 = 2 ** 32

/** What has to be copied back when the call is over, and where its results gather if there are several. */
export interface Encoded {
  readonly copies: CopyBack[]
  readonly outcome: Outcome | undefined
}

/**
 * Writes the arguments of one call as C lays them out, one word each, with pointers to bytes placed beside them.
 * Throws `TypeError` or `RangeError` before anything is sent.
 */
export function encode(
  plan: Plan,
  values: readonly unknown[],
  target: Target,
): Encoded | undefined {
  const before = looking
  looking = undefined
  try {
    return encodeAll(plan, values, target)
  } catch (error) {
    throw named(plan.name, labelOf(looking), error)
  } finally {
    looking = before
  }
}

/** The argument whose object is looked at just now, which may run code of the caller: getters, proxies. */
let looking: PlannedArgument | undefined

/** A function of its own: the compiler takes what it sees no assignment of for what it was. */
function labelOf(argument: PlannedArgument | undefined): string | undefined {
  return argument?.label
}

/** An error of the caller's code, or of the engine, becomes one that names function and parameter. */
function named(name: string, label: string | undefined, error: unknown): unknown {
  const isOurs = error instanceof FatThreadError || error instanceof NotYet
  if (isOurs || label === undefined) return error
  const isWrong = error instanceof TypeError || error instanceof RangeError
  if (isWrong && error.message.startsWith(`${name}:`)) return error
  const where = `${name}: ${label}`
  if (error instanceof RangeError)
    return new RangeError(`${where}: ${error.message}`, { cause: error })
  const why = error instanceof Error ? `: ${error.message}` : ''
  return new TypeError(`${where} can't be read${why}`, { cause: error })
}

function encodeAll(plan: Plan, values: readonly unknown[], target: Target): Encoded | undefined {
  const planned = plan.arguments
  if (values.length !== plan.given) throw wrongCount(plan, values.length)
  const { views, words } = target
  const outcome = plan.collects ? new Outcome(target.owner) : undefined
  let back: CopyBack[] | undefined
  let next = 0
  for (let index = 0; index < planned.length; index++) {
    const argument = planned[index] as PlannedArgument
    const { type } = argument
    const value = type.kind === 'result' && !type.given ? undefined : values[next++]
    const at = words + index * 8
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
        looking = argument
        const copy = writePointer(plan, argument, type, value, at, target, outcome)
        if (copy !== undefined) {
          back ??= []
          back.push(copy)
        }
        break
      }
      case 'callback':
        writeNumber(views.u32, at, callbackAddress(value, type.type, type.label, target))
        break
      case 'aggregate': {
        looking = argument
        const place = placeValue(type.type, value, () => where(plan, argument), target)
        writeNumber(views.u32, at, place.address)
        break
      }
      case 'result': {
        looking = argument
        const count = countOf(plan, argument, type, values)
        back ??= []
        back.push(placeResult(plan, argument, type, value, count, at, target, outcome as Outcome))
        break
      }
    }
  }
  if (plan.aggregate !== undefined) {
    back ??= []
    back.push(
      placeOwnResult(plan.aggregate, words + planned.length * 8, target, outcome as Outcome),
    )
  }
  return back === undefined && outcome === undefined ? undefined : { copies: back ?? [], outcome }
}

function bytesOf(copy: DataView, length: number): Uint8Array {
  return new Uint8Array(copy.buffer, copy.byteOffset, length)
}

function placeEmpty(bytes: number, target: Target): Place {
  const place = target.place(bytes)
  place.bytes.fill(0, place.offset, place.offset + bytes)
  return place
}

/** The bytes of one value; what it points to is placed beside it. */
function placeValue(type: CType, value: unknown, place: () => string, target: Target): Place {
  const bytes = sizeOf(type)
  const found = placeEmpty(bytes, target)
  codecOf(type).write(value, found.data, found.offset, new Writing(target, place))
  return found
}

function placeOwnResult(type: CType, at: number, target: Target, outcome: Outcome): CopyBack {
  const length = sizeOf(type)
  const place = placeEmpty(length, target)
  writeNumber(target.views.u32, at, place.address)
  const into = (copy: DataView): void => readWithText(type, copy, outcome.reading, outcome.own)
  return { place, length, brief: !codecOf(type).lazy, into }
}

/** How many elements a result has; the argument that says so was checked, or will be. */
function countOf(
  plan: Plan,
  argument: PlannedArgument,
  { count }: ResultArgument,
  values: readonly unknown[],
): number | undefined {
  if (typeof count !== 'object') return count
  const before = plan.arguments.slice(0, count.argument)
  const value = values[before.filter(({ type }) => type.kind !== 'result' || type.given).length]
  const found = typeof value === 'bigint' ? Number(value) : value
  if (typeof found === 'number' && Number.isInteger(found) && found >= 0 && found <= MOST_ELEMENTS)
    return found
  const label = plan.arguments[count.argument]?.label
  throw wrongKind(`${plan.name}: ${label}`, `the length of ${argument.label}`, value)
}

const MOST_ELEMENTS = 2 ** 29

function placeResult(
  plan: Plan,
  argument: PlannedArgument,
  { name, type, given }: ResultArgument,
  value: unknown,
  count: number | undefined,
  at: number,
  target: Target,
  outcome: Outcome,
): CopyBack {
  const whole: CType = count === undefined ? type : { kind: 'array', of: type, length: count }
  const length = sizeOf(whole)
  const place = given
    ? placeValue(whole, value, () => where(plan, argument), target)
    : placeEmpty(length, target)
  writeNumber(target.views.u32, at, place.address)
  const put = outcome.named(name)
  const into = (copy: DataView): void => readWithText(whole, copy, outcome.reading, put)
  return { place, length, brief: !codecOf(whole).lazy, into }
}

/** Whether what is given for pointers is addresses: nothing has to be placed beside the words, or copied back. */
export function areWords(plan: Plan, values: readonly unknown[]): boolean {
  try {
    return plan.arguments.every(
      ({ type }, index) => type.kind !== 'pointer' || isAddress(values[index]),
    )
  } catch {
    return false // an object that can't be looked at, such as a revoked proxy: `encode` says whose it is
  }
}

function isAddress(value: unknown): boolean {
  return (
    value === null ||
    value instanceof Pointer ||
    value instanceof SharedMemory ||
    (ArrayBuffer.isView(value) && isShared(value))
  )
}

/** The values as they are now: bytes that the caller may change before the call begins are copied. */
export function keepArguments(
  plan: Plan,
  values: readonly unknown[],
  owner: object,
): readonly unknown[] {
  if (plan.scalar || values.length !== plan.given) return values
  const planned = plan.arguments.filter(({ type }) => type.kind !== 'result' || type.given)
  return values.map((value, index) => {
    try {
      return keepArgument(plan, planned[index], value, owner)
    } catch (error) {
      throw named(plan.name, planned[index]?.label, error)
    }
  })
}

function keepArgument(
  plan: Plan,
  argument: PlannedArgument | undefined,
  value: unknown,
  owner: object,
): unknown {
  if (value instanceof Kept || value instanceof KeptObject) return value
  const type = argument?.type
  if (type?.kind === 'aggregate' || type?.kind === 'result') return keepValue(type, value)
  if (type?.kind !== 'pointer') return value
  if (type.aggregate !== undefined && isObject(value)) return new KeptObject(type.aggregate, value)
  if (type.lent !== undefined && Array.isArray(value)) return new KeptObject(type.lent, value)
  if (!isElements(value)) return value
  if (ArrayBuffer.isView(value) && value.buffer instanceof SharedArrayBuffer) return value
  const element = type.element
  const complain = (takes: string): Error =>
    wrongKind(`${plan.name}: ${argument?.label}`, takes, value)
  return new Kept(elementBytes(value, element, owner, complain).slice(), value)
}

function keepValue(type: Argument, value: unknown): unknown {
  if (type.kind === 'aggregate') return codecOf(type.type).keep(value)
  if (type.kind !== 'result') return value
  if (type.count === undefined) return codecOf(type.type).keep(value)
  return codecOf({ kind: 'array', of: type.type, length: undefined }).keep(value)
}

/** A plain object, or an array of them: what stands for a structure in memory. */
function isObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Pointer || value instanceof SharedMemory) return false
  return Array.isArray(value) || !isElements(value)
}

/** Objects as they were when the call was made, and where they came from. */
class KeptObject {
  readonly value: unknown
  readonly source: object

  constructor(type: CType, source: object) {
    const codec = codecOf(type)
    this.value = Array.isArray(source) ? source.map((each) => codec.keep(each)) : codec.keep(source)
    this.source = source
  }
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
  const wanted = plan.given
  const names = plan.arguments
    .filter(({ type }) => type.kind !== 'result' || type.given)
    .map((argument) => argument.label)
    .join(', ')
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
  outcome: Outcome | undefined,
): CopyBack | undefined {
  const { views, owner } = target
  const { aggregate, lent } = type
  const pointer = pointerOf(value)
  if (lent !== undefined && value instanceof KeptObject)
    return pointersIn(plan, argument, lent, value.value, value.source, at, target)
  if (lent !== undefined && Array.isArray(value))
    return pointersIn(plan, argument, lent, value, value, at, target)
  if (aggregate !== undefined && value instanceof KeptObject)
    return objectsIn(plan, argument, aggregate, value.value, value.source, at, target, outcome)
  if (aggregate !== undefined && isObject(value))
    return objectsIn(plan, argument, aggregate, value, value, at, target, outcome)
  if (value === null) {
    writeNumber(views.u32, at, 0)
  } else if (typeof value === 'string' && type.text !== 0) {
    writeNumber(
      views.u32,
      at,
      encodeText(value, type.text, target, () => where(plan, argument)),
    )
  } else if (pointer !== undefined) {
    views.u64[at >> 3] = pointer.in(owner)
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

/** Structures that a pointer points to; what the library wrote goes back into the objects. */
function objectsIn(
  plan: Plan,
  argument: PlannedArgument,
  type: CType,
  value: unknown,
  source: object,
  at: number,
  target: Target,
  outcome: Outcome | undefined,
): CopyBack | undefined {
  const whole: CType = Array.isArray(value)
    ? { kind: 'array', of: type, length: value.length }
    : type
  const place = placeValue(whole, value, () => where(plan, argument), target)
  writeNumber(target.views.u32, at, place.address)
  const pointer = argument.type.kind === 'pointer' ? argument.type : undefined
  if (!pointer?.back || outcome === undefined) return undefined
  const sources: unknown[] = Array.isArray(source) ? source : [source]
  const codec = codecOf(type)
  const into = (copy: DataView): void => {
    for (const [index, object] of sources.entries()) {
      const found = codec.read(copy, index * codec.size, outcome.reading)
      outcome.later(() => refresh(object, found))
    }
  }
  return { place, length: sizeOf(whole), brief: !codec.lazy, into }
}

/** An array of pointers to what the library only reads. */
function pointersIn(
  plan: Plan,
  argument: PlannedArgument,
  type: PointerType,
  value: unknown,
  source: object,
  at: number,
  target: Target,
): CopyBack | undefined {
  const whole = arrayOf(type, value as readonly unknown[])
  const place = placeValue(whole, value, () => where(plan, argument), target)
  writeNumber(target.views.u32, at, place.address)
  const back = argument.type.kind === 'pointer' && argument.type.back && whole.length !== 0
  return back ? pointersBack(place, source as unknown[], target.owner) : undefined
}

/** Gives an object the members that the library left; a frozen one stays as it is. */
function refresh(object: unknown, found: unknown): void {
  if (typeof object !== 'object' || object === null) return
  for (const [name, value] of Object.entries(found as object)) Reflect.set(object, name, value)
}

function pointerTakes(type: PointerArgument): string {
  if (type.text !== 0) return 'a string, bytes, a Pointer or null'
  if (type.aggregate !== undefined) return 'an object, an array of them, bytes, a Pointer or null'
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
  const { length } = bytes
  const into = (copy: DataView): void =>
    readElements(bytesOf(copy, length), source, type.element, target.owner)
  // Setting an element of an array may run code of the caller.
  return { place, length, brief: !Array.isArray(source), into }
}
