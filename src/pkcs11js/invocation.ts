/** From a method's arguments to the calls of its function. */
import type { Frame, Place } from '../pkcs11/frame.ts'
import { wordIn } from '../pkcs11/frame.ts'
import type { FunctionName } from '../pkcs11/functions.ts'
import { type Call, call, type Steps, trip } from '../pkcs11/operation.ts'
import { written } from '../pkcs11/output.ts'
import { placeTemplate } from '../pkcs11/structures/attributes.ts'
import type { Ulong } from '../pkcs11/words.ts'
import type { Gives } from './answers.ts'
import type { Deed } from './beginnings.ts'
import type { Kind, Taken } from './given.ts'
import type { Handles } from './handles.ts'

/** A method's function, and what the method was given. */
export interface Asked {
  readonly name: FunctionName
  readonly kinds: readonly Kind[]
  /** By kind: as they were or as they are. */
  readonly values: readonly Taken[Kind][]
  /** As the program has them. */
  readonly given: readonly unknown[]
  readonly deed: Deed
}

/**
 * The calls of a method, in the process whose handles these are. A function that is there once and for all: to make a
 * generator function takes longer than most calls.
 */
export type Making<Result = unknown> = (
  asked: Asked,
  frame: Frame,
  handles: Handles,
  begin?: Call,
) => Steps<Result>

/** A token's label has 32 bytes, filled up with spaces. */
const LABEL_BYTES = 32

/** Arguments while they are laid out. */
class Laying {
  readonly frame: Frame
  readonly handles: Handles
  readonly method: FunctionName
  /** What the function is given. */
  readonly words: Ulong[] = []
  /** Done after a call that was good. */
  finish: (() => void) | undefined
  /** Bytes that are written: wholly, or as far as the module says. */
  written: Uint8Array | undefined
  place: Place | undefined
  length: Place | undefined

  constructor(frame: Frame, handles: Handles, method: FunctionName) {
    this.frame = frame
    this.handles = handles
    this.method = method
  }

  put({ address, size }: Place): void {
    this.words.push(address, size)
  }
}

type Lay<K extends Kind> = (value: Taken[K], laying: Laying) => void

const lays: { readonly [K in Kind]: Lay<K> } = {
  slot(slot, { words }) {
    words.push(slot)
  },
  session(session, { words, handles, method }) {
    words.push(handles.take(session, 'session', method))
  },
  object(object, { words, handles, method }) {
    words.push(handles.take(object, 'object', method))
  },
  number(number, { words }) {
    words.push(number)
  },
  pin(pin, laying) {
    laying.put(laying.frame.secret(pin))
  },
  label(label, { words, frame }) {
    words.push(frame.copy(labelBytes(label)).address)
  },
  bytes(bytes, laying) {
    laying.put(laying.frame.copy(bytes))
  },
  random(bytes, laying) {
    laying.written = bytes
    laying.place = laying.frame.room(bytes.length)
    laying.put(laying.place)
  },
  output(bytes, laying) {
    laying.written = bytes
    laying.place = laying.frame.room(bytes.length)
    laying.length = laying.frame.word(bytes.length)
    laying.words.push(laying.place.address, laying.length.address)
  },
  mechanism(mechanism, laying) {
    const placed = mechanism.place(laying.frame, laying.handles, laying.method)
    laying.finish = placed.finish
    laying.words.push(placed.address)
  },
  template(template, { words, frame }) {
    const [address, count] = placeTemplate(frame, template)
    words.push(address, count)
  },
}

function labelBytes(label: string): Uint8Array {
  const bytes = Buffer.from(label, 'utf8')
  return bytes.length < LABEL_BYTES
    ? Buffer.concat([bytes, Buffer.alloc(LABEL_BYTES - bytes.length, ' ')])
    : bytes.subarray(0, LABEL_BYTES)
}

function copyTo(bytes: Uint8Array, { bytes: from, at }: Place, length: number): void {
  bytes.set(from.subarray(at, at + length))
}

/**
 * One call with the arguments as they are, and what it gives.
 * @param begin A call that has to be good before, in the same trip.
 */
export function* invocation<Result>(
  asked: Asked,
  gives: Gives<Result>,
  frame: Frame,
  handles: Handles,
  begin?: Call,
): Steps<Result | Uint8Array> {
  const { name, kinds, values } = asked
  const laying = new Laying(frame, handles, name)
  for (let index = 0; index < kinds.length; index++)
    lay(kinds[index] as Kind, values[index] as Taken[Kind], laying)
  const answer = gives(frame, handles, asked)
  for (const word of answer.words) laying.words.push(word)
  const made = call(name, laying.words)
  yield begin === undefined ? made : trip(begin, made)
  laying.finish?.()
  const { written: bytes, place, length } = laying
  if (bytes === undefined || place === undefined) return answer.read()
  if (length === undefined) {
    copyTo(bytes, place, bytes.length)
    return answer.read()
  }
  const count = written(name, place, wordIn(length))
  copyTo(bytes, place, count)
  return bytes.subarray(0, count)
}

function lay<K extends Kind>(kind: K, value: Taken[K], laying: Laying): void {
  lays[kind](value, laying)
}
