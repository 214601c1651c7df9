/** What callers give: options of one call, and bytes. */
import { isUint8Array } from 'node:util/types'
import { wrongKind } from './complaint.ts'
import type { RunOptions } from './life.ts'
import type { Into } from './output.ts'

/** Options of one call. */
export interface CallOptions {
  /** Milliseconds that each function of the module may run; then its process is killed. */
  readonly timeout?: number | undefined
  /** Ends it; the process is killed if a function runs. */
  readonly signal?: AbortSignal | undefined
}

/** Options of a call that gives bytes. */
export interface ResultOptions extends CallOptions {
  /**
   * Where the result is put when the call is over; what comes back is the part of it that was written. Data that is as
   * long again and again needs no new memory then.
   */
  readonly into?: Uint8Array<ArrayBuffer> | undefined
}

export const RESULT_OPTIONS = ['into']

export type Bytes = ArrayBufferView | ArrayBuffer

/** @param where For messages. */
export function bytesOf(value: unknown, where: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value))
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  throw wrongKind(where, 'bytes', value)
}

/**
 * Where the caller wants the result, if anywhere.
 * @param where For messages.
 * @throws {TypeError} for what is no place for bytes
 */
export function placeOf(options: ResultOptions | undefined, where: string): Into | undefined {
  const into: unknown = options?.into
  if (into === undefined) return undefined
  if (!isUint8Array(into)) throw wrongKind(`${where}: into`, 'a Uint8Array', into)
  return { bytes: into as Uint8Array<ArrayBuffer>, name: `${where}: into` }
}

const CALL_OPTIONS = ['timeout', 'signal']

/**
 * The options that stand behind the arguments, as `run` takes them.
 * @param more Names of others that the function has.
 */
export function runOptionsOf(
  options: unknown,
  where: string,
  more: readonly string[] = [],
): RunOptions {
  if (options === undefined) return {}
  requireNames(options, [...more, ...CALL_OPTIONS], where, 'options')
  const { timeout, signal } = options as CallOptions
  return { timeout, signal }
}

/**
 * A misspelt name must not look as if it held.
 * @throws {TypeError} for what is no object, and for a name that does not exist
 */
export function requireNames(
  given: unknown,
  names: readonly string[],
  where: string,
  what: string,
): void {
  if (typeof given !== 'object' || given === null)
    throw wrongKind(`${where}: ${what}`, 'an object', given)
  for (const name of Object.keys(given))
    if (!names.includes(name))
      throw new TypeError(`${where}: there is no option ${name}, only ${names.join(', ')}`)
}
