import { constants } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Module, type Slot } from '../../src/pkcs11/index.ts'
import { fixture } from '../fixtures/build.ts'
import { Scratch } from '../support/scratch.ts'
import { needsSoftHsm, SO_PIN, SOFTHSM, SoftHsm, USER_PIN } from '../support/softhsm.ts'
import { run, runJson } from './run.ts'

describe.skipIf(needsSoftHsm())('a token of SoftHSM', () => {
  const scratch = new Scratch()
  let softHsm: SoftHsm
  const before = process.env['SOFTHSM2_CONF']

  beforeAll(async () => {
    softHsm = new SoftHsm()
    const env = softHsm.options.permissions?.env
    process.env['SOFTHSM2_CONF'] = env?.['SOFTHSM2_CONF']
    process.env['PIN_OF_THE_TEST'] = USER_PIN
    process.env['WRONG_PIN_OF_THE_TEST'] = 'wrong-pin-4711'
    await using module = await Module.open(SOFTHSM)
    const [empty] = (await module.slots()) as [Slot]
    await empty.initToken(SO_PIN, 'of the test')
    const [slot] = (await module.slots()) as [Slot]
    await using session = await slot.open({ readWrite: true, pin: SO_PIN, user: 'so' })
    await session.initPin(USER_PIN)
    await session.logout()
    await session.login(USER_PIN)
    const common = { CKA_CLASS: 'CKO_DATA', CKA_TOKEN: true, CKA_VALUE: Buffer.from('x') } as const
    await session.create({ ...common, CKA_LABEL: 'for all', CKA_PRIVATE: false })
    await session.create({ ...common, CKA_LABEL: 'for the user', CKA_PRIVATE: true })
  })

  afterAll(() => {
    softHsm?.[Symbol.dispose]()
    scratch[Symbol.dispose]()
    delete process.env['PIN_OF_THE_TEST']
    delete process.env['WRONG_PIN_OF_THE_TEST']
    if (before === undefined) delete process.env['SOFTHSM2_CONF']
    else process.env['SOFTHSM2_CONF'] = before
  })

  const labels = (json: unknown): unknown[] =>
    (json as { slots: { objects: { CKA_LABEL: string }[] }[] }).slots.flatMap(({ objects }) =>
      objects.map(({ CKA_LABEL }) => CKA_LABEL),
    )

  test('slots, tokens, mechanisms and public objects', () => {
    const { status, stdout, stderr } = run('pkcs11', SOFTHSM)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`Module  ${SOFTHSM}\n  Implementation of PKCS11`)
    expect(stdout).toMatch(/\n {2}token +of the test\n/)
    expect(stdout).toMatch(/\n {4}CKM_ECDSA +\S+ to \S+ +.*sign verify/)
    expect(stdout).toMatch(/Objects {2}1, without private ones\n {4}data +for all\n/)
    expect(stdout).toMatch(/\n {2}token +not initialized\n/)
  })

  test('--json', () => {
    const { status, json } = runJson('pkcs11', SOFTHSM, '--token', 'of the test')
    expect(status).toBe(0)
    expect(json).toMatchObject({
      path: expect.stringMatching(/libsofthsm2\.so$/),
      module: { manufacturer: 'SoftHSM', cryptokiVersion: { major: 2, minor: 40 } },
      slots: [
        {
          token: { label: 'of the test', flags: expect.arrayContaining(['CKF_TOKEN_INITIALIZED']) },
          mechanisms: expect.arrayContaining([
            expect.objectContaining({ mechanism: 'CKM_SHA256', flags: ['CKF_DIGEST'] }),
          ]),
          loggedIn: false,
          objects: [{ CKA_CLASS: 'CKO_DATA', CKA_LABEL: 'for all', CKA_PRIVATE: false }],
          error: null,
        },
      ],
    })
  })

  test('private objects with a PIN from a file or a variable', () => {
    const file = scratch.write('pin', `${USER_PIN}\nand more\n`)
    for (const words of [
      ['--pin-file', file],
      ['--pin-env', 'PIN_OF_THE_TEST'],
    ]) {
      const { status, json } = runJson('pkcs11', SOFTHSM, ...words)
      expect(status).toBe(0)
      expect(labels(json).sort()).toEqual(['for all', 'for the user'])
    }
  })

  test('a wrong PIN is in no output', () => {
    const ran = runJson('pkcs11', SOFTHSM, '--pin-env', 'WRONG_PIN_OF_THE_TEST')
    expect(ran).toMatchObject({ status: 1, json: { error: { code: 'CKR_PIN_INCORRECT' } } })
    expect(`${ran.stdout}${ran.stderr}`).not.toContain('4711')
  })

  test('the module dies in one of its functions', () => {
    // It forwards to nothing, and calls that.
    const words = ['pkcs11', fixture('forwards-to-a-module'), '--profile', 'softhsm2']
    const { status, stderr } = run(...words)
    expect(status).toBe(128 + constants.signals.SIGSEGV)
    expect(stderr).toMatch(/^fat-threads: C_Initialize crashed: SIGSEGV/)
  })

  test.each([
    [['--profile', 'soft'], /profile must be 'auto' or .*not 'soft'/],
    [['--token', 'another'], /there is no token another; there are of the test\n/],
    [['--pin-env', 'NO_SUCH_VARIABLE'], /--pin-env: the variable NO_SUCH_VARIABLE is not set/],
    [['--pin-file', '/nowhere/pin'], /--pin-file: ENOENT/],
    [['--pin-file', '/x', '--pin-env', 'X'], /two ways to one PIN/],
    [['--pin-file'], /value is missing/],
    [['--pin', '1234'], /--pin/],
    [['--timeout', 'soon'], /--timeout takes/],
    [['--read', '/nowhere/at/all'], /permissions\.read\[\d\].*nowhere/],
  ])('%j is wrong usage', (words, message) => {
    const ran = run('pkcs11', SOFTHSM, ...words)
    expect(ran).toMatchObject({ status: 2, stdout: '' })
    expect(ran.stderr).toMatch(message)
    expect(ran.stderr).toMatch(/\nTry: fat-threads pkcs11 --help\n$/)
  })
})

