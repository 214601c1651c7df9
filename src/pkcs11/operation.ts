/** What operations are made of. Each is written once, and runs awaited or blocking. */
import type { Frame } from './frame.ts'
import type { FunctionName } from './functions.ts'
import type { Ulong } from './words.ts'

/** One call of a PKCS #11 function. */
export interface Call {
  readonly name: FunctionName
  readonly words: readonly Ulong[]
  /** Return values beside `CKR_OK` that are no failure. */
  readonly accepts: readonly number[]
}

/** Calls that need nothing of each other but that the earlier ones were good. */
export interface Trip {
  readonly calls: readonly Call[]
  /** Whether those behind one that is not `CKR_OK` are not made. */
  readonly stops: boolean
  /** What they returned, of those that were made. */
  readonly returned: number[]
  /** Done while they are under way. */
  readonly meanwhile?: (() => void) | undefined
}

/**
 * An operation on its way: yields calls, is given what they returned; of a trip, what the last one did. What fails is
 * thrown into it.
 */
export type Steps<Result> = Generator<Call | Trip, Result, number>

/** An operation: lays its arguments out in a frame, up to its first call at once. */
export type Operation<Result> = (frame: Frame) => Steps<Result>

const NOTHING: readonly number[] = []

export function call(
  name: FunctionName,
  words: readonly Ulong[],
  accepts: readonly number[] = NOTHING,
): Call {
  return { name, words, accepts }
}

/** Calls each of which needs that the one before it was good. */
export function trip(...calls: readonly Call[]): Trip {
  return { calls, stops: true, returned: [] }
}

/** Calls that are made whatever the others return, which the operation looks at itself. */
export function calls(all: readonly Call[], meanwhile?: () => void): Trip {
  return { calls: all, stops: false, returned: [], meanwhile }
}

/** An operation whose result is made of another one's. */
export function mapped<Value, Result>(
  operation: Operation<Value>,
  map: (value: Value) => Result,
): Operation<Result> {
  return (frame) => mappedSteps(operation(frame), map)
}

/** There once and for all: to make a generator function takes longer than most calls. */
function* mappedSteps<Value, Result>(
  steps: Steps<Value>,
  map: (value: Value) => Result,
): Steps<Result> {
  return map(yield* steps)
}
