/** Operations that are begun as they were before: C_SignInit and C_SignAsync in one request, and as exact as two. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Lanes } from '../../src/channel/lanes.ts'
import { CrashError, ExitError, FatThreadError, TimeoutError } from '../../src/index.ts'
import { Pkcs11Error } from '../../src/pkcs11js/index.ts'
import { fixture } from '../fixtures/build.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { failure, handle, implementations, isolated, type Methods } from './implementations.ts'
import { methods } from './methods.ts'

const MODULE = fixture('writes-calls-down')
const S = handle(5)
const OTHER = handle(6)
const KEY = handle(8)
const MECHANISM = { mechanism: 7, parameter: Buffer.from('iv') }
const DATA = Buffer.from('abc')
const BCD = Buffer.from('bcd')
const room = (): Buffer => Buffer.alloc(10)

/** What the module does from then on when it is told so. */
const CRASHES = 0xdead
const HANGS = 0x4a6e
const EXITS = 0xe717
const TAKES_300_MS = 0x510
const CKR_KEY_HANDLE_INVALID = 0x60

/** Milliseconds for each function, and for the start of its process. */
const LIMIT = 1000

let pkcs11js = isolated.pkcs11js()
let loaded: Methods

const call = (name: string, ...given: unknown[]): unknown => loaded[name]?.(...given)
const open = (options: object = {}): void => {
  loaded = new pkcs11js.PKCS11()
  loaded['load']?.(MODULE, options)
}
/** Without calls that only asked for a length. */
const log = (session = S): string[] =>
  String(call('C_GetOperationState', session))
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line, index, all) => /^C_\w+Init /.test(line) || (line && line !== all[index - 1]))
const names = (session = S): string[] => log(session).map((line) => line.split(' ', 2).join(' '))
const tell = (name: string, what: number): unknown =>
  call('C_SeedRandom', S, Buffer.from(`${name} ${what}`))
const turn = (): Promise<void> => Promise.resolve()

const init = (session = S, mechanism: object = MECHANISM, key = KEY): unknown =>
  call('C_SignInit', session, mechanism, key)
const sign = (session = S): Promise<unknown> =>
  call('C_SignAsync', session, DATA, room()) as Promise<unknown>
const pair = async (session = S): Promise<unknown> => {
  init(session)
  return await sign(session)
}

let requests: { made: () => number; waited: () => number }

beforeEach(() => {
  pkcs11js = isolated.pkcs11js()
  const [run, runSync, post] = (['run', 'runSync', 'post'] as const).map((name) =>
    vi.spyOn(Lanes.prototype, name as 'run'),
  ) as [ReturnType<typeof vi.spyOn>, ReturnType<typeof vi.spyOn>, ReturnType<typeof vi.spyOn>]
  const all = [run, runSync, post]
  const sum = (): number => all.reduce((total, spy) => total + spy.mock.calls.length, 0)
  let before = 0
  let waitedBefore = 0
  requests = {
    made: () => {
      const found = sum() - before
      before = sum()
      return found
    },
    waited: () => {
      const found = runSync.mock.calls.length - waitedBefore
      waitedBefore = runSync.mock.calls.length
      return found
    },
  }
})

afterEach(() => {
  vi.restoreAllMocks()
  loaded?.['close']?.()
})

/** Whether the next C_SignInit makes a request of its own. */
function waits(session = S, mechanism: object = MECHANISM, key = KEY): boolean {
  requests.waited()
  init(session, mechanism, key)
  return requests.waited() > 0
}

const KINDS = [
  { begin: 'C_SignInit', whole: 'C_Sign', given: [DATA], keyed: true, gives: BCD },
  { begin: 'C_DigestInit', whole: 'C_Digest', given: [DATA], keyed: false, gives: BCD },
  { begin: 'C_EncryptInit', whole: 'C_Encrypt', given: [DATA], keyed: true, gives: BCD },
  { begin: 'C_DecryptInit', whole: 'C_Decrypt', given: [DATA], keyed: true, gives: BCD },
  { begin: 'C_VerifyInit', whole: 'C_Verify', given: [DATA, DATA], keyed: true, gives: true },
] as const

type Kind = (typeof KINDS)[number]

