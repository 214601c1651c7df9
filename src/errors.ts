/**
 * Every failure that is not a wrong argument, one class a kind of end.
 * Wrong arguments are `TypeError` and `RangeError`, thrown before anything is sent.
 */

/** What failed: the C function, the library's path and the fat thread's process id, where known. */
export interface Failure {
  /** The C function whose call failed. */
  readonly call?: string | undefined
  /** The library that the call belongs to. */
  readonly library?: string | undefined
  /** The process that held the library. */
  readonly pid?: number | undefined
}

export interface FatThreadErrorOptions extends Failure {
  readonly cause?: unknown
}

/** The base of all errors of this package; `code` tells them apart. */
export class FatThreadError extends Error {
  override readonly name: string = 'FatThreadError'
  readonly code: string = 'ERR_FAT_THREAD'
  readonly call: string | undefined
  readonly library: string | undefined
  readonly pid: number | undefined

  constructor(message: string, options: FatThreadErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.call = options.call
    this.library = options.library
    this.pid = options.pid
  }
}

/**
 * The host process could not be started: no memory, no process, files that don't belong together. Of a pool: the
 * library failed at each of several starts; `cause` says how.
 */
export class StartError extends FatThreadError {
  override readonly name = 'StartError'
  override readonly code = 'ERR_FAT_THREAD_START'
}

/** One frame of a backtrace: where the processor was, resolved by the program from the files that it loaded. */
export interface Frame {
  /** The address in the fat thread. */
  readonly address: bigint
  /** The object that holds the address. */
  readonly module: string | undefined
  /** The nearest function below the address that the object exports. */
  readonly symbol: string | undefined
  /** Bytes from the start of `symbol`, or of `module` where no symbol is known. */
  readonly offset: bigint | undefined
}

export interface CrashDetails {
  /** The signal's name, such as `SIGSEGV`. */
  readonly signal: string
  /** The address that the fault is about, for signals that have one. */
  readonly address?: bigint | undefined
  /** Where it happened, innermost frame first; empty when the report could not be written. */
  readonly backtrace?: readonly Frame[] | undefined
  /** The last line that the library wrote to standard error. */
  readonly lastWords?: string | undefined
  /** The limit that it ran into, if it was one. */
  readonly limit?: 'memory' | 'cpuTime' | 'fileSize' | undefined
}

/** The fat thread ended by a signal. */
export class CrashError extends FatThreadError {
  override readonly name = 'CrashError'
  override readonly code = 'ERR_FAT_THREAD_CRASHED'
  readonly signal: string
  readonly address: bigint | undefined
  readonly module: string | undefined
  readonly symbol: string | undefined
  readonly offset: bigint | undefined
  readonly backtrace: readonly Frame[]
  readonly lastWords: string | undefined
  /** The limit that the library ran into, as `limits` names it; `undefined` for any other crash. */
  readonly limit: 'memory' | 'cpuTime' | 'fileSize' | undefined

  constructor(message: string, details: CrashDetails, options?: FatThreadErrorOptions) {
    super(message, options)
    const innermost = details.backtrace?.[0]
    this.signal = details.signal
    this.address = details.address
    this.module = innermost?.module
    this.symbol = innermost?.symbol
    this.offset = innermost?.offset
    this.backtrace = details.backtrace ?? []
    this.lastWords = details.lastWords
    this.limit = details.limit
  }
}

/** The library ended its process, with whatever status: 0 is no success either. */
export class ExitError extends FatThreadError {
  override readonly name = 'ExitError'
  override readonly code = 'ERR_FAT_THREAD_EXITED'
  readonly exitCode: number

  constructor(message: string, exitCode: number, options?: FatThreadErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** The call ran longer than its limit; its process was killed. */
export class TimeoutError extends FatThreadError {
  override readonly name = 'TimeoutError'
  override readonly code = 'ERR_FAT_THREAD_TIMEOUT'
  /** The limit, in milliseconds. */
  readonly timeout: number

  constructor(message: string, timeout: number, options?: FatThreadErrorOptions) {
    super(message, options)
    this.timeout = timeout
  }
}

/** The call's `AbortSignal` fired; its process was killed if the call had begun. `cause` is the signal's reason. */
export class AbortError extends FatThreadError {
  override readonly name = 'AbortError'
  override readonly code = 'ABORT_ERR'
}

/** The process was ended for breaking the policy or the protocol. */
export class ViolationError extends FatThreadError {
  override readonly name = 'ViolationError'
  override readonly code = 'ERR_FAT_THREAD_VIOLATION'
  readonly syscall: string | undefined
  readonly path: string | undefined

  constructor(
    message: string,
    details: { syscall?: string; path?: string } = {},
    options?: FatThreadErrorOptions,
  ) {
    super(message, options)
    this.syscall = details.syscall
    this.path = details.path
  }
}

/** The library, a dependency or a symbol can't be loaded. */
export class LoadError extends FatThreadError {
  override readonly name = 'LoadError'
  override readonly code = 'ERR_FAT_THREAD_LOAD'
}

/** The library's bytes are not the expected ones. Both hashes are in the form `sha256-<base64>`. */
export class IntegrityError extends FatThreadError {
  override readonly name = 'IntegrityError'
  override readonly code = 'ERR_FAT_THREAD_INTEGRITY'
  readonly expected: string
  readonly actual: string

  constructor(message: string, expected: string, actual: string, options?: FatThreadErrorOptions) {
    super(message, options)
    this.expected = expected
    this.actual = actual
  }
}

/** `sandbox: 'strict'` was asked for, and something can't be enforced: `missing` lists it. */
export class SandboxError extends FatThreadError {
  override readonly name = 'SandboxError'
  override readonly code = 'ERR_FAT_THREAD_SANDBOX'
  readonly missing: readonly string[]

  constructor(message: string, missing: readonly string[], options?: FatThreadErrorOptions) {
    super(message, options)
    this.missing = missing
  }
}

/** C text that doesn't parse; `line` and `column` count from 1. */
export class DeclarationError extends FatThreadError {
  override readonly name = 'DeclarationError'
  override readonly code = 'ERR_FAT_THREAD_DECLARATION'
  readonly line: number
  readonly column: number

  constructor(message: string, line: number, column: number, options?: FatThreadErrorOptions) {
    super(message, options)
    this.line = line
    this.column = column
  }
}

/** Calls and callbacks are nested too deep: this call was not made. */
export class NestingError extends FatThreadError {
  override readonly name = 'NestingError'
  override readonly code = 'ERR_FAT_THREAD_NESTING'
  /** How deep they are nested, which is the most. */
  readonly depth: number

  constructor(message: string, depth: number, options?: FatThreadErrorOptions) {
    super(message, options)
    this.depth = depth
  }
}

/** The queue of a pool is full: this call was not made. The pool's event `drain` says when there is room. */
export class QueueFullError extends FatThreadError {
  override readonly name = 'QueueFullError'
  override readonly code = 'ERR_FAT_THREAD_QUEUE_FULL'
  /** How many calls may wait. */
  readonly maxQueue: number

  constructor(message: string, maxQueue: number, options?: FatThreadErrorOptions) {
    super(message, options)
    this.maxQueue = maxQueue
  }
}

/** Used after `close()`, `terminate()` or the end of its incarnation. */
export class ClosedError extends FatThreadError {
  override readonly name = 'ClosedError'
  override readonly code = 'ERR_FAT_THREAD_CLOSED'
}
