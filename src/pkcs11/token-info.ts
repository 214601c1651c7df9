/** What programs are told of modules, slots, tokens, sessions and mechanisms: texts without padding, flags by name. */
import { knownOr } from './attribute-values.ts'
import type { NameOf } from './names.ts'
import type * as c from './structures/info.ts'
import { type Ulong, UNAVAILABLE } from './words.ts'

type FlagName = NameOf<'CKF'>

/** Names of the bits that are set; one without a name is `CKF_0x…`. */
export type Flags = readonly (FlagName | `CKF_0x${string}`)[]

export interface ModuleInfo {
  readonly cryptokiVersion: c.Version
  readonly manufacturer: string
  readonly description: string
  readonly libraryVersion: c.Version
}

export interface SlotInfo {
  readonly description: string
  readonly manufacturer: string
  readonly flags: Flags
  readonly hardwareVersion: c.Version
  readonly firmwareVersion: c.Version
}

/** Counts are `undefined` where the token does not tell, `Infinity` where there is no bound. */
export interface TokenInfo {
  readonly label: string
  readonly manufacturer: string
  readonly model: string
  readonly serialNumber: string
  readonly flags: Flags
  readonly maxSessionCount: number | undefined
  readonly sessionCount: number | undefined
  readonly maxRwSessionCount: number | undefined
  readonly rwSessionCount: number | undefined
  readonly maxPinLength: number | undefined
  readonly minPinLength: number | undefined
  readonly totalPublicMemory: number | undefined
  readonly freePublicMemory: number | undefined
  readonly totalPrivateMemory: number | undefined
  readonly freePrivateMemory: number | undefined
  readonly hardwareVersion: c.Version
  readonly firmwareVersion: c.Version
  /** Of a token that has a clock. */
  readonly time: Date | undefined
}

export interface SessionInfo {
  readonly slotId: Ulong
  readonly state: NameOf<'CKS'> | Ulong
  readonly flags: Flags
  readonly deviceError: Ulong
}

export interface MechanismInfo {
  /** In bits or bytes, as the mechanism has it. */
  readonly minKeySize: number | undefined
  readonly maxKeySize: number | undefined
  readonly flags: Flags
}

const SLOT_FLAGS = ['TOKEN_PRESENT', 'REMOVABLE_DEVICE', 'HW_SLOT'] as const

const TOKEN_FLAGS = [
  'RNG',
  'WRITE_PROTECTED',
  'LOGIN_REQUIRED',
  'USER_PIN_INITIALIZED',
  '',
  'RESTORE_KEY_NOT_NEEDED',
  'CLOCK_ON_TOKEN',
  '',
  'PROTECTED_AUTHENTICATION_PATH',
  'DUAL_CRYPTO_OPERATIONS',
  'TOKEN_INITIALIZED',
  'SECONDARY_AUTHENTICATION',
  '',
  '',
  '',
  '',
  'USER_PIN_COUNT_LOW',
  'USER_PIN_FINAL_TRY',
  'USER_PIN_LOCKED',
  'USER_PIN_TO_BE_CHANGED',
  'SO_PIN_COUNT_LOW',
  'SO_PIN_FINAL_TRY',
  'SO_PIN_LOCKED',
  'SO_PIN_TO_BE_CHANGED',
  'ERROR_STATE',
] as const

const SESSION_FLAGS = ['', 'RW_SESSION', 'SERIAL_SESSION'] as const

const MECHANISM_FLAGS = [
  'HW',
  'MESSAGE_ENCRYPT',
  'MESSAGE_DECRYPT',
  'MESSAGE_SIGN',
  'MESSAGE_VERIFY',
  'MULTI_MESSAGE',
  'FIND_OBJECTS',
  '',
  'ENCRYPT',
  'DECRYPT',
  'DIGEST',
  'SIGN',
  'SIGN_RECOVER',
  'VERIFY',
  'VERIFY_RECOVER',
  'GENERATE',
  'GENERATE_KEY_PAIR',
  'WRAP',
  'UNWRAP',
  'DERIVE',
  'EC_F_P',
  'EC_F_2M',
  'EC_ECPARAMETERS',
  'EC_OID',
  'EC_UNCOMPRESS',
  'EC_COMPRESS',
  '',
  '',
  '',
  '',
  '',
  'EXTENSION',
] as const

