import { isKeyword, type Keyword } from './keywords.ts'
import type { Operator, Punctuator } from './scanner.ts'

/** Whether a token may name something. */
export function isName(token: string): boolean {
  return /^[a-z_\x80-\uffff]/i.test(token) && !isKeyword(token)
}

/** What {@link isName} refuses. */
export type NoName =
  | Punctuator
  | Operator
  | Keyword
  | `${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | "'"}${string}`
