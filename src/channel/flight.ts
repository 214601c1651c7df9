import { LIMITS } from '../protocol/protocol.ts'
import type { Pending } from './pending.ts'

/** The requests of a lane that were handed to the host and are not answered, oldest first: one for each slot. */
export class Flight {
  readonly #slots: (Pending | undefined)[] = new Array(LIMITS.SLOTS).fill(undefined)
  #first = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The one that runs. */
  get oldest(): Pending | undefined {
    return this.#slots[this.#first]
  }

  /** The one with so many before it. */
  at(index: number): Pending | undefined {
    return this.#slots[(this.#first + index) % LIMITS.SLOTS]
  }

  put(pending: Pending): void {
    this.#slots[(this.#first + this.#size) % LIMITS.SLOTS] = pending
    this.#size++
  }

  replace(index: number, pending: Pending): void {
    this.#slots[(this.#first + index) % LIMITS.SLOTS] = pending
  }

  /** The oldest one is answered. */
  shift(): void {
    this.#slots[this.#first] = undefined
    this.#first = (this.#first + 1) % LIMITS.SLOTS
    this.#size--
  }

  includes(pending: Pending): boolean {
    return this.#slots.includes(pending)
  }

  all(): Pending[] {
    return Array.from({ length: this.#size }, (_, index) => this.at(index) as Pending)
  }

  clear(): void {
    this.#slots.fill(undefined)
    this.#size = 0
  }
}
