/** What a module tells of itself, its slots, tokens, sessions and mechanisms: C's layout, read from a copy. */
import { readUlong, type Ulong } from '../words.ts'

export interface Version {
  readonly major: number
  readonly minor: number
}

/** CK_INFO. Texts are as the module gives them, with spaces at the end. */
export interface Info {
  readonly cryptokiVersion: Version
  readonly manufacturerID: string
  readonly flags: Ulong
  readonly libraryDescription: string
  readonly libraryVersion: Version
}

/** CK_SLOT_INFO. */
export interface SlotInfo {
  readonly slotDescription: string
  readonly manufacturerID: string
  readonly flags: Ulong
  readonly hardwareVersion: Version
  readonly firmwareVersion: Version
}

/** CK_TOKEN_INFO. Counts may be `CK_UNAVAILABLE_INFORMATION`, which is `2n ** 64n - 1n`. */
export interface TokenInfo {
  readonly label: string
  readonly manufacturerID: string
  readonly model: string
  readonly serialNumber: string
  readonly flags: Ulong
  readonly maxSessionCount: Ulong
  readonly sessionCount: Ulong
  readonly maxRwSessionCount: Ulong
  readonly rwSessionCount: Ulong
  readonly maxPinLen: Ulong
  readonly minPinLen: Ulong
  readonly totalPublicMemory: Ulong
  readonly freePublicMemory: Ulong
  readonly totalPrivateMemory: Ulong
  readonly freePrivateMemory: Ulong
  readonly hardwareVersion: Version
  readonly firmwareVersion: Version
  /** `YYYYMMDDhhmmssxx`, of a token that has a clock. */
  readonly utcTime: string
}

/** CK_SESSION_INFO. */
export interface SessionInfo {
  readonly slotID: Ulong
  readonly state: Ulong
  readonly flags: Ulong
  readonly deviceError: Ulong
}

/** CK_MECHANISM_INFO. */
export interface MechanismInfo {
  readonly minKeySize: Ulong
  readonly maxKeySize: Ulong
  readonly flags: Ulong
}

export const INFO_BYTES = 88
export const SLOT_INFO_BYTES = 112
export const TOKEN_INFO_BYTES = 208
export const SESSION_INFO_BYTES = 32
export const MECHANISM_INFO_BYTES = 24

export function readInfo(view: DataView): Info {
  return {
    cryptokiVersion: versionAt(view, 0),
    manufacturerID: textAt(view, 2, 32),
    flags: readUlong(view, 40),
    libraryDescription: textAt(view, 48, 32),
    libraryVersion: versionAt(view, 80),
  }
}

export function readSlotInfo(view: DataView): SlotInfo {
  return {
    slotDescription: textAt(view, 0, 64),
    manufacturerID: textAt(view, 64, 32),
    flags: readUlong(view, 96),
    hardwareVersion: versionAt(view, 104),
    firmwareVersion: versionAt(view, 106),
  }
}

export function readTokenInfo(view: DataView): TokenInfo {
  return {
    label: textAt(view, 0, 32),
    manufacturerID: textAt(view, 32, 32),
    model: textAt(view, 64, 16),
    serialNumber: textAt(view, 80, 16),
    flags: readUlong(view, 96),
    maxSessionCount: readUlong(view, 104),
    sessionCount: readUlong(view, 112),
    maxRwSessionCount: readUlong(view, 120),
    rwSessionCount: readUlong(view, 128),
    maxPinLen: readUlong(view, 136),
    minPinLen: readUlong(view, 144),
    totalPublicMemory: readUlong(view, 152),
    freePublicMemory: readUlong(view, 160),
    totalPrivateMemory: readUlong(view, 168),
    freePrivateMemory: readUlong(view, 176),
    hardwareVersion: versionAt(view, 184),
    firmwareVersion: versionAt(view, 186),
    utcTime: textAt(view, 188, 16),
  }
}

export function readSessionInfo(view: DataView): SessionInfo {
  return {
    slotID: readUlong(view, 0),
    state: readUlong(view, 8),
    flags: readUlong(view, 16),
    deviceError: readUlong(view, 24),
  }
}

export function readMechanismInfo(view: DataView): MechanismInfo {
  return {
    minKeySize: readUlong(view, 0),
    maxKeySize: readUlong(view, 8),
    flags: readUlong(view, 16),
  }
}

function versionAt(view: DataView, at: number): Version {
  return { major: view.getUint8(at), minor: view.getUint8(at + 1) }
}

function textAt(view: DataView, at: number, bytes: number): string {
  return Buffer.from(view.buffer, view.byteOffset + at, bytes).toString('utf8')
}
