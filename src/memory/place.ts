import type { Views } from './views.ts'

/** A stretch of memory that both sides see: offset in `bytes` for the program, address for the library. */
export interface Place {
  readonly bytes: Uint8Array
  /** The same memory: it begins and ends with `bytes`. */
  readonly data: DataView
  readonly offset: number
  readonly address: number
}

/** Where a request's argument block goes. */
export interface Target {
  readonly views: Views
  /** Offset of the first word, in bytes; a multiple of 8. */
  readonly words: number
  /** Whose pointers are valid here. */
  readonly owner: object
  /** Room for so many bytes until the call is over, aligned for any C type. */
  place(bytes: number): Place
  /**
   * The address of a function that calls `run`, until the call is over.
   * @param type the C type of the function
   * @param label what it is, for messages
   */
  callback(type: object, label: string, run: unknown): number
}

/** What is done when the answer to a request is there. */
export interface Back {
  readonly copies: readonly CopyBack[]
  /** Makes the outcome of what the answer says, once all is copied. */
  readonly finish?: ((result: unknown) => unknown) | undefined
}

/** Bytes that go back into the caller's object when the call is over. */
export interface CopyBack {
  readonly place: Place
  readonly length: number
  /** Nothing refers to the copy when `into` has returned. */
  readonly brief: boolean
  /** Called with a private copy: the first `length` bytes. */
  readonly into: (copy: DataView) => void
}

/** What a target throws that can't take the request yet: no fault of the arguments. */
export class NotYet extends Error {}
