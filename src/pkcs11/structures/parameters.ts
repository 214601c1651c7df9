/** The structures that mechanisms take, member by member in the order of C; names are C's without its prefixes. */
import { wrongKind } from '../complaint.ts'
import { CKG_MGF1_SHA1, CKM_SHA_1, CKP_PKCS5_PBKD2_HMAC_SHA1 } from '../constants/index.ts'
import { wordIn } from '../frame.ts'
import { isUlong, type Ulong, writeUlong } from '../words.ts'
import { type Attribute, placeTemplate } from './attributes.ts'
import {
  bitData,
  bool,
  byte,
  constant,
  data,
  type Field,
  inline,
  lengthData,
  lengthOf,
  nested,
  output,
  pointer,
  pointerTo,
  several,
  structure,
  ulong,
  writtenData,
  writtenHandle,
  writtenPointer,
  writtenVersion,
} from './field.ts'

const CKD_NULL = 1

export const RSA_PKCS_OAEP = structure('CK_RSA_PKCS_OAEP_PARAMS', {
  hashAlg: constant('CKM', CKM_SHA_1),
  mgf: constant('CKG', CKG_MGF1_SHA1),
  source: constant('CKZ', 1),
  sourceData: data,
})

export const RSA_PKCS_PSS = structure('CK_RSA_PKCS_PSS_PARAMS', {
  hashAlg: constant('CKM'),
  mgf: constant('CKG'),
  sLen: ulong(),
})

export const ECDH1_DERIVE = structure('CK_ECDH1_DERIVE_PARAMS', {
  kdf: constant('CKD', CKD_NULL),
  sharedData: lengthData,
  publicData: lengthData,
})

export const ECDH2_DERIVE = structure('CK_ECDH2_DERIVE_PARAMS', {
  kdf: constant('CKD', CKD_NULL),
  sharedData: lengthData,
  publicData: lengthData,
  privateDataLen: ulong(),
  privateData: ulong(),
  publicData2: lengthData,
})

export const ECMQV_DERIVE = structure('CK_ECMQV_DERIVE_PARAMS', {
  ...ECDH2_DERIVE.fields,
  publicKey: ulong(),
})

export const X9_42_DH1_DERIVE = structure('CK_X9_42_DH1_DERIVE_PARAMS', {
  kdf: constant('CKD', CKD_NULL),
  otherInfo: lengthData,
  publicData: lengthData,
})

export const X9_42_DH2_DERIVE = structure('CK_X9_42_DH2_DERIVE_PARAMS', {
  ...X9_42_DH1_DERIVE.fields,
  privateDataLen: ulong(),
  privateData: ulong(),
  publicData2: lengthData,
})

export const X9_42_MQV_DERIVE = structure('CK_X9_42_MQV_DERIVE_PARAMS', {
  ...X9_42_DH2_DERIVE.fields,
  publicKey: ulong(),
})

export const KEA_DERIVE = structure('CK_KEA_DERIVE_PARAMS', {
  isSender: bool,
  randomLen: ulong(lengthOf('randomA')),
  randomA: pointer,
  randomB: pointer,
  publicData: lengthData,
})

export const RC2_CBC = structure('CK_RC2_CBC_PARAMS', {
  effectiveBits: ulong(),
  iv: inline(8),
})

export const RC2_MAC_GENERAL = structure('CK_RC2_MAC_GENERAL_PARAMS', {
  effectiveBits: ulong(),
  macLength: ulong(),
})

export const RC5 = structure('CK_RC5_PARAMS', { wordsize: ulong(), rounds: ulong() })

export const RC5_CBC = structure('CK_RC5_CBC_PARAMS', {
  wordsize: ulong(),
  rounds: ulong(),
  iv: data,
})

export const RC5_MAC_GENERAL = structure('CK_RC5_MAC_GENERAL_PARAMS', {
  wordsize: ulong(),
  rounds: ulong(),
  macLength: ulong(),
})

export const DES_CBC_ENCRYPT_DATA = structure('CK_DES_CBC_ENCRYPT_DATA_PARAMS', {
  iv: inline(8),
  data,
})

