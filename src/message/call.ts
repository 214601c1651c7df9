import { decodeWord } from '../call/decode.ts'
import { encode, keepArguments } from '../call/encode.ts'
import type { Plan } from '../call/plan.ts'
import { decodeText, type Unit } from '../call/text.ts'
import type { Frame } from '../channel/frame.ts'
import { type Answer, FollowUp } from '../channel/request.ts'
import { FatThreadError, LoadError, ViolationError } from '../errors.ts'
import type { CopyBack } from '../memory/place.ts'
import { OPERATION, STATUS } from '../protocol/protocol.ts'
import { takeText } from './memory.ts'
import type { Message, Subject } from './subject.ts'

/** The longest text that JavaScript can hold, in bytes; a claim beyond it is no text. */
const LONGEST_TEXT = 2 ** 29 - 24

/** Calls of one bound function. */
export class Call implements Message<readonly unknown[], unknown> {
  readonly operation = OPERATION.CALL
  readonly id: number
  readonly words: number
  readonly subject: Subject
  readonly #plan: Plan
  readonly #unit: Unit | 0
  readonly #withErrno: boolean

  constructor(id: number, library: string, plan: Plan, withErrno: boolean) {
    this.id = id
    this.words = plan.arguments.length
    this.subject = { call: plan.name, library }
    this.#plan = plan
    this.#unit = unitOf(plan)
    this.#withErrno = withErrno
  }

  write(frame: Frame, values: readonly unknown[]): CopyBack[] | undefined {
    return encode(this.#plan, values, frame)
  }

  keep(values: readonly unknown[], owner: object): readonly unknown[] {
    return keepArguments(this.#plan, values, owner)
  }

  read(answer: Answer): unknown {
    if (answer.status !== STATUS.OK) throw this.#failed(answer.status)
    if (this.#unit !== 0) return this.#readText(answer, this.#unit)
    const result = decodeWord(this.#plan.result, answer.views, answer.value, answer.owner)
    return this.#withErrno ? { result, errno: answer.errno } : result
  }

  #readText(answer: Answer, unit: Unit): unknown {
    const { views, value, length, room, roomOffset, errno } = answer
    const handle = views.u64[value >> 3] as bigint
    const finish = (result: string | null): unknown =>
      this.#withErrno ? { result, errno } : result
    if (handle === 0n) return finish(null)
    if (length <= room)
      return finish(decodeText(views.u8.slice(roomOffset, roomOffset + length), unit))
    const tooLong = length > LONGEST_TEXT
    const request = takeText(handle, tooLong ? 0 : length, this.subject, (copy) => {
      if (tooLong)
        throw new FatThreadError(
          `${this.#plan.name}: the text has ${length} bytes, too many for a string`,
          this.subject,
        )
      return finish(decodeText(copy, unit))
    })
    return new FollowUp(request)
  }

  #failed(status: number): FatThreadError {
    if (status === STATUS.NO_SYMBOL)
      return new LoadError(`${this.#plan.name} was not bound`, this.subject)
    if (status !== STATUS.NO_MEMORY)
      return new ViolationError(
        `${this.#plan.name}: answered with the status ${status}`,
        {},
        this.subject,
      )
    return new FatThreadError(
      `${this.#plan.name}: the fat thread has no memory left for its result`,
      this.subject,
    )
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
