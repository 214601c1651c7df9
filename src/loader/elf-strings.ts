import { Buffer, isAscii } from 'node:buffer'

const MOST_PLACES = 1024

/** A table of NUL-terminated texts. The whole table becomes one string once; the texts are slices of it. */
export class StringTable {
  /** In bytes. */
  readonly size: number
  readonly #text: string
  readonly #ascii: boolean

  constructor(bytes: Uint8Array) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.size = bytes.byteLength
    this.#text = buffer.toString('latin1')
    this.#ascii = isAscii(bytes)
  }

  /**
   * The text that starts at `offset`, as UTF-8 with U+FFFD for what isn't; `undefined` when it
   * starts outside the table, does not end inside it, or has more than `longest` bytes.
   */
  at(offset: number, longest: number): string | undefined {
    if (offset >= this.size) return undefined
    const window = this.#text.slice(offset, offset + longest + 1)
    const length = window.indexOf('\0')
    if (length === -1) return undefined
    const text = window.slice(0, length)
    return this.#ascii ? text : Buffer.from(text, 'latin1').toString('utf8')
  }

  /** All offsets at which `at` gives this text; `undefined` when there are more than any linker leaves. */
  placesOf(text: string, longest: number): ReadonlySet<number> | undefined {
    const bytes = Buffer.from(`${text}\0`, 'utf8').toString('latin1')
    const places = new Set<number>()
    if (text.includes('\0') || bytes.length > longest + 1) return places
    for (let at = this.#text.indexOf(bytes); at !== -1; at = this.#text.indexOf(bytes, at + 1)) {
      if (places.size === MOST_PLACES) return undefined
      places.add(at)
    }
    return places
  }

  /** Whether the text is in it, by itself or as the end of another one; it must be ASCII. */
  has(text: string): boolean {
    return this.#text.includes(`${text}\0`)
  }
}

/** Without control characters, and without those that reorder or hide text on a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD')
}

const LONGEST_QUOTED = 200

/** A text out of a hostile file, made fit for an error message. */
export function quote(text: string): string {
  return `'${printable(text.slice(0, LONGEST_QUOTED))}${text.length > LONGEST_QUOTED ? '…' : ''}'`
}
