/** The typed interface, on a real module. */
import { createHash, createPublicKey, createVerify } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClosedError } from '../../src/index.ts'
import {
  isCoded,
  Module,
  Pkcs11Error,
  Pkcs11Object,
  parameter,
  type Session,
  type Slot,
} from '../../src/pkcs11/index.ts'
import { fixture } from '../fixtures/build.ts'
import { needsSoftHsm, SOFTHSM, TokenOfTest, USER_PIN } from '../support/softhsm.ts'

const DATA = Buffer.from('what is to be signed')

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  )

const RSA_PAIR = {
  public: {
    CKA_MODULUS_BITS: 2048,
    CKA_PUBLIC_EXPONENT: Buffer.of(1, 0, 1),
    CKA_VERIFY: true,
    CKA_ENCRYPT: true,
  },
  private: { CKA_SIGN: true, CKA_DECRYPT: true },
} as const

const AES_KEY = { CKA_VALUE_LEN: 32, CKA_ENCRYPT: true, CKA_DECRYPT: true } as const

describe.skipIf(needsSoftHsm())('a module', () => {
  let token: TokenOfTest
  let module: Module
  let slot: Slot

  beforeEach(async () => {
    token = await TokenOfTest.make('made here')
    ;({ module, slot } = token)
  })

  afterEach(() => token.close())

  test('tells of itself, its slots, tokens and mechanisms', async () => {
    expect(await module.info()).toMatchObject({ manufacturer: 'SoftHSM' })
    expect(module.info.sync()).toEqual(await module.info())
    expect(module.version.major).toBe(2)
    expect(module.has('C_Sign')).toBe(true)
    expect(module.has('C_SignMessage')).toBe(false)
    expect(await module.slots({ tokenPresent: false })).toHaveLength(1)
    expect((await slot.info()).flags).toEqual(['CKF_TOKEN_PRESENT'])
    const token = await slot.token()
    expect(token).toMatchObject({ label: 'made here', model: 'SoftHSM v2', maxPinLength: 255 })
    expect(token.flags).toContain('CKF_TOKEN_INITIALIZED')
    expect(token.maxSessionCount).toBe(Number.POSITIVE_INFINITY)
    expect(token.freePublicMemory).toBeUndefined()
    expect(token.time).toBeUndefined()
    const mechanisms = await slot.mechanisms()
    expect(mechanisms).toContain('CKM_AES_GCM')
    expect(mechanisms).toContain('CKM_EC_KEY_PAIR_GEN')
    expect((await slot.mechanism('CKM_RSA_PKCS')).flags).toContain('CKF_SIGN')
  })

  test('sessions are opened, logged in and closed', async () => {
    const session = await slot.open()
    expect(await session.info()).toMatchObject({ state: 'CKS_RO_PUBLIC_SESSION' })
    expect(await failure(session.login('not the PIN'))).toMatchObject({
      code: 'CKR_PIN_INCORRECT',
      method: 'C_Login',
    })
    await session.login(USER_PIN)
    expect(await session.info()).toMatchObject({ state: 'CKS_RO_USER_FUNCTIONS' })
    await session.logout()
    await session.close()
    await session.close()
    expect(await failure(session.info())).toMatchObject({ ckr: 'CKR_SESSION_CLOSED' })
    {
      using other = slot.open.sync({ readWrite: true, pin: USER_PIN })
      expect(other.info.sync()).toMatchObject({
        state: 'CKS_RW_USER_FUNCTIONS',
        flags: ['CKF_RW_SESSION', 'CKF_SERIAL_SESSION'],
      })
    }
    await using last = await slot.open({ readWrite: true, pin: USER_PIN })
    await last.setPin(USER_PIN, 'another PIN')
    await last.logout()
    await last.login(Buffer.from('another PIN'))
  })

  test('a session that can not log in is not left open', async () => {
    const error = await failure(slot.open({ pin: 'not the PIN' }))
    expect(error).toBeInstanceOf(Pkcs11Error)
    expect((await slot.token()).sessionCount ?? 0).toBe(0)
  })

  test('keys sign, verify, encrypt and decrypt', async () => {
    await using session = await slot.open({ readWrite: true, pin: USER_PIN })
    const { publicKey, privateKey } = await session.generateKeyPair(
      'CKM_RSA_PKCS_KEY_PAIR_GEN',
      RSA_PAIR,
    )
    const signature = await session.sign('CKM_SHA256_RSA_PKCS', privateKey, DATA)
    expect(session.sign.sync('CKM_SHA256_RSA_PKCS', privateKey, DATA)).toEqual(signature)
    expect(await session.verify('CKM_SHA256_RSA_PKCS', publicKey, DATA, signature)).toBe(true)
    const other = Buffer.from('something else')
    expect(await session.verify('CKM_SHA256_RSA_PKCS', publicKey, other, signature)).toBe(false)
    expect(session.verify.sync('CKM_SHA256_RSA_PKCS', publicKey, DATA, signature.subarray(1))).toBe(
      false,
    )

    const pss = {
      mechanism: 'CKM_SHA256_RSA_PKCS_PSS',
      parameter: { hashAlg: 'CKM_SHA256', mgf: 'CKG_MGF1_SHA256', sLen: 32 },
    } as const
    const salted = await session.sign(pss, privateKey, DATA)
    expect(await session.verify(pss, publicKey, DATA, salted)).toBe(true)

    const oaep = { mechanism: 'CKM_RSA_PKCS_OAEP', parameter: {} } as const
    const sealed = await session.encrypt(oaep, publicKey, DATA)
    expect(Buffer.from(await session.decrypt(oaep, privateKey, sealed))).toEqual(DATA)

    const { CKA_MODULUS, CKA_KEY_TYPE, CKA_PRIVATE_EXPONENT } = await session.get(privateKey, [
      'CKA_MODULUS',
      'CKA_KEY_TYPE',
      'CKA_PRIVATE_EXPONENT',
    ])
    expect(CKA_KEY_TYPE).toBe('CKK_RSA')
    expect(CKA_PRIVATE_EXPONENT).toBeUndefined()
    const n = Buffer.from(CKA_MODULUS as Uint8Array).toString('base64url')
    const key = createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' })
    expect(createVerify('sha256').update(DATA).verify(key, signature)).toBe(true)
  })

  test('elliptic curves sign and agree on keys', async () => {
    await using session = await slot.open({ readWrite: true, pin: USER_PIN })
    const pair = {
      public: { CKA_EC_PARAMS: Buffer.from('06082a8648ce3d030107', 'hex'), CKA_VERIFY: true },
      private: { CKA_SIGN: true, CKA_DERIVE: true },
    }
    const mine = await session.generateKeyPair('CKM_EC_KEY_PAIR_GEN', pair)
    const yours = await session.generateKeyPair('CKM_EC_KEY_PAIR_GEN', pair)
    const digest = createHash('sha256').update(DATA).digest()
    const signature = await session.sign('CKM_ECDSA', mine.privateKey, digest)
    expect(signature).toHaveLength(64)
    expect(await session.verify('CKM_ECDSA', mine.publicKey, digest, signature)).toBe(true)
    const derive = async (own: Pkcs11Object, other: Pkcs11Object): Promise<Uint8Array> => {
      const { CKA_EC_POINT } = await session.get(other, ['CKA_EC_POINT'])
      const secret = await session.deriveKey(
        {
          mechanism: 'CKM_ECDH1_DERIVE',
          parameter: { kdf: 'CKD_NULL', publicData: CKA_EC_POINT as Uint8Array },
        },
        own,
        {
          CKA_CLASS: 'CKO_SECRET_KEY',
          CKA_KEY_TYPE: 'CKK_GENERIC_SECRET',
          CKA_VALUE_LEN: 32,
          CKA_SENSITIVE: false,
          CKA_EXTRACTABLE: true,
        },
      )
      return (await session.get(secret, ['CKA_VALUE'])).CKA_VALUE as Uint8Array
    }
    const [first, second] = [
      await derive(mine.privateKey, yours.publicKey),
      await derive(yours.privateKey, mine.publicKey),
    ]
    expect(first).toHaveLength(32)
    expect(first).toEqual(second)
  })

  test('of many objects the attributes are read in lots, however long they are', async () => {
    await using session = await slot.open({ readWrite: true, pin: USER_PIN })
    const lengths = Array.from({ length: 300 }, (_, index) => {
      if (index === 299) return 9000
      return index % 50 === 49 ? 600 + index : index
    })
    for (const [index, length] of lengths.entries())
      session.create.sync({
        CKA_CLASS: 'CKO_DATA',
        CKA_TOKEN: false,
        CKA_LABEL: `number ${index}`,
        CKA_APPLICATION: 'lots',
        CKA_VALUE: Buffer.alloc(length, index),
      })
    const attributes = ['CKA_LABEL', 'CKA_VALUE', 'CKA_KEY_TYPE'] as const
    const all = new Map(lengths.map((length, index) => [`number ${index}`, { length, index }]))
    for (const limit of [1, 4, 5, 131, 132, 133, 300, undefined]) {
      const options = { attributes, limit }
      for (const found of [
        await session.find({ CKA_APPLICATION: 'lots' }, options),
        session.find.sync({ CKA_APPLICATION: 'lots' }, options),
      ]) {
        expect(new Set(found.map((object) => object.attributes.CKA_LABEL)).size).toBe(limit ?? 300)
        for (const object of found) {
          const { CKA_LABEL, CKA_VALUE, CKA_KEY_TYPE } = object.attributes
          const { length = -1, index } = all.get(CKA_LABEL ?? '') ?? {}
          expect(Buffer.from(CKA_VALUE ?? []).equals(Buffer.alloc(length, index))).toBe(true)
          expect(CKA_KEY_TYPE).toBeUndefined()
        }
      }
    }
  }, 60_000)

  test('objects are made, found with attributes, changed and destroyed', async () => {
    await using session = await slot.open({ readWrite: true, pin: USER_PIN })
    for (let index = 0; index < 5; index++)
      await session.create({
        CKA_CLASS: 'CKO_DATA',
        CKA_TOKEN: true,
        CKA_LABEL: `number ${index}`,
        CKA_APPLICATION: 'test',
        CKA_VALUE: Buffer.alloc(2000, index),
      })
    const found = await session.find(
      { CKA_CLASS: 'CKO_DATA', CKA_APPLICATION: 'test' },
      { attributes: ['CKA_LABEL', 'CKA_VALUE', 'CKA_TOKEN', 'CKA_KEY_TYPE'] },
    )
    expect(found.map(({ attributes }) => attributes.CKA_LABEL).sort()).toEqual([
      'number 0',
      'number 1',
      'number 2',
      'number 3',
      'number 4',
    ])
    const [object] = found
    expect(object).toBeInstanceOf(Pkcs11Object)
    if (object === undefined) return
    expect(object.attributes).toMatchObject({ CKA_TOKEN: true, CKA_KEY_TYPE: undefined })
    expect(object.attributes.CKA_VALUE).toHaveLength(2000)
    expect(session.find.sync({ CKA_LABEL: 'number 3' })).toHaveLength(1)
    expect(await session.find({ CKA_APPLICATION: 'test' }, { limit: 2 })).toHaveLength(2)
    expect(await session.find({ CKA_LABEL: 'nobody' })).toEqual([])

    await session.set(object, { CKA_LABEL: 'renamed' })
    expect(await session.get(object, ['CKA_LABEL'])).toEqual({ CKA_LABEL: 'renamed' })
    const copy = await session.copy(object, { CKA_TOKEN: false })
    expect(session.get.sync(copy, ['CKA_TOKEN', 'CKA_CLASS'])).toEqual({
      CKA_TOKEN: false,
      CKA_CLASS: 'CKO_DATA',
    })
    await session.destroy(object)
    expect(await failure(session.get(object, ['CKA_LABEL']))).toMatchObject({
      ckr: 'CKR_OBJECT_HANDLE_INVALID',
    })
  })

  test('dates, lists of mechanisms and numbers of a vendor', async () => {
    await using session = await slot.open({ readWrite: true, pin: USER_PIN })
    const key = await session.generateKey('CKM_AES_KEY_GEN', {
      ...AES_KEY,
      // Of private objects SoftHSM can't tell dates.
      CKA_PRIVATE: false,
      CKA_START_DATE: new Date('2026-03-04'),
      CKA_ALLOWED_MECHANISMS: ['CKM_AES_CBC', 0x80000001],
    })
    expect(
      await session.get(key, ['CKA_START_DATE', 'CKA_END_DATE', 'CKA_ALLOWED_MECHANISMS', 0x161]),
    ).toEqual({
      CKA_START_DATE: new Date('2026-03-04'),
      CKA_END_DATE: null,
      CKA_ALLOWED_MECHANISMS: expect.arrayContaining(['CKM_AES_CBC', 0x80000001]),
      [0x161]: 32,
    })
    expect(await failure(session.digest(0x80000001, DATA))).toMatchObject({
      ckr: 'CKR_MECHANISM_INVALID',
      method: 'C_DigestInit',
    })
    expect(await failure(session.create({ [0x80000009]: Buffer.of(1) }))).toMatchObject({
      method: 'C_CreateObject',
    })
  })

  test('ciphers take parameters by name', async () => {
    await using session = await slot.open({ pin: USER_PIN })
    const key = await session.generateKey('CKM_AES_KEY_GEN', AES_KEY)
    const iv = Buffer.alloc(12, 3)
    const gcm = { mechanism: 'CKM_AES_GCM', parameter: { iv, aad: 'about', tagBits: 128 } } as const
    const sealed = await session.encrypt(gcm, key, DATA)
    expect(Buffer.from(await session.decrypt(gcm, key, sealed))).toEqual(DATA)
    const same = parameter('CK_GCM_PARAMS', { iv, aad: Buffer.from('about') })
    expect(await session.encrypt({ mechanism: 0x1087, parameter: same }, key, DATA)).toEqual(sealed)
    const ctr = {
      mechanism: 'CKM_AES_CTR',
      parameter: { counterBits: 64, cb: Buffer.alloc(16) },
    } as const
    const streamed = session.encrypt.sync(ctr, key, DATA)
    expect(Buffer.from(session.decrypt.sync(ctr, key, streamed))).toEqual(DATA)
  })

  test('wrong arguments are named, and nothing is sent', async () => {
    await using session = await slot.open()
    const wrong = async (run: () => Promise<unknown>): Promise<string> => {
      const error = await failure(run())
      expect(error).toBeInstanceOf(TypeError)
      return (error as Error).message
    }
    const any = (value: unknown): never => value as never
    const before = module.thread.stats().completed
    expect(await wrong(() => session.digest(any('CKM_NONE'), DATA))).toBe(
      'digest: there is no mechanism CKM_NONE',
    )
    expect(await wrong(() => session.digest('CKM_SHA256', any('text')))).toBe(
      'digest: data must be bytes, not a string',
    )
    expect(await wrong(() => session.sign('CKM_ECDSA', any(3), DATA))).toBe(
      'sign: key must be a Pkcs11Object, not 3',
    )
    expect(await wrong(() => session.find(any({ CKA_NONE: 1 })))).toBe(
      'find: there is no attribute CKA_NONE',
    )
    expect(await wrong(() => session.find(any({ CKA_TOKEN: 1 })))).toBe(
      'find: CKA_TOKEN must be a boolean, not 1',
    )
    expect(await wrong(() => session.find(any({ CKA_CLASS: 'CKO_NONE' })))).toBe(
      'find: CKA_CLASS: there is no CKO_NONE',
    )
    expect(await wrong(() => session.login(any(1234)))).toBe(
      'login: pin must be a string, bytes or null, not a number',
    )
    expect(await wrong(() => session.random(any(-1)))).toMatch(/^random: bytes/)
    expect(
      await wrong(() =>
        session.encrypt({ mechanism: 'CKM_AES_GCM', parameter: any({ iv: 1 }) }, any({}), DATA),
      ),
    ).toMatch('encrypt: key must be a Pkcs11Object')
    expect(module.thread.stats().completed).toBe(before)
  })

  test('one that is denied what it needs says so when it is initialized', async () => {
    const SOFTHSM2_CONF = '/nowhere/softhsm2.conf'
    const options = { profile: 'none', permissions: { env: { SOFTHSM2_CONF } } } as const
    const failures = [
      await failure(Module.open(SOFTHSM, options)),
      await failure((async () => Module.open.sync(SOFTHSM, options))()),
    ]
    for (const error of failures) {
      expect(error).toBeInstanceOf(Pkcs11Error)
      expect(error).toMatchObject({ code: 'CKR_GENERAL_ERROR', method: 'C_Initialize' })
      const [, denied = ''] = /\(the module was denied (.*); what/.exec(String(error)) ?? []
      expect(denied.split(', ')).toContain(`openat ${SOFTHSM2_CONF}`)
    }
  })

  test('sessions of two instances know nothing of each other', async () => {
    await using other = await Module.open(SOFTHSM, token.options)
    const [mine, theirs] = [
      await slot.open({ pin: USER_PIN }),
      await ((await other.slots())[0] as Slot).open(),
    ]
    expect(other.thread.pid).not.toBe(module.thread.pid)
    expect((await theirs.info()).state).toBe('CKS_RO_PUBLIC_SESSION')
    const key = await mine.generateKey('CKM_AES_KEY_GEN', AES_KEY)
    const error = await failure(theirs.get(key, ['CKA_CLASS']))
    expect(error).toMatchObject({ ckr: 'CKR_OBJECT_HANDLE_INVALID' })
    expect(isCoded(error)).toBe(true)
  })

  test('slots tell of what happens to them', async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 50)
    for await (const _ of module.slotEvents({ signal: stop.signal, interval: 5 }))
      throw new Error('nothing happened')
  })

  test('a session goes on in a new process where its PIN can be asked for', async () => {
    const pin = (): string => {
      asked++
      return USER_PIN
    }
    let asked = 0
    const [lasting, brief] = [await slot.open({ pin }), await slot.open()]
    const key = await lasting.generateKey('CKM_AES_KEY_GEN', AES_KEY)
    process.kill(module.thread.pid as number, 'SIGKILL')
    while (module.thread.stats().restarts === 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
    expect((await lasting.info()).state).toBe('CKS_RO_USER_FUNCTIONS')
    expect(asked).toBe(2)
    expect(await failure(brief.info())).toMatchObject({
      ckr: 'CKR_SESSION_HANDLE_INVALID',
      message: expect.stringContaining('has ended'),
    })
    expect(await failure(lasting.get(key, ['CKA_CLASS']))).toMatchObject({
      ckr: 'CKR_OBJECT_HANDLE_INVALID',
    })
    process.kill(module.thread.pid as number, 'SIGKILL')
    while (module.thread.stats().restarts === 1)
      await new Promise((resolve) => setTimeout(resolve, 5))
    expect(lasting.info.sync().state).toBe('CKS_RO_USER_FUNCTIONS')
  })

  test('onRestart opens sessions before it is asked for any', async () => {
    let opened: Session | undefined
    let onOpened = (): void => {}
    const restarted = new Promise<void>((resolve) => {
      onOpened = resolve
    })
    await using other = await Module.open(SOFTHSM, {
      ...token.options,
      onRestart: async (module) => {
        const [first] = await module.slots()
        opened = await first?.open({ pin: USER_PIN })
        onOpened()
      },
    })
    process.kill(other.thread.pid as number, 'SIGKILL')
    await restarted
    expect((await opened?.info())?.state).toBe('CKS_RO_USER_FUNCTIONS')
  })
})

test('closing waits for what runs, and refuses what comes', async () => {
  const module = await Module.open(fixture('writes-calls-down'))
  const [slot] = (await module.slots()) as [Slot]
  const session = await slot.open()
  const [key] = (await session.find()) as [Pkcs11Object]
  // From then on it takes 300 ms.
  await session.seedRandom(Buffer.from(`C_SignInit ${0x510}`))
  const signature = session.sign('CKM_ECDSA', key, DATA)
  const closed = module.close()
  const late = failure(session.random(8))
  expect(await late).toBeInstanceOf(ClosedError)
  expect(await signature).toEqual(Uint8Array.from(DATA, (byte) => byte + 1))
  await closed
  expect(await failure(session.random(8))).toBeInstanceOf(Error)
  expect(() => module.slots.sync()).toThrow(ClosedError)
  await session.close()
})
