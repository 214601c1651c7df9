/** The structures that a mechanism's parameter may be: an object with all properties, and how it looks in C. */

export interface Structure {
  /** `CK_PARAMS_…`, and the mechanism that the module which writes calls down knows it by, less 1000. */
  readonly number: number
  readonly type: string
  readonly wholly: object
  readonly wanted: string
  /** What is said of properties that are wrong; with a question mark, of those that may be left out. */
  readonly required: Readonly<Record<string, string>>
}

const bytes = (text: string): Buffer => Buffer.from(text)
const key = Buffer.from([9, 0, 0, 0, 0, 0, 0, 0])
const mqv = {
  publicData: bytes('pub'),
  privateDataLen: 3,
  privateData: key,
  publicData2: bytes('p2'),
}
const MQV = 'pPublicData=(3)707562 ulPrivateDataLen=3 hPrivateData=9 pPublicData2=(2)7032'
const MQV_REQUIRED = {
  kdf: 'Number',
  publicData: 'Buffer',
  privateDataLen: 'Number',
  privateData: 'Buffer',
  publicData2: 'Buffer?',
}
const SHARED = 'pSharedData=(2)7368'
const OTHER = 'pOtherInfo=(2)6f69'

const LARGE = 0x1_0000_0007

export const structures: readonly Structure[] = [
  {
    number: 1,
    type: 'CK_AES_CBC_ENCRYPT_DATA_PARAMS',
    wholly: { iv: bytes('0123456789abcdef'), data: bytes('data') },
    wanted: 'iv=(16)30313233343536373839616263646566 pData=(4)64617461',
    required: { iv: 'Buffer', data: 'Buffer?' },
  },
  {
    number: 2,
    type: 'CK_AES_CCM_PARAMS',
    wholly: { dataLength: LARGE, nonce: bytes('no'), aad: bytes('aad'), macLength: 8 },
    wanted: `ulDataLen=${LARGE} pNonce=(2)6e6f pAAD=(3)616164 ulMACLen=8`,
    required: { dataLength: 'Number', nonce: 'Buffer?', aad: 'Buffer?', macLength: 'Number?' },
  },
  {
    number: 3,
    type: 'CK_AES_GCM_PARAMS',
    wholly: { iv: bytes('iv'), aad: bytes('aad'), tagBits: 128 },
    wanted: 'pIv=(2)6976 pAAD=(3)616164 ulTagBits=128',
    required: { iv: 'Buffer', aad: 'Buffer?', tagBits: 'Number?' },
  },
  {
    number: 4,
    type: 'CK_RSA_PKCS_OAEP_PARAMS',
    wholly: { hashAlg: 1, mgf: 2, source: 3, sourceData: bytes('label') },
    wanted: 'hashAlg=1 mgf=2 source=3 pSourceData=(5)6c6162656c',
    required: { hashAlg: 'Number', mgf: 'Number', source: 'Number', sourceData: 'Buffer?' },
  },
  {
    number: 5,
    type: 'CK_RSA_PKCS_PSS_PARAMS',
    wholly: { hashAlg: 1, mgf: 2, saltLen: 32 },
    wanted: 'hashAlg=1 mgf=2 sLen=32',
    required: { hashAlg: 'Number', mgf: 'Number', saltLen: 'Number' },
  },
  {
    number: 6,
    type: 'CK_ECDH1_DERIVE_PARAMS',
    wholly: { kdf: 1, publicData: bytes('pub'), sharedData: bytes('sh') },
    wanted: `kdf=1 ${SHARED} pPublicData=(3)707562`,
    required: { kdf: 'Number', publicData: 'Buffer', sharedData: 'Buffer?' },
  },
  ...[7, 25].map((number) => ({
    number,
    type: number === 7 ? 'CK_AES_GCM_240_PARAMS' : 'CK_GCM_PARAMS',
    wholly: { iv: bytes('iv'), ivBits: 16, aad: bytes('aad'), tagBits: 96 },
    wanted: 'pIv=(2)6976 ulIvBits=16 pAAD=(3)616164 ulTagBits=96',
    required: { iv: 'Buffer', ivBits: 'Number', aad: 'Buffer?', tagBits: 'Number?' },
  })),
  {
    number: 8,
    type: 'CK_ECDH2_DERIVE_PARAMS',
    wholly: { kdf: 1, sharedData: bytes('sh'), ...mqv },
    wanted: `kdf=1 ${SHARED} ${MQV}`,
    required: { sharedData: 'Buffer?', ...MQV_REQUIRED },
  },
  {
    number: 9,
    type: 'CK_ECMQV_DERIVE_PARAMS',
    wholly: { kdf: 1, sharedData: bytes('sh'), ...mqv },
    wanted: `kdf=1 ${SHARED} ${MQV}`,
    required: { sharedData: 'Buffer?', ...MQV_REQUIRED },
  },
  {
    number: 10,
    type: 'CK_X9_42_DH1_DERIVE_PARAMS',
    wholly: { kdf: 1, otherInfo: bytes('oi'), publicData: bytes('pub') },
    wanted: `kdf=1 ${OTHER} pPublicData=(3)707562`,
    required: { kdf: 'Number', otherInfo: 'Buffer?', publicData: 'Buffer' },
  },
  {
    number: 11,
    type: 'CK_X9_42_DH2_DERIVE_PARAMS',
    wholly: { kdf: 1, otherInfo: bytes('oi'), ...mqv },
    wanted: `kdf=1 ${OTHER} ${MQV}`,
    required: { otherInfo: 'Buffer?', ...MQV_REQUIRED },
  },
  {
    number: 12,
    type: 'CK_X9_42_MQV_DERIVE_PARAMS',
    wholly: { kdf: 1, otherInfo: bytes('oi'), ...mqv, publicKey: key },
    wanted: `kdf=1 ${OTHER} ${MQV} publicKey=9`,
    required: { otherInfo: 'Buffer?', ...MQV_REQUIRED, publicKey: 'Buffer' },
  },
  {
    number: 13,
    type: 'CK_KEA_DERIVE_PARAMS',
    wholly: {
      isSender: true,
      randomA: bytes('ra'),
      randomB: bytes('rb'),
      publicData: bytes('pub'),
    },
    wanted: 'isSender=1 pRandomA=(2)7261 pRandomB=(2)7262 pPublicData=(3)707562',
    required: { isSender: 'Boolean?', randomA: 'Buffer', randomB: 'Buffer', publicData: 'Buffer' },
  },
  {
    number: 15,
    type: 'CK_RC2_CBC_PARAMS',
    wholly: { effectiveBits: 64, iv: bytes('01234567') },
    wanted: 'ulEffectiveBits=64 iv=(8)3031323334353637',
    required: { effectiveBits: 'Number', iv: 'Buffer' },
  },
  {
    number: 16,
    type: 'CK_RC2_MAC_GENERAL_PARAMS',
    wholly: { effectiveBits: 64, macLength: 4 },
    wanted: 'ulEffectiveBits=64 ulMacLength=4',
    required: { effectiveBits: 'Number', macLength: 'Number' },
  },
  {
    number: 17,
    type: 'CK_RC5_PARAMS',
    wholly: { wordSize: 4, rounds: 12 },
    wanted: 'ulWordsize=4 ulRounds=12',
    required: { wordSize: 'Number', rounds: 'Number' },
  },
  {
    number: 18,
    type: 'CK_RC5_CBC_PARAMS',
    wholly: { wordSize: 4, rounds: 12, iv: bytes('iv') },
    wanted: 'ulWordsize=4 ulRounds=12 pIv=(2)6976',
    required: { wordSize: 'Number', rounds: 'Number', iv: 'Buffer' },
  },
  {
    number: 19,
    type: 'CK_RC5_MAC_GENERAL_PARAMS',
    wholly: { wordSize: 4, rounds: 12, macLength: 4 },
    wanted: 'ulWordsize=4 ulRounds=12 ulMacLength=4',
    required: { wordSize: 'Number', rounds: 'Number', macLength: 'Number' },
  },
  {
    number: 20,
    type: 'CK_DES_CBC_ENCRYPT_DATA_PARAMS',
    wholly: { iv: bytes('01234567'), data: bytes('data') },
    wanted: 'iv=(8)3031323334353637 pData=(4)64617461',
    required: { iv: 'Buffer', data: 'Buffer?' },
  },
  {
    number: 21,
    type: 'CK_SKIPJACK_PRIVATE_WRAP_PARAMS',
    wholly: {
      password: bytes('pw'),
      publicData: bytes('pub'),
      primeP: bytes('prime'),
      baseG: bytes('bases'),
      subprimeQ: bytes('qq'),
      randomA: bytes('ra'),
    },
    wanted:
      'pPassword=(2)7077 pPublicData=(3)707562 ulPAndGLen=10 pPrimeP=(4)7072696d pBaseG=(4)62617365 pSubprimeQ=(2)7171 pRandomA=(2)7261',
    required: {
      password: 'Buffer',
      publicData: 'Buffer',
      primeP: 'Buffer',
      baseG: 'Buffer',
      subprimeQ: 'Buffer',
      randomA: 'Buffer',
    },
  },
  {
    number: 22,
    type: 'CK_SKIPJACK_RELAYX_PARAMS',
    wholly: {
      oldWrappedX: bytes('ox'),
      oldPassword: bytes('op'),
      oldPublicData: bytes('od'),
      oldRandomA: bytes('or'),
      newPassword: bytes('np'),
      newPublicData: bytes('nd'),
      newRandomA: bytes('nr'),
    },
    wanted:
      'pOldWrappedX=(2)6f78 pOldPassword=(2)6f70 pOldPublicData=(2)6f64 pOldRandomA=(2)6f72 pNewPassword=(2)6e70 pNewPublicData=(2)6e64 pNewRandomA=(2)6e72',
    required: {
      oldWrappedX: 'Buffer',
      oldPassword: 'Buffer',
      oldPublicData: 'Buffer',
      oldRandomA: 'Buffer',
      newPassword: 'Buffer',
      newPublicData: 'Buffer',
      newRandomA: 'Buffer',
    },
  },
  {
    number: 23,
    type: 'CK_PBE_PARAMS',
    wholly: {
      initVector: bytes('01234567'),
      password: bytes('pw'),
      salt: bytes('salt'),
      iteration: 1000,
    },
    wanted: 'pInitVector=(8)3031323334353637 pPassword=(2)7077 pSalt=(4)73616c74 ulIteration=1000',
    required: { initVector: 'Buffer', password: 'Buffer', salt: 'Buffer', iteration: 'Number' },
  },
  {
    number: 24,
    type: 'CK_KEY_WRAP_SET_OAEP_PARAMS',
    wholly: { bc: 255, x: bytes('xx') },
    wanted: 'bBC=255 pX=(2)7878',
    required: { bc: 'Number?', x: 'Buffer?' },
  },
  {
    number: 26,
    type: 'CK_CCM_PARAMS',
    wholly: { dataLength: LARGE, nonce: bytes('no'), aad: bytes('aad'), macLength: 8 },
    wanted: `ulDataLen=${LARGE} pNonce=(2)6e6f pAAD=(3)616164 ulMACLen=8`,
    required: { dataLength: 'Number', nonce: 'Buffer?', aad: 'Buffer?', macLength: 'Number?' },
  },
  {
    number: 27,
    type: 'CK_GOSTR3410_DERIVE_PARAMS',
    wholly: { kdf: 1, publicData: bytes('pub'), ukm: bytes('ukm') },
    wanted: 'kdf=1 pPublicData=(3)707562 pUKM=(3)756b6d',
    required: { kdf: 'Number', publicData: 'Buffer', ukm: 'Buffer?' },
  },
  {
    number: 28,
    type: 'CK_GOSTR3410_KEY_WRAP_PARAMS',
    wholly: { wrapOID: bytes('oid'), ukm: bytes('ukm'), key },
    wanted: 'pWrapOID=(3)6f6964 pUKM=(3)756b6d hKey=9',
    required: { wrapOID: 'Buffer', ukm: 'Buffer?', key: 'Buffer' },
  },
]
