import type { Entrance } from './entrance.ts'
import { FollowUp, type Request } from './request.ts'

/** A conversation with the host: yields requests, is given their answers. */
export type Steps<Output> = Generator<Request<undefined, unknown>, Output, never>

/** The conversation as one request after the other. */
export function follow<Output>(steps: Steps<Output>): Output | FollowUp<Output> {
  return go(steps, steps.next())
}

function go<Output>(
  steps: Steps<Output>,
  step: IteratorResult<Request<undefined, unknown>, Output>,
): Output | FollowUp<Output> {
  if (step.done) return step.value
  return new FollowUp(step.value).andThen((answer) => go(steps, steps.next(answer as never)))
}

export async function runSteps<Output>(lane: Entrance, steps: Steps<Output>): Promise<Output> {
  let step = steps.next()
  while (!step.done) step = steps.next((await lane.run(step.value, undefined, undefined)) as never)
  return step.value
}

export function runStepsSync<Output>(lane: Entrance, steps: Steps<Output>): Output {
  let step = steps.next()
  while (!step.done) step = steps.next(lane.runSync(step.value, undefined, undefined) as never)
  return step.value
}
