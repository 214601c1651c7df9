import type { Failure } from '../errors.ts'
import type { Back } from '../memory/place.ts'
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

/** What a kind of request writes and reads. Input and output pass through untouched. */
export interface RequestParts<Input, Output> {
  readonly operation: number
  /** The number of a bound function. Default: 0. */
  readonly id?: number
  /** How many words it writes. Default: none. */
  readonly words?: number
  /** The number of the function that can be called once it is answered. Default: none. */
  readonly binds?: number | undefined
  /** The numbers of all bound functions that it calls, where `id` is not the only one. */
  readonly calls?: ReadonlySet<number> | undefined
  /** What it is about, for errors. Default: nothing in particular. */
  readonly subject?: Failure
  /** Writes the words; what it returns is copied back when the request is over. */
  readonly write?: (frame: Frame, input: Input) => Back | undefined
  /**
   * Reads the answer, and runs no code of the caller. May throw, return a `FollowUp` whose answer is the real one, or
   * what is left to do.
   */
  readonly read: (answer: Answer, input: Input) => Output | FollowUp<Output> | Later<Output>
  /** The input as it is now, for a request that has to wait. */
  readonly keep?: (input: Input, owner: object) => Input
  readonly short?: Short<Input, Output> | undefined
  /** Looks how far it came, before the memory goes that says so: its process has ended. Default: nothing to look at. */
  readonly look?: (() => void) | undefined
}

/** The quick way of a request that has no bytes beside its words, and whose answer is one word. */
export interface Short<Input, Output> {
  /** The whole request, with its operation and function. */
  readonly block: Int32Array
  /** Whether this input is no more than words. */
  readonly fits: (input: Input) => boolean
  /** Writes the words into the block. */
  readonly fill: (input: Input, owner: object) => void
  /** Reads the answer at that offset, in bytes. */
  readonly take: (views: Views, response: number, owner: object) => Output | typeof CALLED_BACK
}

/** There is no answer yet: the function calls back. */
export const CALLED_BACK = Symbol('called back')

/** One class for all, so that every call finds its parts in the same places: the engine is fast with that. */
export class Request<Input, Output> {
  readonly operation: number
  readonly id: number
  readonly words: number
  readonly binds: number | undefined
  readonly calls: ReadonlySet<number> | undefined
  readonly subject: Failure
  readonly write: (frame: Frame, input: Input) => Back | undefined
  readonly read: (answer: Answer, input: Input) => Output | FollowUp<Output> | Later<Output>
  readonly keep: (input: Input, owner: object) => Input
  readonly short: Short<Input, Output> | undefined
  readonly look: (() => void) | undefined

  constructor(parts: RequestParts<Input, Output>) {
    this.operation = parts.operation
    this.id = parts.id ?? 0
    this.words = parts.words ?? 0
    this.binds = parts.binds
    this.calls = parts.calls
    this.subject = parts.subject ?? {}
    this.write = parts.write ?? writeNothing
    this.read = parts.read
    this.keep = parts.keep ?? keepInput
    this.short = parts.short
    this.look = parts.look
  }
}

function writeNothing(): undefined {}

function keepInput<Input>(input: Input): Input {
  return input
}

/**
 * What is left to do with an answer when it was read and its place given back. It may run code of the caller, such as a
 * setter of an argument, which may make calls on the same lane.
 */
export class Later<Output> {
  readonly work: () => Output | FollowUp<Output>

  constructor(work: () => Output | FollowUp<Output>) {
    this.work = work
  }
}

/** A second request that finishes the first. */
export class FollowUp<Output> {
  readonly request: Request<undefined, Output>

  constructor(request: Request<undefined, Output>) {
    this.request = request
  }

  /** The same, and then `next` with its answer. */
  andThen<Next>(next: (output: Output) => Next | FollowUp<Next>): FollowUp<Next> {
    const { request } = this
    return new FollowUp(
      new Request<undefined, Next>({
        ...request,
        short: undefined,
        read(answer, input) {
          const output = request.read(answer, input)
          return new Later(() => {
            const found = output instanceof Later ? output.work() : output
            return found instanceof FollowUp ? found.andThen(next) : next(found)
          })
        },
      }),
    )
  }
}

/** How one call may end early. */
export interface CallOptions {
  /** Milliseconds that it may run. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** A host that sleeps is woken for it with what the running code asks next, or behind that code. */
  readonly gently?: boolean | undefined
}
