/** `_Free_(name)`: what a pointer points to is the value, and the library's function `name` takes the pointer back. */
import type { CType } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import type { Complete } from './incomplete.ts'
import { type Failure, type Format, type Found, format, found } from './messages.ts'
import type { AnyKnown } from './scope.ts'
import { isName, type NoName } from './words.ts'

/** Takes `_Free_(name)`, if it is there: the name. */
export function disposal(cursor: Cursor): string | undefined {
  if (!cursor.skip('_Free_')) return undefined
  if (!cursor.skip('(')) throw cursor.failure(format('missingToken', '(', found(cursor.next)))
  if (!isName(cursor.next)) throw cursor.failure(format('missingName', found(cursor.next)))
  const name = cursor.take()
  if (!cursor.skip(')')) throw cursor.failure(format('missingToken', ')', found(cursor.next)))
  return name
}

export interface Disposal<Name, Tokens> {
  readonly free: Name
  readonly tokens: Tokens
}

/** {@link disposal} as a type, from behind `_Free_` on. */
export type DisposalAt<Tokens extends string> = Tokens extends `( ${infer Inside}`
  ? Inside extends `${infer Name} ${infer Next}`
    ? Name extends NoName
      ? Failure<Format<'missingName', Found<Inside>>, Inside>
      : Next extends `) ${infer Rest}`
        ? Disposal<Name, Rest>
        : Failure<Format<'missingToken', ')', Found<Next>>, Next>
    : Failure<Format<'missingName', Found<Inside>>, Inside>
  : Failure<Format<'missingToken', '(', Found<Tokens>>, Tokens>

/** Throws unless a value of the type points to one that can be copied. */
export function requireDisposable(type: CType, cursor: Cursor, place: number): void {
  const isPointer = type.kind === 'pointer'
  const isKnown = isPointer && !['void', 'opaque', 'function'].includes(type.to.kind)
  if (!isKnown) throw cursor.failure(format('disposal'), place)
}

/** Whether {@link requireDisposable} takes a type. */
export type IsDisposable<Type, Scope extends AnyKnown> = Type extends {
  readonly kind: 'pointer'
  readonly to: infer To
}
  ? Complete<To, Scope, ''> extends Failure<string, string>
    ? false
    : true
  : false

/** The same, and who takes it back. */
export type Freed<Type, Free> = {
  readonly [Key in keyof Type | 'free']: Key extends keyof Type ? Type[Key] : Free
}
