/** A module that crashes, hangs, exits, prints and lies, in each of the functions that programs use. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CrashError, ExitError, FatThread, FatThreadError, TimeoutError } from '../../src/index.ts'
import { isCoded } from '../../src/pkcs11/errors.ts'
import { fixture } from '../fixtures/build.ts'
import { callInProcess } from '../support/control.ts'
import { type Program, program, unharmed } from '../support/program.ts'
import { needsSoftHsm, SOFTHSM } from '../support/softhsm.ts'
import { Forwarder, SAYING, USES, Worker } from './hostile-module.ts'

/** Milliseconds that a call may run which never ends. */
const LIMIT = 300

const ENDS = [
  ['writes-to-null', CrashError, { signal: 'SIGSEGV', ckr: 'CKR_DEVICE_ERROR' }],
  ['aborts', CrashError, { signal: 'SIGABRT', ckr: 'CKR_DEVICE_ERROR' }],
  ['recurses', CrashError, { signal: 'SIGSEGV', ckr: 'CKR_DEVICE_ERROR' }],
  ['executes-ud2', CrashError, { signal: 'SIGILL', ckr: 'CKR_DEVICE_ERROR' }],
  ['exits', ExitError, { exitCode: 0, ckr: 'CKR_DEVICE_ERROR' }],
  ['exits-at-once', ExitError, { exitCode: 7, ckr: 'CKR_DEVICE_ERROR' }],
  ['hangs', TimeoutError, { timeout: LIMIT, ckr: 'CKR_FUNCTION_CANCELED' }],
  ['spins', TimeoutError, { timeout: LIMIT, ckr: 'CKR_FUNCTION_CANCELED' }],
] as const

/** What programs do all day; the other functions take turns with the ways to end. */
const MAIN = new Set(
  `C_Initialize C_OpenSession C_Login C_FindObjects C_GetAttributeValue C_Encrypt C_Decrypt C_Digest C_SignInit
   C_Sign C_Verify C_GenerateKeyPair C_GenerateRandom C_WrapKey`.split(/\s+/),
)

function endsFor(name: string): readonly (typeof ENDS)[number][] {
  if (MAIN.has(name)) return ENDS
  const first = Object.keys(USES).indexOf(name)
  return ENDS.filter((_, index) => (index + first) % 4 === 0)
}

const LIES = ['says-all-ones', 'says-beyond', 'says-too-small'] as const

const FILLED = [
  'C_GetInfo',
  'C_GetSlotInfo',
  'C_GetTokenInfo',
  'C_GetMechanismInfo',
  'C_GetSessionInfo',
  'C_OpenSession',
]

describe.skipIf(needsSoftHsm())('a module that misbehaves', () => {
  let forwarder: Forwarder
  let worker: Worker
  let before: Program

  beforeAll(async () => {
    // What the first fat thread of a program brings along stays.
    await (await FatThread.spawn()).close()
    before = program()
    forwarder = new Forwarder()
    worker = await Worker.start(forwarder)
  })

  afterAll(async () => {
    await worker?.cryptoki.close()
    forwarder?.[Symbol.dispose]()
    await unharmed(before)
  })

  afterEach(async () => {
    forwarder.forget()
    worker.limits = {}
    await worker.begin()
    expect(await worker.sign(), 'the next session').toHaveLength(64)
  })

  /** What became of a use in which the module did as it was told. */
  async function settled(name: string, deed: string): Promise<unknown> {
    forwarder.order(name, deed)
    try {
      return await USES[name]?.(worker)
    } catch (error) {
      return error
    } finally {
      expect(forwarder.hasObeyed, `${name} was called`).toBe(true)
    }
  }

  describe.each(Object.keys(USES))('in %s', (name) => {
    test.each(endsFor(name))('%s', async (deed, type, expected) => {
      if (deed === 'hangs' || deed === 'spins') worker.limits = { timeout: LIMIT }
      const error = await settled(name, deed)
      expect(error).toBeInstanceOf(type)
      expect(error).toMatchObject({ ...expected, call: name, method: name })
    })

    test('prints', async () => {
      expect(await settled(name, 'prints')).not.toBeInstanceOf(Error)
    })

    test('returns what the standard does not know', async () => {
      expect(await settled(name, 'returns 0xdeadbeef')).toMatchObject({
        name: 'Pkcs11Error',
        code: 'CKR_0xDEADBEEF',
        rv: 0xdeadbeef,
        method: name,
      })
    })
  })

  describe.each(SAYING)('%s', (name) => {
    test.each(LIES)('%s', async (deed) => {
      const found = await settled(name, deed)
      if (found instanceof Error) {
        expect(found).toBeInstanceOf(FatThreadError)
        expect(isCoded(found) && found.method).toBe(name)
      } else {
        // Attributes without a length that makes sense are missing, and the second question was answered well.
        expect(name === 'C_GetAttributeValue' || deed === 'says-too-small').toBe(true)
      }
    })
  })

  test.each(FILLED)('%s fills its structure with ones', async (name) => {
    const found = await settled(name, 'fills-with-ones')
    expect(found).not.toBeInstanceOf(Error)
  })
})

describe.skipIf(needsSoftHsm())('the same in this process', () => {
  let forwarder: Forwarder
  beforeAll(() => {
    forwarder = new Forwarder()
  })
  afterAll(() => forwarder[Symbol.dispose]())

  const misbehaving = (deed: string, timeout: number) =>
    callInProcess(fixture('forwards-to-a-module'), {
      timeout,
      prototype: 'ulong C_GetInfo(void *info)',
      args: [null],
      env: { ...forwarder.env, FORWARD_TO: SOFTHSM, MISBEHAVE: `C_GetInfo ${deed}` },
    })

  test.each([
    ['writes-to-null', { signal: 'SIGSEGV' }],
    ['aborts', { signal: 'SIGABRT' }],
    ['recurses', { signal: 'SIGSEGV' }],
    ['executes-ud2', { signal: 'SIGILL' }],
    ['exits', { code: 0, reported: undefined }],
    ['exits-at-once', { code: 7 }],
    ['hangs', { hung: true }],
    ['spins', { hung: true }],
    ['returns 0x30', { reported: 0x30 }],
  ])('%s', async (deed, expected) => {
    const timeout = 'hung' in expected ? 1000 : 10_000
    expect(await misbehaving(deed, timeout)).toMatchObject({ begun: true, ...expected })
  })

  test('prints', async () => {
    const { output } = await misbehaving('prints', 10_000)
    expect(output).toContain('the module says something on standard output')
  })
})
