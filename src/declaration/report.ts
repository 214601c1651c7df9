/** The outcome of parsing a text, at compile time. */
import type { FailureAt } from './excerpt.ts'
import type { Failure } from './messages.ts'
import type { After, Gapless, Unscanned } from './scanner.ts'

/** A declaration that doesn't parse; the message is the one at run time. */
export interface Malformed<Message extends string> {
  readonly message: Message
}

/** A text that is no tokens, as {@link Malformed}. */
export type Unreadable<Text extends string, Scanned> =
  Scanned extends Unscanned<infer Message, infer Rest>
    ? Malformed<FailureAt<Text, Rest, Message>>
    : Scanned

/** A rule's result, with the place of a failure in `Text` instead of among `Tokens`. */
export type Reported<Text extends string, Tokens extends string, Result> =
  Result extends Failure<infer Message, infer Rest>
    ? Tokens extends `${infer Consumed}${Rest}`
      ? Malformed<
          FailureAt<
            Text,
            Rest extends '' ? After<Text, Consumed> : Gapless<After<Text, Consumed>>,
            Message
          >
        >
      : never
    : Result
