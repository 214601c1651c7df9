import { toCallable } from '../call/callable-pointer.ts'
import { decodeWord } from '../call/decode.ts'
import { areWords, type Encoded, encode, keepArguments } from '../call/encode.ts'
import type { Plan } from '../call/plan.ts'
import { decodeText, type Unit } from '../call/text.ts'
import { follow, type Steps } from '../channel/follow.ts'
import { reentered } from '../channel/frame.ts'
import {
  type Answer,
  CALLED_BACK,
  FollowUp,
  Request,
  type RequestParts,
  type Short,
} from '../channel/request.ts'
import { ClosedError, FatThreadError, LoadError, ViolationError } from '../errors.ts'
import type { Back, Target } from '../memory/place.ts'
import type { Pointer } from '../memory/pointer.ts'
import { type Views, viewsOf } from '../memory/views.ts'
import { OPERATION, REQUEST, RESPONSE, STATUS } from '../protocol/protocol.ts'
import { type Disposal, dispose } from './disposal.ts'
import { takeText } from './memory.ts'
import { keptText, LONGEST_TEXT, withTexts } from './texts.ts'

/** One call of a bound function, as a request of its own or as a part of one. */
export interface CallParts extends RequestParts<readonly unknown[], unknown> {
  readonly id: number
  readonly words: number
  readonly plan: Plan
  readonly subject: CallSubject
  readonly write: (target: Target, values: readonly unknown[]) => Back | undefined
  readonly keep: (values: readonly unknown[], owner: object) => readonly unknown[]
}

/** Calls of one bound function; `owner` is the only incarnation that has it, if there is only one. */
export function callParts(
  id: number,
  library: string | undefined,
  plan: Plan,
  withErrno: boolean,
  owner?: object,
  disposals: readonly Disposal[] = [],
): CallParts {
  const subject = { call: plan.name, library }
  const unit = unitOf(plan)
  // With more than one result they are put together at the end.
  const finish = (result: unknown, errno: number): unknown =>
    withErrno || plan.collects ? { result, errno } : result

  const readWord = (answer: Answer): unknown => {
    if (answer.status !== STATUS.OK) throw failed(answer.status, subject)
    return finish(decodeResult(plan, answer.views, answer.value, answer.owner), answer.errno)
  }

  const readText = (answer: Answer, unit: Unit): unknown => {
    if (answer.status !== STATUS.OK) throw failed(answer.status, subject)
    const { views, value, length, room, roomOffset, errno } = answer
    const handle = views.u64[value >> 3] as bigint
    if (handle === 0n) return finish(null, errno)
    if (length <= room)
      return finish(decodeText(views.u8.slice(roomOffset, roomOffset + length), unit), errno)
    const { owner } = answer
    return follow(longText(handle, length, unit, owner, errno))
  }

  function* longText(
    handle: bigint,
    length: number,
    unit: Unit,
    owner: object,
    errno: number,
  ): Steps<unknown> {
    if (length <= LONGEST_TEXT)
      return finish(yield* keptText(length, handle, unit, subject, owner), errno)
    yield takeText(handle, 0, subject, owner)
    const message = `${plan.name}: the text has ${length} bytes, too many for a string`
    throw new FatThreadError(message, subject)
  }

  const requireThere = (asked: object): void => {
    if (owner !== undefined && asked !== owner) throw gone(subject)
  }

  const isShort = plan.direct && !plan.collects && unit === 0 && disposals.length === 0
  const short = isShort ? makeShort(id, plan, subject, requireThere, finish) : undefined
  return {
    short,
    operation: OPERATION.CALL,
    id,
    words: plan.arguments.length + (plan.aggregate === undefined ? 0 : 1),
    plan,
    subject,
    write: (target, values) => {
      requireThere(target.owner)
      return backOf(encode(plan, values, target), withErrno, disposals)
    },
    read: unit === 0 ? readWord : (answer) => readText(answer, unit),
    keep: (values, owner) => keepArguments(plan, values, owner),
  }
}

