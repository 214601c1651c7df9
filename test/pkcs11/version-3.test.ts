/** What only modules of version 3 have, and what modules do that SoftHSM does not. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  CKF_SIGN,
  Module,
  Pkcs11Error,
  type Pkcs11Object,
  parameter,
  type Session,
} from '../../src/pkcs11/index.ts'
import { fixture } from '../fixtures/build.ts'

const DATA = Buffer.from('a message')
const hidden = (data: Uint8Array): Uint8Array => Uint8Array.from(data, (byte) => byte ^ 0x5a)
const sumOf = (data: Uint8Array): number => data.reduce((sum, byte) => (sum + byte) & 0xff, 0)

describe('a module of version 3', () => {
  let module: Module
  let session: Session
  let key: Pkcs11Object

  beforeEach(async () => {
    module = await Module.open(fixture('speaks-version-3'))
    const [slot] = await module.slots()
    session = (await slot?.open()) as Session
    ;[key] = (await session.find()) as [Pkcs11Object]
  })

  afterEach(async () => {
    await session?.close()
    await module?.close()
  })

  test('is known by its interface', async () => {
    expect(module.version).toEqual({ major: 3, minor: 0 })
    expect(module.has('C_EncryptMessage')).toBe(true)
    expect(session.handle).toBe(0x8000000000000001n)
  })

  test('logs users in by name', async () => {
    await session.login('1234', { username: 'alice' })
    await expect(session.login('1234', { username: 'bob' })).rejects.toMatchObject({
      ckr: 'CKR_PIN_INCORRECT',
      method: 'C_LoginUser',
    })
  })

  test('cancels operations', async () => {
    await session.cancel(CKF_SIGN)
    expect((await session.info()).deviceError).toBe(CKF_SIGN)
  })

  test('an IV that the module writes comes back, at once and in parts', async () => {
    const iv = Buffer.alloc(12)
    const mechanism = { mechanism: 'CKM_AES_GCM', parameter: { iv } } as const
    expect(await session.encrypt(mechanism, key, DATA)).toEqual(hidden(DATA))
    expect(iv).toEqual(Buffer.alloc(12, 0xa5))
    iv.fill(0)
    const parts: Uint8Array[] = []
    for await (const part of session.encryptStream(mechanism, key, [DATA, DATA])) parts.push(part)
    expect(Buffer.concat(parts)).toEqual(Buffer.from(hidden(Buffer.concat([DATA, DATA]))))
    expect(iv).toEqual(Buffer.alloc(12, 0xb6))
  })

  test('messages have parameters of their own, which the module writes', async () => {
    await using cipher = await session.encryptMessages('CKM_AES_GCM', key)
    for (let count = 0; count < 3; count++) {
      const [iv, tag] = [Buffer.alloc(12), Buffer.alloc(16)]
      const message = parameter('CK_GCM_MESSAGE_PARAMS', {
        iv,
        tag,
        ivGenerator: 'CKG_GENERATE_COUNTER',
      })
      const associatedData = Buffer.from('about it')
      expect(await cipher.crypt(message, DATA, { associatedData })).toEqual(hidden(DATA))
      expect([...iv]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
      const sum = (sumOf(associatedData) + sumOf(hidden(DATA))) & 0xff
      expect(tag).toEqual(Buffer.alloc(16, sum))
    }
  })

  test('messages come in parts', async () => {
    await using cipher = await session.decryptMessages('CKM_AES_GCM', key)
    const tag = Buffer.alloc(16)
    const message = parameter('CK_GCM_MESSAGE_PARAMS', { iv: Buffer.alloc(12), tag })
    const parts: Uint8Array[] = []
    for await (const part of cipher.cryptStream(message, [DATA, DATA, DATA])) parts.push(part)
    const whole = Buffer.concat([DATA, DATA, DATA])
    expect(Buffer.concat(parts)).toEqual(Buffer.from(hidden(whole)))
    expect(tag).toEqual(Buffer.alloc(16, sumOf(hidden(whole))))
  })

  test('messages are signed and verified', async () => {
    await using signer = await session.signMessages('CKM_ECDSA', key)
    await using verifier = await session.verifyMessages('CKM_ECDSA', key)
    const signature = await signer.sign(null, DATA)
    expect(signature).toEqual(Uint8Array.of(sumOf(DATA)))
    expect(await verifier.verify(null, DATA, signature)).toBe(true)
    expect(await verifier.verify(null, Buffer.from('another'), signature)).toBe(false)
    const twice = await signer.signStream(null, [DATA, DATA])
    expect(twice).toEqual(Uint8Array.of((2 * sumOf(DATA)) & 0xff))
    expect(await verifier.verifyStream(null, [DATA, DATA], twice)).toBe(true)
    expect(await verifier.verifyStream(null, [DATA], twice)).toBe(false)
  })

  test('attributes may be templates, and longer than what was offered', async () => {
    const found = await session.get(key, ['CKA_WRAP_TEMPLATE', 'CKA_VALUE', 'CKA_LABEL'])
    expect(found.CKA_WRAP_TEMPLATE).toEqual({ CKA_LABEL: 'wrapped', CKA_CLASS: 'CKO_PRIVATE_KEY' })
    expect(found.CKA_VALUE).toEqual(new Uint8Array(3000).fill(0x77))
    expect(found.CKA_LABEL).toBeUndefined()
  })

  test('lengths that can not be are an error', async () => {
    const terabyte = await session.digest('CKM_SHA256', DATA).catch((error: unknown) => error)
    expect(terabyte).toBeInstanceOf(Pkcs11Error)
    expect(terabyte).toMatchObject({
      ckr: 'CKR_DEVICE_ERROR',
      method: 'C_Digest',
      message: expect.stringContaining('1099511627776 bytes'),
    })
    await expect(session.getOperationState()).rejects.toMatchObject({
      ckr: 'CKR_BUFFER_TOO_SMALL',
    })
    expect(module.thread.state).toBe('running')
  })
})
