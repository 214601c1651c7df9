/** Two operations at once on data that comes in parts: NSS's softoken has them, SoftHSM has not. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type KeyPair,
  Module,
  type Pkcs11Object,
  type Session,
  type Slot,
} from '../../src/pkcs11/index.ts'
import { needs } from '../support/needs.ts'
import { needsSoftHsm, TokenOfTest, USER_PIN } from '../support/softhsm.ts'

/** Its last block is not full, so that padding holds some of it back until the end. */
const WHOLE = Buffer.alloc(100_003, 'twice at once ')
const parts = (): Uint8Array[] => [
  WHOLE.subarray(0, 1),
  Buffer.alloc(0),
  WHOLE.subarray(1, 70_000),
  WHOLE.subarray(70_000),
]
const CBC = { mechanism: 'CKM_AES_CBC_PAD', parameter: Buffer.alloc(16, 9) } as const
const RSA = 'CKM_SHA256_RSA_PKCS'
const AES = { CKA_VALUE_LEN: 32, CKA_ENCRYPT: true, CKA_DECRYPT: true } as const
const DIGEST = new Uint8Array(createHash('sha256').update(WHOLE).digest())

const all = async (stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const found: Uint8Array[] = []
  for await (const part of stream) found.push(part)
  return new Uint8Array(Buffer.concat(found))
}

describe.skipIf(needs('libnss3', 'libsoftokn3.so'))('two at once', () => {
  let module: Module
  let session: Session
  let aes: Pkcs11Object
  let pair: KeyPair

  beforeAll(async () => {
    module = await Module.open('libsoftokn3.so', {
      libraryParameters: "configdir='' flags=noCertDB,noModDB",
    })
    const [generic] = await module.slots()
    session = await (generic as Slot).open({ readWrite: true })
    aes = await session.generateKey('CKM_AES_KEY_GEN', AES)
    pair = await session.generateKeyPair('CKM_RSA_PKCS_KEY_PAIR_GEN', {
      public: {
        CKA_MODULUS_BITS: 2048,
        CKA_PUBLIC_EXPONENT: Buffer.of(1, 0, 1),
        CKA_VERIFY: true,
      },
      private: { CKA_SIGN: true },
    })
  })

  afterAll(() => module?.close())

  test('what is encrypted is digested, and so is what is decrypted', async () => {
    const sealing = session.digestEncryptStream('CKM_SHA256', CBC, aes, parts())
    const sealed = await all(sealing)
    expect(sealed).toEqual(await session.encrypt(CBC, aes, WHOLE))
    expect(sealing.outcome).toEqual(DIGEST)
    const opening = session.decryptDigestStream(CBC, aes, 'CKM_SHA256', [
      // NSS decrypts whole blocks.
      sealed.subarray(0, 96),
      sealed.subarray(96),
    ])
    expect(Buffer.from(await all(opening)).equals(WHOLE)).toBe(true)
    expect(opening.outcome).toEqual(DIGEST)
  })

  test('what is encrypted is signed, and what is decrypted is verified', async () => {
    const sealing = session.signEncryptStream(RSA, pair.privateKey, CBC, aes, parts())
    const sealed = await all(sealing)
    expect(sealed).toEqual(await session.encrypt(CBC, aes, WHOLE))
    const signature = sealing.outcome
    expect(signature).toEqual(await session.sign(RSA, pair.privateKey, WHOLE))
    const verified = async (given: Uint8Array): Promise<boolean> => {
      const signed = [CBC, aes, RSA, pair.publicKey] as const
      const opening = session.decryptVerifyStream(...signed, [sealed], given)
      expect(Buffer.from(await all(opening)).equals(WHOLE)).toBe(true)
      return opening.outcome
    }
    expect(await verified(signature)).toBe(true)
    expect(await verified(Buffer.alloc(256))).toBe(false)
  })

  test('an outcome is not there before the last part was taken', async () => {
    const sealing = session.digestEncryptStream('CKM_SHA256', CBC, aes, parts())
    const early = 'C_DigestEncryptUpdate: CKR_OPERATION_ACTIVE (not all parts were taken)'
    expect(() => sealing.outcome).toThrow(early)
    for await (const _ of sealing) {
      expect(() => sealing.outcome).toThrow(early)
      break
    }
    expect(() => sealing.outcome).toThrow(early)
    // Neither of the two is left behind.
    expect(await session.digest('CKM_SHA256', WHOLE)).toEqual(DIGEST)
    expect(await session.encrypt(CBC, aes, WHOLE)).toHaveLength(100_016)
  })

  test('parts that fail leave neither of the two behind', async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield WHOLE
      throw new Error('no more parts')
    }
    const sealing = session.signEncryptStream(RSA, pair.privateKey, CBC, aes, failing())
    await expect(all(sealing)).rejects.toThrow('no more parts')
    expect(() => sealing.outcome).toThrow('CKR_OPERATION_ACTIVE')
    expect(await session.sign(RSA, pair.privateKey, WHOLE)).toHaveLength(256)
    expect(await session.encrypt(CBC, aes, WHOLE)).toHaveLength(100_016)
  })

  test('wrong arguments are named at once, and nothing is sent', () => {
    const before = module.thread.stats().completed
    const any = (value: unknown): never => value as never
    expect(() => session.digestEncryptStream(any('CKM_NONE'), CBC, aes, parts())).toThrow(
      'digestEncryptStream: there is no mechanism CKM_NONE',
    )
    expect(() => session.signEncryptStream(RSA, any(7), CBC, aes, parts())).toThrow(
      'signEncryptStream: signKey must be a Pkcs11Object, not 7',
    )
    expect(() => session.decryptDigestStream(CBC, any(7), 'CKM_SHA256', parts())).toThrow(
      'decryptDigestStream: key must be a Pkcs11Object, not 7',
    )
    expect(() => session.encryptStream(CBC, aes, any('text'))).toThrow(
      'encryptStream: parts must be a stream, or another iterable of bytes, not a string',
    )
    expect(() =>
      session.decryptVerifyStream(CBC, aes, RSA, pair.publicKey, parts(), any('text')),
    ).toThrow('decryptVerifyStream: signature must be bytes, not a string')
    expect(module.thread.stats().completed).toBe(before)
  })
})

