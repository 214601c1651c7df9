/** The option `into`: results in bytes that the caller has. */
import { createHash } from 'node:crypto'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Pkcs11Object, Session } from '../../src/pkcs11/index.ts'
import { needsSoftHsm, TokenOfTest, USER_PIN } from '../support/softhsm.ts'

const DATA = Buffer.alloc(64, 'data')
const AES_KEY = {
  CKA_TOKEN: true,
  CKA_LABEL: 'key',
  CKA_VALUE_LEN: 32,
  CKA_ENCRYPT: true,
  CKA_DECRYPT: true,
} as const
const ECB = 'CKM_AES_ECB'
const PAD = { mechanism: 'CKM_AES_CBC_PAD', parameter: new Uint8Array(16) } as const

const any = (value: unknown): never => value as never

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  )

describe.skipIf(needsSoftHsm())('into', () => {
  let token: TokenOfTest
  let session: Session
  let key: Pkcs11Object

  beforeEach(async () => {
    token = await TokenOfTest.make('into')
    session = await token.slot.open({ readWrite: true, pin: () => USER_PIN })
    key = await session.generateKey('CKM_AES_KEY_GEN', AES_KEY)
  })

  afterEach(() => token.close())

  test.each(['awaited', 'blocking'])('gets the result, and nothing beyond it: %s', async (form) => {
    const encrypt = form === 'awaited' ? session.encrypt : session.encrypt.sync
    const decrypt = form === 'awaited' ? session.decrypt : session.decrypt.sync
    const expected = await session.encrypt(PAD, key, DATA)
    const into = new Uint8Array(100).fill(7).subarray(2)
    const sealed = await encrypt(PAD, key, DATA, { into })
    expect(sealed).toEqual(expected)
    expect([sealed.buffer, sealed.byteOffset]).toEqual([into.buffer, 2])
    expect(into.subarray(sealed.length)).toEqual(new Uint8Array(98 - sealed.length).fill(7))
    // In the place of what it is made of.
    expect(await decrypt(PAD, key, sealed, { into: sealed })).toEqual(new Uint8Array(DATA))
  })

  test('takes long results', async () => {
    const long = Buffer.alloc(2 ** 20, 1)
    const into = new Uint8Array(long.length)
    const sealed = await session.encrypt(ECB, key, long, { into })
    expect(Buffer.compare(sealed, await session.encrypt(ECB, key, long))).toBe(0)
  })

  test('goes with digests too', () => {
    const into = new Uint8Array(32)
    const digest = session.digest.sync('CKM_SHA256', DATA, { into })
    expect(digest).toEqual(new Uint8Array(createHash('sha256').update(DATA).digest()))
    expect(digest.buffer).toBe(into.buffer)
  })

  test('may be of another realm, as some test runners have them', () => {
    const into: Uint8Array<ArrayBuffer> = runInNewContext('new Uint8Array(32)')
    session.digest.sync('CKM_SHA256', DATA, { into })
    expect(Buffer.from(into)).toEqual(createHash('sha256').update(DATA).digest())
  })

  test('that is too small is named, and the session goes on', async () => {
    const into = new Uint8Array(63).fill(7)
    const message = 'encrypt: into has 63 bytes, and the result 64'
    const error = await failure(session.encrypt(ECB, key, DATA, { into }))
    expect(error).toBeInstanceOf(RangeError)
    expect((error as Error).message).toBe(message)
    expect(() => session.encrypt.sync(ECB, key, DATA, { into })).toThrow(message)
    expect(into).toEqual(new Uint8Array(63).fill(7))
    expect(await session.encrypt(ECB, key, DATA)).toHaveLength(64)
  })

  test('that is no bytes is named, and nothing is sent', async () => {
    const error = await failure(session.encrypt(ECB, key, DATA, { into: any([1, 2]) }))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch('encrypt: into must be a Uint8Array, not ')
    expect(() => session.digest.sync('CKM_SHA256', DATA, { into: any('text') })).toThrow(
      'digest: into must be a Uint8Array',
    )
  })

  test('is the same where the session is opened again first', async () => {
    const digest = createHash('sha256').update(DATA).digest()
    const { thread } = token.module
    const restart = new Promise<void>((resolve) => {
      thread.on('restart', () => resolve())
    })
    process.kill(thread.pid as number, 'SIGKILL')
    await restart
    const [into, data] = [new Uint8Array(32), Buffer.from(DATA)]
    const digesting = session.digest('CKM_SHA256', data, { into })
    data.fill(0)
    expect((await digesting).buffer).toBe(into.buffer)
    expect(into).toEqual(new Uint8Array(digest))
  })
})
