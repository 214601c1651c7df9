/** Operations on a token that the test makes, each awaited and blocking. */
import { createHash, createVerify } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  CKA_CLASS,
  CKA_DECRYPT,
  CKA_ENCRYPT,
  CKA_ID,
  CKA_KEY_TYPE,
  CKA_LABEL,
  CKA_MODULUS,
  CKA_MODULUS_BITS,
  CKA_PRIVATE_EXPONENT,
  CKA_PUBLIC_EXPONENT,
  CKA_SIGN,
  CKA_TOKEN,
  CKA_VALUE,
  CKA_VALUE_LEN,
  CKA_VERIFY,
  CKF_RW_SESSION,
  CKF_SERIAL_SESSION,
  CKF_TOKEN_INITIALIZED,
  CKK_GENERIC_SECRET,
  CKM_AES_CBC_PAD,
  CKM_AES_GCM,
  CKM_AES_KEY_GEN,
  CKM_RSA_PKCS_KEY_PAIR_GEN,
  CKM_RSA_PKCS_OAEP,
  CKM_SHA256,
  CKM_SHA256_RSA_PKCS,
  CKO_DATA,
  CKO_PRIVATE_KEY,
  CKO_SECRET_KEY,
  CKR_ATTRIBUTE_SENSITIVE,
  CKS_RW_USER_FUNCTIONS,
  CKU_SO,
  CKU_USER,
} from '../../src/pkcs11/constants/index.ts'
import { Cryptoki } from '../../src/pkcs11/cryptoki.ts'
import type { Operation } from '../../src/pkcs11/operation.ts'
import * as crypto from '../../src/pkcs11/operations/crypto.ts'
import * as keys from '../../src/pkcs11/operations/keys.ts'
import * as objects from '../../src/pkcs11/operations/objects.ts'
import * as sessions from '../../src/pkcs11/operations/sessions.ts'
import * as slots from '../../src/pkcs11/operations/slots.ts'
import type { Attribute } from '../../src/pkcs11/structures/attributes.ts'
import { GCM, RSA_PKCS_OAEP } from '../../src/pkcs11/structures/parameters.ts'
import type { Ulong } from '../../src/pkcs11/words.ts'
import { needsSoftHsm, SO_PIN, SOFTHSM, SoftHsm, USER_PIN } from '../support/softhsm.ts'

const RW = CKF_RW_SESSION | CKF_SERIAL_SESSION
const DATA = Buffer.from('what is to be signed')

const ulong = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(value)
  return bytes
}
const yes = Buffer.of(1)
const text = (value: string): Buffer => Buffer.from(value)
const attribute = (type: number, value: Uint8Array): Attribute => ({ type, value })

