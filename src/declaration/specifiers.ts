/** The front of a declaration: `static const unsigned long`, `struct stat const`. */
import { isTypeName, type TypeName, type Types, types } from '../abi/names.ts'
import type { CType } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import {
  type Advice,
  advice,
  isKeyword,
  isUnsupported,
  type KeywordOf,
  keywords,
} from './keywords.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import { type Names, noNames } from './names.ts'
import { type Suggest, suggest } from './suggest.ts'
import { isName, type NoName } from './words.ts'

/** A type, and whether it is const. */
export interface Qualified {
  readonly type: CType
  readonly const: boolean
}

/** A rule's result at compile time: a type, whether it is const, and the tokens that follow. */
export interface Parsed<Type, Const, Tokens> {
  readonly type: Type
  readonly const: Const
  readonly tokens: Tokens
}

/**
 * Takes specifiers and qualifiers, which C permits in any order.
 * A known type name after another specifier is no specifier but the name that is declared.
 */
export function specifiers(cursor: Cursor, names: Names = noNames): Qualified {
  const { place } = cursor
  const words: string[] = []
  let named: CType | undefined
  let isConst = false
  for (;;) {
    const word = cursor.next
    const role = isKeyword(word) ? keywords[word] : undefined
    if (isUnsupported(word)) throw cursor.failure(unsupported(word))
    if (role === 'direction') throw cursor.failure(format('misplaced', word))
    if (role === 'disposal') throw cursor.failure(format('strayDisposal', word))
    if (role === undefined) {
      const known = words.length > 0 ? undefined : names.typedef(word)
      if (known === undefined && (words.length > 0 || !isTypeName(word))) break
      named = known
    }
    cursor.take()
    if (role === 'const') isConst = true
    else if (role === 'tag') {
      const from = cursor.place
      named = names.tagged(cursor, word as 'struct' | 'union' | 'enum')
      words.push(`${word} ${cursor.text(from)}`)
    } else if (role !== 'ignored') words.push(word)
  }
  if (words.length === 0) throw cursor.failure(unknown(cursor.next))
  if (named !== undefined && words.length === 1) return { type: named, const: isConst }
  return { type: resolve(words, cursor, place), const: isConst }
}

/** {@link specifiers} as a type. `Words` has a blank after each word. */
export type Specifiers<
  Tokens extends string,
  Start extends string = Tokens,
  Words extends string = '',
  Const extends boolean = false,
> = Tokens extends `${infer Word} ${infer Next}`
  ? Word extends KeywordOf<'type'>
    ? Specifiers<Next, Start, `${Words}${Word} `, Const>
    : Word extends KeywordOf<'const'>
      ? Specifiers<Next, Start, Words, true>
      : Word extends KeywordOf<'tag'>
        ? Next extends `${infer Tag} ${infer AfterTag}`
          ? Tag extends NoName
            ? Failure<Format<'missingTag', Found<Next>>, Next>
            : Specifiers<AfterTag, Start, `${Words}${Word} ${Tag} `, Const>
          : Failure<Format<'missingTag', Found<Next>>, Next>
        : Word extends KeywordOf<'ignored'>
          ? Specifiers<Next, Start, Words, Const>
          : Word extends keyof Advice
            ? Failure<Unsupported<Word>, Tokens>
            : Word extends KeywordOf<'direction'>
              ? Failure<Format<'misplaced', Word>, Tokens>
              : Word extends KeywordOf<'disposal'>
                ? Failure<Format<'strayDisposal', Word>, Tokens>
                : Words extends ''
                  ? Word extends TypeName
                    ? Specifiers<Next, Start, `${Word} `, Const>
                    : Failure<Unknown<Word>, Tokens>
                  : Resolve<Words, Const, Tokens, Start>
  : Words extends ''
    ? Failure<Format<'missingType', Found<''>>, ''>
    : Resolve<Words, Const, Tokens, Start>

function unknown(word: string): string {
  if (!isName(word)) return format('missingType', found(word))
  const similar = suggest(word)
  return similar === undefined ? format('unknownType', word) : format('similarType', word, similar)
}

type Unknown<Word extends string> = Word extends NoName
  ? Format<'missingType', `'${Word}'`>
  : Similar<Word, Suggest<Word>>

type Similar<Word extends string, Suggestion> = [Suggestion] extends [never]
  ? Format<'unknownType', Word>
  : Format<'similarType', Word, Suggestion & string>

function unsupported(word: keyof Advice): string {
  return format('unsupported', word, advice[word])
}

type Unsupported<Word> = Word extends keyof Advice
  ? Format<'unsupported', Word, Advice[Word]>
  : never

/** The type that specifiers name; `place` is where they begin. */
function resolve(words: readonly string[], cursor: Cursor, place: number): CType {
  const spelling = words.join(' ')
  if (isTypeName(spelling)) return types[spelling]
  const ordered = words.toSorted((left, right) => rank(left) - rank(right)).join(' ')
  if (isTypeName(ordered)) return types[ordered]
  if (isUnsupported(ordered)) throw cursor.failure(unsupported(ordered), place)
  throw cursor.failure(format('notAType', spelling), place)
}

type Resolve<
  Words extends string,
  Const,
  Tokens,
  Start extends string,
> = Words extends `${infer Spelling extends TypeName} `
  ? Parsed<Types[Spelling], Const, Tokens>
  : Words extends `${infer Keyword extends 'struct' | 'union' | 'enum'} ${infer Tag} `
    ? Tag extends `${string} ${string}`
      ? Failure<Format<'notAType', `${Keyword} ${Tag}`>, Start>
      : Parsed<Keyword extends 'enum' ? Enum<Tag> : Opaque<Keyword, Tag>, Const, Tokens>
    : Ordered<Words> extends `${infer Spelling} `
      ? Spelling extends TypeName
        ? Parsed<Types[Spelling], Const, Tokens>
        : Spelling extends keyof Advice
          ? Failure<Unsupported<Spelling>, Start>
          : Words extends `${infer Unordered} `
            ? Failure<Format<'notAType', Unordered>, Start>
            : never
      : never

interface Enum<Tag> {
  readonly kind: 'enum'
  readonly tag: Tag
}

export interface Opaque<Keyword, Tag> {
  readonly kind: 'opaque'
  readonly keyword: Keyword
  readonly tag: Tag
}

/** The place of a word in the order of `unsigned long int`, the one that {@link types} has. */
function rank(word: string): number {
  if (word === 'signed' || word === 'unsigned') return 0
  return word === 'short' || word === 'long' ? 1 : 2
}

/** Words by {@link rank}. */
type Ordered<
  Words extends string,
  Signs extends string = '',
  Sizes extends string = '',
  Others extends string = '',
> = Words extends `${infer Word} ${infer Rest}`
  ? Word extends 'signed' | 'unsigned'
    ? Ordered<Rest, `${Signs}${Word} `, Sizes, Others>
    : Word extends 'short' | 'long'
      ? Ordered<Rest, Signs, `${Sizes}${Word} `, Others>
      : Ordered<Rest, Signs, Sizes, `${Others}${Word} `>
  : `${Signs}${Sizes}${Others}`