describe.skipIf(needsSoftHsm())('a module that can do only one', () => {
  let token: TokenOfTest

  beforeAll(async () => {
    token = await TokenOfTest.make('one at a time')
  })

  afterAll(() => token?.close())

  test('says so, and the one is ended', async () => {
    const { slot } = token
    await using session = await slot.open({ readWrite: true, pin: USER_PIN })
    const aes = await session.generateKey('CKM_AES_KEY_GEN', AES)
    await expect(
      all(session.digestEncryptStream('CKM_SHA256', CBC, aes, parts())),
    ).rejects.toMatchObject({ ckr: 'CKR_OPERATION_ACTIVE', method: 'C_DigestInit' })
    expect(await session.digest('CKM_SHA256', WHOLE)).toEqual(DIGEST)
    expect(await session.encrypt(CBC, aes, WHOLE)).toHaveLength(100_016)
  })

  test('nobody waits for a function of another thread any more', async () => {
    await using session = await token.slot.open()
    const expected = { ckr: 'CKR_FUNCTION_NOT_PARALLEL' }
    await expect(session.getFunctionStatus()).rejects.toMatchObject(expected)
    await expect(session.cancelFunction()).rejects.toMatchObject({
      ...expected,
      method: 'C_CancelFunction',
    })
    expect(() => session.getFunctionStatus.sync()).toThrow(
      'C_GetFunctionStatus: CKR_FUNCTION_NOT_PARALLEL',
    )
  })
})
