import { ClosedError } from '../errors.ts'

/**
 * An address inside one incarnation of one fat thread.
 * Used with another fat thread, or after a restart, it throws: the number would mean something else there.
 */
export class Pointer {
  /** The number, for display and comparison; it means nothing outside its fat thread. */
  readonly address: bigint
  readonly #owner: object
  readonly #isValid: () => boolean
  readonly #lost: string

  /** @internal `lost` says what became of what it points to, once it is not valid. */
  constructor(
    address: bigint,
    owner: object,
    isValid: () => boolean = always,
    lost = 'the shared memory was disposed',
  ) {
    this.#lost = lost
    this.address = address
    this.#owner = owner
    this.#isValid = isValid
  }

  /**
   * The address, once it is sure that it belongs to `owner`.
   * @internal
   */
  in(owner: object): bigint {
    if (this.#owner !== owner)
      throw new ClosedError(
        `the pointer ${this} belongs to another fat thread, or to one before its restart`,
      )
    if (!this.#isValid()) throw new ClosedError(`${this} points nowhere: ${this.#lost}`)
    return this.address
  }

  /** @internal Whether it may be used with `owner` now. */
  isOf(owner: object | undefined): boolean {
    return this.#owner === owner && this.#isValid()
  }

  toString(): string {
    return `0x${this.address.toString(16)}`
  }
}

function always(): boolean {
  return true
}

/** The pointer that a value stands for: itself, or that of a function which C gave. */
export function pointerOf(value: unknown): Pointer | undefined {
  if (value instanceof Pointer) return value
  if (typeof value !== 'function' || !('pointer' in value)) return undefined
  return value.pointer instanceof Pointer ? value.pointer : undefined
}

/** C's null pointer is `null`. */
export function toPointer(address: bigint, owner: object): Pointer | null {
  return address === 0n ? null : new Pointer(address, owner)
}
