/** What methods give: where the module writes it, and what a program sees of it. */
import type { Frame } from '../pkcs11/frame.ts'
import { copyOf, wordIn } from '../pkcs11/frame.ts'
import {
  INFO_BYTES,
  MECHANISM_INFO_BYTES,
  readInfo,
  readMechanismInfo,
  readSessionInfo,
  readSlotInfo,
  readTokenInfo,
  SESSION_INFO_BYTES,
  SLOT_INFO_BYTES,
  TOKEN_INFO_BYTES,
} from '../pkcs11/structures/info.ts'
import type { Ulong } from '../pkcs11/words.ts'
import { type Handles, lowerHalf, wordBuffer } from './handles.ts'
import type { Asked } from './invocation.ts'
import type {
  Handle,
  KeyPair,
  MechanismInfo,
  ModuleInfo,
  SessionInfo,
  SlotInfo,
  TokenInfo,
} from './types.ts'

/** An answer on its way: words that say where it comes, and how it is read. */
export interface Answer<Result> {
  readonly words: readonly Ulong[]
  read(): Result
}

export type Gives<Result> = (frame: Frame, handles: Handles, asked: Asked) => Answer<Result>

const NOTHING: Answer<void> = { words: [], read: () => undefined }
const TRUE: Answer<boolean> = { words: [], read: () => true }

export const nothing: Gives<void> = () => NOTHING

/** Of what fails where it isn't true. */
export const truth: Gives<boolean> = () => TRUE

/** One of the program's own arguments. */
export const own =
  (index: number): Gives<unknown> =>
  (_frame, _handles, { given }) => ({ words: [], read: () => given[index] })

export const handle: Gives<Handle> = (frame, handles) => {
  const place = frame.word(0)
  return { words: [place.address], read: () => handles.give(wordIn(place)) }
}

/** Behind the place for an application's data and for a function that is told of events: nobody is told. */
export const session: Gives<Handle> = (frame, handles, asked) => {
  const { words, read } = handle(frame, handles, asked)
  return { words: [0, 0, ...words], read }
}

export const pair: Gives<KeyPair> = (frame, handles, asked) => {
  const publicKey = handle(frame, handles, asked)
  const privateKey = handle(frame, handles, asked)
  return {
    words: [...publicKey.words, ...privateKey.words],
    read: () => ({ privateKey: privateKey.read(), publicKey: publicKey.read() }),
  }
}

export const size: Gives<number> = (frame) => {
  const place = frame.word(0)
  return { words: [place.address], read: () => lowerHalf(wordIn(place)) }
}

function structure<Read, Result>(
  bytes: number,
  read: (view: DataView) => Read,
  show: (read: Read) => Result,
): Gives<Result> {
  return (frame) => {
    const place = frame.zeroed(bytes)
    return {
      words: [place.address],
      read: () => show(read(new DataView(copyOf(place, bytes).buffer))),
    }
  }
}

export const moduleInfo = structure(INFO_BYTES, readInfo, (info): ModuleInfo => {
  return { ...info, flags: lowerHalf(info.flags) }
})

export const slotInfo = structure(SLOT_INFO_BYTES, readSlotInfo, (info): SlotInfo => {
  return { ...info, flags: lowerHalf(info.flags) }
})

export const sessionInfo = structure(SESSION_INFO_BYTES, readSessionInfo, (info): SessionInfo => {
  const { state, flags, deviceError } = info
  return { slotID: wordBuffer(info.slotID), ...lowerHalves({ state, flags, deviceError }) }
})

export const mechanismInfo = structure(
  MECHANISM_INFO_BYTES,
  readMechanismInfo,
  (info): MechanismInfo => lowerHalves({ ...info }),
)

export const tokenInfo = structure(TOKEN_INFO_BYTES, readTokenInfo, (info): TokenInfo => {
  const { label, manufacturerID, model, serialNumber, hardwareVersion, firmwareVersion } = info
  const { flags, maxSessionCount, sessionCount, maxRwSessionCount, rwSessionCount } = info
  const { maxPinLen, minPinLen } = info
  const [utcTime = ''] = info.utcTime.split('\0')
  return {
    ...{ label, manufacturerID, model, serialNumber },
    ...lowerHalves({ flags, maxSessionCount, sessionCount, maxRwSessionCount, rwSessionCount }),
    ...lowerHalves({ maxPinLen, minPinLen }),
    ...{ hardwareVersion, firmwareVersion, utcTime },
    totalPublicMemory: bigintOf(info.totalPublicMemory),
    freePublicMemory: bigintOf(info.freePublicMemory),
    totalPrivateMemory: bigintOf(info.totalPrivateMemory),
    freePrivateMemory: bigintOf(info.freePrivateMemory),
  }
})

/** Where the types of pkcs11js say `number`. */
const bigintOf = (word: Ulong): number => BigInt(word) as unknown as number

function lowerHalves<Name extends string>(words: Record<Name, Ulong>): Record<Name, number> {
  const entries = Object.entries<Ulong>(words)
  return Object.fromEntries(entries.map(([name, word]) => [name, lowerHalf(word)])) as never
}
