/**
 * Text -> tokens. A token is a punctuator or a word; a word is a run of letters, digits and `_`.
 *
 * As a type, tokens are one string with a blank after each: `int f ( void ) `.
 * Rules take tokens from its front, and what remains tells where they are.
 */
import { type Flat, failureAt } from './excerpt.ts'
import { type Format, format } from './messages.ts'
import type { Replace } from './replace.ts'

export interface Token {
  /** Empty for the end of the text. */
  readonly text: string
  /** The offset in the text. */
  readonly at: number
}

/** Characters that are a token each. */
export type Punctuator = '(' | ')' | '[' | ']' | ',' | '*' | ';' | '.'

/** What tokens whole texts have beside them. */
export type Operator =
  | ('{' | '}' | ':' | '=' | '+' | '-' | '/' | '%' | '<' | '>' | '!' | '&' | '|' | '^' | '~' | '?')
  | ('<<' | '>>' | '<=' | '>=' | '==' | '!=' | '&&' | '||')

type Space = ' ' | '\t' | '\n' | '\v' | '\f' | '\r'

/** The ASCII characters that are in no token. Any other character may be in a name, as in C. */
// biome-ignore format: one line a kind
type Strange =
  | '!' | '"' | '#' | '$' | '%' | '&' | "'" | '+' | '-' | '/' | ':' | '<' | '=' | '>' | '?'
  | '@' | '\\' | '^' | '`' | '{' | '|' | '}' | '~'
  | '\x00' | '\x01' | '\x02' | '\x03' | '\x04' | '\x05' | '\x06' | '\x07' | '\x08' | '\x0e'
  | '\x0f' | '\x10' | '\x11' | '\x12' | '\x13' | '\x14' | '\x15' | '\x16' | '\x17' | '\x18'
  | '\x19' | '\x1a' | '\x1b' | '\x1c' | '\x1d' | '\x1e' | '\x1f' | '\x7f'

/** White space, comments, tokens, and what is none of them. */
const pattern =
  /[ \t\n\v\f\r]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<token>[()[\],*;.]|[\w\x80-\uffff]+)|(?<strange>[\s\S])/g

/** The same, with the operators of constant expressions, braces, and characters in quotes. */
const wholePattern =
  /[ \t\n\v\f\r]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<token><<|>>|[<>=!]=|&&|\|\||'(?:[^'\\\n]|\\.)'|[()[\],*;.{}:=+\-%<>!&|^~?]|\/(?!\*)|[\w\x80-\uffff]+)|(?<strange>[\s\S])/g

/** What a text may hold: one declaration, or whole declarations with bodies and constant expressions. */
export type Extent = 'one' | 'whole'

/** The tokens of `text`, the last one being its end. Throws a `DeclarationError`. */
export function scan(text: string, extent: Extent = 'one'): Token[] {
  const tokens: Token[] = []
  let end = 0
  for (const { 0: match, index: at, groups } of text.matchAll(
    extent === 'one' ? pattern : wholePattern,
  )) {
    if (groups?.['token'] !== undefined) {
      tokens.push({ text: match, at })
      end = at + match.length
    } else if (groups?.['strange'] !== undefined) {
      const open = text.startsWith('/*', at)
      throw failureAt(text, at, open ? format('openComment') : format('unexpectedCharacter', match))
    }
  }
  tokens.push({ text: '', at: end })
  return tokens
}

/**
 * {@link scan} as a type: the tokens, or {@link Unscanned}.
 * `Uncommented` is named twice: behind the check, the compiler would carry `StrangeText` along in `Plain`.
 */
export type Scan<Text extends string> =
  Uncommented<Text> extends infer Plain extends string
    ? Plain extends StrangeText
      ? StrangeIn<Text, BeforeStrange<Uncommented<Text>, Strange>>
      : Tokens<Plain>
    : never

type StrangeText = `${string}${Strange}${string}`

/** What is in front of the first strange character: word by word, then character by character. */
export type BeforeStrange<
  Text extends string,
  Character extends string,
  Done extends string = '',
> = Text extends `${infer Word} ${infer Rest}`
  ? Word extends `${string}${Character}${string}`
    ? Ordinary<Word, Character, Done>
    : BeforeStrange<Rest, Character, `${Done}${Word} `>
  : Ordinary<Text, Character, Done>

