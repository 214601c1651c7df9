/** The layer below both doors, on a real module. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClosedError, CrashError, LoadError } from '../../src/index.ts'
import { Cryptoki } from '../../src/pkcs11/cryptoki.ts'
import { Pkcs11Error } from '../../src/pkcs11/errors.ts'
import { getInfo } from '../../src/pkcs11/operations/general.ts'
import { fixture } from '../fixtures/build.ts'
import { needsSoftHsm, SOFTHSM, SoftHsm } from '../support/softhsm.ts'

describe.skipIf(needsSoftHsm())('a module', () => {
  let softHsm: SoftHsm
  let cryptoki: Cryptoki

  beforeEach(async () => {
    softHsm = new SoftHsm()
    cryptoki = await Cryptoki.load(SOFTHSM, softHsm.options)
  })

  afterEach(async () => {
    await cryptoki.close()
    softHsm[Symbol.dispose]()
  })

  test('tells of itself, awaited and blocking', async () => {
    await cryptoki.initialize()
    const info = await cryptoki.run(getInfo)
    expect(info.manufacturerID).toBe('SoftHSM'.padEnd(32))
    expect(info.cryptokiVersion.major).toBe(2)
    expect(cryptoki.runSync(getInfo)).toEqual(info)
  })

  test('is not initialized by being loaded', async () => {
    const error = await cryptoki.run(getInfo).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(Pkcs11Error)
    expect(error).toMatchObject({
      code: 'CKR_CRYPTOKI_NOT_INITIALIZED',
      rv: 0x190,
      method: 'C_GetInfo',
      message: 'C_GetInfo: CKR_CRYPTOKI_NOT_INITIALIZED',
    })
    expect(() => cryptoki.runSync(getInfo)).toThrow(Pkcs11Error)
  })

  test('is finalized, and initialized again', async () => {
    await cryptoki.initialize()
    await expect(cryptoki.initialize()).rejects.toThrow('CKR_CRYPTOKI_ALREADY_INITIALIZED')
    await cryptoki.finalize()
    await expect(cryptoki.finalize()).rejects.toThrow('CKR_CRYPTOKI_NOT_INITIALIZED')
    cryptoki.initializeSync()
    expect(cryptoki.runSync(getInfo).libraryDescription).toContain('PKCS11')
    cryptoki.finalizeSync()
  })

  test.each(['awaited', 'blocking'])('is initialized again in a new process, %s', async (form) => {
    await cryptoki.initialize()
    const life = await cryptoki.life()
    process.kill(cryptoki.library.thread.pid as number, 'SIGSEGV')
    while (life.isAlive) await new Promise((resolve) => setTimeout(resolve, 5))
    const info = form === 'awaited' ? await cryptoki.run(getInfo) : cryptoki.runSync(getInfo)
    expect(info.manufacturerID).toContain('SoftHSM')
    expect(await cryptoki.life()).not.toBe(life)
    await expect(life.run(getInfo)).rejects.toMatchObject({ ckr: 'CKR_DEVICE_ERROR' })
  })

  test('a crash names the function', async () => {
    await cryptoki.initialize()
    const error = await cryptoki
      .run(function* () {
        yield { name: 'C_GetInfo', words: [1], accepts: [] }
      })
      .catch((error: unknown) => error)
    expect(error).toBeInstanceOf(CrashError)
    expect(error).toMatchObject({
      signal: 'SIGSEGV',
      call: 'C_GetInfo',
      method: 'C_GetInfo',
      ckr: 'CKR_DEVICE_ERROR',
      rv: 0x30,
      code: 'ERR_FAT_THREAD_CRASHED',
    })
  })

  test('nothing goes on behind its end', async () => {
    await cryptoki.initialize()
    await cryptoki.close()
    const error = await cryptoki.run(getInfo).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ClosedError)
    expect(error).toMatchObject({ ckr: 'CKR_CRYPTOKI_NOT_INITIALIZED' })
    expect(() => cryptoki.runSync(getInfo)).toThrow(ClosedError)
  })
})

test('a library that is no module is not loaded', async () => {
  await expect(Cryptoki.load(fixture('obeys'))).rejects.toThrow(LoadError)
  expect(() => Cryptoki.loadSync(fixture('obeys'))).toThrow(
    /is no PKCS #11 module: it has no C_GetFunctionList$/,
  )
})
