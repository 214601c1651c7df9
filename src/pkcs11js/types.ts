/** What methods take and give, under the names that pkcs11js gives it. */

import type { MechanismParameter } from './parameter-types.ts'

/** A CK_ULONG of the module: a slot, a session, an object. */
export type Handle = Buffer

export interface Version {
  major: number
  minor: number
}

export interface ModuleInfo {
  cryptokiVersion: Version
  manufacturerID: string
  flags: number
  libraryDescription: string
  libraryVersion: Version
}

export interface SlotInfo {
  slotDescription: string
  manufacturerID: string
  flags: number
  hardwareVersion: Version
  firmwareVersion: Version
}

export interface TokenInfo {
  label: string
  manufacturerID: string
  model: string
  serialNumber: string
  flags: number
  maxSessionCount: number
  sessionCount: number
  maxRwSessionCount: number
  rwSessionCount: number
  maxPinLen: number
  minPinLen: number
  hardwareVersion: Version
  firmwareVersion: Version
  utcTime: string
  /** Bytes; a `bigint` when it runs, as in pkcs11js, whose types say `number` too. So with the other three. */
  totalPublicMemory: number
  freePublicMemory: number
  totalPrivateMemory: number
  freePrivateMemory: number
}

export interface MechanismInfo {
  minKeySize: number
  maxKeySize: number
  flags: number
}

export interface SessionInfo {
  slotID: Handle
  state: number
  flags: number
  deviceError: number
}

export interface KeyPair {
  privateKey: Handle
  publicKey: Handle
}

/** What `C_Initialize` takes. */
export interface InitializationOptions {
  /** What NSS's modules are told, such as `configdir='sql:/path'`. */
  libraryParameters?: string
  /** Beside `CKF_OS_LOCKING_OK`, which is always asked for. */
  flags?: number
}

export interface Attribute {
  type: number
  value?: number | boolean | string | Buffer | Date | null
}

export type Template = Attribute[]

export interface AttributeResult {
  type: number
  value: Buffer
}

export type TemplateResult = AttributeResult[]

export interface Mechanism {
  mechanism: number
  parameter?: Buffer | number | MechanismParameter | null
}