const FORMS = {
  promise: (name: string, ...given: unknown[]): Promise<unknown> =>
    call(`${name}Async`, ...given) as Promise<unknown>,
  callback: (name: string, ...given: unknown[]): Promise<unknown> =>
    called(`${name}Callback`, given),
  'callback behind the arguments': (name: string, ...given: unknown[]): Promise<unknown> =>
    called(name, given),
}

function called(name: string, given: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    call(name, ...given, (error: unknown, value: unknown) =>
      error === null ? resolve(value) : reject(error),
    )
  })
}

const beginOf = ({ begin, keyed }: Kind): unknown =>
  keyed ? call(begin, S, MECHANISM, KEY) : call(begin, S, MECHANISM)
const argumentsOf = ({ whole, given }: Kind): unknown[] =>
  whole === 'C_Verify' ? [S, ...given] : [S, ...given, room()]

describe.each(Object.entries(FORMS))('with a %s', (_form, run) => {
  test.each(KINDS)('$begin and $whole are one request where they were before', async (kind) => {
    open()
    for (const _once of [1, 2]) {
      beginOf(kind)
      expect(await run(kind.whole, ...argumentsOf(kind))).toEqual(kind.gives)
    }
    for (const _again of [1, 2, 3]) {
      requests.made()
      requests.waited()
      beginOf(kind)
      expect(requests.made()).toBe(0)
      const result = run(kind.whole, ...argumentsOf(kind))
      expect(requests.made()).toBe(1)
      expect(await result).toEqual(kind.gives)
      expect(requests.waited()).toBe(0)
    }
    expect(names()).toEqual(
      Array(5)
        .fill([`${kind.begin} 5`, `${kind.whole} 5`])
        .flat(),
    )
  })
})

test('the first one waits, and those of a program that blocks', () => {
  open()
  for (const _again of [1, 2, 3]) {
    expect(waits()).toBe(true)
    expect(call('C_Sign', S, DATA, room())).toEqual(BCD)
  }
})

test('several sessions at once', async () => {
  open()
  const sessions = [1, 2, 3, 4, 9].map((number) => handle(number))
  for (const session of [...sessions, ...sessions]) await pair(session)
  requests.waited()
  const all = sessions.map((session) => pair(session))
  for (const signature of await Promise.all(all)) expect(signature).toEqual(BCD)
  expect(requests.waited()).toBe(0)
  expect(names()).toHaveLength(30)
})

test('the module is given what the arguments were when it was called', async () => {
  open()
  const mechanism = { mechanism: 7, parameter: Buffer.from('iv') }
  const key = handle(8)
  init(S, mechanism, key)
  await sign()
  log()
  init(S, mechanism, key)
  await sign()
  init(S, mechanism, key)
  await sign()
  init(S, mechanism, key)
  mechanism.mechanism = 9
  mechanism.parameter.fill(0)
  key.fill(0)
  await sign()
  expect(log().filter((line) => line.startsWith('C_SignInit'))).toEqual(
    Array(3).fill('C_SignInit 5 mechanism=7 parameter=(2)6976 key=8'),
  )
})

