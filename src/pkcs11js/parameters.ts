/** The structures that pkcs11js knows as parameters of mechanisms, by the number in their property `type`. */

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
  /** The structure's name in C. */
  readonly name: string
  /** Its properties, in the order in which they are looked at. */
  readonly takes: Readonly<Record<string, PropertyKind>>
  /**
   * Its members in the order of C: a property's value by its name, `*` for a pointer to its bytes, `#` for their
   * number, `~` for the number of their bits, `=` for bytes that stand in the structure itself, and `+` between two
   * whose numbers are added up.
   */
  readonly layout: string
  /** How many bytes those take that stand in the structure. */
  readonly fixed?: number
  /** Bytes that the module may write. */
  readonly written?: string
  /** Two whose numbers of bytes must be equal. */
  readonly equal?: readonly [string, string]
}

const MORE_KEYS = {
  publicData: 'bytes',
  privateDataLen: 'number',
  privateData: 'handle',
  publicData2: 'bytes?',
} as const
const MORE_KEYS_LAYOUT =
  '#publicData *publicData privateDataLen privateData #publicData2 *publicData2'

const SHARED = { kdf: 'number', sharedData: 'bytes?' } as const
const SHARED_LAYOUT = 'kdf #sharedData *sharedData'
const OTHER = { kdf: 'number', otherInfo: 'bytes?' } as const
const OTHER_LAYOUT = 'kdf #otherInfo *otherInfo'

const CCM = {
  takes: { dataLength: 'number', nonce: 'bytes?', aad: 'bytes?', macLength: 'number?' },
  layout: 'dataLength *nonce #nonce *aad #aad macLength',
} as const
const GCM = {
  takes: { iv: 'bytes', ivBits: 'number', aad: 'bytes?', tagBits: 'number?' },
  layout: '*iv #iv ivBits *aad #aad tagBits',
  written: 'iv',
} as const

