/** What stands around a declared name: pointers before it, the brackets of an array behind it. */
import type { Cursor } from './cursor.ts'
import { isKeyword, type KeywordOf, keywords } from './keywords.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import { type Names, noNames } from './names.ts'
import type { Parsed, Qualified } from './specifiers.ts'
import { isName, type NoName } from './words.ts'

/** Takes `*` and qualifiers. */
export function pointers(cursor: Cursor, base: Qualified): Qualified {
  let { type, const: isConst } = base
  for (;;) {
    if (cursor.skip('*')) {
      type = { kind: 'pointer', to: type, const: isConst }
      isConst = false
    } else if (cursor.skip('const')) isConst = true
    else if (isQualifier(cursor.next)) cursor.take()
    else break
  }
  return { type, const: isConst }
}

/** {@link pointers} as a type; passes a failure on. */
export type Pointers<Base> =
  Base extends Parsed<infer Type, infer Const, infer Tokens extends string>
    ? PointersTo<Type, Const, Tokens>
    : Base

type PointersTo<Type, Const, Tokens extends string> = Tokens extends `* ${infer Next}`
  ? PointersTo<PointerTo<Type, Const>, false, Next>
  : Tokens extends `${infer Word extends Qualifier} ${infer Next}`
    ? PointersTo<Type, Word extends 'const' ? true : Const, Next>
    : Parsed<Type, Const, Tokens>

/** A keyword that may stand behind a `*` or a `[`. */
export type Qualifier = KeywordOf<'const' | 'ignored'>

export interface PointerTo<Type, Const> {
  readonly kind: 'pointer'
  readonly to: Type
  readonly const: Const
}

/** The brackets of an array, if there are any, and the length in them, if it is a number or a name. */
export interface Brackets {
  readonly array: boolean
  readonly length: number | string | undefined
}

/** Takes nothing, `[]`, `[4]`, `[static 4]`, `[n]` or `[*]`; further brackets may follow. */
export function brackets(cursor: Cursor, names: Names = noNames): Brackets {
  if (!cursor.skip('[')) return { array: false, length: undefined }
  while (isQualifier(cursor.next)) cursor.take()
  const length = names.length === undefined ? arrayLength(cursor) : names.length(cursor)
  if (!cursor.skip(']')) throw cursor.failure(format('missingBracket', found(cursor.next)))
  return { array: true, length }
}

/** Refuses brackets behind brackets. */
export function requireFlat(cursor: Cursor): void {
  if (cursor.next === '[') throw cursor.failure(format('nestedArray'))
}

/** {@link brackets} as a type, and the tokens that follow. */
export type BracketsAt<Tokens extends string> = Tokens extends `[ ${infer Inside}`
  ? LengthAt<Inside>
  : Bracketed<false, undefined, Tokens>

export interface Bracketed<Array, Length, Tokens> {
  readonly array: Array
  readonly length: Length
  readonly tokens: Tokens
}

export function isQualifier(word: string): boolean {
  return isKeyword(word) && (keywords[word] === 'const' || keywords[word] === 'ignored')
}

/** A length that is a name is known to C alone, unless it names a parameter. */
function arrayLength(cursor: Cursor): number | string | undefined {
  const word = cursor.next
  if (word === ']') return undefined
  const length = Number(word)
  const isNumber = /^\d/.test(word) && String(length) === word
  if (!isNumber && !isName(word) && word !== '*')
    throw cursor.failure(format('missingLength', found(word)))
  cursor.take()
  if (isNumber) return length
  return word === '*' ? undefined : word
}

type LengthAt<Tokens extends string> = Tokens extends `${infer Word} ${infer Next}`
  ? Word extends Qualifier
    ? LengthAt<Next>
    : Word extends ']'
      ? CloseAt<undefined, Tokens>
      : Word extends `${infer Length extends number}`
        ? number extends Length
          ? Failure<Format<'missingLength', Found<Tokens>>, Tokens>
          : CloseAt<Length, Next>
        : Word extends Exclude<NoName, '*'>
          ? Failure<Format<'missingLength', Found<Tokens>>, Tokens>
          : CloseAt<Word extends '*' ? undefined : Word, Next>
  : Failure<Format<'missingLength', Found<Tokens>>, Tokens>

type CloseAt<Length, Tokens extends string> = Tokens extends `] ${infer Next}`
  ? Next extends `[ ${string}`
    ? Failure<Format<'nestedArray'>, Next>
    : Bracketed<true, Length, Next>
  : Failure<Format<'missingBracket', Found<Tokens>>, Tokens>
