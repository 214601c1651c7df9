/** The front of a declaration: `static const unsigned long`, `struct stat const`. */
import { isTypeName, type TypeName, type Types, types } from '../abi/names.ts'
import type { CType } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import {
  type Advice,
  advice,
  isKeyword,
  isUnsupported,
  type Keyword,
  type KeywordOf,
  keywords,
} from './keywords.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import { type Names, noNames } from './names.ts'
import type { AnyKnown, Find, NothingKnown } from './scope.ts'
import { type Instead, instead, isElsewhere, type Suggest, suggest } from './suggest.ts'
import type { Tagged, TaggedAt } from './tagged.ts'
import { isName, type NoName } from './words.ts'

/** A type, and whether it is const. */
export interface Qualified {
  readonly type: CType
  readonly const: boolean
}

/** A rule's result at compile time: a type, whether it is const, and the tokens that follow. */
export interface Parsed<Type, Const, Tokens, Scope = unknown> {
  readonly type: Type
  readonly const: Const
  readonly tokens: Tokens
  /** With what bodies among the specifiers have declared. */
  readonly scope: Scope
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

/**
 * {@link specifiers} as a type. `Words` has a blank after each word; `Named` is a type that has a name or a body, and
 * what `Words` are if nothing stands beside it.
 */
export type Specifiers<
  Tokens extends string,
  Scope extends AnyKnown = NothingKnown,
  Start extends string = Tokens,
  Words extends string = '',
  Const extends boolean = false,
  Named = undefined,
> = Tokens extends `${infer Word} ${infer Next}`
  ? Word extends Keyword
    ? Word extends KeywordOf<'type'>
      ? Specifiers<Next, Scope, Start, `${Words}${Word} `, Const, Named>
      : Word extends 'const'
        ? Specifiers<Next, Scope, Start, Words, true, Named>
        : Word extends KeywordOf<'tag'>
          ? TaggedAt<Word, Next, Scope> extends infer Result
            ? Result extends Tagged<
                infer Text extends string,
                infer Type,
                infer Rest extends string,
                infer Inner extends AnyKnown
              >
              ? Specifiers<
                  Rest,
                  Inner,
                  Start,
                  `${Words}${Text} `,
                  Const,
                  NamedType<`${Text} `, Type>
                >
              : Result
            : never
          : Word extends KeywordOf<'ignored'>
            ? Specifiers<Next, Scope, Start, Words, Const, Named>
            : Word extends keyof Advice
              ? Failure<Unsupported<Word>, Tokens>
              : Word extends KeywordOf<'disposal'>
                ? Failure<Format<'strayDisposal', Word>, Tokens>
                : Failure<Format<'misplaced', Word>, Tokens>
    : Words extends ''
      ? Word extends Scope['typedefs']['name']
        ? Specifiers<
            Next,
            Scope,
            Start,
            `${Word} `,
            Const,
            NamedType<`${Word} `, Find<Scope['typedefs'], Word>>
          >
        : Word extends TypeName
          ? Specifiers<Next, Scope, Start, `${Word} `, Const>
          : Failure<Unknown<Word>, Tokens>
      : Resolve<Words, Const, Tokens, Start, Scope, Named>
  : Words extends ''
    ? Failure<Format<'missingType', Found<''>>, ''>
    : Resolve<Words, Const, Tokens, Start, Scope, Named>

interface NamedType<Words, Type> {
  readonly words: Words
  readonly type: Type
}

function unknown(word: string): string {
  if (!isName(word)) return format('missingType', found(word))
  if (isElsewhere(word)) return format('foreignType', word, instead[word])
  const similar = suggest(word)
  return similar === undefined ? format('unknownType', word) : format('similarType', word, similar)
}

type Unknown<Word extends string> = Word extends NoName
  ? Format<'missingType', `'${Word}'`>
  : Word extends keyof Instead
    ? Format<'foreignType', Word, Instead[Word]>
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
  Scope extends AnyKnown,
  Named,
> =
  Named extends NamedType<Words, infer Type>
    ? Parsed<Type, Const, Tokens, Scope>
    : Words extends `${infer Spelling extends TypeName} `
      ? Parsed<Types[Spelling], Const, Tokens, Scope>
      : Ordered<Words> extends `${infer Spelling} `
        ? Spelling extends TypeName
          ? Parsed<Types[Spelling], Const, Tokens, Scope>
          : Spelling extends keyof Advice
            ? Failure<Unsupported<Spelling>, Start>
            : Words extends `${infer Unordered} `
              ? Failure<Format<'notAType', Unordered>, Start>
              : never
        : never

export interface Enum<Tag> {
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
