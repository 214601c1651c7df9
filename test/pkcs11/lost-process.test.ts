/** What calls say whose process has ended under them, and what those say that come after the end of the module. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClosedError, CrashError } from '../../src/index.ts'
import {
  isCoded,
  Module,
  type ModuleOptions,
  type Session,
  type Slot,
} from '../../src/pkcs11/index.ts'
import { fixture } from '../fixtures/build.ts'
import { runProgram } from '../support/run-program.ts'

const MODULE = fixture('login-obeys-its-pin')

const failure = (run: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(run)
    .then(
      () => 'no failure',
      (error: unknown) => error,
    )

let module: Module
let slot: Slot
let first: Session
let second: Session

async function open(options: ModuleOptions = {}): Promise<void> {
  module = await Module.open(MODULE, { threads: 1, ...options })
  ;[slot] = (await module.slots()) as [Slot]
  ;[first, second] = [await slot.open(), await slot.open()]
}

afterEach(() => module?.close())

describe('a process that ends', () => {
  beforeEach(() => open())

  test('says so to the calls that had not begun', async () => {
    const all = [
      first.login('crash'),
      second.login('well'),
      slot.token(),
      first.login('well'),
      module.info(),
    ].map((each) => failure(() => each))
    const [crash, ofSession, ofSlot, behind, ofModule] = await Promise.all(all)
    expect(crash).toBeInstanceOf(CrashError)
    expect(crash).toMatchObject({ ckr: 'CKR_DEVICE_ERROR', method: 'C_Login' })
    for (const error of [ofSession, behind])
      expect(error).toMatchObject({ ckr: 'CKR_SESSION_HANDLE_INVALID', method: 'C_Login' })
    expect(ofSlot).toMatchObject({ ckr: 'CKR_DEVICE_ERROR', method: 'C_GetTokenInfo' })
    expect(ofModule).toMatchObject({ ckr: 'CKR_DEVICE_ERROR', method: 'C_GetInfo' })
  })

  test('leaves sessions that are invalid', async () => {
    await failure(() => first.login('crash'))
    const expected = { ckr: 'CKR_SESSION_HANDLE_INVALID', rv: 0xb3 }
    expect(await failure(() => second.login('well'))).toMatchObject(expected)
    expect(await failure(() => second.login.sync('well'))).toMatchObject(expected)
    await (await slot.open()).login('well')
  })
})

test.each(['awaited', 'blocking'])('a process without a successor, %s', async (form) => {
  await open({ restart: 'never' })
  await failure(() => first.login('crash'))
  const uses = [module.info, slot.token, slot.open] as const
  for (const use of uses) {
    const error = await failure(() => (form === 'awaited' ? use() : use.sync()))
    expect(error).toBeInstanceOf(ClosedError)
    expect(isCoded(error) && error.ckr).toBe('CKR_DEVICE_ERROR')
  }
  expect(await failure(() => second.login('well'))).toMatchObject({
    ckr: 'CKR_SESSION_HANDLE_INVALID',
  })
})

describe('a module that the program has closed', () => {
  beforeEach(() => open())
  const expected = { ckr: 'CKR_CRYPTOKI_NOT_INITIALIZED', rv: 0x190 }

  test('is not initialized, to the calls that it ends', async () => {
    const [running, waiting] = [first.login('hang'), second.login('well')]
    const all = [running, waiting, slot.token()].map((each) => failure(() => each))
    await module.close()
    for (const error of await Promise.all(all)) expect(error).toMatchObject(expected)
  })

  test('is not initialized, to those that come later', async () => {
    await module.close()
    for (const use of [module.info, module.slots, slot.token, slot.open] as const) {
      expect(await failure(() => use())).toBeInstanceOf(ClosedError)
      expect(await failure(() => use())).toMatchObject(expected)
      expect(await failure(() => use.sync())).toMatchObject(expected)
    }
    expect(await failure(() => first.login('well'))).toMatchObject(expected)
    expect(await failure(() => first.login.sync('well'))).toMatchObject(expected)
  })

  test('is not initialized, when that was blocking', async () => {
    const running = failure(() => first.login('hang'))
    module[Symbol.dispose]()
    expect(await running).toMatchObject(expected)
    expect(await failure(() => second.login.sync('well'))).toMatchObject(expected)
  })
})

test('process.exit leaves calls that hang', async () => {
  const ended = await runProgram('exits-while-a-module-hangs.mjs', { args: [MODULE] })
  expect(ended).toMatchObject({ code: 7, signal: null, hung: false, stdout: 'exits\n' })
})
