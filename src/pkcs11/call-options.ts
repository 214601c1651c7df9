/** What callers give: options of one call, and bytes. */
import { wrongKind } from './complaint.ts'
import type { RunOptions } from './life.ts'

/** Options of one call. */
export interface CallOptions {
  /** Milliseconds that each function of the module may run; then its process is killed. */
  readonly timeout?: number | undefined
  /** Ends it; the process is killed if a function runs. */
  readonly signal?: AbortSignal | undefined
}

export type Bytes = ArrayBufferView | ArrayBuffer

/** @param where For messages. */
export function bytesOf(value: unknown, where: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value))
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  throw wrongKind(where, 'bytes', value)
}

/** The options that stand behind the arguments, as `run` takes them. */
export function runOptionsOf(options: unknown, where: string): RunOptions {
  if (options === undefined) return {}
  if (typeof options !== 'object' || options === null)
    throw wrongKind(`${where}: options`, 'an object', options)
  const { timeout, signal } = options as CallOptions
  return { timeout, signal }
}
