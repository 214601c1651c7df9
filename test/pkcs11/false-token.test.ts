/** A module that returns CKR_OK and lies: what its lies come to, through both doors. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CrashError, FatThread, LoadError, TimeoutError } from '../../src/index.ts'
import { Module, Pkcs11Error, type Pkcs11Object, type Session } from '../../src/pkcs11/index.ts'
import * as door from '../../src/pkcs11js/index.ts'
import { fixture } from '../fixtures/build.ts'
import { type Program, program, unharmed } from '../support/program.ts'
import { stopwatch } from '../support/stopwatch.ts'

const MODULE = fixture('fakes-a-token')
const LIMIT = 500
const DATA = Buffer.alloc(32, 1)
const SLOT = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])
const KEY = Buffer.from([7, 0, 0, 0, 0, 0, 0, 0])

const optionsOf = (deed: string) => ({ permissions: { env: { DEED: deed } }, timeout: LIMIT })

const failure = async (run: () => unknown): Promise<unknown> => {
  try {
    return await run()
  } catch (error) {
    return error
  }
}

let before: Program
let module: Module | undefined
let loaded: door.PKCS11 | undefined

beforeAll(async () => {
  await (await FatThread.spawn()).close()
  before = program()
})

afterEach(async () => {
  await module?.close()
  loaded?.close()
  module = undefined
  loaded = undefined
})

afterAll(() => unharmed(before))

async function typed(deed: string): Promise<[Session, Pkcs11Object]> {
  module = await Module.open(MODULE, optionsOf(deed))
  const [slot] = await module.slots()
  const session = (await slot?.open()) as Session
  return [session, await session.create({ CKA_CLASS: 'CKO_DATA' })]
}

function dropIn(deed: string): [door.PKCS11, session: Buffer] {
  loaded = new door.PKCS11(MODULE, optionsOf(deed))
  loaded.C_Initialize()
  return [loaded, loaded.C_OpenSession(SLOT, door.CKF_SERIAL_SESSION)]
}

function signed([pkcs11, session]: [door.PKCS11, Buffer]): Buffer {
  pkcs11.C_SignInit(session, { mechanism: door.CKM_ECDSA }, KEY)
  return pkcs11.C_Sign(session, DATA, Buffer.alloc(64))
}

describe('a module that tells the truth', () => {
  test('is served by both doors', async () => {
    const [session, key] = await typed('nothing')
    expect(await session.sign('CKM_ECDSA', key, DATA)).toEqual(new Uint8Array(8).fill(0x53))
    expect(await session.get(key, ['CKA_LABEL'])).toEqual({ CKA_LABEL: 'AAAA' })
    expect(signed(dropIn('nothing'))).toEqual(Buffer.alloc(8, 0x53))
  })
})

describe('lengths', () => {
  test.each([
    ['says-all-ones', 'CKR_DEVICE_ERROR', 0x30],
    ['says-beyond', 'CKR_DEVICE_ERROR', 0x30],
    ['says-a-gigabyte', 'CKR_BUFFER_TOO_SMALL', 0x150],
    ['changes-lengths', 'CKR_BUFFER_TOO_SMALL', 0x150],
  ])('of a signature: %s', async (deed, ckr, code) => {
    // In this one the list of slots has no length either.
    if (deed !== 'changes-lengths') {
      const [session, key] = await typed(deed)
      const elapsed = stopwatch()
      for (const run of [
        () => session.sign('CKM_ECDSA', key, DATA),
        () => session.sign.sync('CKM_ECDSA', key, DATA),
        () => session.getOperationState(),
      ])
        expect(await failure(run)).toMatchObject({ name: 'Pkcs11Error', ckr })
      expect(elapsed()).toBeLessThan(2000)
    }
    const error = await failure(() => signed(dropIn(deed)))
    expect(error).toMatchObject({ name: 'Pkcs11Error', code, method: 'C_Sign' })
  })

  test.each([
    ['says-beyond', 'CKR_DEVICE_ERROR'],
    ['says-a-gigabyte', 'CKR_BUFFER_TOO_SMALL'],
  ])('of attributes and states: %s', async (deed, message) => {
    const [pkcs11, session] = dropIn(deed)
    const template = [{ type: door.CKA_LABEL }, { type: door.CKA_VALUE }]
    const read = () => pkcs11.C_GetAttributeValue(session, KEY, template)
    expect(await failure(read)).toMatchObject({ message })
    expect(await failure(() => pkcs11.C_GetOperationState(session))).toMatchObject({ message })
  })

  test('of attributes behind one that it does not tell', async () => {
    const [session, key] = await typed('stops-at-the-first-that-is-missing')
    const names = ['CKA_LABEL', 'CKA_VALUE', 'CKA_ID'] as const
    const told = {
      CKA_LABEL: 'AAAA',
      CKA_VALUE: undefined,
      CKA_ID: new Uint8Array(4).fill(0x41),
    }
    expect(await session.get(key, names)).toEqual(told)
    expect(session.get.sync(key, names)).toEqual(told)
    const [found] = await session.find({}, { attributes: names })
    expect(found?.attributes).toEqual(told)
  })

  test('of attributes, beyond all memory', async () => {
    const [session, key] = await typed('says-a-gigabyte')
    for (const run of [
      () => session.get(key, ['CKA_LABEL', 'CKA_VALUE']),
      () => session.find({}, { attributes: ['CKA_LABEL'] }),
    ])
      expect(await failure(run)).toMatchObject({
        ckr: 'CKR_BUFFER_TOO_SMALL',
        method: 'C_GetAttributeValue',
      })
  })

  test('of a template, in place of attributes that nobody has', async () => {
    const [session, key] = await typed('has-a-template-without-end')
    const expected = { ckr: 'CKR_BUFFER_TOO_SMALL', method: 'C_GetAttributeValue' }
    for (const run of [
      () => session.get(key, ['CKA_WRAP_TEMPLATE']),
      () => session.get.sync(key, ['CKA_WRAP_TEMPLATE']),
    ])
      expect(await failure(run)).toMatchObject(expected)
  })

  test('of a template with many attributes: none takes a descriptor of the program', async () => {
    const [session, key] = await typed('has-a-template-of-a-thousand')
    const { descriptors } = program()
    const { CKA_WRAP_TEMPLATE } = await session.get(key, ['CKA_WRAP_TEMPLATE'])
    expect(Object.values(CKA_WRAP_TEMPLATE ?? {})).toHaveLength(1000)
    expect(program().descriptors.size - descriptors.size).toBeLessThan(10)
  })

  test.each(['has-no-end-of-slots', 'has-millions-of-slots', 'changes-lengths'])(
    'of lists: %s',
    async (deed) => {
      module = await Module.open(MODULE, optionsOf(deed))
      const expected = { ckr: 'CKR_BUFFER_TOO_SMALL', method: 'C_GetSlotList' }
      expect(await failure(() => module?.slots())).toMatchObject(expected)
      const [pkcs11] = dropIn(deed)
      for (const run of [() => pkcs11.C_GetSlotList(), () => pkcs11.C_GetMechanismList(SLOT)])
        expect(await failure(run)).toMatchObject({ message: 'CKR_BUFFER_TOO_SMALL' })
    },
  )

  test('of searches', async () => {
    const [endless] = await typed('finds-no-end')
    expect(await failure(() => endless.find())).toMatchObject({ ckr: 'CKR_DEVICE_ERROR' })
    let seen = 0
    for await (const _ of endless.search()) if (++seen === 200) break
    expect(seen).toBe(200)
    await module?.close()
    const [more] = await typed('finds-more-than-there-is-room-for')
    expect(await failure(() => more.find())).toMatchObject({ ckr: 'CKR_DEVICE_ERROR' })
    const [pkcs11, session] = dropIn('finds-more-than-there-is-room-for')
    pkcs11.C_FindObjectsInit(session, [])
    const error = await failure(() => pkcs11.C_FindObjects(session))
    expect(error).toMatchObject({ message: expect.stringContaining('CKR_DEVICE_ERROR') })
  })
})

describe('what a failure leaves to be done', () => {
  test.each([
    'refuses-a-login-and-hangs',
    'refuses-a-login-and-crashes',
    'refuses-a-login-and-fails',
  ])('%s: the login is what failed', async (deed) => {
    module = await Module.open(MODULE, { permissions: { env: { DEED: deed } } })
    const options = { pin: '1234', timeout: LIMIT }
    for (const form of ['awaited', 'blocking']) {
      const [slot] = await module.slots()
      const elapsed = stopwatch()
      const open = () => (form === 'awaited' ? slot?.open(options) : slot?.open.sync(options))
      const expected = { ckr: 'CKR_PIN_INCORRECT', method: 'C_Login' }
      expect(await failure(open)).toMatchObject(expected)
      expect(elapsed()).toBeLessThan(2000)
    }
  })

  async function searching(deed: string): Promise<unknown> {
    module = await Module.open(MODULE, { permissions: { env: { DEED: deed } } })
    const [slot] = await module.slots()
    const session = (await slot?.open()) as Session
    return await failure(async () => {
      for await (const _ of session.search({}, { timeout: LIMIT })) break
    })
  }

  test('a search has its time limit to the end', async () => {
    const elapsed = stopwatch()
    const error = await searching('hangs-in-the-end-of-a-search')
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ method: 'C_FindObjectsFinal' })
    expect(elapsed()).toBeLessThan(3000)
  })

  test('a search that failed says why, and not what came of ending it', async () => {
    expect(await searching('finds-more-and-cannot-end')).toMatchObject({
      ckr: 'CKR_DEVICE_ERROR',
      method: 'C_FindObjects',
    })
  })
})

describe('a module that takes its time', () => {
  test('a signal ends the wait for events, and nothing else', async () => {
    const deed = 'waits-for-events-it-should-only-look-for'
    module = await Module.open(MODULE, { permissions: { env: { DEED: deed } } })
    const [slot] = await module.slots()
    await using session = (await slot?.open()) as Session
    const { pid } = module.thread
    const elapsed = stopwatch()
    for await (const _ of module.slotEvents({ signal: AbortSignal.timeout(100) })) break
    expect(elapsed()).toBeLessThan(2000)
    expect(await session.random(2)).toEqual(Uint8Array.of(0x52, 0x52))
    expect(module.thread.pid).toBe(pid)
  })

  test('looks for events in its time limit, in the drop-in', async () => {
    const [pkcs11, session] = dropIn('waits-for-events-it-should-only-look-for')
    const elapsed = stopwatch()
    const look = () => pkcs11.C_WaitForSlotEvent(door.CKF_DONT_BLOCK)
    const expected = { message: 'CKR_FUNCTION_CANCELED', method: 'C_WaitForSlotEvent' }
    expect(await failure(look)).toMatchObject(expected)
    expect(elapsed()).toBeLessThan(2000)
    expect(await failure(() => pkcs11.C_GetSessionInfo(session))).toMatchObject({
      message: 'CKR_SESSION_HANDLE_INVALID',
    })
  })

  test('hangs-in-get-function-list: the drop-in has its time limit from the start', async () => {
    const elapsed = stopwatch()
    const error = await failure(() => dropIn('hangs-in-get-function-list'))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ timeout: LIMIT, call: 'C_GetFunctionList' })
    expect(elapsed()).toBeLessThan(4000)
  })
})

test('a return value of 64 bits is named to its last one', async () => {
  const [session, key] = await typed('returns-all-ones')
  const expected = { ckr: 'CKR_0xFFFFFFFFFFFFFFFF', rv: 2 ** 64, method: 'C_Sign' }
  expect(await failure(() => session.sign('CKM_ECDSA', key, DATA))).toMatchObject(expected)
  expect(await failure(() => session.sign.sync('CKM_ECDSA', key, DATA))).toMatchObject(expected)
})

describe('memory', () => {
  test.each(['writes-beyond', 'corrupts-the-heap', 'changes-types'])('%s', async (deed) => {
    const [session, key] = await typed(deed)
    // What it has to say after that is its own affair; the program goes on, and so does the session.
    await failure(() => session.sign('CKM_ECDSA', key, DATA))
    await failure(() => session.get(key, ['CKA_LABEL', 'CKA_WRAP_TEMPLATE']))
    expect(await session.random(4)).toEqual(new Uint8Array(4).fill(0x52))
    await failure(() => signed(dropIn(deed)))
  })

  test('texts without padding and without meaning', async () => {
    module = await Module.open(MODULE, optionsOf('has-no-texts'))
    const [slot] = await module.slots()
    const { manufacturer } = await module.info()
    expect(manufacturer).toBe('\ufffd'.repeat(32))
    expect((await slot?.token())?.time).toBeUndefined()
    const [pkcs11] = dropIn('has-no-texts')
    expect(pkcs11.C_GetTokenInfo(SLOT).label).toBe('\ufffd'.repeat(32))
  })
})

describe('handles', () => {
  test.each(['gives-no-handles', 'gives-equal-handles'])('%s', async (deed) => {
    const [session] = await typed(deed)
    const [slot] = (await module?.slots()) ?? []
    await using other = (await slot?.open()) as Session
    expect(other.handle).toBe(session.handle)
    const both = await Promise.all([session.random(2), other.random(2)])
    expect(both).toEqual([Uint8Array.of(0x52, 0x52), Uint8Array.of(0x52, 0x52)])
    expect(signed(dropIn(deed))).toHaveLength(8)
  })
})

describe('lists of functions', () => {
  test.each(['gives-an-unmapped-interface', 'gives-an-interface-to-nothing', 'claims-version-3'])(
    '%s: those of version 2 are there',
    async (deed) => {
      const [session, key] = await typed(deed)
      expect(module?.has('C_EncryptMessage')).toBe(false)
      expect(await session.sign('CKM_ECDSA', key, DATA)).toHaveLength(8)
      expect(signed(dropIn(deed))).toHaveLength(8)
    },
  )

  test.each(['gives-no-list', 'gives-an-unmapped-list'])('%s', async (deed) => {
    for (const run of [
      () => Module.open(MODULE, optionsOf(deed)),
      () => Module.open.sync(MODULE, optionsOf(deed)),
      () => dropIn(deed),
    ]) {
      const error = await failure(run)
      expect(error).toBeInstanceOf(LoadError)
      expect(error).toMatchObject({ message: expect.stringContaining('is no PKCS #11 module') })
    }
  })

  test('without some functions, or without any', async () => {
    const [session, key] = await typed('cannot-sign')
    const missing = { ckr: 'CKR_FUNCTION_NOT_SUPPORTED', method: 'C_SignInit' }
    expect(await failure(() => session.sign('CKM_ECDSA', key, DATA))).toMatchObject(missing)
    expect(await failure(() => signed(dropIn('cannot-sign')))).toMatchObject({
      message: 'CKR_FUNCTION_NOT_SUPPORTED',
      method: 'C_SignInit',
    })
    const error = await failure(() => Module.open(MODULE, optionsOf('has-no-functions')))
    expect(error).toBeInstanceOf(Pkcs11Error)
  })

  test('with functions that are none', async () => {
    module = await Module.open(MODULE, optionsOf('has-wild-functions'))
    const error = await failure(() => module?.slots())
    expect(error).toBeInstanceOf(CrashError)
    expect(error).toMatchObject({ signal: 'SIGSEGV', method: 'C_GetSlotList' })
  })
})

describe('its process', () => {
  test.each(['closes-descriptors', 'forks'])('%s, and nothing comes of it', async (deed) => {
    const [session, key] = await typed(deed)
    expect(await session.sign('CKM_ECDSA', key, DATA)).toHaveLength(8)
    expect(signed(dropIn(deed))).toHaveLength(8)
  })

  test('crashes where it was told of nobody to notify', async () => {
    const [session] = await typed('tells-nobody')
    const ended = await failure(async () => {
      for (;;) await session.random(4)
    })
    expect(ended).toMatchObject({ ckr: expect.stringMatching(/DEVICE_ERROR|HANDLE_INVALID/) })
    expect(await module?.info()).toMatchObject({ manufacturer: '' })
  })

  test('crashes, and its own handler never ends', async () => {
    const [session, key] = await typed('handles-signals')
    const error = await failure(() => session.sign('CKM_ECDSA', key, DATA))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ method: 'C_Sign' })
  })

  test.each([
    ['crashes-in-initialize', CrashError, 'C_Initialize'],
    ['hangs-in-initialize', TimeoutError, 'C_Initialize'],
    ['crashes-in-get-interface', CrashError, 'C_GetInterface'],
  ])('%s', async (deed, type, method) => {
    for (const run of [
      () => Module.open(MODULE, optionsOf(deed)),
      () => Module.open.sync(MODULE, optionsOf(deed)),
    ]) {
      const error = await failure(run)
      expect(error).toBeInstanceOf(type)
      expect(error).toMatchObject({ method })
    }
  })

  test('hangs in C_Finalize', async () => {
    await typed('hangs-in-finalize')
    const elapsed = stopwatch()
    await module?.close()
    expect(elapsed()).toBeLessThan(4000)
  })
})
