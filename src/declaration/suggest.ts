/** The one known word that an unknown one was meant to be, if there is exactly one. */
import { type TypeName, types } from '../abi/names.ts'
import type { Blank } from './excerpt.ts'
import { type Keyword, keywords } from './keywords.ts'

/** Names of types elsewhere, with their C names. */
const foreign = {
  string: 'const char *',
  boolean: 'bool',
  number: 'double',
  bigint: 'int64_t',
  byte: 'uint8_t',
  pointer: 'void *',
  usize: 'size_t',
  isize: 'ssize_t',
  i8: 'int8_t',
  u8: 'uint8_t',
  i16: 'int16_t',
  u16: 'uint16_t',
  i32: 'int32_t',
  u32: 'uint32_t',
  i64: 'int64_t',
  u64: 'uint64_t',
  f32: 'float',
  f64: 'double',
} as const

type Foreign = typeof foreign

/** What to write in the place of types that the C library keeps to itself. */
export const instead = {
  FILE: "write 'void *' for 'FILE *', and pass the pointer that fopen gave",
  DIR: "write 'void *' for 'DIR *', and pass the pointer that opendir gave",
  va_list: "nobody can make one: take the function that has '...' in its place",
} as const

export type Instead = typeof instead

export function isElsewhere(word: string): word is keyof Instead {
  return Object.hasOwn(instead, word)
}

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789_BCN'

/** The characters of {@link letters}. */
type Letter = Letters<typeof letters>

type Letters<
  Text extends string,
  Found extends string = never,
> = Text extends `${infer First}${infer Rest}` ? Letters<Rest, Found | First> : Found

type Known = TypeName | Keyword

const known = new Set<string>([...Object.keys(types), ...Object.keys(keywords)])

/** A longer word is more than one edit away from every known one. */
const longest = 16

/** The blanks of a word that is longer than {@link longest}. */
type Longer = `                 ${string}`

/**
 * The known word nearest to `word`: its name elsewhere, its other case, or the only one that is a
 * swap, deletion, replacement or insertion of one character away.
 */
export function suggest(word: string): string | undefined {
  if (Object.hasOwn(foreign, word)) return foreign[word as keyof Foreign]
  if (word.length > longest) return undefined
  const lower = word.toLowerCase()
  if (known.has(lower)) return lower
  const found = new Set(edits(word).filter((edit) => known.has(edit)))
  return found.size === 1 ? [...found][0] : undefined
}

function edits(word: string): string[] {
  return Array.from({ length: word.length + 1 }, (_, at) => {
    const [before, after] = [word.slice(0, at), word.slice(at)]
    const [first = '', second = ''] = after
    const rest = after.slice(1)
    return [
      `${before}${second}${first}${after.slice(2)}`,
      `${before}${rest}`,
      ...Array.from(letters, (letter) => `${before}${letter}${rest}`),
      ...Array.from(letters, (letter) => `${before}${letter}${after}`),
    ]
  }).flat()
}

/** {@link suggest} as a type; `never` for no suggestion. */
export type Suggest<Word extends string> = Word extends keyof Foreign
  ? Foreign[Word]
  : Blank<Word> extends Longer
    ? never
    : Lowercase<Word> extends Known
      ? Lowercase<Word>
      : Only<Extract<Known, Edits<Word>>>

type Edits<
  After extends string,
  Before extends string = '',
  Done extends string = never,
> = After extends `${infer First}${infer Rest}`
  ? Edits<
      Rest,
      `${Before}${First}`,
      | Done
      | (Rest extends `${infer Second}${infer More}` ? `${Before}${Second}${First}${More}` : never)
      | `${Before}${Rest}`
      | `${Before}${Letter}${Rest}`
      | `${Before}${Letter}${After}`
    >
  : Done | `${Before}${Letter}`

/** The member of a union of one; `never` otherwise. */
type Only<Union, Member = Union> = Member extends unknown
  ? [Union] extends [Member]
    ? Union
    : never
  : never
