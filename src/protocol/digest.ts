import { createHash } from 'node:crypto'
import * as protocol from './protocol.ts'

/** SHA-256 of the definition: program, addon and host start only with the same one. */
export function protocolDigest(): Uint8Array {
  // The order of a namespace's names is the module system's choice.
  const definition = Object.entries(protocol)
    .filter(([, value]) => typeof value !== 'function')
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(definition)).digest()
}
