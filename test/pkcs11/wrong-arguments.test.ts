/** Arguments that are none: each is named, and nothing is sent. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Module,
  type Pkcs11Object,
  parameter,
  type Session,
  type Slot,
} from '../../src/pkcs11/index.ts'
import { fixture } from '../fixtures/build.ts'
import { needsSoftHsm, SOFTHSM, TokenOfTest, USER_PIN } from '../support/softhsm.ts'

const DATA = Buffer.from('data')
const any = (value: unknown): never => value as never

/** What is said of it: a TypeError or RangeError's message. */
async function complaint(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return error.message
    throw error
  }
  return 'nothing is wrong'
}

describe.skipIf(needsSoftHsm())('on a token', () => {
  let token: TokenOfTest
  let module: Module
  let slot: Slot
  let session: Session
  let key: Pkcs11Object

  beforeAll(async () => {
    token = await TokenOfTest.make('wrong')
    ;({ module, slot } = token)
    session = await slot.open({ readWrite: true, pin: USER_PIN })
    key = await session.generateKey('CKM_AES_KEY_GEN', {
      CKA_VALUE_LEN: 16,
      CKA_ENCRYPT: true,
      CKA_DECRYPT: true,
    })
  })

  afterAll(() => token?.close())

  const cases: readonly (readonly [run: () => unknown, message: string])[] = [
    [() => slot.open(any({ readwrite: true })), 'open: there is no option readwrite'],
    [() => slot.open.sync(any({ readwrite: true })), 'open: there is no option readwrite'],
    [() => slot.open(any(null)), 'open: options must be an object, not null'],
    [() => slot.open({ readWrite: any(1) }), 'open: readWrite must be a boolean, not 1'],
    [() => slot.token(any({ timeOut: 5 })), 'token: there is no option timeOut'],
    [() => module.slots(any({ present: true })), 'slots: there is no option present'],
    [() => module.slots(any(null)), 'slots: options must be an object, not null'],
    [() => session.random(8, any({ timout: 5 })), 'random: there is no option timout'],
    [() => session.random(2 ** 32 + 8), 'random: bytes must be a whole number from 0 to'],
    [() => session.random.sync(2 ** 32 + 8), 'random: bytes must be a whole number from 0 to'],
    [() => session.find({}, any({ attribute: [] })), 'find: there is no option attribute'],
    [
      () => session.find({}, { attributes: any('CKA_LABEL') }),
      'find: attributes must be an array of attributes, not a string',
    ],
    ...[-1, 1.5, Number.NaN, '5'].map(
      (limit) =>
        [
          () => session.find({}, { limit: any(limit) }),
          'find: limit must be a whole number from 0 on, not',
        ] as const,
    ),
    [
      () => session.search({}, { limit: -1 }).next(),
      'search: limit must be a whole number from 0 on, not -1',
    ],
    [() => session.find(any(null)), 'find: template must be an object of attributes, not null'],
    [() => session.get(key, any([''])), 'get: there is no attribute '],
    [() => session.get(key, any([null])), 'get: there is no attribute null'],
    [() => session.get(key, any([true])), 'get: there is no attribute true'],
    [() => session.create(any({ '': DATA })), 'create: there is no attribute '],
    [
      () => session.login(USER_PIN, { username: any(5) }),
      'login: username must be a string, not 5',
    ],
    [() => session.login(USER_PIN, any({ usr: 'so' })), 'login: there is no option usr'],
    [() => session.cancel(any('CKF_SIGN')), 'cancel: flags must be a whole number from 0 on'],
    [
      () => session.generateKeyPair('CKM_EC_KEY_PAIR_GEN', any({ pubic: {} })),
      'generateKeyPair: there is no option pubic',
    ],
    [
      () => session.generateKeyPair('CKM_EC_KEY_PAIR_GEN', any(null)),
      'generateKeyPair: templates must be an object, not null',
    ],
    [
      () => session.encrypt({ mechanism: 'CKM_AES_GCM', parameter: any({ ivy: 1 }) }, key, DATA),
      'CK_GCM_PARAMS has no ivy, only iv, ivBits, aad, tagBits',
    ],
    [
      () => session.encrypt({ mechanism: 'CKM_AES_GCM', parameter: any('iv') }, key, DATA),
      'encrypt: the parameter of CKM_AES_GCM must be an object, bytes or nothing, not a string',
    ],
    [
      () => session.encrypt({ mechanism: 'CKM_AES_CBC', parameter: any({ iv: DATA }) }, key, DATA),
      'encrypt: the parameter of CKM_AES_CBC must be bytes, a number or nothing, not an object',
    ],
    [() => parameter(any('CK_NONE'), {} as never), 'parameter: there is no structure CK_NONE'],
    [
      () =>
        session.deriveKey(
          {
            mechanism: 0x80000001,
            parameter: parameter('CK_TLS_PRF_PARAMS', { output: { length: -5 } }),
          },
          key,
        ),
      'CK_TLS_PRF_PARAMS.output must be an object with the length',
    ],
    [() => Module.open(any(5)), 'open: '],
    [() => Module.open(SOFTHSM, any(null)), 'open: options must be an object, not null'],
    [() => Module.open.sync(SOFTHSM, any(7)), 'open: options must be an object, not 7'],
    [
      () => Module.open(SOFTHSM, any({ profil: 'none' })),
      'open: there is no option profil, only profile, ',
    ],
    [() => Module.open.sync(SOFTHSM, any({ onrestart: () => {} })), 'deep, onRestart'],
    [
      () => Module.open(SOFTHSM, { onRestart: any(5) }),
      'open: onRestart must be a function, not 5',
    ],
  ]

  test.each(cases.map(([run, message]) => ({ message, run })))(
    '$message',
    async ({ run, message }) => {
      const before = module.thread.stats().completed
      expect(await complaint(run)).toContain(message)
      expect(module.thread.stats().completed).toBe(before)
    },
  )

  test('bytes of any kind are bytes', async () => {
    const iv = new Uint8Array(16).fill(3)
    const cbc = (given: unknown) =>
      session.encrypt({ mechanism: 'CKM_AES_CBC_PAD', parameter: any(given) }, key, DATA)
    const expected = await cbc(iv)
    for (const view of [iv.buffer, new DataView(iv.buffer), new Uint16Array(iv.buffer)])
      expect(await cbc(view)).toEqual(expected)
    // CK_GCM_PARAMS as it is: no IV, no data beside it, a tag of 96 bits.
    const raw = BigUint64Array.of(0n, 0n, 0n, 0n, 0n, 96n)
    for (const given of [raw, raw.buffer])
      expect(
        await session.encrypt({ mechanism: 'CKM_AES_GCM', parameter: any(given) }, key, DATA),
      ).toHaveLength(DATA.length + 12)
    const object = await session.create({
      CKA_CLASS: 'CKO_DATA',
      CKA_VALUE: any(new Uint16Array([0x4241, 0x4443]).buffer),
    })
    expect(Buffer.from((await session.get(object, ['CKA_VALUE'])).CKA_VALUE ?? [])).toEqual(
      Buffer.from('ABCD'),
    )
  })

  test('templates may be huge', async () => {
    const template = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [0x80000000 + index, Buffer.alloc(40, index)]),
    )
    // The module has none of these attributes.
    expect(await session.find(template)).toEqual([])
    const value = Buffer.alloc(1_000_000, 7)
    const object = await session.create({ CKA_CLASS: 'CKO_DATA', CKA_VALUE: value })
    const { CKA_VALUE } = await session.get(object, ['CKA_VALUE'])
    expect(value.equals(CKA_VALUE as Uint8Array)).toBe(true)
  })

  test('asking for no attributes gives none', async () => {
    expect(await session.get(key, [])).toEqual({})
  })
})

test('messages have parameters that are parameters', async () => {
  await using module = await Module.open(fixture('speaks-version-3'))
  const [slot] = (await module.slots()) as [Slot]
  const session = await slot.open()
  const [key] = (await session.find()) as [Pkcs11Object]
  const cipher = await session.encryptMessages('CKM_AES_GCM', key)
  expect(await complaint(() => cipher.crypt(any({ iv: DATA }), DATA))).toBe(
    'crypt: parameter must be what parameter() makes, bytes, a number or null, not an object',
  )
  expect(await complaint(() => cipher.crypt(null, DATA, any({ aad: DATA })))).toContain(
    'crypt: there is no option aad',
  )
  const signer = await session.signMessages('CKM_ECDSA', key)
  expect(await complaint(() => signer.sign(any('text'), DATA))).toContain(
    'sign: parameter must be what parameter() makes',
  )
})
