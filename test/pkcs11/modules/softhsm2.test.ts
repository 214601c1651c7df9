/** SoftHSM 2 with its profile: nothing is permitted by hand. */
import { existsSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CrashError } from '../../../src/index.ts'
import { Module, Pkcs11Error, type Slot } from '../../../src/pkcs11/index.ts'
import { signsWithP256 } from '../../support/pkcs11-work.ts'
import { needsSoftHsm, SO_PIN, SOFTHSM, SoftHsm, USER_PIN } from '../../support/softhsm.ts'

describe.skipIf(needsSoftHsm())('SoftHSM 2', () => {
  let softHsm: SoftHsm
  let module: Module
  let slot: Slot

  beforeAll(async () => {
    softHsm = new SoftHsm()
    const env = softHsm.options.permissions?.env
    module = await Module.open(SOFTHSM, { permissions: { env } })
    const [empty] = await module.slots()
    await empty?.initToken(SO_PIN, 'a test')
    ;[slot] = (await module.slots()) as [Slot]
    await using session = await slot.open({ readWrite: true, pin: SO_PIN, user: 'so' })
    await session.initPin(USER_PIN)
  })

  afterAll(async () => {
    await module?.close()
    softHsm?.[Symbol.dispose]()
  })

  test('signs with a key of the token', async () => {
    await using session = await slot.open({ readWrite: true, pin: USER_PIN })
    await signsWithP256(session, { token: true })
  })

  test('has what its profile permits, and no more', () => {
    const { requested, enforced } = module.thread.receipt
    const env = softHsm.options.permissions?.env
    expect(requested.permissions).toMatchObject({ net: false, ipc: false, run: false, env })
    expect(requested.permissions.write).toEqual(softHsm.options.permissions?.write)
    expect(enforced).toContain('system-calls')
  })

  test('a PIN is in no error', async () => {
    await using session = await slot.open()
    const error = await session.login('not-the-pin-4711').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Pkcs11Error)
    expect(error).toMatchObject({ code: 'CKR_PIN_INCORRECT', method: 'C_Login' })
    expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toContain('4711')
  })

  test("has a configuration of its own: the program's OPENSSL_CONF is not read", async () => {
    const before = process.env['OPENSSL_CONF']
    process.env['OPENSSL_CONF'] = '/nowhere/openssl.cnf'
    try {
      const env = softHsm.options.permissions?.env
      await using other = await Module.open(SOFTHSM, { permissions: { env } })
      expect(await other.slots()).toHaveLength(2)
      expect(other.thread.receipt.requested.permissions.env).toEqual(env)
      expect(other.thread.denials.map(({ path }) => path)).not.toContain('/nowhere/openssl.cnf')
    } finally {
      if (before === undefined) delete process.env['OPENSSL_CONF']
      else process.env['OPENSSL_CONF'] = before
    }
  })

  test('two instances are two', async () => {
    using other = new SoftHsm()
    await using empty = await Module.open(SOFTHSM, {
      permissions: { env: other.options.permissions?.env },
    })
    expect(empty.thread.pid).not.toBe(module.thread.pid)
    const labels = async (of: Module) =>
      (await Promise.all((await of.slots()).map((each) => each.token()))).map(({ label }) => label)
    expect(await labels(module)).toContain('a test')
    expect(await labels(empty)).not.toContain('a test')
  })

  test('begins again after a crash', async () => {
    const session = await slot.open({ readWrite: true, pin: () => USER_PIN })
    const crashed = new Promise((resolve) => module.thread.once('crash', resolve))
    process.kill(module.thread.pid as number, 'SIGSEGV')
    expect(await crashed).toBeInstanceOf(CrashError)
    await signsWithP256(session, { label: 'after a crash' })
    await session.close()
  })

  test('no configuration, no token folder', async () => {
    const open = (SOFTHSM2_CONF: string) =>
      Module.open(SOFTHSM, { permissions: { env: { SOFTHSM2_CONF } } })
    await expect(open('/nowhere/softhsm2.conf')).rejects.toThrow(
      'profile softhsm2: SOFTHSM2_CONF is /nowhere/softhsm2.conf, which does not exist',
    )
    const [tokens = ''] = softHsm.options.permissions?.write ?? []
    const wrong = `${tokens}/wrong.conf`
    writeFileSync(wrong, 'directories.tokendir = /nowhere/tokens\n')
    await expect(open(wrong)).rejects.toThrow(/tokendir of .* is \/nowhere\/tokens/)
    expect(existsSync('/nowhere')).toBe(false)
  })

  test('without its profile it finds nothing', async () => {
    await expect(Module.open(SOFTHSM, { profile: 'none' })).rejects.toMatchObject({
      code: 'CKR_GENERAL_ERROR',
      method: 'C_Initialize',
    })
  })
})
