import type { CType } from './abi/types.ts'
import { describe, wrongKind } from './call/complaint.ts'
import { arrayType, elementBytes, isElements, toValues } from './call/elements.ts'
import { type Element, elementOf, textUnit } from './call/plan.ts'
import { decodeText, textBytes, type Unit } from './call/text.ts'
import type { Steps } from './channel/follow.ts'
import type { Lane } from './channel/lane.ts'
import { type ParseType, parseType, type TypeExpression } from './declaration/parse.ts'
import type { Returned } from './declaration/values.ts'
import { Pointer } from './memory/pointer.ts'
import { measureText, readBytes, writeBytes } from './message/memory.ts'

/** The most that one read looks at: beyond it there is `alloc`. */
const MOST_BYTES = 2 ** 29

type Characters = 'char' | 'char16_t' | 'char32_t' | 'wchar_t'

/** What reading a C type gives: a string for `char[]`, a typed array for other arrays, else a result of that type. */
export type ValueOf<Text extends string> =
  ParseType<Text> extends { readonly type: infer Type; readonly array: infer Array }
    ? Array extends true
      ? Type extends { readonly name: Characters }
        ? string
        : ArrayBufferView | readonly unknown[]
      : Array extends false
        ? Returned<Type>
        : unknown
    : unknown

/** Reads a value of a C type at a pointer. */
export function* readSteps(pointer: Pointer, text: string, owner: object): Steps<unknown> {
  const address = addressOf(pointer, 'read', owner)
  const expression = parseType(text)
  const unit = textUnit(expression.type)
  if (expression.array && unit !== 0) return yield* readText(address, unit, expression.length)
  if (expression.array) return yield* readArray(address, text, expression, owner)
  const [value] = toValues(
    (yield readBytes(address, elementSize(expression.type, text))) as Uint8Array,
    element(expression.type, text),
    owner,
  )
  const inner =
    expression.type.kind === 'pointer' && expression.type.const ? textUnit(expression.type.to) : 0
  if (inner === 0 || !(value instanceof Pointer)) return value
  return yield* readText(value.address, inner, undefined)
}

/** Writes a value of a C type at a pointer. */
export function* writeSteps(
  pointer: Pointer,
  text: string,
  value: unknown,
  owner: object,
): Steps<undefined> {
  const address = addressOf(pointer, 'write', owner)
  yield writeBytes(address, bytesToWrite(text, value, owner))
  return undefined
}

export async function runSteps<Output>(lane: Lane, steps: Steps<Output>): Promise<Output> {
  let step = steps.next()
  while (!step.done) step = steps.next((await lane.run(step.value, undefined, undefined)) as never)
  return step.value
}

export function runStepsSync<Output>(lane: Lane, steps: Steps<Output>): Output {
  let step = steps.next()
  while (!step.done) step = steps.next(lane.runSync(step.value, undefined, undefined) as never)
  return step.value
}

function addressOf(pointer: unknown, what: string, owner: object): bigint {
  if (!(pointer instanceof Pointer)) throw wrongKind(`${what}: pointer`, 'a Pointer', pointer)
  return pointer.in(owner)
}

function* readText(address: bigint, unit: Unit, length: number | undefined): Steps<string> {
  const most = length === undefined ? MOST_BYTES : bounded(length * unit)
  const bytes = yield measureText(address, unit, most)
  return decodeText((yield readBytes(address, bytes)) as Uint8Array, unit)
}

function* readArray(
  address: bigint,
  text: string,
  { type, length }: TypeExpression,
  owner: object,
): Steps<unknown> {
  if (length === undefined) throw new TypeError(`read: ${text} needs a length`)
  const found = element(type, text)
  const copy = (yield readBytes(address, bounded(length * found.size))) as Uint8Array
  if (found.kind === 'pointer' || found.kind === 'bool') return toValues(copy, found, owner)
  return new (arrayType(found))(copy.buffer as ArrayBuffer, copy.byteOffset, length)
}

function bytesToWrite(text: string, value: unknown, owner: object): Uint8Array {
  const { type, array, length } = parseType(text)
  const complain = (takes: string): Error => wrongKind(`write: ${text}`, takes, value)
  const unit = textUnit(type)
  if (array && unit !== 0 && typeof value === 'string')
    return fitting(textBytes(`${value}\0`, unit), length, unit, text)
  if (!array) return elementBytes([value], element(type, text), owner, complain)
  if (!isElements(value)) throw complain('an array or bytes')
  return fitting(
    elementBytes(value, element(type, text), owner, complain),
    length,
    elementSize(type, text),
    text,
  )
}

function fitting(
  bytes: Uint8Array,
  length: number | undefined,
  size: number,
  text: string,
): Uint8Array {
  if (length === undefined || bytes.length <= length * size) return bytes
  throw new RangeError(`write: ${bytes.length} bytes don't fit ${text}`)
}

function element(type: CType, text: string): Element {
  const found = elementOf(type)
  if (found === undefined) throw new TypeError(`${describe(text)} is no type of a value in memory`)
  return found
}

function elementSize(type: CType, text: string): number {
  return element(type, text).size
}

function bounded(bytes: number): number {
  if (bytes <= MOST_BYTES) return bytes
  throw new RangeError(`read: ${bytes} bytes are more than ${MOST_BYTES} at once`)
}
