/** The structures that pkcs11js knows as parameters of mechanisms, by the number in their property `type`. */
import type { Structure } from '../pkcs11/structures/field.ts'
import * as structures from '../pkcs11/structures/parameters.ts'

/**
 * What a property takes: a number, bytes, a boolean, a number up to 255, or a handle. With a question mark it may be
 * left out: it is zero then.
 */
export type PropertyKind =
  | 'number'
  | 'number?'
  | 'bytes'
  | 'bytes?'
  | 'boolean?'
  | 'byte?'
  | 'handle'
  | 'handle?'

export interface Definition {
  /** The structure's name in messages. */
  readonly name: string
  /** What it is in C. */
  readonly structure: Structure
  /** Its properties, in the order in which they are looked at. */
  readonly takes: Readonly<Record<string, PropertyKind>>
  /** Members of the structure that have other names than properties. */
  readonly members?: Readonly<Record<string, string>>
  /** Properties that have so many bytes, as they stand in the structure itself. */
  readonly fixed?: Readonly<Record<string, number>>
  /** Bytes that the module may write. */
  readonly written?: string
  /** Two whose numbers of bytes must be equal. */
  readonly equal?: readonly [string, string]
  /** A member that is the number of bytes of two properties together. */
  readonly sum?: readonly [member: string, one: string, other: string]
}

const MORE_KEYS = {
  publicData: 'bytes',
  privateDataLen: 'number',
  privateData: 'handle',
  publicData2: 'bytes?',
} as const

const SHARED = { kdf: 'number', sharedData: 'bytes?' } as const
const OTHER = { kdf: 'number', otherInfo: 'bytes?' } as const

const CCM = {
  structure: structures.CCM,
  takes: { dataLength: 'number', nonce: 'bytes?', aad: 'bytes?', macLength: 'number?' },
  members: { dataLength: 'dataLen', macLength: 'macLen' },
} as const
const GCM = {
  structure: structures.GCM,
  takes: { iv: 'bytes', ivBits: 'number', aad: 'bytes?', tagBits: 'number?' },
  written: 'iv',
} as const