/** @param names From the lowest bit on. */
function flagsIn(flags: Ulong, names: readonly string[]): Flags {
  const found: string[] = []
  for (let rest = BigInt(flags), bit = 0; rest > 0n; rest >>= 1n, bit++) {
    if ((rest & 1n) === 0n) continue
    const name = names[bit]
    found.push(`CKF_${name ? name : `0x${(1n << BigInt(bit)).toString(16)}`}`)
  }
  return found as unknown as Flags
}

export function moduleInfoOf(info: c.Info): ModuleInfo {
  return {
    cryptokiVersion: info.cryptokiVersion,
    manufacturer: textOf(info.manufacturerID),
    description: textOf(info.libraryDescription),
    libraryVersion: info.libraryVersion,
  }
}

export function slotInfoOf(info: c.SlotInfo): SlotInfo {
  return {
    description: textOf(info.slotDescription),
    manufacturer: textOf(info.manufacturerID),
    flags: flagsIn(info.flags, SLOT_FLAGS),
    hardwareVersion: info.hardwareVersion,
    firmwareVersion: info.firmwareVersion,
  }
}

export function tokenInfoOf(info: c.TokenInfo): TokenInfo {
  const flags = flagsIn(info.flags, TOKEN_FLAGS)
  return {
    label: textOf(info.label),
    manufacturer: textOf(info.manufacturerID),
    model: textOf(info.model),
    serialNumber: textOf(info.serialNumber),
    flags,
    maxSessionCount: mostOf(info.maxSessionCount),
    sessionCount: countOf(info.sessionCount),
    maxRwSessionCount: mostOf(info.maxRwSessionCount),
    rwSessionCount: countOf(info.rwSessionCount),
    maxPinLength: countOf(info.maxPinLen),
    minPinLength: countOf(info.minPinLen),
    totalPublicMemory: countOf(info.totalPublicMemory),
    freePublicMemory: countOf(info.freePublicMemory),
    totalPrivateMemory: countOf(info.totalPrivateMemory),
    freePrivateMemory: countOf(info.freePrivateMemory),
    hardwareVersion: info.hardwareVersion,
    firmwareVersion: info.firmwareVersion,
    time: flags.includes('CKF_CLOCK_ON_TOKEN') ? timeOf(info.utcTime) : undefined,
  }
}

export function sessionInfoOf(info: c.SessionInfo): SessionInfo {
  return {
    slotId: info.slotID,
    state: knownOr('CKS', info.state) as SessionInfo['state'],
    flags: flagsIn(info.flags, SESSION_FLAGS),
    deviceError: info.deviceError,
  }
}

export function mechanismInfoOf(info: c.MechanismInfo): MechanismInfo {
  return {
    minKeySize: countOf(info.minKeySize),
    maxKeySize: countOf(info.maxKeySize),
    flags: flagsIn(info.flags, MECHANISM_FLAGS),
  }
}

/** Padded with spaces, by some modules with zeros. */
function textOf(text: string): string {
  return text.replace(/[\s\0]+$/, '')
}

/** Some modules say with 32 bits that they don't tell. */
function countOf(count: Ulong): number | undefined {
  return count === UNAVAILABLE || count === 0xffffffff ? undefined : Number(count)
}

/** `CK_EFFECTIVELY_INFINITE` is 0. */
function mostOf(count: Ulong): number | undefined {
  return count === 0 ? Number.POSITIVE_INFINITY : countOf(count)
}

/** `YYYYMMDDhhmmss00`. */
function timeOf(text: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(text)
  if (parts === null) return undefined
  const [, year = 0, month = 0, day, hour, minute, second] = parts.map(Number)
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second))
}
