/** What a module does in a process of its own: nothing to the program, and an error that says what. */
import { inspect } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { CrashError, ExitError, FatThreadError, TimeoutError } from '../../src/index.ts'
import { type IsolationOptions, Pkcs11Error } from '../../src/pkcs11js/index.ts'
import { fixture } from '../fixtures/build.ts'
import { processes } from '../support/processes.ts'
import { runProgram } from '../support/run-program.ts'
import { needsSoftHsm, SOFTHSM, SoftHsm } from '../support/softhsm.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { until } from '../support/until.ts'
import { failure, handle, isolated, type Methods } from './implementations.ts'
import { methods } from './methods.ts'

const MODULE = fixture('writes-calls-down')
const pkcs11js = isolated.pkcs11js()

/** Sessions in which the module does this. */
const CRASHES = 0xdead
const HANGS = 0x4a6e
const EXITS = 0xe717
const TAKES_300_MS = 0x510

/** Of a machine that does other things too; what is asked for is 10 ms. */
const SOON = 1000
/** Milliseconds for each function, and for the start of its process. */
const LIMIT = 1000

const DATA = Buffer.from('abc')
const room = (): Buffer => Buffer.alloc(10)

let loaded: Methods

function open(options: IsolationOptions = {}): Methods {
  loaded = new pkcs11js.PKCS11()
  loaded['load']?.(MODULE, options)
  return loaded
}

afterEach(() => loaded?.['close']?.())

const call = (name: string, ...given: unknown[]): unknown => loaded[name]?.(...given)
/** A session of the process that serves now. */
const session = (): Buffer => call('C_OpenSession', handle(1), 4) as Buffer
/** What the module wrote down in that process. */
const log = (): string[] =>
  String(call('C_GetOperationState', session()))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('C_OpenSession'))

/** The module is in the call that signs. */
const begun = (): Promise<void> =>
  until(() => log().some((line) => line.startsWith('C_Sign ')), 'the call')

const PLAIN = new Set(['C_CreateObject', 'C_CopyObject', 'C_SetAttributeValue'])

describe('a crash', () => {
  test.each(methods)('in $name', async ({ name, args, isAsync }) => {
    const given = [...args(pkcs11js)]
    given[0] = handle(CRASHES)
    const forms = isAsync ? [name, `${name}Async`] : [name]
    for (const form of forms) {
      open()
      const elapsed = stopwatch()
      const error = (await failure(() => call(form, ...given))) as Pkcs11Error
      expect(elapsed()).toBeLessThan(SOON)
      if (PLAIN.has(name)) expect(error.message).toBe('CKR_DEVICE_ERROR:48')
      else {
        expect(error).toBeInstanceOf(Pkcs11Error)
        expect(error).toMatchObject({ message: 'CKR_DEVICE_ERROR', code: 48, method: name })
        expect(error.nativeStack).toContain(`at PKCS11.${name} (${MODULE})`)
        expect(error.nativeStack).toMatch(/at (misbehave|C_\w+|<unknown>)\+0x/)
      }
      expect(error.cause).toBeInstanceOf(CrashError)
      expect(error.cause).toMatchObject({ signal: 'SIGSEGV', call: name, address: 8n })
      // The next call is made in a new process.
      expect(call('C_GetInfo')).toMatchObject({ flags: 0xffff_ffff })
      loaded['close']?.()
    }
  })

  test('ends calls of other sessions, and says with whom', async () => {
    open()
    const other = failure(() => call('C_SignAsync', handle(HANGS), DATA, room()))
    await begun()
    const error = await failure(() => call('C_SignAsync', handle(CRASHES), DATA, room()))
    expect(error).toMatchObject({ message: 'CKR_DEVICE_ERROR', method: 'C_Sign' })
    expect(await other).toMatchObject({ message: 'CKR_DEVICE_ERROR', method: 'C_Sign' })
  })

  test('nothing is done twice: the next process begins with C_Initialize', async () => {
    open()
    call('C_Initialize', { flags: 1, libraryParameters: 'text' })
    expect(log().join()).toContain('C_Initialize')
    await failure(() => call('C_GenerateKey', handle(CRASHES), { mechanism: 1 }, []))
    expect(log()).toEqual(['C_Initialize flags=3 parameters=text'])
  })

  test('without C_Initialize before it, there is none after it', async () => {
    open()
    await failure(() => call('C_Logout', handle(CRASHES)))
    expect(log()).toEqual([])
  })

  test('in C_Finalize leaves nothing initialized', async () => {
    open()
    call('C_Initialize', { flags: 0x100 })
    const error = await failure(() => call('C_Finalize'))
    expect(error).toMatchObject({ message: 'CKR_DEVICE_ERROR', method: 'C_Finalize' })
    expect(log()).toEqual([])
    call('C_Initialize')
  })

  test.each(['C_Sign', 'C_SignAsync'])(
    'is followed by what the program does again, before %s',
    async (form) => {
      const sessions: Buffer[] = []
      const onRestart = (again: unknown): void => {
        expect(again).toBe(loaded)
        sessions.push(session())
        call('C_Login', sessions.at(-1), 1, '1234')
      }
      open({ onRestart })
      call('C_Initialize')
      expect(sessions).toEqual([])
      await failure(() => call('C_Logout', handle(CRASHES)))
      const data = Buffer.from('abc')
      const slot = call(form, handle(0), data, room())
      expect(await slot).toEqual(Buffer.from('bcd'))
      expect(sessions).toHaveLength(1)
      expect(call('C_Sign', sessions[0], data, room())).toEqual(Buffer.from('bcd'))
      expect(log()).toEqual([
        'C_Initialize flags=2 parameters=null',
        'C_Login 77 user=1 pin=(4)31323334',
        'C_Sign 0 in=(3)616263 room=10',
        'C_Sign 77 in=(3)616263 room=10',
      ])
    },
  )

  test('that came before a blocking call: its session is lost, and it has done nothing', async () => {
    open()
    const lost = session()
    const own = processes().filter(({ parent }) => parent === process.pid)
    for (const { pid } of own) process.kill(pid, 'SIGKILL')
    // Blocking, too: the program does not hear of it.
    while (
      processes().some(({ pid, state }) => own.some((one) => one.pid === pid) && state !== 'Z')
    );
    const error = await failure(() => call('C_Logout', lost))
    expect(error).toMatchObject({
      message: 'CKR_SESSION_HANDLE_INVALID',
      code: 179,
      method: 'C_Logout',
    })
    expect(log()).toEqual([])
  })

  test('no PIN is in what is said about it', async () => {
    open()
    const error = (await failure(() => call('C_Login', handle(CRASHES), 1, 'pin-5926'))) as Error
    const said = `${inspect(error, { depth: 9, showHidden: true })}${error.stack}`
    expect(said).toContain('SIGSEGV')
    expect(said).not.toContain('5926')
  })
})

