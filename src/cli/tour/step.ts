/** One thing that the tour tries. */
export interface Step {
  readonly title: string
  /** Resolves to what happened, in a few words; rejects when that isn't what should happen. */
  run(): Promise<string>
}

/** The error that a call ends with, which must be of this class. */
export async function failureOf<E extends Error>(
  call: Promise<unknown>,
  kind: new (...parameters: never[]) => E,
): Promise<E> {
  const value = await call.catch((error: unknown) => {
    if (error instanceof kind) return error
    throw error
  })
  if (value instanceof kind) return value
  throw new Error(`the call gave ${value} instead of a ${kind.name}`)
}
