import type { FatThread } from '../index.ts'
import { Pkcs11Error } from './errors.ts'

/** So many of the calls that were denied are in a message. */
const MOST_NAMED = 4

/**
 * What `C_Initialize` returned, and what the module was denied until then, which nobody could ask for afterwards.
 * @param hadSecrets It was given a PIN before, which a path may repeat.
 */
export function becauseDenied(
  error: unknown,
  { denials }: FatThread,
  hadSecrets: boolean,
): unknown {
  if (!(error instanceof Pkcs11Error) || denials.length === 0) return error
  const all = denials.map(({ syscall, path }) =>
    path === undefined || hadSecrets ? syscall : `${syscall} ${path}`,
  )
  const named = [...new Set(all)].slice(-MOST_NAMED)
  return error.because(
    `the module was denied ${named.join(', ')}; what it needs goes into permissions`,
  )
}
