/** Why a fat thread rejects a request, or ends a process: errors that more than one part of it gives. */
import type { Pending } from '../channel/pending.ts'
import { AbortError, ClosedError, type Failure, TimeoutError, ViolationError } from '../errors.ts'

export function closedError(subject?: Failure): ClosedError {
  return new ClosedError('the fat thread is closed', subject)
}

export function hangupError(): ViolationError {
  return new ViolationError('the fat thread closed its end of the channel')
}

export function abortError(pending: Pending, begun: boolean): AbortError {
  const { subject } = pending.request
  const how = begun ? 'was aborted; its process was killed' : 'was aborted before it began'
  return new AbortError(`${subject.call ?? 'the call'} ${how}`, {
    ...subject,
    cause: pending.signal?.reason,
  })
}

export function timeoutError(pending: Pending, pid: number | undefined): TimeoutError {
  const { subject } = pending.request
  const timeout = pending.timeout ?? 0
  const { call, library = 'a library' } = subject
  const what = call ?? `loading ${library}`
  const message = `${what} ran longer than ${timeout} ms; its process was killed`
  return new TimeoutError(message, timeout, { ...subject, pid })
}