export function call(parts: CallParts): Request<readonly unknown[], unknown> {
  return new Request(parts)
}

interface WithErrno {
  readonly result: unknown
  readonly errno: number
}

function backOf(
  encoded: Encoded | undefined,
  withErrno: boolean,
  disposals: readonly Disposal[],
): Back | undefined {
  if (encoded?.outcome === undefined) return encoded
  const { copies, outcome } = encoded
  const finish = ({ result, errno }: WithErrno): unknown => {
    const whole = (word: unknown): unknown => outcome.whole(word, withErrno ? errno : undefined)
    return disposals.length === 0
      ? withTexts(outcome.reading, () => whole(result))
      : follow(dispose(disposals, result, outcome, whole))
  }
  return {
    copies,
    finish: (found) =>
      found instanceof FollowUp
        ? found.andThen((late) => finish(late as WithErrno))
        : finish(found as WithErrno),
  }
}

/** A call whose arguments and result are words: it has a block of its own. */
function makeShort(
  id: number,
  plan: Plan,
  subject: CallSubject,
  requireThere: (owner: object) => void,
  finish: (result: unknown, errno: number) => unknown,
): Short<readonly unknown[], unknown> {
  const words = REQUEST.at.words
  const bytes = words + plan.arguments.length * 8
  const views = viewsOf(new ArrayBuffer(bytes))
  views.i32[REQUEST.at.operation / 4] = OPERATION.CALL
  views.i32[REQUEST.at.function / 4] = id
  const target = { views, words, owner: {}, place: noPlace, callback: noPlace }
  let filling = false
  return {
    block: views.i32,
    fits: plan.scalar ? always : (values) => areWords(plan, values),
    fill: (values, owner) => {
      requireThere(owner)
      // An object among the values may run the caller's code when it is looked at.
      if (filling) throw reentered()
      filling = true
      try {
        target.owner = owner
        encode(plan, values, target)
      } finally {
        filling = false
      }
    },
    take: (views, response, owner) => {
      const status = views.u32[(response + RESPONSE.at.status) >> 2] as number
      if (status !== STATUS.OK) {
        if (status === STATUS.CALLBACK) return CALLED_BACK
        throw failed(status, subject)
      }
      const value = decodeResult(plan, views, response + RESPONSE.at.value, owner)
      return finish(value, views.i32[(response + RESPONSE.at.error) >> 2] as number)
    },
  }
}

function always(): boolean {
  return true
}

function noPlace(): never {
  throw new FatThreadError('a scalar has no bytes')
}

export interface CallSubject {
  readonly call: string
  readonly library: string | undefined
}

/** A result word; of a function pointer, what can be called. */
function decodeResult(plan: Plan, views: Views, at: number, owner: object): unknown {
  const value = decodeWord(plan.result, views, at, owner)
  return plan.callable === undefined
    ? value
    : toCallable(value as Pointer | null, plan.callable, owner)
}

function gone(subject: CallSubject): ClosedError {
  return new ClosedError(`${subject.call} was in a process that has ended meanwhile`, subject)
}

function failed(status: number, subject: CallSubject): FatThreadError {
  switch (status) {
    case STATUS.NO_SYMBOL:
      return new LoadError(`${subject.call} was not bound`, subject)
    case STATUS.NO_MEMORY:
      return new FatThreadError(`${subject.call}: the fat thread has no memory left`, subject)
    default: {
      const message = `${subject.call}: the fat thread answered with the status ${status}`
      return new ViolationError(message, {}, subject)
    }
  }
}

function unitOf(plan: Plan): Unit | 0 {
  switch (plan.result) {
    case 'text8':
      return 1
    case 'text16':
      return 2
    case 'text32':
      return 4
    case 'latin1':
      return 'latin1'
    default:
      return 0
  }
}
