/** A place among the tokens of a declaration, moving forwards. */
import type { DeclarationError } from '../errors.ts'
import { failureAt } from './excerpt.ts'
import { format } from './messages.ts'
import { type Extent, scan, type Token } from './scanner.ts'

/** Parameters in parameters, brackets behind brackets, enumerations in enumerations; deeper ones are nobody's. */
const MOST_DEPTH = 64

export class Cursor {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #index = 0
  #depth = 0

  constructor(text: string, extent?: Extent) {
    this.#text = text
    this.#tokens = scan(text, extent)
  }

  /** The next token's text; empty at the end. */
  get next(): string {
    return this.look(0)
  }

  /** The text of the token that is `ahead` tokens behind the next one. */
  look(ahead: number): string {
    return this.#tokens[this.#index + ahead]?.text ?? ''
  }

  /** The place of the next token, for {@link fail}. */
  get place(): number {
    return this.#index
  }

  /** The next token's text; moves behind it. */
  take(): string {
    const token = this.next
    if (token !== '') this.#index++
    return token
  }

  /** Moves behind the next token if it is `token`. */
  skip(token: string): boolean {
    if (this.next !== token) return false
    this.#index++
    return true
  }

  /** Does what may do itself again, one level deeper. */
  deeper<Found>(work: () => Found): Found {
    if (++this.#depth > MOST_DEPTH) throw this.failure(format('tooDeep'))
    const found = work()
    this.#depth--
    return found
  }

  /** The tokens from `place` up to the next one, as messages show them. */
  text(place: number): string {
    return this.#tokens
      .slice(place, this.#index)
      .map(({ text }) => text)
      .join(' ')
  }

  /** The error about the next token, or about the one at `place`. */
  failure(message: string, place = this.#index): DeclarationError {
    return failureAt(this.#text, this.#tokens[place]?.at ?? 0, message)
  }
}
