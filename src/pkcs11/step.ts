/** Things that are done one after the other in a fat thread, awaited or blocking. */

export interface Step {
  run(): Promise<unknown>
  sync(): unknown
  /** Asks for it at once, behind what it needs and is not there yet; the step that it gives waits for that. */
  ahead?(): Step
}

/** Written once: yields what is to be done, is given what came of it. */
export type Course<Result> = Generator<Step, Result, never>

/** The same course, whose first step is asked for at once, ahead of whoever follows it. */
export function ahead<Result>(course: Course<Result>): Course<Result> {
  const first = course.next()
  const asked = first.done ? undefined : first.value.ahead?.()
  return continued(course, asked === undefined ? first : { done: false, value: asked })
}

function* continued<Result>(
  course: Course<Result>,
  first: IteratorResult<Step, Result>,
): Course<Result> {
  let next = first
  while (!next.done) {
    let found: never
    try {
      found = yield next.value
    } catch (error) {
      next = course.throw(error)
      continue
    }
    next = course.next(found)
  }
  return next.value
}

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
