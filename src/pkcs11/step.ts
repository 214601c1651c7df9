/** Things that are done one after the other in a fat thread, awaited or blocking. */

export interface Step {
  run(): Promise<unknown>
  sync(): unknown
}

/** Written once: yields what is to be done, is given what came of it. */
export type Course<Result> = Generator<Step, Result, never>

export async function follow<Result>(course: Course<Result>): Promise<Result> {
  let next = course.next()
  while (!next.done) {
    let found: unknown
    try {
      found = await next.value.run()
    } catch (error) {
      next = course.throw(error)
      continue
    }
    next = course.next(found as never)
  }
  return next.value
}

export function followSync<Result>(course: Course<Result>): Result {
  let next = course.next()
  while (!next.done) {
    let found: unknown
    try {
      found = next.value.sync()
    } catch (error) {
      next = course.throw(error)
      continue
    }
    next = course.next(found as never)
  }
  return next.value
}
