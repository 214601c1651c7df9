import { sizeOf } from '../abi/layout.ts'
import type { CType } from '../abi/types.ts'
import { Reading, Writing } from '../call/value/codec.ts'
import { codecOf, readWithText } from '../call/value/of.ts'
import type { Frame } from '../channel/frame.ts'
import { type Answer, Request } from '../channel/request.ts'
import { FatThreadError, LoadError } from '../errors.ts'
import { lastingAddress } from '../memory/callback.ts'
import type { Place, Target } from '../memory/place.ts'
import { OPERATION, STATUS } from '../protocol/protocol.ts'
import { withTexts } from './texts.ts'

/** A variable of a library that is loaded. */
export interface VariableSymbol {
  readonly name: string
  /** The library's number, and its path for messages. */
  readonly library: number
  readonly path: string
}

/** Finds out where it is; `note` is told for each incarnation. */
export function locate(
  symbol: VariableSymbol,
  note: (owner: object, address: bigint) => void,
): Request<undefined, void> {
  return new Request({
    ...partsOf(symbol),
    write(frame) {
      writeWords(frame, symbol, 0, 0, 0)
      return undefined
    },
    read(answer) {
      requireFound(answer, symbol, 'read')
      note(answer.owner, answer.views.u64[answer.value >> 3] as bigint)
    },
  })
}

/** Reads its value. Found anew each time, so it may wait for a process that begins only now. */
export function readVariable(symbol: VariableSymbol, type: CType): Request<undefined, unknown> {
  const length = sizeOf(type)
  return new Request<undefined, unknown>({
    ...partsOf(symbol),
    write(frame) {
      const place = frame.place(length)
      writeWords(frame, symbol, length, place.address, 0)
      const reading = new Reading(frame.owner)
      let value: unknown
      const put = (found: unknown): void => {
        value = found
      }
      const into = (copy: DataView): void => readWithText(type, copy, reading, put)
      return {
        copies: [{ place, length, brief: !codecOf(type).lazy, into }],
        finish: () => withTexts(reading, () => value),
      }
    },
    read: (answer) => requireFound(answer, symbol, 'read'),
  })
}

/** Texts and bytes that a variable points to; they last until it points elsewhere. */
export type Kept = (() => void)[]

/** Writes its value; `keep` is given what has to last as long as the variable has it. */
export function writeVariable(
  symbol: VariableSymbol,
  type: CType,
  keep: (kept: Kept) => void,
): Request<unknown, void> {
  const length = sizeOf(type)
  const where = (): string => `${symbol.name}.set: value`
  return new Request<unknown, void>({
    ...partsOf(symbol),
    write(frame, value) {
      const kept: Kept = []
      const place = frame.place(length)
      place.bytes.fill(0, place.offset, place.offset + length)
      const lasting = (bytes: number): Place => {
        const found = frame.lasting(bytes)
        kept.push(found.free)
        return found.place
      }
      try {
        const { views, owner } = frame
        const target: Target = {
          views,
          words: 0,
          owner,
          place: lasting,
          callback: (_type, label, run) => lastingAddress(run, label, owner),
        }
        codecOf(type).write(value, place.data, place.offset, new Writing(target, where))
      } catch (error) {
        for (const free of kept) free()
        throw error
      }
      writeWords(frame, symbol, length, 0, place.address)
      const finish = (failure: unknown): void => {
        if (failure !== undefined) {
          for (const free of kept) free()
          throw failure
        }
        keep(kept)
      }
      return { copies: [], finish }
    },
    // For the end, which gives back what was kept for nothing.
    read: (answer) => failureIn(answer, symbol, 'written') as never,
    keep: (value) => codecOf(type).keep(value),
  })
}

function partsOf({ name, path }: VariableSymbol) {
  return { operation: OPERATION.VARIABLE, words: 5, subject: { library: path, call: name } }
}

function writeWords(
  frame: Frame,
  { name, library }: VariableSymbol,
  bytes: number,
  to: number,
  from: number,
): void {
  const text = Buffer.from(`${name}\0`)
  const place = frame.place(text.length)
  place.bytes.set(text, place.offset)
  frame.word(0, library)
  frame.word(1, place.address)
  frame.word(2, bytes)
  frame.word(3, to)
  frame.word(4, from)
}

function requireFound(answer: Answer, symbol: VariableSymbol, done: string): void {
  const failure = failureIn(answer, symbol, done)
  if (failure !== undefined) throw failure
}

function failureIn(
  { status }: Answer,
  { name, path }: VariableSymbol,
  done: string,
): Error | undefined {
  if (status === STATUS.OK) return undefined
  const failure = { library: path, call: name }
  if (status === STATUS.NO_SYMBOL)
    return new LoadError(`${path}: the loader finds no symbol ${name}`, failure)
  return new FatThreadError(
    status === STATUS.BAD_ADDRESS
      ? `${name} stands in memory that can't be ${done}`
      : `${name} can't be ${done} (status ${status})`,
    failure,
  )
}