export const DEFINITIONS: Readonly<Record<number, Definition>> = {
  1: {
    name: 'CK_AES_CBC_ENCRYPT_DATA_PARAMS',
    takes: { iv: 'bytes', data: 'bytes?' },
    layout: '=iv *data #data',
    fixed: 16,
  },
  2: { name: 'CK_AES_CCM_PARAMS', ...CCM },
  3: {
    name: 'CK_AES_GCM_PARAMS',
    takes: { iv: 'bytes', aad: 'bytes?', tagBits: 'number?' },
    layout: '*iv #iv ~iv *aad #aad tagBits',
    written: 'iv',
  },
  4: {
    name: 'CK_RSA_PKCS_OAEP_PARAMS',
    takes: { hashAlg: 'number', mgf: 'number', source: 'number', sourceData: 'bytes?' },
    layout: 'hashAlg mgf source *sourceData #sourceData',
  },
  5: {
    name: 'CK_RSA_PKCS_PSS_PARAMS',
    takes: { hashAlg: 'number', mgf: 'number', saltLen: 'number' },
    layout: 'hashAlg mgf saltLen',
  },
  6: {
    name: 'CK_ECDH1_DERIVE_PARAMS',
    takes: { kdf: 'number', publicData: 'bytes', sharedData: 'bytes?' },
    layout: `${SHARED_LAYOUT} #publicData *publicData`,
  },
  7: { name: 'CK_AES_GCM_240_PARAMS', ...GCM },
  8: {
    name: 'CK_ECDH2_DERIVE_PARAMS',
    takes: { ...SHARED, ...MORE_KEYS },
    layout: `${SHARED_LAYOUT} ${MORE_KEYS_LAYOUT}`,
  },
  9: {
    name: 'CK_ECMQV_DERIVE_PARAMS',
    takes: { ...SHARED, ...MORE_KEYS, publicKey: 'handle?' },
    layout: `${SHARED_LAYOUT} ${MORE_KEYS_LAYOUT} publicKey`,
  },
  10: {
    name: 'CK_X9_42_DH1_DERIVE_PARAMS',
    takes: { ...OTHER, publicData: 'bytes' },
    layout: `${OTHER_LAYOUT} #publicData *publicData`,
  },
  11: {
    name: 'CK_X9_42_DH2_DERIVE_PARAMS',
    takes: { ...OTHER, ...MORE_KEYS },
    layout: `${OTHER_LAYOUT} ${MORE_KEYS_LAYOUT}`,
  },
  12: {
    name: 'CK_X9_42_MQV_DERIVE_PARAMS',
    takes: { ...OTHER, ...MORE_KEYS, publicKey: 'handle' },
    layout: `${OTHER_LAYOUT} ${MORE_KEYS_LAYOUT} publicKey`,
  },
  13: {
    name: 'CK_KEA_DERIVE_PARAMS',
    takes: { isSender: 'boolean?', randomA: 'bytes', randomB: 'bytes', publicData: 'bytes' },
    layout: 'isSender #randomA *randomA *randomB #publicData *publicData',
    equal: ['randomA', 'randomB'],
  },
  15: {
    name: 'CK_RC2_CBC_PARAMS',
    takes: { effectiveBits: 'number', iv: 'bytes' },
    layout: 'effectiveBits =iv',
    fixed: 8,
  },
  16: {
    name: 'CK_RC2_MAC_GENERAL_PARAMS',
    takes: { effectiveBits: 'number', macLength: 'number' },
    layout: 'effectiveBits macLength',
  },
  17: {
    name: 'CK_RC5_PARAMS',
    takes: { wordSize: 'number', rounds: 'number' },
    layout: 'wordSize rounds',
  },
  18: {
    name: 'CK_RC5_CBC_PARAMS',
    takes: { wordSize: 'number', rounds: 'number', iv: 'bytes' },
    layout: 'wordSize rounds *iv #iv',
  },
  19: {
    name: 'CK_RC5_MAC_GENERAL_PARAMS',
    takes: { wordSize: 'number', rounds: 'number', macLength: 'number' },
    layout: 'wordSize rounds macLength',
  },
  20: {
    name: 'CK_DES_CBC_ENCRYPT_DATA_PARAMS',
    takes: { iv: 'bytes', data: 'bytes?' },
    layout: '=iv *data #data',
    fixed: 8,
  },
  21: {
    name: 'CK_SKIPJACK_PRIVATE_WRAP_PARAMS',
    takes: {
      password: 'bytes',
      publicData: 'bytes',
      primeP: 'bytes',
      baseG: 'bytes',
      subprimeQ: 'bytes',
      randomA: 'bytes',
    },
    layout:
      '#password *password #publicData *publicData primeP+baseG #subprimeQ #randomA *randomA *primeP *baseG *subprimeQ',
  },
  22: {
    name: 'CK_SKIPJACK_RELAYX_PARAMS',
    takes: {
      oldWrappedX: 'bytes',
      oldPassword: 'bytes',
      oldPublicData: 'bytes',
      oldRandomA: 'bytes',
      newPassword: 'bytes',
      newPublicData: 'bytes',
      newRandomA: 'bytes',
    },
    layout:
      '#oldWrappedX *oldWrappedX #oldPassword *oldPassword #oldPublicData *oldPublicData #oldRandomA *oldRandomA #newPassword *newPassword #newPublicData *newPublicData #newRandomA *newRandomA',
  },
  23: {
    name: 'CK_PBE_PARAMS',
    takes: { initVector: 'bytes', password: 'bytes', salt: 'bytes', iteration: 'number' },
    layout: '*initVector *password #password *salt #salt iteration',
    written: 'initVector',
  },
  24: {
    name: 'CK_KEY_WRAP_SET_OAEP_PARAMS',
    takes: { bc: 'byte?', x: 'bytes?' },
    layout: 'bc *x #x',
  },
  25: { name: 'CK_GCM_PARAMS', ...GCM },
  26: { name: 'CK_CCM_PARAMS', ...CCM },
  27: {
    name: 'CK_GOSTR3410_DERIVE_PARAMS',
    takes: { kdf: 'number', publicData: 'bytes', ukm: 'bytes?' },
    layout: 'kdf *publicData #publicData *ukm #ukm',
  },
  28: {
    name: 'CK_GOSTR3410_KEY_WRAP_PARAMS',
    takes: { wrapOID: 'bytes', ukm: 'bytes?', key: 'handle' },
    layout: '*wrapOID #wrapOID *ukm #ukm key',
  },
}
