import type { Request } from '../channel/request.ts'

/** What a request is about, for errors. */
export interface Subject {
  /** A C function. */
  readonly call?: string
  /** A library's path. */
  readonly library?: string
}

/** A request that knows what it is about. */
export interface Message<Input, Output> extends Request<Input, Output> {
  readonly subject: Subject
}

/** The input of most requests does not change while they wait. */
export function keepInput<Input>(input: Input): Input {
  return input
}
