/** Whole texts -> tokens, at compile time: the twin of `scan(text, 'whole')`. */
import type { Flat } from './excerpt.ts'
import type { Replace } from './replace.ts'
import type {
  After,
  Around,
  BeforeStrange,
  Gapless,
  StrangeAt,
  Words as Tokens,
  Unindented,
} from './scanner.ts'

/** A text that the compiler leaves to run time: it is too long, or has what only run time reads. */
export interface Beyond {
  readonly beyond: true
}

/** The ASCII characters that are in no token of a whole text. */
// biome-ignore format: one line a kind
type Strange =
  | '#' | '$' | '@' | '\\' | '`'
  | '\x00' | '\x01' | '\x02' | '\x03' | '\x04' | '\x05' | '\x06' | '\x07' | '\x08' | '\x0e'
  | '\x0f' | '\x10' | '\x11' | '\x12' | '\x13' | '\x14' | '\x15' | '\x16' | '\x17' | '\x18'
  | '\x19' | '\x1a' | '\x1b' | '\x1c' | '\x1d' | '\x1e' | '\x1f' | '\x7f'

/** A string or a character: rare, and told from other text by run time alone. */
type Quote = '"' | "'"

/** {@link scan} of a whole text as a type: the tokens, {@link Unscanned} or {@link Beyond}. */
export type ScanWhole<Text extends string> = [Text] extends [TooMuch]
  ? Beyond
  : Uncommented<Text> extends infer Plain extends string
    ? Has<Plain, Quote> extends true
      ? Beyond
      : Pieces<Flat<Plain>, Text>
    : never

/**
 * What the compiler is not given, for its recursion and its patience end: texts of 16,384 characters or more, 768 or
 * more declarations and members, or so many commas, stars or comments.
 */
type TooMuch =
  | `${Times4<Times4096<Character>>}${string}`
  | `${Times768<`${string};`>}${string}`
  | `${Times768<`${string},`>}${string}`
  | `${Times768<`${string}*`>}${string}`
  | `${Times768<`${string}/`>}${string}`

// biome-ignore lint/suspicious/noExplicitAny: a template of `string` alone is taken for `string`
type Character = `${any}`

type Times4<A extends string> = `${A}${A}${A}${A}`
type Times16<A extends string> = Times4<Times4<A>>
type Times4096<A extends string> = Times16<Times16<Times16<A>>>
type Times768<A extends string> =
  `${Times16<Times16<A>>}${Times16<Times16<A>>}${Times16<Times16<A>>}`

/** Blanks for comments, and around slashes that begin none; a strange character for a comment without an end. */
type Uncommented<
  Text extends string,
  Done extends string = '',
> = Text extends `${infer Before}/${infer After}`
  ? After extends `*${infer Inside}`
    ? Inside extends `${string}*/${infer Rest}`
      ? Uncommented<Rest, `${Done}${Before} `>
      : `${Done}${Before} #`
    : After extends `/${infer Line}`
      ? Line extends `${string}\n${infer Rest}`
        ? Uncommented<Rest, `${Done}${Before} `>
        : `${Done}${Before}`
      : Uncommented<After, `${Done}${Before} / `>
  : `${Done}${Text}`

/** The tokens of a text without comments, from one semicolon to the next: each step costs the length of its text. */
type Pieces<
  Plain extends string,
  Text extends string,
  Done extends string = '',
> = Plain extends `${infer Piece};${infer Rest}`
  ? Has<Piece, Strange> extends true
    ? StrangeIn<Text, `${Done}${Words<BeforeStrange<Unindented<Piece>, Strange>> & string}`>
    : Pieces<Rest, Text, `${Done}${Words<Piece> & string}; `>
  : Has<Plain, Strange> extends true
    ? StrangeIn<Text, `${Done}${Words<BeforeStrange<Unindented<Plain>, Strange>> & string}`>
    : `${Done}${Words<Plain> & string}`

type StrangeIn<Text extends string, Tokens extends string> = StrangeAt<Gapless<After<Text, Tokens>>>

/** Whether `Text` has one of `Marks`. Behind a check of its own the compiler would carry the pattern along in `Text`. */
type Has<Text extends string, Marks extends string> = Text extends `${string}${Marks}${string}`
  ? true
  : false

/** A long piece, such as an enumeration, goes from one comma to the next. */
type Words<Piece extends string> =
  Has<Piece, Times16<`${string},`>> extends true
    ? Slices<Piece>
    : Operated<Unindented<Replace<Piece, '\n', ' '>>>

type Slices<
  Piece extends string,
  Done extends string = '',
> = Piece extends `${infer Slice},${infer Rest}`
  ? Slices<Rest, `${Done}${Operated<Unindented<Replace<Slice, '\n', ' '>>> & string}, `>
  : `${Done}${Operated<Unindented<Replace<Piece, '\n', ' '>>> & string}`

/** What is rare is looked for once, since each replacement costs. */
type Operated<Text extends string> =
  Has<Text, Sign | '{' | '}'> extends true
    ? Has<Text, Sign> extends true
      ? Joined<Spaced<Braced<Computed<Text>>> & string>
      : Spaced<Braced<Text>>
    : Spaced<Text>

type Sign = ':' | '=' | '+' | '-' | '%' | '<' | '>' | '!' | '&' | '|' | '^' | '~' | '?'

type Braced<Text extends string> = Around<Around<Text, '{'>, '}'>

type Computed<Text extends string> = Compared<
  Around<Around<Around<Around<Around<Around<Text, '='>, '-'>, '+'>, ':'>, '<'>, '|'>
>

type Compared<Text extends string> =
  Has<Text, '>' | '!' | '&' | '^' | '~' | '?' | '%'> extends true
    ? Around<
        Around<Around<Around<Around<Around<Around<Text, '>'>, '!'>, '&'>, '^'>, '~'>, '?'>,
        '%'
      >
    : Text

type Spaced<Text extends string> =
  Has<Text, '[' | ']' | '.'> extends true
    ? Tokens<Around<Around<Around<Text, '['>, ']'>, '.'>>
    : Tokens<Text>

/** Operators of two characters, which were taken apart. */
type Joined<Text extends string> =
  Has<Text, '< ' | '> ' | '& ' | '| ' | '= = ' | '! '> extends true
    ? JoinedEquals<
        Replace<
          Replace<Replace<Replace<Text, '< < ', '<< '>, '> > ', '>> '>, '& & ', '&& '>,
          '| | ',
          '|| '
        >
      >
    : Text

type JoinedEquals<Text extends string> = Replace<
  Replace<Replace<Replace<Text, '= = ', '== '>, '! = ', '!= '>, '< = ', '<= '>,
  '> = ',
  '>= '
>