test.each(['C_Sign', 'C_SignAsync'])('a module that exits, in %s', async (form) => {
  open()
  const error = (await failure(() => call(form, handle(EXITS), DATA, room()))) as Error
  expect(error).toMatchObject({ message: 'CKR_DEVICE_ERROR', code: 48, method: 'C_Sign' })
  expect(error.cause).toBeInstanceOf(ExitError)
  expect(call('C_Sign', session(), DATA, room())).toEqual(Buffer.from('bcd'))
})

describe('a module that hangs', () => {
  test.each(['C_Sign', 'C_SignAsync'])('has a time limit, in %s', async (form) => {
    open({ timeout: LIMIT })
    const begin = performance.now()
    const elapsed = stopwatch()
    const error = (await failure(() => call(form, handle(HANGS), DATA, room()))) as Error
    expect(performance.now() - begin).toBeGreaterThan(0.95 * LIMIT)
    expect(elapsed()).toBeLessThan(LIMIT + SOON)
    expect(error).toMatchObject({ message: 'CKR_FUNCTION_CANCELED', code: 80, method: 'C_Sign' })
    expect(error.cause).toBeInstanceOf(TimeoutError)
    expect(call('C_Sign', session(), DATA, room())).toEqual(Buffer.from('bcd'))
  })

  test('leaves other sessions alone, and the pool of Node', async () => {
    open()
    const hanging = [1, 2].map(() =>
      failure(() => call('C_SignAsync', handle(HANGS), DATA, room())),
    )
    await begun()
    expect(call('C_Sign', handle(5), DATA, room())).toEqual(Buffer.from('bcd'))
    expect(await call('C_DigestAsync', handle(6), DATA, room())).toEqual(Buffer.from('bcd'))
    const { readFile } = await import('node:fs/promises')
    expect((await readFile(MODULE)).length).toBeGreaterThan(0)
    loaded['close']?.()
    for (const error of await Promise.all(hanging))
      expect(error).toMatchObject({ message: expect.stringMatching(/^CKR_/), method: 'C_Sign' })
  })

  test('is left by process.exit', async () => {
    const ended = await runProgram('exits-while-a-token-hangs.mjs', { args: [MODULE] })
    expect(ended).toMatchObject({ code: 7, signal: null, hung: false, stdout: 'exits\n' })
  })
})

