/** OpenSC: its daemon, with readers that are programs. */
import { existsSync, mkdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Module, Pkcs11Error } from '../../../src/pkcs11/index.ts'
import { Daemon } from '../../support/daemon.ts'
import { needsCommand, needsFile } from '../../support/needs.ts'
import { moduleFile } from './file.ts'

const MODULE = moduleFile('opensc-pkcs11.so')
const SOCKET = '/run/pcscd/pcscd.comm'
const missing =
  needsFile('opensc-pkcs11', MODULE) ||
  needsCommand('pcscd', 'pcscd') ||
  needsFile('vsmartcard-vpcd', '/etc/reader.conf.d/vpcd')

describe.skipIf(missing)('OpenSC', () => {
  let pcscd: Daemon | undefined

  beforeAll(async () => {
    // One that runs already has the socket, and whatever readers there are.
    if (existsSync(SOCKET)) return
    mkdirSync('/run/pcscd', { recursive: true })
    pcscd = await Daemon.start('pcscd', ['--foreground'], () => existsSync(SOCKET))
  })

  afterAll(() => pcscd?.[Symbol.asyncDispose]())

  test('sees the readers, and that they are empty', async () => {
    await using module = await Module.open(MODULE)
    expect(await module.info()).toMatchObject({ manufacturer: 'OpenSC Project' })
    const slots = await module.slots({ tokenPresent: false })
    const readers = await Promise.all(slots.map((slot) => slot.info()))
    expect(readers.map(({ description }) => description)).toContain('Virtual PCD 00 00')
    const virtual = slots[readers.findIndex(({ description }) => /^Virtual/.test(description))]
    const error = await virtual?.token().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Pkcs11Error)
    expect(error).toMatchObject({ code: 'CKR_TOKEN_NOT_PRESENT' })
    expect(await module.slots()).toEqual([])
  })

  test('has the interface of version 3', async () => {
    await using module = await Module.open(MODULE)
    expect(module.version.major).toBe(3)
  })

  test('no daemon', async () => {
    const env = { PCSCLITE_CSOCK_NAME: '/nowhere/pcscd.comm' }
    await expect(Module.open(MODULE, { permissions: { env } })).rejects.toThrow(
      /the socket of pcscd is \/nowhere\/pcscd.comm, where nobody listens; start its daemon first/,
    )
  })
})