// What a program can see is the same as in npm's package.
describe.each(implementations)('order in the module, $name', (implementation) => {
  beforeEach(async () => {
    pkcs11js = implementation.pkcs11js()
    open()
    for (const session of [S, OTHER, S, OTHER]) await pair(session)
    call('C_GenerateRandom', S, room())
  })

  /** What was written down behind what came before. */
  const since = (): string[] => names().slice(9)

  test('an operation follows at once', async () => {
    await pair()
    expect(since()).toEqual(['C_SignInit 5', 'C_Sign 5'])
  })

  test('none follows', async () => {
    init()
    await turn()
    expect(since()).toEqual(['C_SignInit 5'])
  })

  test('it follows in another turn', async () => {
    init()
    await turn()
    call('C_GenerateRandom', OTHER, room())
    await sign()
    expect(since()).toEqual(['C_SignInit 5', 'C_GenerateRandom 6', 'C_Sign 5'])
  })

  test('it blocks', () => {
    init()
    expect(call('C_Sign', S, DATA, room())).toEqual(BCD)
    expect(since()).toEqual(['C_SignInit 5', 'C_Sign 5'])
  })

  test('it is another one', async () => {
    init()
    await call('C_DigestAsync', S, DATA, room())
    expect(since()).toEqual(['C_SignInit 5', 'C_Digest 5'])
  })

  test('it is of another session', async () => {
    init()
    await sign(OTHER)
    expect(since()).toEqual(['C_SignInit 5', 'C_Sign 6'])
  })

  test('it is begun twice, and for several sessions', async () => {
    init()
    init()
    init(OTHER)
    await sign(OTHER)
    expect(since()).toEqual(['C_SignInit 5', 'C_SignInit 5', 'C_SignInit 6', 'C_Sign 6'])
  })

  test('parts follow', async () => {
    init()
    call('C_SignUpdate', S, DATA)
    await call('C_SignFinalAsync', S, room())
    expect(since()).toEqual(['C_SignInit 5', 'C_SignUpdate 5', 'C_SignFinal 5'])
  })

  test('wrong arguments follow', async () => {
    init()
    expect(await failure(() => call('C_Sign', S, DATA, 5))).toBeInstanceOf(TypeError)
    expect(await failure(() => call('C_SignAsync', S))).toBeInstanceOf(TypeError)
    await turn()
    expect(since()).toEqual(['C_SignInit 5'])
  })

  test.each(methods)('$name follows', async ({ name, args }) => {
    init()
    call(name, ...args(pkcs11js))
    expect(since()).toEqual(['C_SignInit 5', expect.stringMatching(new RegExp(`^${name} [15]$`))])
  })

  test.each(['C_DestroyObject', 'C_Logout', 'C_GenerateRandom'])(
    '%s behind the operation comes behind its begin',
    async (name) => {
      const { args } = methods.find((method) => method.name === name) as (typeof methods)[number]
      init()
      const signature = sign()
      call(name, ...args(pkcs11js))
      await signature
      const found = since()
      expect(found.indexOf('C_SignInit 5')).toBe(0)
      expect(found.sort()).toEqual([`${name} 5`, 'C_SignInit 5', 'C_Sign 5'].sort())
    },
  )

  test('of another session, what changes something does, too', async () => {
    init()
    const signature = sign()
    call('C_DestroyObject', OTHER, KEY)
    await signature
    const found = since()
    expect(found.indexOf('C_SignInit 5')).toBe(0)
    expect(found).toHaveLength(3)
  })
})

describe('while both are under way', () => {
  beforeEach(async () => {
    open({ timeout: 5000 })
    for (const _again of [1, 2]) await pair()
    tell('C_SignInit', TAKES_300_MS)
  })

  /** Milliseconds until a blocking call is over that is made while both are under way. */
  async function behind(run: () => unknown): Promise<number> {
    const begin = performance.now()
    init()
    const signature = sign()
    run()
    const took = performance.now() - begin
    expect(await signature).toEqual(BCD)
    return took
  }

  test('blocking calls of the session come behind', async () => {
    expect(await behind(() => call('C_GenerateRandom', S, room()))).toBeGreaterThan(290)
  })

  test.each([
    ['C_DestroyObject', [OTHER, KEY]],
    ['C_Logout', [OTHER]],
    ['C_CloseSession', [OTHER]],
    ['C_CloseAllSessions', [handle(1)]],
    ['C_Initialize', []],
  ] as const)('%s comes behind', async (name, given) => {
    expect(await behind(() => call(name, ...given))).toBeGreaterThan(290)
  })

  test('other sessions go on', async () => {
    tell('C_SignInit', HANGS)
    init()
    const hanging = failure(() => sign())
    // Behind it they would hang, too, until the time limit.
    call('C_GenerateRandom', OTHER, room())
    call('C_GetInfo')
    call('C_OpenSession', handle(1), 4)
    loaded['close']?.()
    expect(await hanging).toMatchObject({ method: 'C_SignInit' })
  })

  test('a crash is heard by whoever waits', async () => {
    tell('C_SignInit', CRASHES)
    init()
    const error = failure(() => sign())
    expect(await failure(() => call('C_GenerateRandom', S, room()))).toMatchObject({ code: 179 })
    expect(await error).toMatchObject({ message: 'CKR_DEVICE_ERROR', method: 'C_SignInit' })
  })
})

