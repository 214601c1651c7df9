/** PINs and keys stay in no memory that both sides see, and in no message. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CrashError, TimeoutError } from '../../src/index.ts'
import { Module, type Session, type Slot } from '../../src/pkcs11/index.ts'
import { PKCS11 } from '../../src/pkcs11js/index.ts'
import { fixture } from '../fixtures/build.ts'
import { needsSoftHsm, SO_PIN, TokenOfTest, USER_PIN } from '../support/softhsm.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { until } from '../support/until.ts'

/** How often bytes stand in the memory that this program shares with fat threads. */
function countShared(wanted: Uint8Array): number {
  let found = 0
  const memory = openSync('/proc/self/mem', 'r')
  for (const line of readFileSync('/proc/self/maps', 'utf8').split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \d+ +\/memfd:fat-thread/.exec(line)
    if (range === null) continue
    const [start, end] = [range[1], range[2]].map((hex) => Number.parseInt(hex as string, 16))
    const bytes = Buffer.alloc((end as number) - (start as number))
    readSync(memory, bytes, 0, bytes.length, start as number)
    for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) found++
  }
  closeSync(memory)
  return found
}

describe.skipIf(needsSoftHsm())('secrets', () => {
  let token: TokenOfTest
  let module: Module
  let slot: Slot

  beforeEach(async () => {
    token = await TokenOfTest.make('secrets')
    ;({ module, slot } = token)
  })

  afterEach(() => token.close())

  test('what stands in shared memory is found', () => {
    const probe = Buffer.from('a probe that is to be found')
    using memory = module.thread.alloc(100)
    memory.bytes.set(probe, 50)
    expect(countShared(probe)).toBe(1)
  })

  test('PINs are wiped, whatever comes of the call', async () => {
    const wrong = 'a PIN that is wrong'
    const session = await slot.open({ readWrite: true })
    await expect(session.login(wrong)).rejects.toThrow('CKR_PIN_INCORRECT')
    expect(() => session.login.sync(wrong)).toThrow('CKR_PIN_INCORRECT')
    await session.login(USER_PIN)
    await session.setPin(USER_PIN, 'a PIN that is new')
    for (const pin of [SO_PIN, USER_PIN, wrong, 'a PIN that is new'])
      expect([pin, countShared(Buffer.from(pin))]).toEqual([pin, 0])
  })

  test('values of keys are wiped', async () => {
    const session = await slot.open({ readWrite: true, pin: USER_PIN })
    const value = Buffer.from('the value of a key that is imported')
    const key = await session.create({
      CKA_CLASS: 'CKO_SECRET_KEY',
      CKA_KEY_TYPE: 'CKK_GENERIC_SECRET',
      CKA_SENSITIVE: false,
      CKA_EXTRACTABLE: true,
      CKA_VALUE: value,
    })
    expect(await session.get(key, ['CKA_VALUE'])).toEqual({ CKA_VALUE: new Uint8Array(value) })
    expect(countShared(value)).toBe(0)
  })

  test('long data is wiped a moment later', async () => {
    const session = await slot.open({ readWrite: true, pin: USER_PIN })
    const key = await session.generateKey('CKM_AES_KEY_GEN', {
      CKA_VALUE_LEN: 32,
      CKA_ENCRYPT: true,
    })
    const secret = Buffer.from('sixteen letters!')
    const data = Buffer.alloc(3_000_000, secret)
    const sealed = await session.encrypt('CKM_AES_ECB', key, data)
    const block = Buffer.from(sealed.subarray(0, 16))
    expect(countShared(secret) + countShared(block)).toBeGreaterThan(0)
    await until(() => countShared(secret) + countShared(block) === 0, 'the wipe')
    expect((await session.encrypt('CKM_AES_ECB', key, data)).length).toBe(data.length)
  })

  test('a PIN of another type is not shown', async () => {
    const session = await slot.open()
    for (const pin of [12345678, { pin: 'secret-pin' }, ['secret-pin']])
      for (const run of [
        () => session.login(pin as unknown as string),
        () => slot.initToken(pin as unknown as string, 'x'),
        () => slot.open({ pin: pin as unknown as string }),
      ]) {
        const error = await run().catch((error: unknown) => error)
        expect(error).toBeInstanceOf(TypeError)
        expect(inspect(error, { depth: 9 })).not.toMatch(/12345678|secret-pin/)
      }
  })
})

