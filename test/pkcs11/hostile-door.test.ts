/** A module that misbehaves, seen through the door: sessions that say how to log in go on in the next process. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CrashError, ExitError, FatThreadError, TimeoutError } from '../../src/index.ts'
import { isCoded, Module, type Session, type Slot } from '../../src/pkcs11/index.ts'
import { needsSoftHsm, SO_PIN, USER_PIN } from '../support/softhsm.ts'
import { Forwarder } from './hostile-module.ts'

const LIMIT = 500
const DATA = Buffer.alloc(32, 1)

describe.skipIf(needsSoftHsm())('through the door', () => {
  let forwarder: Forwarder
  let module: Module
  let session: Session

  beforeAll(async () => {
    forwarder = new Forwarder()
    module = await Module.open(forwarder.path, forwarder.options)
    const [empty] = (await module.slots()) as [Slot]
    await empty.initToken(SO_PIN, 'hostile')
    const [slot] = (await module.slots()) as [Slot]
    await using officer = await slot.open({ readWrite: true, pin: SO_PIN, user: 'so' })
    await officer.initPin(USER_PIN)
    await officer.logout()
    session = await slot.open({ readWrite: true, pin: () => USER_PIN })
    await session.generateKey('CKM_GENERIC_SECRET_KEY_GEN', {
      CKA_VALUE_LEN: 32,
      CKA_TOKEN: true,
      CKA_SIGN: true,
      CKA_LABEL: 'lasting',
    })
  })

  afterAll(async () => {
    await module?.close()
    forwarder?.[Symbol.dispose]()
  })

  const signed = async (limits: { timeout?: number } = {}): Promise<Uint8Array> => {
    const [key] = await session.find({ CKA_LABEL: 'lasting' }, limits)
    if (key === undefined) throw new Error('the key is lost')
    return await session.sign('CKM_SHA256_HMAC', key, DATA, limits)
  }

  afterEach(async () => {
    forwarder.forget()
    expect(await signed(), 'the next call').toHaveLength(32)
  })

  const failure = async (name: string, deed: string, limits = {}): Promise<unknown> => {
    forwarder.order(name, deed)
    const error = await signed(limits).catch((thrown: unknown) => thrown)
    expect(forwarder.hasObeyed).toBe(true)
    return error
  }

  describe.each(['C_FindObjectsInit', 'C_FindObjects', 'C_SignInit', 'C_Sign'])('%s', (name) => {
    test.each([
      ['writes-to-null', CrashError, { signal: 'SIGSEGV', ckr: 'CKR_DEVICE_ERROR' }],
      ['aborts', CrashError, { signal: 'SIGABRT', ckr: 'CKR_DEVICE_ERROR' }],
      ['recurses', CrashError, { signal: 'SIGSEGV', ckr: 'CKR_DEVICE_ERROR' }],
      ['executes-ud2', CrashError, { signal: 'SIGILL', ckr: 'CKR_DEVICE_ERROR' }],
      ['exits', ExitError, { exitCode: 0 }],
    ])('%s', async (deed, type, expected) => {
      const error = await failure(name, deed)
      expect(error).toBeInstanceOf(type)
      expect(error).toMatchObject({ ...expected, method: name })
    })

    test.each(['hangs', 'spins'])('%s', async (deed) => {
      const error = await failure(name, deed, { timeout: LIMIT })
      expect(error).toBeInstanceOf(TimeoutError)
      expect(error).toMatchObject({ method: name, ckr: 'CKR_FUNCTION_CANCELED' })
    })
  })

  test.each([
    ['C_FindObjects', 'says-all-ones'],
    ['C_FindObjects', 'says-beyond'],
    ['C_Sign', 'says-all-ones'],
    ['C_Sign', 'says-beyond'],
  ])('%s %s', async (name, deed) => {
    const error = await failure(name, deed)
    expect(error).toBeInstanceOf(FatThreadError)
    expect(isCoded(error) && error.method).toBe(name)
  })

  test('a blocking call has a limit too', async () => {
    const [key] = session.find.sync({ CKA_LABEL: 'lasting' })
    forwarder.order('C_Sign', 'hangs')
    expect(() =>
      session.sign.sync('CKM_SHA256_HMAC', key as never, DATA, { timeout: LIMIT }),
    ).toThrow(TimeoutError)
  })
})