describe('it waits', () => {
  beforeEach(async () => {
    open()
    await pair()
    await pair()
  })

  test('with nothing changed it does not', async () => {
    expect(waits()).toBe(false)
    await sign()
    expect(waits()).toBe(false)
  })

  test.each([
    ['session', OTHER, MECHANISM, KEY],
    ['mechanism', S, { ...MECHANISM, mechanism: 8 }, KEY],
    ['parameter', S, { mechanism: 7, parameter: Buffer.from('vi') }, KEY],
    ['parameter, none', S, { mechanism: 7 }, KEY],
    ['key', S, MECHANISM, handle(9)],
  ] as const)('with another %s', (_what, session, mechanism, key) => {
    expect(waits(session, mechanism, key)).toBe(true)
  })

  test('with a parameter that the module may write', async () => {
    const gcm = { type: 25, iv: Buffer.alloc(12), ivBits: 96 }
    for (const _again of [1, 2, 3]) {
      expect(waits(S, { mechanism: 1025, parameter: gcm })).toBe(true)
      await sign()
    }
  })

  test('not with a structure that it only reads', async () => {
    const pss = (saltLen: number) => ({
      mechanism: 1005,
      parameter: { type: 5, hashAlg: 1, mgf: 2, saltLen },
    })
    init(S, pss(20))
    await sign()
    expect(waits(S, pss(20))).toBe(false)
    await sign()
    expect(waits(S, pss(21))).toBe(true)
    await sign()
    expect(log()).toContain('C_SignInit 5 mechanism=1005 size=1 hashAlg=1 mgf=2 sLen=20 key=8')
  })

  test.each([
    ['C_DigestInit', [S, MECHANISM], 'C_Digest', [S, DATA, room()]],
    ['C_VerifyInit', [S, MECHANISM, KEY], 'C_VerifyFinal', [S, DATA]],
    ['C_EncryptUpdate', [S, DATA, room()], 'C_EncryptFinal', [S, room()]],
    ['C_SignUpdate', [S, DATA], 'C_SignFinal', [S, room()]],
    ['C_FindObjectsInit', [S, []], 'C_FindObjectsFinal', [S]],
  ] as const)('while an operation is active, from %s on', async (begin, given, end, last) => {
    call(begin, ...given)
    expect(waits()).toBe(true)
    await sign()
    call(end, ...last)
    expect(waits()).toBe(false)
  })

  test('while something is under way in the session', async () => {
    const digest = call('C_DigestAsync', S, DATA, room())
    expect(waits()).toBe(true)
    await digest
  })

  test('while the operation itself is', async () => {
    const first = pair()
    expect(waits()).toBe(true)
    await first
  })

  const KEPT = new Set([
    ...['C_SeedRandom', 'C_GenerateRandom', 'C_GetAttributeValue'],
    ...['C_FindObjectsInit', 'C_FindObjects', 'C_FindObjectsFinal'],
    ...['C_DigestInit', 'C_Digest', 'C_DigestUpdate', 'C_DigestFinal'],
    ...['C_VerifyInit', 'C_Verify', 'C_VerifyUpdate', 'C_VerifyFinal'],
    ...['C_EncryptInit', 'C_Encrypt', 'C_EncryptUpdate', 'C_EncryptFinal'],
    ...['C_DecryptInit', 'C_Decrypt', 'C_DecryptUpdate', 'C_DecryptFinal'],
    ...['C_Sign', 'C_SignUpdate', 'C_SignFinal'],
  ])
  const keeping = methods.filter(({ name }) => KEPT.has(name))
  const forgetting = methods.filter(({ name }) => !KEPT.has(name) && name !== 'C_SignInit')

  test.each(keeping)('not after $name', ({ name, args }) => {
    const [, ...others] = args(pkcs11js)
    call(name, OTHER, ...others)
    expect(waits()).toBe(false)
  })

  test.each(keeping)('after $name failed', async ({ name, args }) => {
    const [, ...others] = args(pkcs11js)
    await failure(() => call(name, handle(6, 5), ...others))
    expect(waits()).toBe(true)
  })

  test.each(keeping.filter(({ isAsync }) => isAsync))(
    'after $name failed later',
    async (method) => {
      const [, ...others] = method.args(pkcs11js)
      await failure(() => call(`${method.name}Async`, handle(6, 5), ...others))
      expect(waits()).toBe(true)
    },
  )

  test.each(forgetting)('after $name', ({ name, args }) => {
    const [first, ...others] = args(pkcs11js)
    call(name, (first as Buffer).equals(S) ? OTHER : first, ...others)
    expect(waits()).toBe(true)
  })

  test.each(forgetting.filter(({ isAsync }) => isAsync))('after $name was done', async (method) => {
    const [, ...others] = method.args(pkcs11js)
    const done = call(`${method.name}Async`, handle(TAKES_300_MS), ...others)
    expect(waits()).toBe(true)
    await sign()
    await done
    expect(waits()).toBe(true)
  })

  test.each([
    ['C_Initialize', []],
    ['C_Finalize', []],
    ['C_GetInfo', []],
    ['C_GetSlotList', [true]],
    ['C_GetOperationState', [S]],
    ['C_WaitForSlotEvent', [1]],
  ] as const)('after %s', (name, given) => {
    call(name, ...given)
    expect(waits()).toBe(true)
  })

  test('in another process', async () => {
    await failure(() => call('C_Logout', handle(CRASHES)))
    const session = call('C_OpenSession', handle(1), 4) as Buffer
    expect(waits(session, MECHANISM, handle(0))).toBe(true)
  })

  test('where no operation has followed it at once', async () => {
    expect(waits()).toBe(false)
    expect(call('C_Sign', S, DATA, room())).toEqual(BCD)
    expect(waits()).toBe(true)
  })
})

