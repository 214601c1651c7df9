import { Request } from '../channel/request.ts'
import { OPERATION } from '../protocol/protocol.ts'

function bare(operation: number): Request<undefined, void> {
  return new Request({
    operation,
    read: () => undefined,
  })
}

/** Answered as soon as the host serves. */
export const ping = bare(OPERATION.PING)

/** Answered by the end of the process: the library's destructors run. */
export const close = bare(OPERATION.CLOSE)
