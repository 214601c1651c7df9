/** Slots and tokens. */
import { CKR_BUFFER_TOO_SMALL, CKR_NO_EVENT } from '../constants/index.ts'
import { copyOf, type Frame, wordIn } from '../frame.ts'
import type { FunctionName } from '../functions.ts'
import { call, type Steps } from '../operation.ts'
import { enough, MOST_LISTED, takeBytes } from '../output.ts'
import {
  MECHANISM_INFO_BYTES,
  type MechanismInfo,
  readMechanismInfo,
  readSlotInfo,
  readTokenInfo,
  SLOT_INFO_BYTES,
  type SlotInfo,
  TOKEN_INFO_BYTES,
  type TokenInfo,
} from '../structures/info.ts'
import { readUlong, type Ulong } from '../words.ts'

/** A PIN: text or bytes, or null where the user types it into a device. */
export type Pin = string | Uint8Array | null

const FIRST_COUNT = 256
const MOST_TRIES = 4
const LABEL_BYTES = 32

export function* getSlotList(frame: Frame, tokenPresent: boolean): Steps<Ulong[]> {
  return yield* list(frame, 'C_GetSlotList', [tokenPresent ? 1 : 0])
}

export function* getMechanismList(frame: Frame, slot: Ulong): Steps<Ulong[]> {
  return yield* list(frame, 'C_GetMechanismList', [slot])
}

export function* getSlotInfo(frame: Frame, slot: Ulong): Steps<SlotInfo> {
  const place = frame.zeroed(SLOT_INFO_BYTES)
  yield call('C_GetSlotInfo', [slot, place.address])
  return readSlotInfo(new DataView(copyOf(place, SLOT_INFO_BYTES).buffer))
}

export function* getTokenInfo(frame: Frame, slot: Ulong): Steps<TokenInfo> {
  const place = frame.zeroed(TOKEN_INFO_BYTES)
  yield call('C_GetTokenInfo', [slot, place.address])
  return readTokenInfo(new DataView(copyOf(place, TOKEN_INFO_BYTES).buffer))
}

export function* getMechanismInfo(
  frame: Frame,
  slot: Ulong,
  mechanism: Ulong,
): Steps<MechanismInfo> {
  const place = frame.zeroed(MECHANISM_INFO_BYTES)
  yield call('C_GetMechanismInfo', [slot, mechanism, place.address])
  return readMechanismInfo(new DataView(copyOf(place, MECHANISM_INFO_BYTES).buffer))
}

/** @param label At most 32 bytes of UTF-8. */
export function* initToken(frame: Frame, slot: Ulong, pin: Pin, label: string): Steps<void> {
  const text = Buffer.from(label, 'utf8')
  if (text.length > LABEL_BYTES)
    throw new RangeError(`C_InitToken: label has ${text.length} bytes, more than ${LABEL_BYTES}`)
  const place = frame.room(LABEL_BYTES)
  place.bytes.fill(0x20, place.at, place.at + LABEL_BYTES)
  place.bytes.set(text, place.at)
  const [address, length] = placePin(frame, pin)
  yield call('C_InitToken', [slot, address, length, place.address])
}

/** The slot where something happened, or `undefined` where nothing has and nobody was to wait. */
export function* waitForSlotEvent(frame: Frame, flags: Ulong): Steps<Ulong | undefined> {
  const slot = frame.zeroed(8)
  const rv = yield call('C_WaitForSlotEvent', [flags, slot.address, 0], [CKR_NO_EVENT])
  return rv === CKR_NO_EVENT ? undefined : wordIn(slot)
}

export function placePin(frame: Frame, pin: Pin): [address: number, length: number] {
  if (pin === null) return [0, 0]
  const { address, size } = frame.secret(pin)
  return [address, size]
}

function* list(frame: Frame, name: FunctionName, before: readonly Ulong[]): Steps<Ulong[]> {
  let most = FIRST_COUNT
  for (let tries = 1; ; tries++) {
    const place = frame.zeroed(most * 8)
    const count = frame.word(most)
    const words = [...before, place.address, count.address]
    const rv = yield call(name, words, tries === MOST_TRIES ? [] : [CKR_BUFFER_TOO_SMALL])
    const found = wordIn(count)
    if (rv === 0) return ulongsIn(takeBytes(name, place, BigInt(found) * 8n))
    most = enough(name, BigInt(found) * 8n, most * 8, MOST_LISTED * 8) / 8
  }
}

/** CK_ULONGs out of a copy. */
export function ulongsIn(copy: Uint8Array): Ulong[] {
  const view = new DataView(copy.buffer, copy.byteOffset, copy.length)
  return Array.from({ length: Math.floor(copy.length / 8) }, (_, index) =>
    readUlong(view, index * 8),
  )
}
