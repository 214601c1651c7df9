/** NSS's softoken, which is told by `libraryParameters` where its database is. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import type * as Graphene from 'graphene-pk11'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as door from '../../src/pkcs11js/index.ts'
import { needs, needsCommand } from '../support/needs.ts'
import { Scratch } from '../support/scratch.ts'
import { requireOn } from './dependents.ts'
import { isolated } from './implementations.ts'

const SOFTOKEN = 'libsoftokn3.so'
const NO_DATABASE = "configdir='' flags=noCertDB,noModDB"
const DATA = Buffer.from('abc')
const SHA256_OF_DATA = createHash('sha256').update(DATA).digest()
const P256 = Buffer.from('06082a8648ce3d030107', 'hex')
const SERIAL_RW = door.CKF_SERIAL_SESSION | door.CKF_RW_SESSION

const isMissing = needs('libnss3', SOFTOKEN) || needsCommand('libnss3-tools', 'certutil')

/** An empty database without a password. */
function makeDatabase(scratch: Scratch): string {
  execFileSync('certutil', ['-N', '-d', `sql:${scratch.folder}`, '--empty-password'])
  return `configdir='sql:${scratch.folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=`
}

describe.skipIf(isMissing)('NSS', () => {
  const scratch = new Scratch()
  let parameters: string

  beforeAll(() => {
    parameters = makeDatabase(scratch)
  })
  afterAll(() => scratch[Symbol.dispose]())

  test('computes without a database', () => {
    const nss = new door.PKCS11(SOFTOKEN)
    nss.C_Initialize({ libraryParameters: NO_DATABASE })
    expect(nss.C_GetInfo().manufacturerID).toMatch(/^Mozilla Foundation/)
    const [slot] = nss.C_GetSlotList(true) as [Buffer]
    const session = nss.C_OpenSession(slot, SERIAL_RW)
    nss.C_DigestInit(session, { mechanism: door.CKM_SHA256 })
    expect(nss.C_Digest(session, DATA, Buffer.alloc(32))).toEqual(SHA256_OF_DATA)
    nss.C_DigestInit(session, { mechanism: door.CKM_SHA256 })
    nss.C_EncryptInit(session, { mechanism: door.CKM_AES_ECB }, aesKey(nss, session))
    const block = Buffer.alloc(16, 1)
    expect(nss.C_DigestEncryptUpdate(session, block, Buffer.alloc(16))).toHaveLength(16)
    const digest = createHash('sha256').update(block).digest()
    expect(nss.C_DigestFinal(session, Buffer.alloc(32))).toEqual(digest)
    nss.C_Finalize()
    nss.close()
  })

  test('is finalized, and initialized with a database, in one object', async () => {
    const nss = new door.PKCS11(SOFTOKEN)
    nss.C_Initialize({ libraryParameters: NO_DATABASE })
    nss.C_Finalize()
    nss.C_Initialize({ libraryParameters: parameters, flags: door.CKF_OS_LOCKING_OK })
    const slot = nss
      .C_GetSlotList(true)
      .find((each) => nss.C_GetTokenInfo(each).label.startsWith('NSS Certificate DB')) as Buffer
    const session = nss.C_OpenSession(slot, SERIAL_RW)
    const token = { type: door.CKA_TOKEN, value: true }
    const { publicKey, privateKey } = await nss.C_GenerateKeyPairAsync(
      session,
      { mechanism: door.CKM_EC_KEY_PAIR_GEN },
      [token, { type: door.CKA_EC_PARAMS, value: P256 }, { type: door.CKA_VERIFY, value: true }],
      [token, { type: door.CKA_SIGN, value: true }, { type: door.CKA_ID, value: DATA }],
    )
    nss.C_SignInit(session, { mechanism: door.CKM_ECDSA }, privateKey)
    const signature = await nss.C_SignAsync(session, SHA256_OF_DATA, Buffer.alloc(64))
    nss.C_VerifyInit(session, { mechanism: door.CKM_ECDSA }, publicKey)
    expect(nss.C_Verify(session, SHA256_OF_DATA, signature)).toBe(true)
    nss.C_Finalize()
    nss.close()
  })

  test('keeps what graphene-pk11 makes', () => {
    const graphene = requireOn<typeof Graphene>('graphene-pk11', isolated)
    const use = <Result>(work: (session: Graphene.Session) => Result): Result => {
      const module = graphene.Module.load(SOFTOKEN, 'NSS')
      module.initialize({ libraryParameters: parameters, flags: 0 } as never)
      try {
        const slots = module.getSlots(true)
        const all = Array.from({ length: slots.length }, (_, index) => slots.items(index))
        const slot = all.find((each) => each.getToken().label.startsWith('NSS Certificate DB'))
        const { SERIAL_SESSION, RW_SESSION } = graphene.SessionFlag
        return work((slot as Graphene.Slot).open(SERIAL_SESSION | RW_SESSION))
      } finally {
        module.finalize()
        module.close()
      }
    }
    const sealed = use((session) => {
      const key = session.generateKey(graphene.KeyGenMechanism.AES, {
        keyType: graphene.KeyType.AES,
        label: 'lasting',
        valueLen: 32,
        token: true,
        encrypt: true,
        decrypt: true,
      })
      const mechanism = { name: 'AES_CBC_PAD', params: Buffer.alloc(16, 5) }
      return session.createCipher(mechanism, key).once(DATA, Buffer.alloc(16))
    })
    use((session) => {
      const found = session.find({ label: 'lasting' })
      expect(found).toHaveLength(1)
      const key = found.items(0).toType<Graphene.SecretKey>()
      const mechanism = { name: 'AES_CBC_PAD', params: Buffer.alloc(16, 5) }
      expect(session.createDecipher(mechanism, key).once(sealed, Buffer.alloc(16))).toEqual(DATA)
    })
  })
})

function aesKey(nss: door.PKCS11, session: Buffer): Buffer {
  return nss.C_GenerateKey(session, { mechanism: door.CKM_AES_KEY_GEN }, [
    { type: door.CKA_VALUE_LEN, value: 32 },
    { type: door.CKA_ENCRYPT, value: true },
  ])
}