type Ordinary<
  Text extends string,
  Strange extends string,
  Done extends string,
> = Text extends `${infer Character}${infer Rest}`
  ? Character extends Strange
    ? Done
    : Ordinary<Rest, Strange, `${Done}${Character}`>
  : Done

/** A text that is no tokens: the message, and the text from its place on. */
export interface Unscanned<Message extends string, Rest extends string> {
  readonly message: Message
  readonly rest: Rest
}

type StrangeIn<Text extends string, Before extends string> = StrangeAt<
  Gapless<After<Text, Tokens<Before>>>
>

export type StrangeAt<Rest extends string> = Rest extends `/*${string}`
  ? Unscanned<Format<'openComment'>, Rest>
  : Rest extends `${infer Character}${string}`
    ? Unscanned<Format<'unexpectedCharacter', Character>, Rest>
    : never

/** `Text` up to its end or a slash that begins no whole comment, with blanks for comments. */
type Uncommented<
  Text extends string,
  Done extends string = '',
> = Text extends `${infer Before}/${infer After}`
  ? After extends `*${string}*/${infer Rest}`
    ? Uncommented<Rest, `${Done}${Before} `>
    : After extends `/${infer Line}`
      ? Line extends `${string}\n${infer Rest}`
        ? Uncommented<Rest, `${Done}${Before} `>
        : `${Done}${Before}`
      : `${Done}${Before}/`
  : `${Done}${Text}`

/** The tokens of a text without comments. What is rare is looked for once, since each replacement costs. */
type Tokens<Text extends string> = Text extends `${string}${Rare}${string}`
  ? Words<
      Around<Around<Around<Around<Unindented<Replace<Flat<Text>, '\n', ' '>>, '['>, ']'>, ';'>, '.'>
    >
  : Words<Text>

/** Long runs of blanks made short; {@link Squeezed} takes a step for each blank. */
export type Unindented<Text extends string> = Replace<
  Replace<Text, '                ', ' '>,
  '    ',
  ' '
>

type Rare = Exclude<Punctuator | Space, '(' | ')' | ',' | '*' | ' '>

export type Words<Text extends string> =
  Squeezed<`${Around<Around<Around<Around<Text, '('>, ')'>, ','>, '*'>} `> extends infer Tokens
    ? Tokens extends ` ${infer Rest}`
      ? Rest
      : Tokens
    : never

/** Every run of blanks as one blank. */
type Squeezed<Text extends string> = Text extends `${infer Before}  ${infer After}`
  ? Squeezed<`${Before} ${After}`>
  : Text

/** Blanks around a punctuator. */
export type Around<
  Text extends string,
  P extends string,
  Done extends string = '',
> = Text extends `${infer Before}${P}${infer After}`
  ? Around<After, P, `${Done}${Before} ${P} `>
  : `${Done}${Text}`

/** `Text` after its first tokens, which are `Consumed`: from one semicolon, then from one comma, to the next. */
export type After<
  Text extends string,
  Consumed extends string,
> = Consumed extends `${infer Part}; ${infer More}`
  ? After<AfterCommas<Text, `${Part}; `>, More>
  : AfterCommas<Text, Consumed>

type AfterCommas<
  Text extends string,
  Consumed extends string,
> = Consumed extends `${infer Part}, ${infer More}`
  ? AfterCommas<AfterPart<Text, `${Part}, `>, More>
  : AfterPart<Text, Consumed>

type AfterPart<
  Text extends string,
  Consumed extends string,
> = Consumed extends `${infer Token} ${infer More}`
  ? Gapless<Text> extends `${Token}${infer Rest}`
    ? AfterPart<Rest, More>
    : never
  : Text

/** `Text` without white space and comments in front. */
export type Gapless<Text extends string> = Text extends `${Space}${infer Rest}`
  ? Gapless<Rest>
  : Text extends `/*${string}*/${infer Rest}`
    ? Gapless<Rest>
    : Text extends `//${infer Line}`
      ? Line extends `${string}\n${infer Rest}`
        ? Gapless<Rest>
        : ''
      : Text