test('a library that is no module', () => {
  expect(runJson('pkcs11', 'libm.so.6')).toMatchObject({
    status: 1,
    json: { error: { code: 'ERR_FAT_THREAD_LOAD' } },
  })
})

test('a module that dies', () => {
  const { status, stderr } = run('pkcs11', fixture('aborts-in-constructor'))
  expect(status).toBe(128 + constants.signals.SIGABRT)
  expect(stderr).toMatch(/SIGABRT/)
})

describe('a module that misbehaves', () => {
  const MODULE = fixture('fakes-a-token')
  /** What hangs is waited for as briefly as may be, and what answers is not cut short on a busy machine. */
  const told = (deed: string) => {
    const limit = deed.startsWith('hangs') ? '500' : '5000'
    return ['pkcs11', MODULE, '--parameters', deed, '--timeout', limit]
  }

  test('tells nothing of a mechanism: what else it has is shown', () => {
    expect(runJson(...told('nothing'))).toMatchObject({
      status: 0,
      json: {
        slots: [
          {
            mechanisms: [{ mechanism: 'CKM_RSA_PKCS', flags: [] }],
            objects: [{ CKA_LABEL: 'AAAA' }],
            error: null,
          },
        ],
      },
    })
    expect(run(...told('nothing')).stdout).toMatch(/Mechanisms {2}1\n +CKM_RSA_PKCS\n/)
  })

  test('lies of its objects: the token is shown, and why there is no more', () => {
    const { status, json } = runJson(...told('finds-more-than-there-is-room-for'))
    expect({ status, json }).toMatchObject({
      status: 0,
      json: { slots: [{ token: { flags: ['CKF_TOKEN_INITIALIZED'] }, objects: [] }] },
    })
    const { stdout } = run(...told('finds-more-than-there-is-room-for'))
    expect(stdout).toMatch(/TOKEN_INITIALIZED/)
    expect(stdout).toMatch(/C_FindObjects: CKR_DEVICE_ERROR/)
  })

  test.each([
    ['hangs-in-initialize', 1, 'ERR_FAT_THREAD_TIMEOUT'],
    ['crashes-in-initialize', 128 + constants.signals.SIGSEGV, 'ERR_FAT_THREAD_CRASHED'],
    ['has-no-end-of-slots', 1, 'CKR_BUFFER_TOO_SMALL'],
  ])('%s', (deed, status, code) => {
    expect(runJson(...told(deed))).toMatchObject({ status, json: { error: { code } } })
    const ran = run(...told(deed))
    expect(ran).toMatchObject({ status, stdout: '' })
    expect(ran.stderr).toMatch(/^fat-threads: C_/)
  })

  test('has texts that are none', () => {
    const { status, json } = runJson(...told('has-no-texts'))
    expect({ status, json }).toMatchObject({
      status: 0,
      json: { module: { manufacturer: '\ufffd'.repeat(32) } },
    })
  })
})

describe('a module that lies', () => {
  const MODULE = fixture('fakes-a-token')

  test('labels in a message command no terminal', () => {
    const told = ['--parameters', 'has-texts-with-escapes', '--token', 'another']
    const { status, stderr } = run('pkcs11', MODULE, ...told)
    expect(status).toBe(2)
    expect(stderr).toContain('there are \ufffd[31mred')
    expect(stderr).not.toContain('\u001b')
  })

  test('an object with long values makes no row long', () => {
    const { status, stdout } = run('pkcs11', MODULE, '--parameters', 'has-a-megabyte')
    expect(status).toBe(0)
    expect(stdout).toMatch(/ A{200}… +id (41){100}…/)
    expect(stdout.length).toBeLessThan(3000)
  })
})
