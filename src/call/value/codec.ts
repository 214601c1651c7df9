/**
 * Values of C types in memory, worked out once a type: how a JavaScript value is written where C reads it, and how
 * a private copy of what C wrote becomes a value again.
 */
import type { CType } from '../../abi/types.ts'
import type { Target } from '../../memory/place.ts'
import { Pointer } from '../../memory/pointer.ts'
import type { Unit } from '../text.ts'

export interface Codec {
  /** In bytes. */
  readonly size: number
  /** What `read` gives looks at `memory` later too. */
  readonly lazy: boolean
  /** Throws `TypeError` or `RangeError` with the place of what doesn't fit. */
  write(value: unknown, memory: DataView, at: number, writing: Writing): void
  /** `memory` is a private copy: whatever its bytes are, they are some value. */
  read(memory: DataView, at: number, reading: Reading): unknown
  /** The value as it is now, so that it can be written later. */
  keep(value: unknown): unknown
}

/** Where a value is written, and where it stands for whoever reads the message. */
export class Writing {
  readonly target: Target
  readonly #root: () => string
  readonly #path: (string | number)[] = []

  constructor(target: Target, root: () => string) {
    this.target = target
    this.#root = root
  }

  /** Goes on to a part of the value; behind it comes `leave`, unless something was thrown. */
  enter(part: string | number): void {
    this.#path.push(part)
  }

  leave(): void {
    this.#path.pop()
  }

  /** Such as `draw: shape.points[2].x`. */
  get where(): string {
    return this.#path.reduce<string>(
      (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${part}`),
      this.#root(),
    )
  }
}

/** Texts that a value points to: only the fat thread can follow them. */
export interface TextToFetch {
  readonly address: bigint
  readonly unit: Unit
  readonly put: (text: string) => void
}

export class Reading {
  readonly owner: object
  readonly texts: TextToFetch[] = []

  constructor(owner: object) {
    this.owner = owner
  }

  /** Notes the text that a value points to, if it does: `put` is given it in the value's place. */
  text(value: unknown, unit: Unit | 0, put: (text: string) => void): void {
    if (unit !== 0 && value instanceof Pointer)
      this.texts.push({ address: value.address, unit, put })
  }
}

/** Finds the codec of a type inside another one. */
export type CodecOf = (type: CType) => Codec