/** Of AES, Camellia, ARIA and SEED. */
export const AES_CBC_ENCRYPT_DATA = structure('CK_AES_CBC_ENCRYPT_DATA_PARAMS', {
  iv: inline(16),
  data,
})

/** Of AES and Camellia. */
export const AES_CTR = structure('CK_AES_CTR_PARAMS', {
  counterBits: ulong(128),
  cb: inline(16),
})

/** A module that makes the IV by itself writes it into `iv`. */
export const GCM = structure('CK_GCM_PARAMS', {
  iv: writtenData,
  ivBits: ulong(lengthOf('iv', 8)),
  aad: data,
  tagBits: ulong(128),
})

export const CCM = structure('CK_CCM_PARAMS', {
  dataLen: ulong(),
  nonce: data,
  aad: data,
  macLen: ulong(16),
})

export const CHACHA20 = structure('CK_CHACHA20_PARAMS', {
  blockCounter: pointer,
  blockCounterBits: ulong(lengthOf('blockCounter', 8)),
  nonce: bitData,
})

export const SALSA20 = structure('CK_SALSA20_PARAMS', { blockCounter: pointer, nonce: bitData })

export const SALSA20_CHACHA20_POLY1305 = structure('CK_SALSA20_CHACHA20_POLY1305_PARAMS', {
  nonce: data,
  aad: data,
})

export const GCM_MESSAGE = structure('CK_GCM_MESSAGE_PARAMS', {
  iv: writtenData,
  ivFixedBits: ulong(0),
  ivGenerator: constant('CKG', 0),
  tag: writtenPointer,
  tagBits: ulong(lengthOf('tag', 8)),
})

export const CCM_MESSAGE = structure('CK_CCM_MESSAGE_PARAMS', {
  dataLen: ulong(),
  nonce: writtenData,
  nonceFixedBits: ulong(0),
  nonceGenerator: constant('CKG', 0),
  mac: writtenData,
})

export const SALSA20_CHACHA20_POLY1305_MESSAGE = structure(
  'CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS',
  { nonce: data, tag: writtenPointer },
)

export const SKIPJACK_PRIVATE_WRAP = structure('CK_SKIPJACK_PRIVATE_WRAP_PARAMS', {
  password: lengthData,
  publicData: lengthData,
  pAndGLen: ulong(lengthOf('primeP')),
  qLen: ulong(lengthOf('subprimeQ')),
  randomLen: ulong(lengthOf('randomA')),
  randomA: pointer,
  primeP: pointer,
  baseG: pointer,
  subprimeQ: pointer,
})

export const SKIPJACK_RELAYX = structure('CK_SKIPJACK_RELAYX_PARAMS', {
  oldWrappedX: lengthData,
  oldPassword: lengthData,
  oldPublicData: lengthData,
  oldRandomA: lengthData,
  newPassword: lengthData,
  newPublicData: lengthData,
  newRandomA: lengthData,
})

/** `initVector` is written by the module. */
export const PBE = structure('CK_PBE_PARAMS', {
  initVector: writtenPointer,
  password: data,
  salt: data,
  iteration: ulong(),
})

export const KEY_WRAP_SET_OAEP = structure('CK_KEY_WRAP_SET_OAEP_PARAMS', { bc: byte, x: data })

const RANDOM_DATA = structure('CK_SSL3_RANDOM_DATA', { clientRandom: data, serverRandom: data })

export const SSL3_MASTER_KEY_DERIVE = structure('CK_SSL3_MASTER_KEY_DERIVE_PARAMS', {
  randomInfo: nested(RANDOM_DATA),
  version: writtenVersion,
})

const KEY_MAT_OUT = structure('CK_SSL3_KEY_MAT_OUT', {
  clientMacSecret: writtenHandle('clientMacSecret'),
  serverMacSecret: writtenHandle('serverMacSecret'),
  clientKey: writtenHandle('clientKey'),
  serverKey: writtenHandle('serverKey'),
  ivClient: writtenPointer,
  ivServer: writtenPointer,
})

