/** Where a declaration is wrong: its line, with a caret below the place. */
import { DeclarationError } from '../errors.ts'
import type { Replace } from './replace.ts'

/**
 * The error about the offset `at` of `text`; its message ends in that line and a caret.
 * All white space is as wide as a blank there, so that the caret fits.
 */
export function failureAt(text: string, at: number, message: string): DeclarationError {
  const before = text.slice(0, at)
  const start = before.lastIndexOf('\n') + 1
  const [line = ''] = text.slice(start).split('\n', 1)
  return new DeclarationError(
    `${message}\n  ${line.replace(/[\t\v\f\r]/g, ' ')}\n  ${' '.repeat(at - start)}^`,
    before.split('\n').length,
    at - start + 1,
  )
}

/** The message of {@link failureAt} as a type; `Rest` is `Text` from the place on. */
export type FailureAt<
  Text extends string,
  Rest extends string,
  Message extends string,
> = Text extends `${infer Before}${Rest}`
  ? `${Message}\n  ${Flat<`${LastLine<Before>}${FirstLine<Rest>}`>}\n  ${Blank<LastLine<Before>>}^`
  : never

type FirstLine<Text extends string> = Text extends `${infer Line}\n${string}` ? Line : Text

type LastLine<Text extends string> = Text extends `${string}\n${infer Line}` ? LastLine<Line> : Text

/** All white space but line feeds as blanks. */
export type Flat<Text extends string> =
  Text extends `${string}${'\t' | '\v' | '\f' | '\r'}${string}`
    ? Replace<Replace<Replace<Replace<Text, '\t', ' '>, '\v', ' '>, '\f', ' '>, '\r', ' '>
    : Text

/** As many blanks as `Text` has characters; eight at a time, since the compiler's recursion is bounded. */
export type Blank<
  Text extends string,
  Done extends string = '',
> = Text extends `${string}${string}${string}${string}${string}${string}${string}${string}${infer Rest}`
  ? Blank<Rest, `${Done}        `>
  : Text extends `${string}${infer Rest}`
    ? Blank<Rest, `${Done} `>
    : Done
