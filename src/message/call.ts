import { decodeWord } from '../call/decode.ts'
import { encode, keepArguments } from '../call/encode.ts'
import type { Plan } from '../call/plan.ts'
import { decodeText, type Unit } from '../call/text.ts'
import { type Answer, FollowUp, Request } from '../channel/request.ts'
import { FatThreadError, LoadError, ViolationError } from '../errors.ts'
import { OPERATION, STATUS } from '../protocol/protocol.ts'
import { takeText } from './memory.ts'

/** The longest text that JavaScript can hold, in bytes; a claim beyond it is no text. */
const LONGEST_TEXT = 2 ** 29 - 24

/** Calls of one bound function. */
export function call(
  id: number,
  library: string,
  plan: Plan,
  withErrno: boolean,
): Request<readonly unknown[], unknown> {
  const subject = { call: plan.name, library }
  const unit = unitOf(plan)
  const finish = (result: unknown, errno: number): unknown =>
    withErrno ? { result, errno } : result

  const readWord = (answer: Answer): unknown => {
    if (answer.status !== STATUS.OK) throw failed(answer.status, subject)
    const result = decodeWord(plan.result, answer.views, answer.value, answer.owner)
    return finish(result, answer.errno)
  }

  const readText = (answer: Answer, unit: Unit): unknown => {
    if (answer.status !== STATUS.OK) throw failed(answer.status, subject)
    const { views, value, length, room, roomOffset, errno } = answer
    const handle = views.u64[value >> 3] as bigint
    if (handle === 0n) return finish(null, errno)
    if (length <= room)
      return finish(decodeText(views.u8.slice(roomOffset, roomOffset + length), unit), errno)
    if (length > LONGEST_TEXT) return new FollowUp(takeText(handle, 0, subject, tooLong(length)))
    return new FollowUp(
      takeText(handle, length, subject, (copy) => finish(decodeText(copy, unit), errno)),
    )
  }

  const tooLong = (length: number) => (): never => {
    const message = `${plan.name}: the text has ${length} bytes, too many for a string`
    throw new FatThreadError(message, subject)
  }

  return new Request({
    operation: OPERATION.CALL,
    id,
    words: plan.arguments.length,
    subject,
    write: (frame, values) => encode(plan, values, frame),
    read: unit === 0 ? readWord : (answer) => readText(answer, unit),
    keep: (values, owner) => keepArguments(plan, values, owner),
  })
}

function failed(status: number, subject: { call: string; library: string }): FatThreadError {
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
    default:
      return 0
  }
}