describe('it fails after all', () => {
  const known = async (options: object = {}): Promise<void> => {
    open(options)
    for (const session of [S, OTHER]) for (const _again of [1, 2]) await pair(session)
  }
  const refused = { message: 'CKR_KEY_HANDLE_INVALID', code: 96, method: 'C_SignInit' }

  /** How the next call of the session comes. */
  const NEXT: Readonly<Record<string, () => unknown>> = {
    'a promise': () => sign(),
    'a callback': () => FORMS.callback('C_Sign', S, DATA, room()),
    'the operation, blocking': () => call('C_Sign', S, DATA, room()),
    'a part of it': () => call('C_SignUpdate', S, DATA),
    'another method': () => call('C_GetSessionInfo', S),
    'another promise': () => call('C_DigestAsync', S, DATA, room()),
    'a search': () => call('C_FindObjects', S),
    'a promise, in another turn': async () => {
      await new Promise(setImmediate)
      await sign()
    },
    'another method, in another turn': async () => {
      await new Promise(setImmediate)
      call('C_GetSessionInfo', S)
    },
  }
  const next = Object.entries(NEXT)

  test.each(next)('with a return value: %s throws it', async (name, run) => {
    await known()
    tell('C_SignInit', CKR_KEY_HANDLE_INVALID)
    expect(waits()).toBe(false)
    const error = (await failure(run)) as Pkcs11Error
    if (name === 'a search') {
      expect(error.message).toBe('CKR_KEY_HANDLE_INVALID:96')
    } else {
      expect(error).toBeInstanceOf(Pkcs11Error)
      expect(error).toMatchObject(refused)
      expect(error.nativeStack).toContain(`at PKCS11.C_SignInit (${MODULE})`)
    }
    // Nothing that stood on it was begun.
    expect(names().slice(-2)).toEqual(['C_SeedRandom 5', 'C_SignInit 5'])
    // It is thrown once.
    expect(call('C_GetSessionInfo', S)).toBeDefined()
    expect(await failure(() => init())).toMatchObject(refused)
  })

  test.each(next)('with a crash: %s throws it', async (name, run) => {
    await known()
    tell('C_SignInit', CRASHES)
    expect(waits()).toBe(false)
    const error = (await failure(run)) as Pkcs11Error
    if (name === 'a search') expect(error.message).toBe('CKR_DEVICE_ERROR:48')
    else expect(error).toMatchObject({ message: 'CKR_DEVICE_ERROR', method: 'C_SignInit' })
    expect(error.cause).toBeInstanceOf(CrashError)
    expect(error.cause).toMatchObject({ signal: 'SIGSEGV', call: 'C_SignInit', address: 8n })
    expect(call('C_GetInfo')).toMatchObject({ flags: 0xffff_ffff })
    expect(names(call('C_OpenSession', handle(1), 4) as Buffer)).toEqual(['C_OpenSession 1'])
  })

  test.each(next)('with the end of its process: %s throws it', async (_name, run) => {
    await known()
    tell('C_SignInit', EXITS)
    expect(waits()).toBe(false)
    expect(((await failure(run)) as Error).cause).toBeInstanceOf(ExitError)
  })

  test.each(next)('within its time limit: %s throws it', async (name, run) => {
    await known({ timeout: LIMIT })
    tell('C_SignInit', HANGS)
    expect(waits()).toBe(false)
    const begin = performance.now()
    const error = (await failure(run)) as Pkcs11Error
    expect(performance.now() - begin).toBeGreaterThan(0.95 * LIMIT)
    if (name === 'a search') expect(error.message).toBe('CKR_FUNCTION_CANCELED:80')
    else expect(error).toMatchObject({ message: 'CKR_FUNCTION_CANCELED', method: 'C_SignInit' })
    expect(error.cause).toBeInstanceOf(TimeoutError)
    expect(error.cause).toMatchObject({ call: 'C_SignInit' })
  })

  test.each([
    [CRASHES, CrashError, 'CKR_DEVICE_ERROR'],
    [HANGS, TimeoutError, 'CKR_FUNCTION_CANCELED'],
    [CKR_KEY_HANDLE_INVALID, FatThreadError, 'CKR_KEY_HANDLE_INVALID'],
  ] as const)('what becomes of the operation is said of it: %i', async (what, cause, message) => {
    await known({ timeout: LIMIT })
    tell('C_Sign', what)
    expect(waits()).toBe(false)
    const error = (await failure(() => sign())) as Error
    expect(error).toMatchObject({ message, method: 'C_Sign' })
    expect(error.cause).toBeInstanceOf(cause)
    expect(error.cause).toMatchObject({ call: 'C_Sign' })
  })

  test('what the operation returns has its own name', async () => {
    await known()
    expect(waits()).toBe(false)
    const small = failure(() => call('C_SignAsync', S, DATA, Buffer.alloc(1)))
    expect(await small).toMatchObject({ message: 'CKR_BUFFER_TOO_SMALL', method: 'C_Sign' })
    expect(waits()).toBe(true)
  })

  test('calls of other sessions go on', async () => {
    await known()
    tell('C_SignInit', CKR_KEY_HANDLE_INVALID)
    init()
    expect(call('C_GenerateRandom', OTHER, room())).toBeDefined()
    expect(await call('C_DigestAsync', OTHER, DATA, room())).toEqual(BCD)
    expect(await failure(() => sign())).toMatchObject(refused)
  })

  test('nobody hears of it who calls nothing more', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    await known()
    tell('C_SignInit', CRASHES)
    init()
    await new Promise((resolve) => setTimeout(resolve, 50))
    loaded['close']?.()
    await new Promise(setImmediate)
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  test.each([
    ['C_CloseAllSessions', [handle(1)]],
    ['C_Finalize', []],
  ] as const)('it is forgotten with %s', async (name, given) => {
    await known()
    tell('C_SignInit', CKR_KEY_HANDLE_INVALID)
    init()
    call(name, ...given)
    expect(call('C_GetSessionInfo', S)).toBeDefined()
  })

  test('a new session of that number knows nothing of it', async () => {
    open()
    const session = call('C_OpenSession', handle(1), 4) as Buffer
    for (const _again of [1, 2]) await pair(session)
    tell('C_SignInit', CKR_KEY_HANDLE_INVALID)
    init(session)
    call('C_OpenSession', handle(1), 4)
    expect(call('C_GetSessionInfo', session)).toBeDefined()
  })

  test('takes its time: the time limit is for both', async () => {
    await known({ timeout: 5000 })
    tell('C_SignInit', TAKES_300_MS)
    const begin = performance.now()
    const elapsed = stopwatch()
    init()
    const signature = sign()
    expect(elapsed()).toBeLessThan(200)
    expect(await signature).toEqual(BCD)
    expect(performance.now() - begin).toBeGreaterThan(290)
  })
})

test('close and C_Finalize come behind it', async () => {
  open()
  for (const _again of [1, 2]) await pair()
  init()
  requests.waited()
  call('C_Finalize')
  expect(requests.waited()).toBe(2)
  expect(names().slice(-2)).toEqual(['C_SignInit 5', 'C_Finalize null'])
  for (const _again of [1, 2]) await pair()
  init()
  requests.waited()
  loaded['close']?.()
  expect(requests.waited()).toBe(1)
})
