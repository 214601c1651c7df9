import type { CType } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import { format, found } from './messages.ts'
import { isName } from './words.ts'

/** What the names in a declaration stand for: nothing in a prototype alone, much in a declared text. */
export interface Names {
  typedef(word: string): CType | undefined
  /** Takes what follows `struct`, `union` or `enum`. */
  tagged(cursor: Cursor, keyword: 'struct' | 'union' | 'enum'): CType
  /** Takes the length in brackets, or the name of a parameter that says it. */
  length?(cursor: Cursor): number | string | undefined
}

/** In a prototype alone only the built-in types have names, and tags have no members. */
export const noNames: Names = {
  typedef: () => undefined,
  tagged(cursor, keyword) {
    const tag = takeTag(cursor)
    return keyword === 'enum' ? { kind: 'enum', tag } : { kind: 'opaque', keyword, tag }
  },
}

export function takeTag(cursor: Cursor): string {
  if (!isName(cursor.next)) throw cursor.failure(format('missingTag', found(cursor.next)))
  return cursor.take()
}
