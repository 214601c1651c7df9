/** What a workload gave, as far as what it gave another time can be compared with it. */
import { inspect, types } from 'node:util'
import { Pointer } from './memory/pointer.ts'

/** Deeper, nothing is compared. */
const DEEPEST = 4
const MOST = 1000

/** The same text for the same values. Runs no code of what it looks at. */
export function exactly(value: unknown): string {
  return inspect(value, {
    depth: DEEPEST,
    maxArrayLength: MOST,
    customInspect: false,
    getters: false,
  })
}

/** The same text for values of one kind: C says by sign, and by null, whether it succeeded. */
export function roughly(value: unknown, depth = 0): string {
  if (typeof value === 'number' || typeof value === 'bigint')
    return value < 0 ? 'below zero' : value > 0 ? 'above zero' : 'zero'
  if (typeof value === 'boolean' || value === null || value === undefined) return String(value)
  if (typeof value === 'string') return value === '' ? 'no text' : 'text'
  if (typeof value !== 'object' || types.isProxy(value) || depth === DEEPEST) return typeof value
  if (value instanceof Pointer) return 'pointer'
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return 'bytes'
  const entries = Object.entries(Object.getOwnPropertyDescriptors(value)).slice(0, MOST)
  return JSON.stringify(
    entries.map(([name, { value }]) => [name, roughly(value as unknown, depth + 1)]),
  )
}
