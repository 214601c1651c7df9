/** Messages about wrong arguments, in the form that the rest of the package has. */
import { inspect } from 'node:util'

/** What was given, in a few words; never the bytes of it. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string') return 'a string'
  if (typeof value === 'function') return 'a function'
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return `a ${value.constructor.name}`
  if (typeof value === 'object') return 'an object'
  return inspect(value)
}

export function wrongKind(where: string, takes: string, given: unknown): TypeError {
  return new TypeError(`${where} must be ${takes}, not ${describe(given)}`)
}
