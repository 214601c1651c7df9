/** Every behaviour of a call holds both ways: awaited and blocking. */
import type { UntypedFunction } from '../../src/index.ts'

export const WAYS = ['awaited', 'sync'] as const
export type Way = (typeof WAYS)[number]

/** Calls a function without its types, so that wrong arguments can be given. */
export async function call(fn: unknown, way: Way, args: readonly unknown[] = []): Promise<unknown> {
  const untyped = fn as UntypedFunction
  return way === 'sync' ? untyped.sync(...args) : await untyped(...args)
}

/** What a deed throws or is rejected with; that it fails is part of the test. */
export async function failureOf(deed: () => unknown): Promise<Error> {
  let value: unknown
  try {
    value = await deed()
  } catch (error) {
    if (error instanceof Error) return error
    throw new Error(`failed with something that is no Error: ${String(error)}`)
  }
  throw new Error(`did not fail, but gave ${String(value)}`)
}
