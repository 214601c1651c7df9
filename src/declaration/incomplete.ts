/** Types that C calls incomplete: nothing is known of their size, so no value has them. */
import type { CType, OpaqueType } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import { type Format, format } from './messages.ts'
import type { Opaque } from './specifiers.ts'

/** Throws for an incomplete type; `place` is where it stands. */
export function requireComplete(type: CType, cursor: Cursor, place: number): void {
  if (type.kind === 'void') throw cursor.failure(format('noValue'), place)
  if (type.kind === 'opaque') throw cursor.failure(byValue(type), place)
  if (type.kind === 'function') throw cursor.failure(format('functionByValue'), place)
}

/** What {@link requireComplete} refuses. */
export type Incomplete = { readonly kind: 'void' | 'opaque' }

export type IncompleteMessage<Type> =
  Type extends Opaque<infer Keyword extends string, infer Tag extends string>
    ? Format<'byValue', `${Keyword} ${Tag}`>
    : Format<'noValue'>

export function byValue({ keyword, tag }: OpaqueType): string {
  return format('byValue', `${keyword} ${tag}`)
}