/** The module's keys and IVs go into `returnedKeyMaterial`. */
export const SSL3_KEY_MAT = structure('CK_SSL3_KEY_MAT_PARAMS', {
  macSizeInBits: ulong(),
  keySizeInBits: ulong(),
  ivSizeInBits: ulong(),
  isExport: bool,
  randomInfo: nested(RANDOM_DATA),
  returnedKeyMaterial: pointerTo(KEY_MAT_OUT),
})

export const TLS_PRF = structure('CK_TLS_PRF_PARAMS', { seed: data, label: data, output })

export const TLS12_MASTER_KEY_DERIVE = structure('CK_TLS12_MASTER_KEY_DERIVE_PARAMS', {
  ...SSL3_MASTER_KEY_DERIVE.fields,
  prfHashMechanism: constant('CKM'),
})

export const TLS12_KEY_MAT = structure('CK_TLS12_KEY_MAT_PARAMS', {
  ...SSL3_KEY_MAT.fields,
  prfHashMechanism: constant('CKM'),
})

export const TLS_KDF = structure('CK_TLS_KDF_PARAMS', {
  prfMechanism: constant('CKM'),
  label: data,
  randomInfo: nested(RANDOM_DATA),
  contextData: data,
})

export const TLS_MAC = structure('CK_TLS_MAC_PARAMS', {
  prfHashMechanism: constant('CKM'),
  macLength: ulong(),
  serverOrClient: ulong(),
})

export const WTLS_MASTER_KEY_DERIVE = structure('CK_WTLS_MASTER_KEY_DERIVE_PARAMS', {
  digestMechanism: constant('CKM'),
  randomInfo: nested(RANDOM_DATA),
  version: writtenPointer,
})

export const WTLS_PRF = structure('CK_WTLS_PRF_PARAMS', {
  digestMechanism: constant('CKM'),
  seed: data,
  label: data,
  output,
})

const WTLS_KEY_MAT_OUT = structure('CK_WTLS_KEY_MAT_OUT', {
  macSecret: writtenHandle('macSecret'),
  key: writtenHandle('key'),
  iv: writtenPointer,
})

export const WTLS_KEY_MAT = structure('CK_WTLS_KEY_MAT_PARAMS', {
  digestMechanism: constant('CKM'),
  macSizeInBits: ulong(),
  keySizeInBits: ulong(),
  ivSizeInBits: ulong(),
  sequenceNumber: ulong(),
  isExport: bool,
  randomInfo: nested(RANDOM_DATA),
  returnedKeyMaterial: pointerTo(WTLS_KEY_MAT_OUT),
})

export const HKDF = structure('CK_HKDF_PARAMS', {
  extract: bool,
  expand: bool,
  prfHashMechanism: constant('CKM'),
  saltType: ulong((values) => (values['saltKey'] !== undefined ? 4 : values['salt'] ? 2 : 1)),
  salt: data,
  saltKey: ulong(0),
  info: data,
})

/** One stretch of what a key derivation hashes: `value` has the bytes of a counter's or length's format too. */
const PRF_DATA = structure('CK_PRF_DATA_PARAM', { type: ulong(), value: data })

/** CK_DERIVED_KEY: `template` says what the further key is; its handle goes into `key`. */
const DERIVED_KEY = structure('CK_DERIVED_KEY', { template: templateField(), key: keyField() })

export const SP800_108_KDF = structure('CK_SP800_108_KDF_PARAMS', {
  prfType: constant('CKM'),
  dataParams: several(PRF_DATA, 'before'),
  additionalDerivedKeys: several(DERIVED_KEY, 'before'),
})

export const SP800_108_FEEDBACK_KDF = structure('CK_SP800_108_FEEDBACK_KDF_PARAMS', {
  prfType: constant('CKM'),
  dataParams: several(PRF_DATA, 'before'),
  iv: lengthData,
  additionalDerivedKeys: several(DERIVED_KEY, 'before'),
})

export const KEY_DERIVATION_STRING = structure('CK_KEY_DERIVATION_STRING_DATA', { data })

