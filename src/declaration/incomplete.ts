/** Types that C calls incomplete: nothing is known of their size, so no value has them. */
import type { CType, OpaqueType } from '../abi/types.ts'
import type { Cursor } from './cursor.ts'
import { type Failure, type Format, format } from './messages.ts'
import type { AnyKnown } from './scope.ts'
import type { Opaque } from './specifiers.ts'

/** Throws for an incomplete type; `place` is where it stands. */
export function requireComplete(type: CType, cursor: Cursor, place: number): void {
  if (type.kind === 'void') throw cursor.failure(format('noValue'), place)
  if (type.kind === 'opaque') throw cursor.failure(byValue(type), place)
  if (type.kind === 'function') throw cursor.failure(format('functionByValue'), place)
}

/** {@link requireComplete} as a type: `Type`, or the failure at `Start`. */
export type Complete<Type, Scope extends AnyKnown, Start extends string> = Type extends {
  readonly kind: 'void' | 'function'
}
  ? Failure<Format<Type['kind'] extends 'void' ? 'noValue' : 'functionByValue'>, Start>
  : Type extends Opaque<infer Keyword extends string, infer Tag extends string>
    ? `${Keyword} ${Tag}` extends Scope['tags']['name']
      ? Type
      : Failure<Format<'byValue', `${Keyword} ${Tag}`>, Start>
    : Type

/** Pointers to pointers, arrays of arrays: what goes through a type is not afraid of so many. */
const MOST_LEVELS = 256

/** Throws for a type that is deeper than anybody's; `place` is where it stands. */
export function requireShallow(type: CType, cursor: Cursor, place: number): void {
  let inner: CType | undefined = type
  for (let level = 0; inner !== undefined; level++) {
    if (level > MOST_LEVELS) throw cursor.failure(format('tooDeep'), place)
    inner = insideOf(inner)
  }
}

function insideOf(type: CType): CType | undefined {
  if (type.kind === 'pointer') return type.to
  if (type.kind === 'array') return type.of
  return type.kind === 'function' ? type.result : undefined
}

export function byValue({ keyword, tag }: OpaqueType): string {
  return format('byValue', `${keyword} ${tag}`)
}
