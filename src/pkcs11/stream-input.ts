/** What streams are given: checked first, and then seen in the process that the session is in. */
import type { Streaming } from './active-operation.ts'
import { type CallOptions, runOptionsOf } from './call-options.ts'
import { Kept } from './kept.ts'
import { mechanismOf } from './mechanism-input.ts'
import { requireObject } from './object.ts'
import { requireParts } from './parts.ts'
import type { Seat } from './seat.ts'

/** What one operation of a stream is asked to do; of digests there is no key. */
export interface Asked {
  readonly mechanism: unknown
  readonly key?: readonly [parameter: string, given: unknown]
}

type Seen = (seat: Seat) => Streaming

/**
 * One operation, or several with the same parts.
 * @param where For messages.
 * @throws {TypeError} for wrong arguments
 */
export function streamings<const All extends readonly Asked[]>(
  where: string,
  asked: All,
  parts: unknown,
  options: CallOptions | undefined,
): { readonly [Index in keyof All]: Seen } {
  const given = {
    parts: requireParts(parts, `${where}: parts`),
    options: runOptionsOf(options, where),
  }
  const seen = asked.map(({ mechanism: input, key: named }): Seen => {
    const kept = new Kept([input])
    const mechanism = mechanismOf(kept.values[0], where)
    const key = named && requireObject(named[1], `${where}: ${named[0]}`)
    const back = (): void => kept.back()
    return (seat) => ({ seat, mechanism, key: key?.in(seat.life, where), back, ...given })
  })
  return seen as { readonly [Index in keyof All]: Seen }
}
