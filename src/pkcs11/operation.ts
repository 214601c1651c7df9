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

/** An operation on its way: yields calls, is given what they returned. What fails is thrown into it. */
export type Steps<Result> = Generator<Call, Result, number>

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

/** An operation whose result is made of another one's. */
export function mapped<Value, Result>(
  operation: Operation<Value>,
  map: (value: Value) => Result,
): Operation<Result> {
  return function* (frame) {
    return map(yield* operation(frame))
  }
}
