/** From a method's arguments to the calls of its function. */
import type { Frame, Place } from '../pkcs11/frame.ts'
import { wordIn } from '../pkcs11/frame.ts'
import type { FunctionName } from '../pkcs11/functions.ts'
import { call, type Operation, type Steps } from '../pkcs11/operation.ts'
import { placeTemplate } from '../pkcs11/structures/attributes.ts'
import type { Ulong } from '../pkcs11/words.ts'
import type { Gives } from './answers.ts'
import type { Kind, Taken } from './given.ts'
import type { Handles } from './handles.ts'

/** An operation, once it is known which process runs it. */
export type Prepared<Result> = (handles: Handles) => Operation<Result>

/** A token's label has 32 bytes, filled up with spaces. */
const LABEL_BYTES = 32

/** Arguments while they are laid out. */
interface Laying {
  readonly frame: Frame
  readonly handles: Handles
  readonly method: FunctionName
  /** Done after a call that was good. */
  readonly finish: (() => void)[]
  /** Of bytes that are written as far as the module says. */
  output: { readonly bytes: Uint8Array; readonly place: Place; readonly length: Place } | undefined
}

type Lay<K extends Kind> = (value: Taken[K], laying: Laying) => readonly Ulong[]

const lays: { readonly [K in Kind]: Lay<K> } = {
  slot: (slot) => [slot],
  session: (session, { handles, method }) => [handles.take(session, 'session', method)],
  object: (object, { handles, method }) => [handles.take(object, 'object', method)],
  number: (number) => [number],
  pin: (pin, { frame }) => words(frame.text(pin)),
  label: (label, { frame }) => [frame.copy(labelBytes(label)).address],
  bytes: (bytes, { frame }) => words(frame.copy(bytes)),
  random(bytes, { frame, finish }) {
    const place = frame.room(bytes.length)
    finish.push(() => copyTo(bytes, place, bytes.length))
    return words(place)
  },
  output(bytes, laying) {
    const place = laying.frame.room(bytes.length)
    const length = laying.frame.word(bytes.length)
    laying.output = { bytes, place, length }
    return [place.address, length.address]
  },
  mechanism(mechanism, { frame, handles, method, finish }) {
    const placed = mechanism.place(frame, handles, method)
    if (placed.finish !== undefined) finish.push(placed.finish)
    return [placed.address]
  },
  template: (template, { frame }) => placeTemplate(frame, template),
}

const words = ({ address, size }: Place): readonly Ulong[] => [address, size]

function labelBytes(label: string): Uint8Array {
  const bytes = Buffer.from(label, 'utf8')
  return bytes.length < LABEL_BYTES
    ? Buffer.concat([bytes, Buffer.alloc(LABEL_BYTES - bytes.length, ' ')])
    : bytes.subarray(0, LABEL_BYTES)
}

function copyTo(bytes: Uint8Array, { bytes: from, at }: Place, length: number): void {
  bytes.set(from.subarray(at, at + length))
}

/** One call with the arguments as they are, and what it gives. */
export function invocation<Result>(
  method: FunctionName,
  kinds: readonly Kind[],
  values: readonly Taken[Kind][],
  gives: Gives<Result>,
): Prepared<Result | Uint8Array> {
  return (handles) =>
    function* invoke(frame): Steps<Result | Uint8Array> {
      const laying: Laying = { frame, handles, method, finish: [], output: undefined }
      const laid = kinds.flatMap((kind, index) => lay(kind, values[index] as Taken[Kind], laying))
      const answer = gives(frame, handles)
      yield call(method, [...laid, ...answer.words])
      for (const finish of laying.finish) finish()
      const { output } = laying
      if (output === undefined) return answer.read()
      const { bytes, place, length } = output
      const written = Math.min(bytes.length, Number(wordIn(length)))
      copyTo(bytes, place, written)
      return bytes.subarray(0, written)
    }
}

function lay<K extends Kind>(kind: K, value: Taken[K], laying: Laying): readonly Ulong[] {
  return lays[kind](value, laying)
}
