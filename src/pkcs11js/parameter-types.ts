/** Parameters of mechanisms, under the names that pkcs11js gives their types. */
import type { Handle } from './types.ts'

export interface IParams {
  type: number
}

export interface ECDH1 extends IParams {
  kdf: number
  sharedData?: Buffer
  publicData: Buffer
}

export interface AesCBC extends IParams {
  iv: Buffer
  data?: Buffer
}

export interface AesCCM extends IParams {
  dataLen: number
  nonce?: Buffer
  aad?: Buffer
  macLen: number
}

export interface AesGCM extends IParams {
  iv?: Buffer
  aad?: Buffer
  ivBits: number
  tagBits: number
}

export interface RsaOAEP extends IParams {
  hashAlg: number
  mgf: number
  source: number
  sourceData?: Buffer
}

export interface RsaPSS extends IParams {
  hashAlg: number
  mgf: number
  saltLen: number
}

export interface Ecdh2Derive extends IParams {
  kdf: number
  sharedData?: Buffer
  publicData: Buffer
  privateDataLen: number
  privateData: Handle
  publicData2?: Buffer
}

export interface EcmqvDerive extends IParams {
  kdf: number
  sharedData?: Buffer
  publicData: Buffer
  privateDataLen: number
  publicData2?: Buffer
  privateData: Handle
}

export interface X942DH1Derive extends IParams {
  kdf: number
  otherInfo?: Buffer
  publicData: Buffer
  privateData?: Handle
}

export interface X942DH2Derive extends IParams {
  kdf: number
  otherInfo?: Buffer
  publicData: Buffer
  privateData: Handle
  privateDataLen: number
  publicData2?: Buffer
}

export interface X942MQvDeriveParams extends IParams {
  kdf: number
  otherInfo?: Buffer
  publicData: Buffer
  privateDataLen: number
  privateData: Handle
  publicData2?: Buffer
  publicKey: Handle
}

export interface RC2CBCParams extends IParams {
  effectiveBits: number
  iv: Buffer
}

export interface RC2MACGeneralParams extends IParams {
  effectiveBits: number
  macLength: number
}

export interface RC5Params extends IParams {
  wordSize: number
  rounds: number
}

export interface RC5CBCParams extends RC5Params {
  wordSize: number
  rounds: number
  iv: Buffer
}

export interface RC5MACGeneralParams extends RC5Params {
  wordSize: number
  rounds: number
  macLength: number
}

export interface DesCbcEncryptDataParams extends IParams {
  iv: Buffer
  data?: Buffer
}

export interface SkipjackPrivateWrapParams extends IParams {
  password: Buffer
  publicData: Buffer
  primeP: Buffer
  baseG: Buffer
  subprimeQ: Buffer
  randomA: Buffer
}

export interface SkipjackRelayXParams extends IParams {
  oldWrappedX: Buffer
  oldPassword: Buffer
  oldPublicData: Buffer
  oldRandomA: Buffer
  newPassword: Buffer
  newPublicData: Buffer
  newRandomA: Buffer
}

export interface PbeParams extends IParams {
  initVector: Buffer
  password: Buffer
  salt: Buffer
  iteration: number
}

export interface KeyWrapSetOaepParams extends IParams {
  bc: number
  x: Buffer
}

export interface GcmParams extends IParams {
  iv: Buffer
  ivBits: number
  aad?: Buffer
  tagBits?: number
}

export interface CcmParams extends IParams {
  dataLen: number
  nonce?: Buffer
  aad?: Buffer
  macLen?: number
}

export interface GostR3410DeriveParams extends IParams {
  kdf: number
  publicData: Buffer
  ukm?: Buffer
}

export interface GostR3410KeyWrapParams extends IParams {
  wrapOID: Buffer
  ukm?: Buffer
  key: Handle
}

/** Any of them, by its `type`, which is one of `CK_PARAMS_…`. */
export type MechanismParameter =
  | IParams
  | ECDH1
  | AesCBC
  | AesCCM
  | AesGCM
  | RsaOAEP
  | RsaPSS
  | Ecdh2Derive
  | EcmqvDerive
  | X942DH1Derive
  | X942DH2Derive
  | X942MQvDeriveParams
  | RC2CBCParams
  | RC2MACGeneralParams
  | RC5Params
  | RC5CBCParams
  | RC5MACGeneralParams
  | DesCbcEncryptDataParams
  | SkipjackPrivateWrapParams
  | SkipjackRelayXParams
  | PbeParams
  | KeyWrapSetOaepParams
  | GcmParams
  | CcmParams
  | GostR3410DeriveParams
  | GostR3410KeyWrapParams