export const DEFINITIONS: Readonly<Record<number, Definition>> = {
  1: {
    name: 'CK_AES_CBC_ENCRYPT_DATA_PARAMS',
    structure: structures.AES_CBC_ENCRYPT_DATA,
    takes: { iv: 'bytes', data: 'bytes?' },
    fixed: { iv: 16 },
  },
  2: { name: 'CK_AES_CCM_PARAMS', ...CCM },
  3: {
    name: 'CK_AES_GCM_PARAMS',
    structure: structures.GCM,
    takes: { iv: 'bytes', aad: 'bytes?', tagBits: 'number?' },
    written: 'iv',
  },
  4: {
    name: 'CK_RSA_PKCS_OAEP_PARAMS',
    structure: structures.RSA_PKCS_OAEP,
    takes: { hashAlg: 'number', mgf: 'number', source: 'number', sourceData: 'bytes?' },
  },
  5: {
    name: 'CK_RSA_PKCS_PSS_PARAMS',
    structure: structures.RSA_PKCS_PSS,
    takes: { hashAlg: 'number', mgf: 'number', saltLen: 'number' },
    members: { saltLen: 'sLen' },
  },
  6: {
    name: 'CK_ECDH1_DERIVE_PARAMS',
    structure: structures.ECDH1_DERIVE,
    takes: { kdf: 'number', publicData: 'bytes', sharedData: 'bytes?' },
  },
  7: { name: 'CK_AES_GCM_240_PARAMS', ...GCM },
  8: {
    name: 'CK_ECDH2_DERIVE_PARAMS',
    structure: structures.ECDH2_DERIVE,
    takes: { ...SHARED, ...MORE_KEYS },
  },
  9: {
    name: 'CK_ECMQV_DERIVE_PARAMS',
    structure: structures.ECMQV_DERIVE,
    takes: { ...SHARED, ...MORE_KEYS, publicKey: 'handle?' },
  },
  10: {
    name: 'CK_X9_42_DH1_DERIVE_PARAMS',
    structure: structures.X9_42_DH1_DERIVE,
    takes: { ...OTHER, publicData: 'bytes' },
  },
  11: {
    name: 'CK_X9_42_DH2_DERIVE_PARAMS',
    structure: structures.X9_42_DH2_DERIVE,
    takes: { ...OTHER, ...MORE_KEYS },
  },
  12: {
    name: 'CK_X9_42_MQV_DERIVE_PARAMS',
    structure: structures.X9_42_MQV_DERIVE,
    takes: { ...OTHER, ...MORE_KEYS, publicKey: 'handle' },
  },
  13: {
    name: 'CK_KEA_DERIVE_PARAMS',
    structure: structures.KEA_DERIVE,
    takes: { isSender: 'boolean?', randomA: 'bytes', randomB: 'bytes', publicData: 'bytes' },
    equal: ['randomA', 'randomB'],
  },
  15: {
    name: 'CK_RC2_CBC_PARAMS',
    structure: structures.RC2_CBC,
    takes: { effectiveBits: 'number', iv: 'bytes' },
    fixed: { iv: 8 },
  },
  16: {
    name: 'CK_RC2_MAC_GENERAL_PARAMS',
    structure: structures.RC2_MAC_GENERAL,
    takes: { effectiveBits: 'number', macLength: 'number' },
  },
  17: {
    name: 'CK_RC5_PARAMS',
    structure: structures.RC5,
    takes: { wordSize: 'number', rounds: 'number' },
    members: { wordSize: 'wordsize' },
  },
  18: {
    name: 'CK_RC5_CBC_PARAMS',
    structure: structures.RC5_CBC,
    takes: { wordSize: 'number', rounds: 'number', iv: 'bytes' },
    members: { wordSize: 'wordsize' },
  },
  19: {
    name: 'CK_RC5_MAC_GENERAL_PARAMS',
    structure: structures.RC5_MAC_GENERAL,
    takes: { wordSize: 'number', rounds: 'number', macLength: 'number' },
    members: { wordSize: 'wordsize' },
  },
  20: {
    name: 'CK_DES_CBC_ENCRYPT_DATA_PARAMS',
    structure: structures.DES_CBC_ENCRYPT_DATA,
    takes: { iv: 'bytes', data: 'bytes?' },
    fixed: { iv: 8 },
  },
  21: {
    name: 'CK_SKIPJACK_PRIVATE_WRAP_PARAMS',
    structure: structures.SKIPJACK_PRIVATE_WRAP,
    sum: ['pAndGLen', 'primeP', 'baseG'],
    takes: {
      password: 'bytes',
      publicData: 'bytes',
      primeP: 'bytes',
      baseG: 'bytes',
      subprimeQ: 'bytes',
      randomA: 'bytes',
    },
  },
  22: {
    name: 'CK_SKIPJACK_RELAYX_PARAMS',
    structure: structures.SKIPJACK_RELAYX,
    takes: {
      oldWrappedX: 'bytes',
      oldPassword: 'bytes',
      oldPublicData: 'bytes',
      oldRandomA: 'bytes',
      newPassword: 'bytes',
      newPublicData: 'bytes',
      newRandomA: 'bytes',
    },
  },
  23: {
    name: 'CK_PBE_PARAMS',
    structure: structures.PBE,
    takes: { initVector: 'bytes', password: 'bytes', salt: 'bytes', iteration: 'number' },
    written: 'initVector',
  },
  24: {
    name: 'CK_KEY_WRAP_SET_OAEP_PARAMS',
    structure: structures.KEY_WRAP_SET_OAEP,
    takes: { bc: 'byte?', x: 'bytes?' },
  },
  25: { name: 'CK_GCM_PARAMS', ...GCM },
  26: { name: 'CK_CCM_PARAMS', ...CCM },
  27: {
    name: 'CK_GOSTR3410_DERIVE_PARAMS',
    structure: structures.GOSTR3410_DERIVE,
    takes: { kdf: 'number', publicData: 'bytes', ukm: 'bytes?' },
  },
  28: {
    name: 'CK_GOSTR3410_KEY_WRAP_PARAMS',
    structure: structures.GOSTR3410_KEY_WRAP,
    takes: { wrapOID: 'bytes', ukm: 'bytes?', key: 'handle' },
  },
}
