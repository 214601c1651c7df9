import { OPERATION } from '../protocol/protocol.ts'
import { keepInput, type Message } from './subject.ts'

function bare(operation: number): Message<undefined, void> {
  return {
    operation,
    id: 0,
    words: 0,
    subject: {},
    keep: keepInput,
    write: () => undefined,
    read: () => undefined,
  }
}

/** Answered as soon as the host serves. */
export const ping = bare(OPERATION.PING)

/** Answered by the end of the process: the library's destructors run. */
export const close = bare(OPERATION.CLOSE)
