import { constants } from 'node:os'
import { LINUX_ERRNO } from './linux-errno.ts'
import { kindOf } from './value-kind.ts'

let last = 0

/** What a call left in `errno`: 0 where it left it alone. */
export function noteErrno(found: number): void {
  if (found !== 0) last = found
}

/** The error number of the last call that had one, or the one that was set since. */
export function errno(value?: number): number {
  if (value === undefined) return last
  if (typeof value !== 'number')
    throw new TypeError(`Unexpected ${kindOf(value)} value for errno, expected integer`)
  last = value | 0
  return last
}

export const os: { readonly errno: Record<string, number> } = {
  errno: { ...constants.errno, ...LINUX_ERRNO },
}