describe('during an asynchronous call', () => {
  test('close rejects it', async () => {
    open()
    const error = failure(() => call('C_SignAsync', handle(HANGS), DATA, room()))
    await begun()
    loaded['close']?.()
    const found = (await error) as Error
    expect(found).toBeInstanceOf(Pkcs11Error)
    expect(found.cause).toBeInstanceOf(FatThreadError)
    expect(() => call('C_GetInfo')).toThrow('PKCS11 module not loaded yet')
  })

  test('C_Finalize leaves it its end', async () => {
    open()
    call('C_Initialize')
    const signature = call('C_SignAsync', handle(TAKES_300_MS), DATA, room()) as Promise<Buffer>
    await begun()
    call('C_Finalize')
    const outcome = await signature.catch((error: unknown) => error)
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(Pkcs11Error)
    else expect(outcome).toEqual(Buffer.from('bcd'))
    call('C_Initialize')
  })

  test('the bytes that it was given may change', async () => {
    open()
    const data = Buffer.from('abc')
    const iv = Buffer.from('iv')
    const template = [{ type: 3, value: Buffer.from('abc') }]
    const waiting = call('C_SignAsync', handle(5), Buffer.alloc(100_000), Buffer.alloc(100_000))
    const signature = call('C_SignAsync', handle(5), data, room())
    const key = call('C_GenerateKeyAsync', handle(5), { mechanism: 7, parameter: iv }, template)
    for (const bytes of [data, iv, template[0]?.value]) bytes?.fill(0)
    await waiting
    expect(await signature).toEqual(Buffer.from('bcd'))
    await key
    expect(log().join()).toContain('parameter=(2)6976 template[1] 3=(3)616263')
  })

  test('so they may when the process begins anew first', async () => {
    open()
    await failure(() => call('C_SignAsync', handle(CRASHES), DATA, room()))
    const data = Buffer.from('abc')
    const signature = call('C_SignAsync', handle(0), data, room())
    data.fill(0)
    expect(await signature).toEqual(Buffer.from('bcd'))
  })

  test('calls of its session wait, in their order', async () => {
    open()
    const slow = call('C_SignAsync', handle(TAKES_300_MS), DATA, room()) as Promise<unknown>
    const order: string[] = []
    const all = [
      slow.then(() => order.push('slow')),
      (call('C_DigestAsync', handle(TAKES_300_MS), DATA, room()) as Promise<unknown>).then(() =>
        order.push('behind it'),
      ),
      (call('C_DigestAsync', handle(5), DATA, room()) as Promise<unknown>).then(() =>
        order.push('beside it'),
      ),
    ]
    await Promise.all(all)
    expect(order).toEqual(['beside it', 'slow', 'behind it'])
  })
})

describe('handles of an earlier process', () => {
  const CKF_SERIAL = 4

  test('are refused before the module sees them', async () => {
    open()
    const session = call('C_OpenSession', handle(1), CKF_SERIAL) as Buffer
    const key = call('C_GenerateKey', session, { mechanism: 1 }, []) as Buffer
    // Of its first process they are the module's own.
    expect(session).toEqual(handle(77))
    await failure(() => call('C_Logout', handle(CRASHES)))
    const fresh = call('C_OpenSession', handle(1), CKF_SERIAL) as Buffer
    expect(fresh).not.toEqual(session)
    expect(await failure(() => call('C_Sign', session, DATA, room()))).toMatchObject({
      message: 'CKR_SESSION_HANDLE_INVALID',
      code: 179,
      method: 'C_Sign',
    })
    expect(await failure(() => call('C_SignAsync', session, DATA, room()))).toMatchObject({
      message: 'CKR_SESSION_HANDLE_INVALID',
    })
    expect(await failure(() => call('C_SignInit', fresh, { mechanism: 1 }, key))).toMatchObject({
      message: 'CKR_OBJECT_HANDLE_INVALID',
      code: 130,
    })
    const derive = { type: 8, kdf: 1, publicData: DATA, privateDataLen: 1, privateData: key }
    const mechanism = { mechanism: 1, parameter: derive }
    const error = await failure(() => call('C_DeriveKey', fresh, mechanism, handle(0), []))
    expect(error).toMatchObject({ message: 'CKR_OBJECT_HANDLE_INVALID' })
    expect(call('C_Sign', fresh, DATA, room())).toEqual(Buffer.from('bcd'))
    const second = call('C_GenerateKey', fresh, { mechanism: 1 }, []) as Buffer
    call('C_DestroyObject', fresh, second)
    call('C_FindObjectsInit', fresh, [])
    call('C_SetOperationState', fresh, DATA, handle(0), call('C_FindObjects', fresh))
    const lines = String(call('C_GetOperationState', fresh)).trim().split('\n')
    expect(lines).toEqual([
      'C_OpenSession 1 flags=4 null null',
      'C_Sign 77 in=(3)616263 room=10',
      'C_GenerateKey 77 mechanism=1 parameter=null(0) template[0]',
      'C_DestroyObject 77 object=103',
      'C_FindObjectsInit 77 template[0]',
      'C_FindObjects 77',
      'C_SetOperationState 77 state=(3)616263 encryption=0 authentication=200',
    ])
  })
})

