/** Data that comes in parts, and searches a few at a time. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Module, type Pkcs11Object, type Session, type Slot } from '../../src/pkcs11/index.ts'
import { fixture } from '../fixtures/build.ts'
import { needsSoftHsm, TokenOfTest, USER_PIN } from '../support/softhsm.ts'

const WHOLE = Buffer.alloc(300_001, 'parts of a whole ')
const parts = (): Readable =>
  Readable.from([
    WHOLE.subarray(0, 1),
    Buffer.alloc(0),
    WHOLE.subarray(1, 200_000),
    WHOLE.subarray(200_000),
  ])

const all = async (stream: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const found: Uint8Array[] = []
  for await (const part of stream) found.push(part)
  return Buffer.concat(found)
}

describe.skipIf(needsSoftHsm())('in parts', () => {
  let token: TokenOfTest
  let module: Module
  let slot: Slot
  let session: Session
  let aes: Pkcs11Object

  const CBC = { mechanism: 'CKM_AES_CBC_PAD', parameter: Buffer.alloc(16, 9) } as const

  beforeAll(async () => {
    token = await TokenOfTest.make('parts')
    ;({ module, slot } = token)
    session = await slot.open({ readWrite: true, pin: USER_PIN })
    aes = await session.generateKey('CKM_AES_KEY_GEN', {
      CKA_VALUE_LEN: 32,
      CKA_ENCRYPT: true,
      CKA_DECRYPT: true,
    })
  })

  afterAll(() => token?.close())

  test('data is encrypted and decrypted', async () => {
    const sealed = await all(session.encryptStream(CBC, aes, parts()))
    expect(sealed.equals(await session.encrypt(CBC, aes, WHOLE))).toBe(true)
    const opened = await all(
      session.decryptStream(CBC, aes, [sealed.subarray(0, 99), sealed.subarray(99)]),
    )
    expect(opened.equals(WHOLE)).toBe(true)
  })

  test('data is digested, signed and verified', async () => {
    const digest = await session.digestStream('CKM_SHA256', parts())
    expect(Buffer.from(digest)).toEqual(createHash('sha256').update(WHOLE).digest())
    const { publicKey, privateKey } = await session.generateKeyPair('CKM_RSA_PKCS_KEY_PAIR_GEN', {
      public: { CKA_MODULUS_BITS: 2048, CKA_VERIFY: true },
      private: { CKA_SIGN: true },
    })
    const signature = await session.signStream('CKM_SHA256_RSA_PKCS', privateKey, parts())
    expect(signature).toEqual(await session.sign('CKM_SHA256_RSA_PKCS', privateKey, WHOLE))
    const verify = (data: Iterable<Uint8Array> | Readable): Promise<boolean> =>
      session.verifyStream('CKM_SHA256_RSA_PKCS', publicKey, data, signature)
    expect(await verify(parts())).toBe(true)
    expect(await verify([WHOLE.subarray(1)])).toBe(false)
  })

  test('a digest takes keys among the parts', async () => {
    const value = Buffer.from('a secret of a key')
    const key = await session.create({
      CKA_CLASS: 'CKO_SECRET_KEY',
      CKA_KEY_TYPE: 'CKK_GENERIC_SECRET',
      CKA_SENSITIVE: false,
      CKA_EXTRACTABLE: true,
      CKA_VALUE: value,
    })
    const digest = await session.digestStream('CKM_SHA256', [WHOLE, key])
    const expected = createHash('sha256').update(WHOLE).update(value).digest()
    expect(Buffer.from(digest)).toEqual(expected)
  })

  test('a stream that is left leaves no operation behind', async () => {
    for await (const part of session.encryptStream(CBC, aes, parts())) {
      expect(part.length).toBeGreaterThan(0)
      break
    }
    expect(await session.encrypt(CBC, aes, Buffer.alloc(4))).toHaveLength(16)
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield WHOLE
      throw new Error('no more parts')
    }
    await expect(session.digestStream('CKM_SHA256', failing())).rejects.toThrow('no more parts')
    await expect(
      session.digestStream('CKM_SHA256', [WHOLE, 'text' as unknown as Uint8Array]),
    ).rejects.toThrow('digestStream: parts must be bytes, not a string')
    expect(await session.digest('CKM_SHA256', WHOLE)).toHaveLength(32)
  })

  test('a search gives a few objects at a time', async () => {
    for (let index = 0; index < 150; index++)
      await session.create({
        CKA_CLASS: 'CKO_DATA',
        CKA_LABEL: 'many',
        CKA_VALUE: Buffer.of(index),
      })
    const template = { CKA_LABEL: 'many' }
    const values = new Set<number>()
    const attributes = ['CKA_VALUE'] as const
    for await (const object of session.search(template, { attributes }))
      values.add(object.attributes.CKA_VALUE?.[0] ?? -1)
    expect(values.size).toBe(150)
    let seen = 0
    for await (const _ of session.search(template)) if (++seen === 3) break
    expect(await session.find(template)).toHaveLength(150)
    seen = 0
    for await (const _ of session.search(template, { limit: 70 })) seen++
    expect(seen).toBe(70)
  })

  test('a signal that fires before a call begins leaves no operation behind', async () => {
    const stopped = AbortSignal.abort(new Error('not wanted'))
    await expect(session.digest('CKM_SHA256', WHOLE, { signal: stopped })).rejects.toMatchObject({
      name: 'AbortError',
      ckr: 'CKR_FUNCTION_CANCELED',
    })
    expect(await session.digest('CKM_SHA256', WHOLE)).toHaveLength(32)
    expect(module.thread.stats().restarts).toBe(0)
  })
})

test('sessions do not wait for each other', async () => {
  using module = await Module.open(fixture('login-obeys-its-pin'), { timeout: 5000 })
  const [slot] = (await module.slots()) as [Slot]
  const [first, second] = [await slot.open(), await slot.open()]
  const hanging = first.login('hang').catch((error: unknown) => error)
  // Behind it they would hang, too, until the time limit.
  for (let count = 0; count < 20; count++) await second.login('well')
  second.login.sync('well')
  module[Symbol.dispose]()
  expect(await hanging).toMatchObject({ ckr: 'CKR_CRYPTOKI_NOT_INITIALIZED' })
})
