/** JavaScript functions for C to call. */
import { type Callback, callback } from '../index.ts'
import { decodeValue, viewOf } from './decode.ts'
import { addressOf, type Encoding, writeValue } from './encode.ts'
import { Frame } from './frame.ts'
import { onLost } from './heap.ts'
import { type FunctionInfo, type Info, isAggregate } from './info.ts'
import { fatThread, pointerTo } from './process.ts'
import { isScalar, koffiValue, scalarOf } from './scalars.ts'
import { callbackSignatureOf } from './signature.ts'
import { resolve, type TypeSpec } from './specifier.ts'
import { kindOf } from './value-kind.ts'

// biome-ignore lint/suspicious/noExplicitAny: koffi's functions are not typed
type Run = (...values: any[]) => any

/** Functions that were passed for the length of a call, and are kept for the next one. */
const MOST_IDLE = 64
/** Results of one function that are kept for a call that doesn't block. */
const MOST_RESULTS = 64
/** Registered functions at one time. */
const MOST_REGISTERED = 8192

class CallbackSlot {
  readonly proto: FunctionInfo
  readonly run: Run
  /** Calls that it was passed to and that are not over; a registered one counts as one. */
  uses = 0
  readonly #callback: Callback
  /** What it returned last, when no blocking call was there to keep it. */
  readonly #kept: Frame[] = []

  constructor(proto: FunctionInfo, run: Run) {
    this.proto = proto
    this.run = run
    const { text, types } = callbackSignatureOf(proto)
    const called = (...values: unknown[]): unknown => this.#called(values)
    this.#callback = fatThread().callback(callback(text, types), called)
  }

  get address(): bigint {
    return this.#callback.pointer.address
  }

  #called(values: readonly unknown[]): unknown {
    if (this.uses === 0) throw new Error('Cannot use non-registered callback beyond FFI call')
    const { parameters, result } = this.proto
    const frame = Frame.innermost
    const work = (): unknown => {
      const given = parameters.map(({ type }, index) => argumentOf(type, values[index]))
      return this.run(...given)
    }
    const found = frame === undefined ? work() : frame.around(work)
    return resultFor(result, found, frame ?? this.#lasting())
  }

  /** C looks at a result soon, or never. */
  #lasting(): Frame {
    const frame = new Frame()
    this.#kept.push(frame)
    if (this.#kept.length > MOST_RESULTS) this.#kept.shift()?.end()
    return frame
  }

  release(): void {
    this.#callback[Symbol.dispose]()
    for (const frame of this.#kept) frame.end()
  }
}

/** What C gave, as koffi gives it to a function. */
function argumentOf(info: Info, value: unknown): unknown {
  if (!isAggregate(info)) return koffiValue(info, value)
  return decodeValue(info, viewOf(value as Uint8Array), 0)
}

/** What a function returned, as C gets it. */
function resultFor(info: Info, value: unknown, frame: Frame): unknown {
  if (info.primitive === 'Void') return undefined
  if (isScalar(info)) return scalarOf(info, value)
  const encoding: Encoding = { frame, functionAddress, constant: false }
  if (!isAggregate(info)) return pointerTo(addressOf(info, value, 1, encoding))
  const bytes = new Uint8Array(info.size)
  writeValue(info, value, viewOf(bytes), 0, encoding)
  return bytes
}

let byFunction = new WeakMap<Run, CallbackSlot[]>()
let idle = new Set<CallbackSlot>()
let registered = new Map<bigint, CallbackSlot>()
let live = 0

onLost(() => {
  byFunction = new WeakMap()
  idle = new Set()
  registered = new Map()
  live = 0
})

/** The address of a function while a call goes on. */
export function functionAddress(proto: FunctionInfo, run: Run, frame: Frame): bigint {
  const slots = byFunction.get(run) ?? []
  byFunction.set(run, slots)
  let slot = slots.find((each) => each.proto === proto)
  if (slot === undefined) {
    slot = new CallbackSlot(proto, run)
    live++
    slots.push(slot)
  }
  const found = slot
  found.uses++
  idle.delete(found)
  frame.callsBack = true
  frame.atEnd(() => {
    found.uses--
    if (found.uses === 0) retire(found)
  })
  return found.address
}

/** Kept for the next call with the same function, unless there are many. */
function retire(slot: CallbackSlot): void {
  idle.add(slot)
  for (const oldest of idle) {
    if (idle.size <= MOST_IDLE) return
    idle.delete(oldest)
    const slots = byFunction.get(oldest.run)
    slots?.splice(slots.indexOf(oldest), 1)
    live--
    oldest.release()
  }
}

/** A function that C can call until it is unregistered. */
export function register(run: Run, type: TypeSpec): bigint
export function register(thisValue: unknown, run: Run, type: TypeSpec): bigint
export function register(...given: unknown[]): bigint {
  if (given.length < 2) throw new TypeError(`Expected 2 arguments, got ${given.length}`)
  const [self, run, spec] = given.length > 2 ? given : [undefined, ...given]
  if (typeof run !== 'function')
    throw new TypeError(`Unexpected ${kindOf(run)} value for func, expected function`)
  const info = resolve(spec)
  if (info.primitive !== 'Callback')
    throw new TypeError(`Unexpected ${info.name} type, expected <callback> * type`)
  if (registered.size >= MOST_REGISTERED)
    throw new Error(`Too many callbacks are in use (max = ${MOST_REGISTERED})`)
  const bound = given.length > 2 ? (run as Run).bind(self) : (run as Run)
  const slot = new CallbackSlot(info.proto as FunctionInfo, bound)
  slot.uses = 1
  live++
  registered.set(slot.address, slot)
  return slot.address
}

export function unregister(pointer: bigint): void {
  if (typeof pointer !== 'bigint' && typeof pointer !== 'number')
    throw new TypeError(`Unexpected ${kindOf(pointer)} value for id, expected registered callback`)
  const slot = registered.get(BigInt(pointer))
  if (slot === undefined) throw new Error('Could not find matching registered callback')
  registered.delete(BigInt(pointer))
  live--
  slot.release()
}

/** Functions that C can call now. */
export function countCallbacks(): number {
  return live
}
