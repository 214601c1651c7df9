/** Where a line comes from. */
export interface Place {
  readonly file: string
  /** From 1 on. */
  readonly line: number
}

/** A macro as a header leaves it. */
export interface Macro {
  readonly name: string
  readonly place: Place
  /** Whether it takes arguments. */
  readonly isFunction: boolean
  /** What stands behind its name. */
  readonly body: string
  /** What its name becomes where it is used; nothing for a macro with arguments. */
  readonly expansion: string
}

/** A header as C sees it. */
export interface Preprocessed {
  /** The header's own file. */
  readonly file: string
  /** Declarations only: lines of directives are empty. */
  readonly text: string
  /** Of each line of `text`. */
  readonly places: readonly Place[]
  readonly macros: readonly Macro[]
  /** The files that each file includes. */
  readonly includes: ReadonlyMap<string, ReadonlySet<string>>
  /** Whether a compiler did it. */
  readonly compiled: boolean
}

/** Macros by name while a header is read. */
export type Definitions = Map<string, Omit<Macro, 'expansion'>>

/** Takes a `#define` or an `#undef`. */
export function define(text: string, place: Place, definitions: Definitions): void {
  const [, word, name = '', parameters, body = ''] =
    /^\s*#\s*(define|undef)\s+([A-Za-z_]\w*)(\([^)]*\))?\s*(.*)$/.exec(text) ?? []
  // The last one counts, and stands where it is defined.
  if (word !== undefined) definitions.delete(name)
  if (word === 'define')
    definitions.set(name, { name, place, isFunction: parameters !== undefined, body: body.trim() })
}

/** A header that can't be found or preprocessed, or a file that may not be written. */
export class HeaderError extends Error {
  override readonly name = 'HeaderError'
  readonly code = 'ERR_FAT_THREAD_HEADER'
}
