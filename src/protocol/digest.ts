import { createHash } from 'node:crypto'
import * as protocol from './protocol.ts'

/** SHA-256 of the definition: program, addon and host start only with the same one. */
export function protocolDigest(): Uint8Array {
  const definition = JSON.stringify(protocol, (_key, value) =>
    typeof value === 'function' ? undefined : value,
  )
  return createHash('sha256').update(definition).digest()
}
