/** Calls: arguments by koffi's rules, results as koffi gives them. */
import type { UntypedFunction } from '../index.ts'
import { viewOf } from './decode.ts'
import { addressOf, type Encoding, type FunctionAddress, writeValue } from './encode.ts'
import { noteErrno } from './errno.ts'
import { Frame } from './frame.ts'
import { type FunctionInfo, type Info, isAggregate, type ParameterInfo } from './info.ts'
import { begin, leave, type Waiting } from './patience.ts'
import { longest, pointerTo, timeLimit } from './process.ts'
import { parameterOf } from './prototype.ts'
import { isScalar, koffiValue, scalarOf } from './scalars.ts'
import { valueType } from './signature.ts'
import { pinnedOnes } from './stand-ins.ts'
import { describeFunction, type PrototypeInfo } from './type-object.ts'
import { kindOf } from './value-kind.ts'
import { followFolder } from './working-folder.ts'

// biome-ignore lint/suspicious/noExplicitAny: koffi's functions are not typed
type Any = any

/** A C function, blocking; `async` takes a callback behind the arguments. */
export interface KoffiFunction {
  (...args: Any[]): Any
  async: (...args: Any[]) => Any
  info: PrototypeInfo
}

type Done = (error: unknown, result?: unknown) => void

export function makeFunction(
  proto: FunctionInfo,
  target: UntypedFunction,
  functionAddress: FunctionAddress,
): KoffiFunction {
  const calls = new Calls(proto, target, functionAddress)
  const sync = (...values: unknown[]): unknown => calls.sync(values)
  const properties = proto.variadic
    ? { info: describeFunction(proto) }
    : {
        async: Object.defineProperty((...values: unknown[]): void => calls.async(values), 'name', {
          value: proto.name,
        }),
        info: describeFunction(proto),
      }
  return Object.defineProperty(Object.assign(sync, properties), 'name', {
    value: proto.name,
  }) as unknown as KoffiFunction
}

interface Returned {
  readonly result: unknown
  readonly errno: number
}

class Calls {
  readonly #proto: FunctionInfo
  readonly #target: UntypedFunction
  readonly #functionAddress: FunctionAddress
  readonly #isScalar: boolean
  /** By the time that a call may take: a few, which the program chose. */
  readonly #limited = new Map<number | undefined, UntypedFunction>()

  constructor(proto: FunctionInfo, target: UntypedFunction, functionAddress: FunctionAddress) {
    this.#proto = proto
    this.#target = target
    this.#functionAddress = functionAddress
    this.#isScalar = !proto.variadic && proto.parameters.every(({ type }) => isScalar(type))
  }

  sync(values: readonly unknown[]): unknown {
    this.#requireArguments(values, 0)
    followFolder()
    const { result } = this.#proto
    if (this.#isScalar && pinnedOnes().size === 0)
      return resultOf(result, this.#limit(false).sync(...this.#scalars(values)) as Returned)
    const frame = new Frame()
    try {
      const words = this.#words(values, frame)
      frame.enter()
      const value = resultOf(result, this.#limit(frame.callsBack).sync(...words) as Returned)
      frame.finish()
      return value
    } finally {
      frame.end()
    }
  }

  async(values: readonly unknown[]): void {
    this.#requireArguments(values, 1)
    const done = values[this.#proto.parameters.length]
    if (typeof done !== 'function')
      throw new TypeError(`Expected callback function as last argument, got ${kindOf(done)}`)
    this.#run(values, done as Done)
  }

  #run(values: readonly unknown[], done: Done): void {
    const frame = new Frame()
    let waiting: Waiting | undefined
    let returned: Promise<unknown>
    try {
      followFolder()
      const words = this.#words(values, frame)
      frame.begin()
      waiting = this.#patience(frame.callsBack)
      // In all it is for a blocking call that waits behind: nobody looks then.
      returned = this.#within(waiting && longest(waiting.limit))(...words)
    } catch (error) {
      frame.end()
      if (waiting !== undefined) leave(waiting)
      done(error)
      return
    }
    const finish = (found: unknown): unknown => {
      const value = resultOf(this.#proto.result, found as Returned)
      frame.finish()
      return value
    }
    // What the program's callback throws is nobody's rejection.
    returned
      .then(finish)
      .finally(() => {
        frame.end()
        if (waiting !== undefined) leave(waiting)
      })
      .then(
        (value) => process.nextTick(done, null, value),
        (error) => process.nextTick(done, waiting?.reason(error) ?? error),
      )
  }

  #patience(callsBack: boolean): Waiting | undefined {
    const limit = timeLimit(callsBack)
    return limit === undefined ? undefined : begin(this.#proto.name, limit)
  }

  #limit(callsBack: boolean): UntypedFunction {
    return this.#within(timeLimit(callsBack))
  }

  #within(timeout: number | undefined): UntypedFunction {
    let target = this.#limited.get(timeout)
    if (target === undefined) {
      target = this.#target.with({ timeout, errno: true })
      this.#limited.set(timeout, target)
    }
    return target
  }

  #requireArguments(values: readonly unknown[], more: number): void {
    const { parameters, variadic } = this.#proto
    const wanted = parameters.length + more
    if (values.length < wanted)
      throw new TypeError(
        `Expected ${wanted} arguments${variadic ? ' or more' : ''}, got ${values.length}`,
      )
    if (variadic && (values.length - wanted) % 2 !== 0)
      throw new Error('Missing value argument for variadic call')
  }

  #scalars(values: readonly unknown[]): unknown[] {
    return this.#proto.parameters.map(({ type }, index) => scalarOf(type, values[index]))
  }

  #words(values: readonly unknown[], frame: Frame): unknown[] {
    const { parameters, variadic } = this.#proto
    const words = parameters.map((parameter, index) => this.#word(parameter, values[index], frame))
    if (!variadic) return words
    for (let index = parameters.length; index < values.length; index += 2) {
      const parameter = parameterOf(values[index], index)
      words.push([valueType(parameter.type), this.#word(parameter, values[index + 1], frame)])
    }
    return words
  }

  #word({ type, directions, constant }: ParameterInfo, value: unknown, frame: Frame): unknown {
    if (isScalar(type)) return scalarOf(type, value)
    const encoding: Encoding = { frame, functionAddress: this.#functionAddress, constant }
    if (!isAggregate(type)) return pointerTo(addressOf(type, value, directions, encoding))
    const bytes = new Uint8Array(type.size)
    writeValue(type, value, viewOf(bytes), 0, encoding)
    return bytes
  }
}

function resultOf(info: Info, { result, errno }: Returned): unknown {
  noteErrno(errno)
  return koffiValue(info, result)
}
