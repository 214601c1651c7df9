import type { Place } from '../memory/place.ts'
import { OPERATION, STATUS } from '../protocol/protocol.ts'
import { keepInput, type Message, type Subject } from './subject.ts'

function badAddress(what: string, bytes: number, address: bigint): RangeError {
  return new RangeError(`${what}: no ${bytes} bytes at 0x${address.toString(16)} in the fat thread`)
}

/** Copies bytes out of the fat thread. */
export function readBytes(address: bigint, bytes: number): Message<undefined, Uint8Array> {
  let place: Place
  return {
    operation: OPERATION.READ,
    id: 0,
    words: 3,
    subject: { call: 'read' },
    keep: keepInput,
    write(frame) {
      place = frame.place(bytes)
      frame.word(0, place.address)
      frame.word(1, address)
      frame.word(2, bytes)
      return undefined
    },
    read(answer) {
      if (answer.status !== STATUS.OK) throw badAddress('read', bytes, address)
      return place.bytes.slice(place.offset, place.offset + bytes)
    },
  }
}

/** Copies bytes into the fat thread. */
export function writeBytes(address: bigint, bytes: Uint8Array): Message<undefined, void> {
  return {
    operation: OPERATION.WRITE,
    id: 0,
    words: 3,
    subject: { call: 'write' },
    keep: keepInput,
    write(frame) {
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
  }
}

/** Measures a text that ends with a zero of `unit` bytes; at most `most` bytes are looked at. */
export function measureText(
  address: bigint,
  unit: number,
  most: number,
): Message<undefined, number> {
  return {
    operation: OPERATION.MEASURE,
    id: 0,
    words: 3,
    subject: { call: 'read' },
    keep: keepInput,
    write(frame) {
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
  }
}

/** Copies a text that the host keeps since it did not fit its answer, and lets the host forget it. */
export function takeText<Output>(
  handle: bigint,
  bytes: number,
  subject: Subject,
  finish: (copy: Uint8Array) => Output,
): Message<undefined, Output> {
  let place: Place
  return {
    operation: OPERATION.TAKE,
    id: 0,
    words: 3,
    subject,
    keep: keepInput,
    write(frame) {
      place = frame.place(bytes)
      frame.word(0, place.address)
      frame.word(1, handle)
      frame.word(2, bytes)
      return undefined
    },
    read: () => finish(place.bytes.slice(place.offset, place.offset + bytes)),
  }
}