describe.skipIf(needsSoftHsm())('on a token', () => {
  let softHsm: SoftHsm
  let cryptoki: Cryptoki
  let slot: Ulong
  let session: Ulong

  beforeAll(async () => {
    softHsm = new SoftHsm()
    cryptoki = await Cryptoki.load(SOFTHSM, softHsm.options)
    await cryptoki.initialize()
    const [empty] = await cryptoki.run((frame) => slots.getSlotList(frame, true))
    await cryptoki.run((frame) => slots.initToken(frame, empty as Ulong, SO_PIN, 'made here'))
    // SoftHSM gives an initialized token a slot with another number.
    ;[slot] = (await cryptoki.run((frame) => slots.getSlotList(frame, true))) as [Ulong]
    session = await cryptoki.run((frame) => sessions.openSession(frame, slot, RW))
    await cryptoki.run((frame) => sessions.login(frame, session, CKU_SO, SO_PIN))
    await cryptoki.run((frame) => sessions.initPin(frame, session, USER_PIN))
    await cryptoki.run((frame) => sessions.logout(frame, session))
    await cryptoki.run((frame) => sessions.login(frame, session, CKU_USER, USER_PIN))
  })

  afterAll(async () => {
    await cryptoki?.close()
    softHsm?.[Symbol.dispose]()
  })

  const FORMS = {
    awaited: <R>(operation: Operation<R>) => cryptoki.run(operation, { session }),
    blocking: async <R>(operation: Operation<R>) => cryptoki.runSync(operation),
  }

  describe.each(['awaited', 'blocking'] as const)('%s', (form) => {
    const run = <R>(operation: Operation<R>): Promise<R> => FORMS[form](operation)

    const aesKey = (): Promise<Ulong> =>
      run((frame) =>
        keys.generateKey(frame, session, { mechanism: CKM_AES_KEY_GEN }, [
          attribute(CKA_VALUE_LEN, ulong(32)),
          attribute(CKA_ENCRYPT, yes),
          attribute(CKA_DECRYPT, yes),
        ]),
      )

    test('slots, tokens and mechanisms tell of themselves', async () => {
      const token = await run((frame) => slots.getTokenInfo(frame, slot))
      expect(token.label).toBe('made here'.padEnd(32))
      expect(Number(token.flags) & CKF_TOKEN_INITIALIZED).toBeTruthy()
      expect(token.maxPinLen).toBe(255)
      const info = await run((frame) => slots.getSlotInfo(frame, slot))
      expect(info.manufacturerID.trim()).toBe('SoftHSM project')
      const mechanisms = await run((frame) => slots.getMechanismList(frame, slot))
      expect(mechanisms).toContain(CKM_AES_GCM)
      const rsa = await run((frame) =>
        slots.getMechanismInfo(frame, slot, CKM_RSA_PKCS_KEY_PAIR_GEN),
      )
      expect(rsa.maxKeySize).toBe(16384)
      expect(await run((frame) => sessions.getSessionInfo(frame, session))).toMatchObject({
        slotID: slot,
        state: CKS_RW_USER_FUNCTIONS,
        deviceError: 0,
      })
    })

    test('what was not in order is an error of the function', async () => {
      const pin = 'not the PIN'
      const error = await run((frame) => sessions.login(frame, session, CKU_USER, pin)).catch(
        (error: unknown) => error,
      )
      expect(error).toMatchObject({ ckr: 'CKR_USER_ALREADY_LOGGED_IN', method: 'C_Login' })
      expect(JSON.stringify(error) + String(error)).not.toContain(pin)
      await expect(run((frame) => slots.getSlotInfo(frame, 987654))).rejects.toThrow(
        'C_GetSlotInfo: CKR_SLOT_ID_INVALID',
      )
      await expect(run((frame) => sessions.getSessionInfo(frame, 987654))).rejects.toThrow(
        'CKR_SESSION_HANDLE_INVALID',
      )
      await expect(run((frame) => sessions.sessionCancel(frame, session, 0))).rejects.toMatchObject(
        { ckr: 'CKR_FUNCTION_NOT_SUPPORTED', method: 'C_SessionCancel' },
      )
    })

    test('digests', async () => {
      const expected = createHash('sha256').update(DATA).digest()
      const mechanism = { mechanism: CKM_SHA256 }
      expect(
        await run((frame) => crypto.whole(frame, 'digest', session, mechanism, undefined, DATA)),
      ).toEqual(new Uint8Array(expected))
      await run((frame) => crypto.begin(frame, 'C_DigestInit', session, mechanism, undefined))
      await run((frame) => crypto.feed(frame, 'C_DigestUpdate', session, DATA.subarray(0, 7)))
      await run((frame) => crypto.feed(frame, 'C_DigestUpdate', session, DATA.subarray(7)))
      const found = await run((frame) => crypto.finish(frame, 'C_DigestFinal', session))
      expect(Buffer.from(found)).toEqual(expected)
    })

    test('a room that is fixed is not exceeded', async () => {
      const mechanism = { mechanism: CKM_SHA256 }
      await run((frame) => crypto.begin(frame, 'C_DigestInit', session, mechanism, undefined))
      const digest = (bytes: number) =>
        run((frame) => crypto.transform(frame, 'C_Digest', session, DATA, { bytes, fixed: true }))
      await expect(digest(31)).rejects.toThrow('C_Digest: CKR_BUFFER_TOO_SMALL')
      expect(await digest(32)).toHaveLength(32)
    })

    test('a room that is too small is made larger', async () => {
      const mechanism = { mechanism: CKM_SHA256 }
      const found = await run((frame) =>
        crypto.whole(frame, 'digest', session, mechanism, undefined, DATA, { bytes: 3 }),
      )
      expect(found).toHaveLength(32)
    })

    test('keys sign and verify', async () => {
      const { publicKey, privateKey } = await run((frame) =>
        keys.generateKeyPair(
          frame,
          session,
          { mechanism: CKM_RSA_PKCS_KEY_PAIR_GEN },
          [
            attribute(CKA_MODULUS_BITS, ulong(2048)),
            attribute(CKA_PUBLIC_EXPONENT, Buffer.of(1, 0, 1)),
            attribute(CKA_VERIFY, yes),
            attribute(CKA_ENCRYPT, yes),
          ],
          [attribute(CKA_SIGN, yes), attribute(CKA_DECRYPT, yes)],
        ),
      )
      const mechanism = { mechanism: CKM_SHA256_RSA_PKCS }
      const signature = await run((frame) =>
        crypto.whole(frame, 'sign', session, mechanism, privateKey, DATA),
      )
      expect(signature).toHaveLength(256)
      const verify = (data: Uint8Array) =>
        run((frame) => crypto.verify(frame, session, mechanism, publicKey, data, signature))
      expect(await verify(DATA)).toBe(true)
      expect(await verify(Buffer.from('something else'))).toBe(false)

      const { values, rv } = await run((frame) =>
        objects.getAttributeValue(frame, session, privateKey, [
          CKA_CLASS,
          CKA_PRIVATE_EXPONENT,
          CKA_MODULUS,
        ]),
      )
      expect(rv).toBe(CKR_ATTRIBUTE_SENSITIVE)
      expect(values[0]).toEqual(new Uint8Array(ulong(CKO_PRIVATE_KEY)))
      expect(values[1]).toBeUndefined()
      const n = Buffer.from(values[2] as Uint8Array).toString('base64url')
      const key = { key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' } as const
      expect(createVerify('sha256').update(DATA).verify(key, signature)).toBe(true)

      const oaep = {
        mechanism: CKM_RSA_PKCS_OAEP,
        parameter: { structure: RSA_PKCS_OAEP, values: {} },
      }
      const encrypted = await run((frame) =>
        crypto.whole(frame, 'encrypt', session, oaep, publicKey, DATA),
      )
      expect(
        Buffer.from(
          await run((frame) =>
            crypto.whole(frame, 'decrypt', session, oaep, privateKey, encrypted),
          ),
        ),
      ).toEqual(DATA)
    })

    test('ciphers, with parameters and in parts', async () => {
      const key = await aesKey()
      const gcm = {
        mechanism: CKM_AES_GCM,
        parameter: { structure: GCM, values: { iv: Buffer.alloc(12, 7), aad: text('about') } },
      }
      const sealed = await run((frame) => crypto.whole(frame, 'encrypt', session, gcm, key, DATA))
      expect(sealed).toHaveLength(DATA.length + 16)
      const opened = await run((frame) => crypto.whole(frame, 'decrypt', session, gcm, key, sealed))
      expect(Buffer.from(opened)).toEqual(DATA)
      sealed[0] = (sealed[0] as number) ^ 1
      await expect(
        run((frame) => crypto.whole(frame, 'decrypt', session, gcm, key, sealed)),
      ).rejects.toThrow(/C_Decrypt: CKR_/)

      const cbc = { mechanism: CKM_AES_CBC_PAD, parameter: Buffer.alloc(16, 1) }
      const long = Buffer.alloc(3_000_000, 'all work and no play ')
      const whole = await run((frame) => crypto.whole(frame, 'encrypt', session, cbc, key, long))
      await run((frame) => crypto.begin(frame, 'C_EncryptInit', session, cbc, key))
      const parts: Uint8Array[] = []
      for (const part of [long.subarray(0, 1_000_001), long.subarray(1_000_001)])
        parts.push(await run((frame) => crypto.transform(frame, 'C_EncryptUpdate', session, part)))
      parts.push(await run((frame) => crypto.finish(frame, 'C_EncryptFinal', session)))
      expect(Buffer.concat(parts).equals(whole)).toBe(true)
      const back = await run((frame) => crypto.whole(frame, 'decrypt', session, cbc, key, whole))
      expect(long.equals(back)).toBe(true)
    })

    test('objects are made, found, read, changed and destroyed', async () => {
      const made: Ulong[] = []
      for (let index = 0; index < 20; index++)
        made.push(
          await run((frame) =>
            objects.createObject(frame, session, [
              attribute(CKA_CLASS, ulong(CKO_DATA)),
              attribute(CKA_TOKEN, Buffer.of(0)),
              attribute(CKA_LABEL, text(`find me ${form}`)),
              attribute(CKA_VALUE, Buffer.alloc(5000, index)),
            ]),
          ),
        )
      const template = [attribute(CKA_LABEL, text(`find me ${form}`))]
      const byNumber = (a: Ulong, b: Ulong): number => Number(a) - Number(b)
      const found = await run((frame) => objects.findAll(frame, session, template))
      expect(found.sort(byNumber)).toEqual(made.sort(byNumber))
      expect(await run((frame) => objects.findAll(frame, session, template, 3))).toHaveLength(3)
      expect(await run((frame) => objects.findAll(frame, session, template, 3))).toHaveLength(3)

      const [object] = found as [Ulong]
      const read = await run((frame) =>
        objects.getAttributeValue(frame, session, object, [CKA_VALUE, CKA_LABEL, CKA_KEY_TYPE]),
      )
      expect(read.values[0]).toHaveLength(5000)
      expect(Buffer.from(read.values[1] as Uint8Array).toString()).toBe(`find me ${form}`)
      expect(read.values[2]).toBeUndefined()

      await run((frame) =>
        objects.setAttributeValue(frame, session, object, [attribute(CKA_LABEL, text('other'))]),
      )
      const { values } = await run((frame) =>
        objects.getAttributeValue(frame, session, object, [CKA_LABEL]),
      )
      expect(Buffer.from(values[0] as Uint8Array).toString()).toBe('other')
      const copy = await run((frame) =>
        objects.copyObject(frame, session, object, [attribute(CKA_LABEL, text('a copy'))]),
      )
      expect(copy).not.toBe(object)
      await run((frame) => objects.destroyObject(frame, session, copy))
      for (const each of made) await run((frame) => objects.destroyObject(frame, session, each))
      await expect(
        run((frame) => objects.getAttributeValue(frame, session, object, [CKA_LABEL])),
      ).rejects.toThrow('CKR_OBJECT_HANDLE_INVALID')
    })

    test('keys are created, wrapped and unwrapped', async () => {
      const secret = Buffer.from('0123456789abcdef')
      const template = [
        attribute(CKA_CLASS, ulong(CKO_SECRET_KEY)),
        attribute(CKA_KEY_TYPE, ulong(CKK_GENERIC_SECRET)),
        attribute(CKA_ID, Buffer.of(1, 2)),
        attribute(0x103, Buffer.of(0)),
        attribute(0x162, yes),
      ]
      const key = await run((frame) =>
        objects.createObject(frame, session, [...template, attribute(CKA_VALUE, secret)]),
      )
      const wrapper = await run((frame) =>
        keys.generateKey(frame, session, { mechanism: CKM_AES_KEY_GEN }, [
          attribute(CKA_VALUE_LEN, ulong(16)),
          attribute(0x106, yes),
          attribute(0x107, yes),
        ]),
      )
      const mechanism = { mechanism: 0x2109 }
      const wrapped = await run((frame) => keys.wrapKey(frame, session, mechanism, wrapper, key))
      expect(wrapped).toHaveLength(24)
      const again = await run((frame) =>
        keys.unwrapKey(frame, session, mechanism, wrapper, wrapped, template),
      )
      const { values } = await run((frame) =>
        objects.getAttributeValue(frame, session, again, [CKA_VALUE]),
      )
      expect(Buffer.from(values[0] as Uint8Array)).toEqual(secret)
    })

    test('random bytes', async () => {
      const first = await run((frame) => keys.generateRandom(frame, session, 32))
      const second = await run((frame) => keys.generateRandom(frame, session, 32))
      expect(first).toHaveLength(32)
      expect(first).not.toEqual(second)
      await run((frame) => crypto.feed(frame, 'C_SeedRandom', session, first))
    })
  })

  test('calls of one session wait for each other', async () => {
    const mechanism = { mechanism: CKM_SHA256 }
    const digests = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        cryptoki.run(
          (frame) => crypto.whole(frame, 'digest', session, mechanism, undefined, Buffer.of(index)),
          { session },
        ),
      ),
    )
    for (const [index, digest] of digests.entries())
      expect(Buffer.from(digest)).toEqual(createHash('sha256').update(Buffer.of(index)).digest())
  })

  test('arguments are taken when the call is made', async () => {
    const data = Buffer.from('as it was')
    const mechanism = { mechanism: CKM_SHA256 }
    const run = () =>
      cryptoki.run((frame) => crypto.whole(frame, 'digest', session, mechanism, undefined, data), {
        session,
      })
    const digests = [run(), run()]
    data.fill(0)
    const expected = createHash('sha256').update('as it was').digest()
    for (const digest of await Promise.all(digests)) expect(Buffer.from(digest)).toEqual(expected)
  })

  test('a wrong value of a parameter is a TypeError that names it', async () => {
    const wrong = (values: object) =>
      cryptoki.run((frame) =>
        keys.generateKey(
          frame,
          session,
          { mechanism: CKM_AES_GCM, parameter: { structure: GCM, values } },
          [],
        ),
      )
    await expect(wrong({ iv: 12 })).rejects.toThrow('CK_GCM_PARAMS.iv must be bytes, not 12')
    await expect(wrong({ tagBits: -1 })).rejects.toThrow(/CK_GCM_PARAMS.tagBits/)
    await expect(wrong({ tag: 1 })).rejects.toThrow('CK_GCM_PARAMS has no tag')
  })
})