/** CK_PKCS5_PBKD2_PARAMS2, whose password length is a number. */
export const PKCS5_PBKD2 = structure('CK_PKCS5_PBKD2_PARAMS2', {
  saltSource: constant('CKZ', 1),
  saltSourceData: data,
  iterations: ulong(),
  prf: constant('CKP', CKP_PKCS5_PBKD2_HMAC_SHA1),
  prfData: data,
  password: data,
})

const OTP_PARAM = structure('CK_OTP_PARAM', { type: ulong(), value: data })

export const OTP = structure('CK_OTP_PARAMS', { params: several(OTP_PARAM, 'behind') })

export const DSA_PARAMETER_GEN = structure('CK_DSA_PARAMETER_GEN_PARAM', {
  hash: constant('CKM'),
  seed: data,
  index: ulong(),
})

export const ECDH_AES_KEY_WRAP = structure('CK_ECDH_AES_KEY_WRAP_PARAMS', {
  aesKeyBits: ulong(256),
  kdf: constant('CKD', CKD_NULL),
  sharedData: lengthData,
})

export const RSA_AES_KEY_WRAP = structure('CK_RSA_AES_KEY_WRAP_PARAMS', {
  aesKeyBits: ulong(256),
  oaepParams: pointerTo(RSA_PKCS_OAEP),
})

export const GOSTR3410_DERIVE = structure('CK_GOSTR3410_DERIVE_PARAMS', {
  kdf: constant('CKD', CKD_NULL),
  publicData: data,
  ukm: data,
})

export const GOSTR3410_KEY_WRAP = structure('CK_GOSTR3410_KEY_WRAP_PARAMS', {
  wrapOID: data,
  ukm: data,
  key: ulong(0),
})

export const EDDSA = structure('CK_EDDSA_PARAMS', { phFlag: bool, contextData: lengthData })

export const XEDDSA = structure('CK_XEDDSA_PARAMS', { hash: constant('CKM') })

export const X3DH_INITIATE = structure('CK_X3DH_INITIATE_PARAMS', {
  kdf: ulong(),
  peerIdentity: ulong(),
  peerPrekey: ulong(),
  prekeySignature: pointer,
  onetimeKey: pointer,
  ownIdentity: ulong(),
  ownEphemeral: ulong(),
})

export const X3DH_RESPOND = structure('CK_X3DH_RESPOND_PARAMS', {
  kdf: ulong(),
  identityId: pointer,
  prekeyId: pointer,
  onetimeId: pointer,
  initiatorIdentity: ulong(),
  initiatorEphemeral: pointer,
})

const X2RATCHET = {
  encryptedHeader: bool,
  curve: ulong(),
  aeadMechanism: constant('CKM'),
  kdfMechanism: ulong(),
} as const

export const X2RATCHET_INITIALIZE = structure('CK_X2RATCHET_INITIALIZE_PARAMS', {
  sk: pointer,
  peerPublicPrekey: ulong(),
  peerPublicIdentity: ulong(),
  ownPublicIdentity: ulong(),
  ...X2RATCHET,
})

export const X2RATCHET_RESPOND = structure('CK_X2RATCHET_RESPOND_PARAMS', {
  sk: pointer,
  ownPrekey: ulong(),
  initiatorIdentity: ulong(),
  ownPublicIdentity: ulong(),
  ...X2RATCHET,
})

function templateField(): Field<readonly Attribute[], false> {
  return {
    size: 16,
    alignment: 8,
    optional: false,
    write(value, { view, at }, offset, { frame, where }) {
      if (!Array.isArray(value)) throw wrongKind(where, 'an array of attributes', value)
      const [address, count] = placeTemplate(frame, value)
      writeUlong(view, at + offset, address)
      writeUlong(view, at + offset + 8, count)
    },
  }
}

/** A pointer to a handle that the module writes. */
function keyField(): Field<Ulong, true> {
  return {
    size: 8,
    alignment: 8,
    optional: true,
    write(given, { view, at }, offset, { frame, backs, values, where }) {
      if (given !== undefined && !isUlong(given)) throw wrongKind(where, 'a handle', given)
      const place = frame.word(given ?? 0)
      writeUlong(view, at + offset, place.address)
      backs.push(() => {
        Object.assign(values, { key: wordIn(place) })
      })
    },
  }
}
