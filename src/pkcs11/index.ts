/** PKCS #11 modules in fat threads. */
export type { AttributeName, Attributes, AttributeValue, Template } from './attribute-kinds.ts'
export type { Bytes, CallOptions, ResultOptions } from './call-options.ts'
export * from './constants/index.ts'
export { DualStream } from './dual-streams.ts'
export { type Coded, isCoded, Pkcs11Error } from './errors.ts'
export type { LoginOptions, PinSource, User } from './login.ts'
export {
  type CParameter,
  type MechanismInput,
  parameter,
  type StructureName,
} from './mechanism-input.ts'
export {
  MessageCipher,
  type MessageOptions,
  type MessageParameter,
  MessageSigner,
  MessageVerifier,
} from './messages.ts'
export {
  Module,
  type ModuleOptions,
  type SlotEventOptions,
  type SlotOptions,
} from './module.ts'
export type { NameOf } from './names.ts'
export { type Found, Pkcs11Object } from './object.ts'
export type { Pin } from './operations/slots.ts'

export type { Parts } from './parts.ts'

export type { ProfileName } from './profiles/index.ts'

export type { SessionOptions } from './seat.ts'
export type { KeyPair, KeyPairTemplates } from './session/keys.ts'
export type { FindOptions } from './session/objects.ts'
export { Session } from './session.ts'
export { Slot } from './slot.ts'
export type { Version } from './structures/info.ts'
export type {
  Flags,
  MechanismInfo,
  ModuleInfo,
  SessionInfo,
  SlotInfo,
  TokenInfo,
} from './token-info.ts'
export type { Twin } from './twin.ts'
export type { Ulong } from './words.ts'