describe('a login that never ends well', () => {
  const PIN = 'a PIN that nobody sees'
  let module: Module
  let session: Session

  beforeEach(async () => {
    module = await Module.open(fixture('login-obeys-its-pin'), { stderr: 'pipe' })
    const [slot] = await module.slots()
    session = (await slot?.open()) as Session
  })

  afterEach(() => module.close())

  const told = (error: unknown): string => inspect(error, { depth: 9, showHidden: true })

  test('a crash names the function and not the PIN', async () => {
    const error = await session.login(`crash ${PIN}`).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(CrashError)
    expect(error).toMatchObject({ method: 'C_Login', signal: 'SIGSEGV', ckr: 'CKR_DEVICE_ERROR' })
    expect(told(error)).not.toContain(PIN)
    expect(countShared(Buffer.from(PIN))).toBe(0)
  })

  test.each(['awaited', 'blocking'])(
    'an assertion that has the PIN is not told, %s',
    async (form) => {
      const login = async (): Promise<void> =>
        form === 'awaited' ? session.login(`fail ${PIN}`) : session.login.sync(`fail ${PIN}`)
      const events: unknown[] = []
      module.thread.on('crash', (error) => events.push(error))
      const error = await login().catch((error: unknown) => error)
      expect(error).toBeInstanceOf(CrashError)
      expect(error).toMatchObject({ method: 'C_Login', signal: 'SIGABRT', lastWords: undefined })
      await until(() => events.length > 0, 'the event')
      expect(told([error, events])).not.toContain(PIN)
    },
  )

  test('nor is one of a later call, where the module has kept it', async () => {
    await session.login(`keep ${PIN}`)
    const error = await module.slots().catch((error: unknown) => error)
    expect(error).toMatchObject({ method: 'C_GetSlotList', signal: 'SIGABRT' })
    expect(told(error)).not.toContain(PIN)
  })

  test('C_Initialize that fails after a login tells no path, in the drop-in', async () => {
    const pkcs11 = new PKCS11(fixture('login-obeys-its-pin'))
    pkcs11.C_Initialize()
    const handle = pkcs11.C_OpenSession(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), 4)
    pkcs11.C_Login(handle, 1, `name ${PIN}`)
    pkcs11.C_Finalize()
    let failed: unknown
    await until(() => {
      try {
        pkcs11.C_Initialize()
      } catch (error) {
        failed = error
      }
      return told(failed).includes('was denied')
    }, 'the denial')
    expect(told(failed)).not.toContain(PIN)
    pkcs11.close()
  })

  test.each(['awaited', 'blocking'])('a time limit ends it, %s', async (form) => {
    const elapsed = stopwatch()
    const login = async (): Promise<void> =>
      form === 'awaited'
        ? session.login(`hang ${PIN}`, { timeout: 100 })
        : session.login.sync(`hang ${PIN}`, { timeout: 100 })
    const error = await login().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ method: 'C_Login', ckr: 'CKR_FUNCTION_CANCELED' })
    expect(elapsed()).toBeLessThan(2000)
    expect(told(error)).not.toContain(PIN)
    expect(countShared(Buffer.from(PIN))).toBe(0)
    // The next one works.
    const [slot] = await module.slots()
    await using next = (await slot?.open()) as Session
    await next.login('well')
  })

  test('closing while it hangs ends the process', async () => {
    const login = session.login(`hang ${PIN}`).catch((error: unknown) => error)
    const elapsed = stopwatch()
    await module.close()
    expect(elapsed()).toBeLessThan(4000)
    expect(await login).toMatchObject({ ckr: 'CKR_CRYPTOKI_NOT_INITIALIZED' })
    expect(countShared(Buffer.from(PIN))).toBe(0)
  })
})
