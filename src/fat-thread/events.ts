import type { EventEmitter } from 'node:events'
import type { CrashError, ExitError, ViolationError } from '../errors.ts'

/** How a process ended, for the `exit` event. */
export interface ExitInfo {
  readonly pid: number
  readonly exitCode: number | undefined
  readonly signal: string | undefined
}

export interface FatThreadEvents {
  /** The process ended by itself. */
  crash: [error: CrashError | ExitError]
  /** A new process serves. */
  restart: []
  /** The library broke the policy: a denied system call, or what its process was ended for. */
  violation: [error: ViolationError]
  /** Bytes of a stream that was asked for with `'pipe'`. */
  stdout: [bytes: Buffer]
  stderr: [bytes: Buffer]
  /** A process of this fat thread has ended, whatever the reason. */
  exit: [info: ExitInfo]
  /** C called a callback after its end; without a listener it is a warning of the process. */
  warning: [error: Error]
  /** What a callback threw that a thread of the library called, for which no call can fail. */
  error: [error: unknown]
}

/** Who is told of them. */
export type Emitter = EventEmitter<FatThreadEvents>
