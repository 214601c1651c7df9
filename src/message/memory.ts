import type { Frame } from '../channel/frame.ts'
import { Request } from '../channel/request.ts'
import { ClosedError, type Failure, ViolationError } from '../errors.ts'
import type { Place } from '../memory/place.ts'
import { OPERATION, STATUS } from '../protocol/protocol.ts'

function badAddress(what: string, bytes: number, address: bigint): RangeError {
  return new RangeError(`${what}: no ${bytes} bytes at 0x${address.toString(16)} in the fat thread`)
}

/** An address means nothing in the process that came after a crash. */
export function requireOwner(frame: Frame, owner: object, address: bigint): void {
  if (frame.owner !== owner)
    throw new ClosedError(
      `the address 0x${address.toString(16)} was in a process that has ended meanwhile`,
    )
}

/** Copies bytes out of that incarnation. */
export function readBytes(
  address: bigint,
  bytes: number,
  owner: object,
): Request<undefined, Uint8Array> {
  const refused = (): Error => badAddress('read', bytes, address)
  return copyOut(address, bytes, owner, { call: 'read' }, refused)
}

/** Copies a part of a text that the host said it keeps. */
export function readKept(
  address: bigint,
  bytes: number,
  owner: object,
  subject: Failure,
): Request<undefined, Uint8Array> {
  const refused = (): Error =>
    new ViolationError(`${subject.call}: the fat thread has no such text`, {}, subject)
  return copyOut(address, bytes, owner, subject, refused)
}

function copyOut(
  address: bigint,
  bytes: number,
  owner: object,
  subject: Failure,
  refused: () => Error,
): Request<undefined, Uint8Array> {
  let place: Place
  return new Request({
    operation: OPERATION.READ,
    words: 3,
    subject,
    write(frame) {
      requireOwner(frame, owner, address)
      place = frame.place(bytes)
      frame.word(0, place.address)
      frame.word(1, address)
      frame.word(2, bytes)
      return undefined
    },
    read(answer) {
      if (answer.status !== STATUS.OK) throw refused()
      return place.bytes.slice(place.offset, place.offset + bytes)
    },
  })
}

/** Copies bytes into that incarnation. */
export function writeBytes(
  address: bigint,
  bytes: Uint8Array,
  owner: object,
): Request<undefined, void> {
  return new Request({
    operation: OPERATION.WRITE,
    words: 3,
    subject: { call: 'write' },
    write(frame) {
      requireOwner(frame, owner, address)
      const place = frame.place(bytes.length)
      place.bytes.set(bytes, place.offset)
      frame.word(0, address)
      frame.word(1, place.address)
      frame.word(2, bytes.length)
      return undefined
    },
    read(answer) {
      if (answer.status !== STATUS.OK) throw badAddress('write', bytes.length, address)
    },
  })
}

/** Measures a text that ends with a zero of `unit` bytes; at most `most` bytes are looked at. */
export function measureText(
  address: bigint,
  unit: number,
  most: number,
  owner: object,
): Request<undefined, number> {
  return new Request({
    operation: OPERATION.MEASURE,
    words: 3,
    subject: { call: 'read' },
    write(frame) {
      requireOwner(frame, owner, address)
      frame.word(0, address)
      frame.word(1, unit)
      frame.word(2, most)
      return undefined
    },
    read(answer) {
      if (answer.status !== STATUS.OK) throw badAddress('read', unit, address)
      const length = Number(answer.views.u64[answer.value >> 3])
      return Math.min(length, most)
    },
  })
}

/** Copies a text that the host keeps since it did not fit its answer, and lets the host forget it. */
export function takeText(
  handle: bigint,
  bytes: number,
  subject: Failure,
  owner: object,
): Request<undefined, Uint8Array> {
  let place: Place
  return new Request({
    operation: OPERATION.TAKE,
    words: 3,
    subject,
    write(frame) {
      requireOwner(frame, owner, handle)
      place = frame.place(bytes)
      frame.word(0, place.address)
      frame.word(1, handle)
      frame.word(2, bytes)
      return undefined
    },
    read: () => place.bytes.slice(place.offset, place.offset + bytes),
  })
}
