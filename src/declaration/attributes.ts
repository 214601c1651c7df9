/** `__attribute__((…))`, `_Alignas(…)`: two of them change a layout, the others say nothing about a call. */
import type { Cursor } from './cursor.ts'
import { format, found } from './messages.ts'

export interface Attributes {
  packed: boolean
  align: number | undefined
}

/** The largest alignment that is taken, in bytes. */
const MOST_ALIGN = 4096

/** Takes all attributes that stand here. `constant` takes a constant expression. */
export function attributes(
  cursor: Cursor,
  constant: () => bigint,
  into: Attributes = { packed: false, align: undefined },
): Attributes {
  for (;;) {
    if (cursor.next === '__attribute__' || cursor.next === '__attribute') {
      cursor.take()
      expect(cursor, '(')
      expect(cursor, '(')
      while (cursor.look(0) !== ')') {
        attribute(cursor, constant, into)
        if (!cursor.skip(',')) break
      }
      expect(cursor, ')')
      expect(cursor, ')')
    } else if (cursor.next === '_Alignas') {
      cursor.take()
      expect(cursor, '(')
      into.align = alignment(cursor, constant)
      expect(cursor, ')')
    } else if (cursor.next === '__extension__') cursor.take()
    else return into
  }
}

function attribute(cursor: Cursor, constant: () => bigint, into: Attributes): void {
  const name = cursor.take().replace(/^__(.*)__$/, '$1')
  if (name === 'packed') into.packed = true
  if (name === 'aligned' && cursor.next === '(') {
    cursor.take()
    into.align = Math.max(into.align ?? 1, alignment(cursor, constant))
    expect(cursor, ')')
  } else if (name === 'aligned') into.align = 16
  else skipParentheses(cursor)
}

function alignment(cursor: Cursor, constant: () => bigint): number {
  const { place } = cursor
  const value = constant()
  const wanted = Number(value)
  if (wanted >= 1 && wanted <= MOST_ALIGN && Number.isInteger(Math.log2(wanted))) return wanted
  throw cursor.failure(format('badAlignment', String(MOST_ALIGN), String(value)), place)
}

function skipParentheses(cursor: Cursor): void {
  if (cursor.next !== '(') return
  let depth = 0
  do {
    const token = cursor.take()
    if (token === '') throw cursor.failure(format('missingToken', ')', found('')))
    depth += token === '(' ? 1 : token === ')' ? -1 : 0
  } while (depth > 0)
}

export function expect(cursor: Cursor, token: string): void {
  if (!cursor.skip(token)) throw cursor.failure(format('missingToken', token, found(cursor.next)))
}

/** {@link attributes} as a type: the tokens behind them; what is in them is read at run time. */
export type SkipAttributes<Tokens extends string> =
  Tokens extends `${'__attribute__' | '__attribute' | '_Alignas' | '__extension__'} ${string}`
    ? Tokens extends `__extension__ ${infer Next}`
      ? SkipAttributes<Next>
      : Tokens extends `${string} ( ${infer Next}`
        ? SkipAttributes<BehindParentheses<Next>>
        : Tokens
    : Tokens

/** `Depth` has a character for each open parenthesis beside the first. */
type BehindParentheses<
  Tokens extends string,
  Depth extends string = '',
> = Tokens extends `${infer Word} ${infer Next}`
  ? Word extends '('
    ? BehindParentheses<Next, `${Depth}(`>
    : Word extends ')'
      ? Depth extends `(${infer Outer}`
        ? BehindParentheses<Next, Outer>
        : Next
      : BehindParentheses<Next, Depth>
  : ''
