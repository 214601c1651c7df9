import type { CType } from '../abi/types.ts'
import type { Outcome } from '../call/outcome.ts'
import { type PlannedDisposal, textUnit } from '../call/plan.ts'
import type { Steps } from '../channel/follow.ts'
import { FollowUp, Request } from '../channel/request.ts'
import { FatThreadError, ViolationError } from '../errors.ts'
import type { Pointer } from '../memory/pointer.ts'
import { OPERATION, STATUS } from '../protocol/protocol.ts'
import { requireOwner } from './memory.ts'
import { fetchTexts, textAt, valueAt } from './texts.ts'

/** A result that is copied, and whose pointer goes back to a bound function. */
export interface Disposal extends PlannedDisposal {
  readonly function: number
}

/**
 * Copies the results that have to be given back, gives each back once, whatever comes of the others, and then puts
 * all results together.
 */
export function* dispose(
  disposals: readonly Disposal[],
  word: unknown,
  outcome: Outcome,
  whole: (word: unknown) => unknown,
): Steps<unknown> {
  const { owner } = outcome.reading
  const failures: unknown[] = []
  const attempt = (tried: Tried): unknown => {
    if (tried.failed) failures.push(tried.error)
    return tried.value
  }
  let result = word
  const found = disposals.map(({ name }) =>
    name === undefined ? (word as Pointer | null) : (outcome.get(name) as Pointer | null),
  )
  // Texts may be parts of what is given back.
  attempt(yield* trying(fetchTexts(outcome.reading, () => undefined)))
  for (const [index, { name, to }] of disposals.entries()) {
    const pointer = found[index]
    if (pointer === null || pointer === undefined) continue
    const value = attempt(yield* trying(copyOf(pointer.address, to, owner)))
    if (name === undefined) result = value
    else outcome.set(name, value)
  }
  for (const [index, { free, function: id }] of disposals.entries()) {
    const pointer = found[index]
    if (pointer === null || pointer === undefined) continue
    attempt(yield* trying(giveBack(id, free, pointer.address, owner)))
  }
  if (failures.length > 0) throw failures[0]
  return whole(result)
}

function* copyOf(address: bigint, to: CType, owner: object): Steps<unknown> {
  const unit = textUnit(to)
  return unit !== 0 ? yield* textAt(address, unit, owner) : yield* valueAt(address, to, owner)
}

function* giveBack(id: number, free: string, address: bigint, owner: object): Steps<unknown> {
  return yield new Request<undefined, void>({
    operation: OPERATION.CALL,
    id,
    words: 1,
    subject: { call: free },
    write(frame) {
      requireOwner(frame, owner, address)
      frame.word(0, address)
      return undefined
    },
    read({ status }) {
      if (status !== STATUS.OK)
        throw new FatThreadError(`${free}: the fat thread answered with the status ${status}`)
    },
  })
}

interface Tried {
  readonly failed: boolean
  readonly value?: unknown
  readonly error?: unknown
}

/** Follows a conversation to its end, good or bad. */
function* trying(steps: Steps<unknown>): Steps<Tried> {
  try {
    let step = steps.next()
    while (!step.done) {
      const { failed, error, value } = (yield tried(step.value)) as Tried
      step = failed ? steps.throw(error) : steps.next(value as never)
    }
    return { failed: false, value: step.value }
  } catch (error) {
    return { failed: true, error }
  }
}

/** The same request; that it fails is an answer too. */
function tried(request: Request<undefined, unknown>): Request<undefined, Tried> {
  return new Request<undefined, Tried>({
    ...request,
    short: undefined,
    read(answer, input) {
      try {
        const value = request.read(answer, input)
        if (value instanceof FollowUp) throw new FatThreadError('one answer is not enough')
        return { failed: false, value }
      } catch (error) {
        if (error instanceof ViolationError) throw error
        return { failed: true, error }
      }
    },
  })
}