describe('handles that a search has found ahead', () => {
  const S = handle(5)
  const asked = (): number =>
    String(call('C_GetOperationState', S))
      .split('\n')
      .filter((line) => line.startsWith('C_FindObjects 5')).length

  test('are given one after the other without a call', () => {
    open()
    call('C_FindObjectsInit', S, [])
    const all = [call('C_FindObjects', S), call('C_FindObjects', S), call('C_FindObjects', S)]
    expect(all).toEqual([handle(200), handle(201), handle(202)])
    expect(asked()).toBe(1)
    expect(call('C_FindObjects', S)).toBe(null)
    expect(asked()).toBe(1)
  })

  test.each([
    ['C_FindObjectsInit', [S, []]],
    ['C_FindObjectsFinal', [S]],
    ['C_CloseSession', [S]],
    ['C_CloseAllSessions', [handle(1)]],
    ['C_Finalize', []],
  ] as const)('are forgotten with %s', (name, given) => {
    open()
    call('C_FindObjectsInit', S, [])
    call('C_FindObjects', S)
    asked()
    call(name, ...given)
    call('C_FindObjects', S)
    expect(asked()).toBe(1)
  })
})

describe.skipIf(needsSoftHsm())('what a module was denied', () => {
  const load = (options: IsolationOptions): void => {
    loaded = new pkcs11js.PKCS11()
    loaded['load']?.(SOFTHSM, options)
  }
  const causeOf = async (): Promise<string> => {
    const error = (await failure(() => call('C_Initialize'))) as Error
    return String(error.cause)
  }

  test('stands behind a C_Initialize that fails', async () => {
    const SOFTHSM2_CONF = '/nowhere/softhsm2.conf'
    load({ profile: 'none', permissions: { env: { SOFTHSM2_CONF } } })
    expect(await causeOf()).toMatch(
      /CKR_GENERAL_ERROR \(the module was denied .*openat \/nowhere\/softhsm2\.conf.*permissions\)/,
    )
  })

  test('and not behind one that comes twice', async () => {
    using softHsm = new SoftHsm()
    load(softHsm.options)
    call('C_Initialize')
    expect(await causeOf()).toMatch(/CKR_CRYPTOKI_ALREADY_INITIALIZED$/)
  })
})

describe.skipIf(needsSoftHsm())('where tokens are', () => {
  const before = process.env['SOFTHSM2_CONF']
  afterEach(() => {
    if (before === undefined) delete process.env['SOFTHSM2_CONF']
    else process.env['SOFTHSM2_CONF'] = before
  })

  const turnTo = ({ options }: SoftHsm): void => {
    process.env['SOFTHSM2_CONF'] = options.permissions?.env?.['SOFTHSM2_CONF']
  }
  const labels = (): string[] =>
    (call('C_GetSlotList', true) as Buffer[]).map((slot) =>
      (call('C_GetTokenInfo', slot) as { label: string }).label.trim(),
    )

  test('goes by the environment of C_Initialize, each time', () => {
    using one = new SoftHsm()
    using other = new SoftHsm()
    turnTo(one)
    loaded = new pkcs11js.PKCS11(SOFTHSM)
    turnTo(other)
    call('C_Initialize')
    call('C_InitToken', (call('C_GetSlotList') as Buffer[])[0], 'so-pin', 'of the other')
    call('C_Finalize')
    turnTo(one)
    call('C_Initialize')
    expect(labels()).toEqual([''])
    call('C_Finalize')
    turnTo(other)
    call('C_Initialize')
    expect(labels()).toEqual(['of the other', ''])
  })
})

test('two objects of one module are two', () => {
  const first = open()
  const second = new pkcs11js.PKCS11(MODULE)
  first['C_Logout']?.(handle(1))
  second['C_Logout']?.(handle(2))
  expect(String(first['C_GetOperationState']?.(handle(5))).trim()).toBe('C_Logout 1')
  expect(String(second['C_GetOperationState']?.(handle(5))).trim()).toBe('C_Logout 2')
  second['close']?.()
})

describe('options', () => {
  test.each([null, 5])('%s', async (given) => {
    const error = await failure(() => open(given as never))
    expect(error).toEqual(new TypeError('load takes an object of options'))
  })

  test.each([-1, '5', Number.NaN])('timeout %s', async (timeout) => {
    const error = await failure(() => open({ timeout } as never))
    expect(error).toEqual(new RangeError('load: timeout takes milliseconds, or 0 for any time'))
  })

  test('onRestart that is no function', async () => {
    const error = await failure(() => open({ onRestart: 5 } as never))
    expect(error).toEqual(new TypeError('load: onRestart takes a function'))
  })

  test('a library that is no string', async () => {
    const made = new pkcs11js.PKCS11()
    expect(await failure(() => made['load']?.(5))).toBeInstanceOf(TypeError)
  })
})
