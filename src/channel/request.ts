import type { CopyBack } from '../memory/place.ts'
import type { Views } from '../memory/views.ts'
import type { Frame } from './frame.ts'

/** A response whose fields were read once; the numbers are bounded by nothing but their width. */
export interface Answer {
  readonly views: Views
  readonly owner: object
  readonly status: number
  readonly errno: number
  /** Bytes of a text result. */
  readonly length: number
  /** Offset of the value, in bytes. */
  readonly value: number
  /** Offset of the request's room for text, and its bytes. */
  readonly roomOffset: number
  readonly room: number
}

/** What one kind of message writes and reads. Input and output pass through untouched. */
export interface Request<Input, Output> {
  readonly operation: number
  /** The number of a bound function, or 0. */
  readonly id: number
  /** How many words it writes. */
  readonly words: number
  /** Writes the words; what it returns is copied back when the request is over. */
  write(frame: Frame, input: Input): CopyBack[] | undefined
  /** Reads the answer. May throw, or return a `FollowUp` whose answer is the real one. */
  read(answer: Answer, input: Input): Output | FollowUp<Output>
  /** The input as it is now, for a request that has to wait. */
  keep(input: Input, owner: object): Input
}

/** A second request that finishes the first. */
export class FollowUp<Output> {
  readonly request: Request<undefined, Output>

  constructor(request: Request<undefined, Output>) {
    this.request = request
  }
}

/** How one call may end early. */
export interface CallOptions {
  /** Milliseconds that it may run. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}
