import type { Info } from './info.ts'

/** A value with the pointer type that `as` gives it. */
export class Cast {
  declare private readonly __brand: 'IKoffiPointerCast'
  /** @internal */
  readonly value: unknown
  /** @internal */
  readonly info: Info

  /** @internal */
  constructor(value: unknown, info: Info) {
    this.value = value
    this.info = info
  }
}
