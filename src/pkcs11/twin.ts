/** Functions that are awaited, and have a blocking twin. */

export interface Twin<Arguments extends readonly unknown[], Result> {
  (...given: Arguments): Promise<Result>
  /** The same, blocking. */
  sync(...given: Arguments): Result
}

export function twin<Arguments extends readonly unknown[], Result>(
  run: (...given: Arguments) => Promise<Result>,
  sync: (...given: Arguments) => Result,
): Twin<Arguments, Result> {
  return Object.assign(run, { sync })
}
