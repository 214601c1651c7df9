/** tpm2-pkcs11 over a TPM in software. */
import { mkdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Module, type Slot } from '../../../src/pkcs11/index.ts'
import { Daemon, listens } from '../../support/daemon.ts'
import { needs, needsCommand, needsFile } from '../../support/needs.ts'
import { signsWithP256 } from '../../support/pkcs11-work.ts'
import { Scratch } from '../../support/scratch.ts'
import { moduleFile } from './file.ts'

const MODULE = moduleFile('libtpm2_pkcs11.so.1')
const missing =
  needsFile('libtpm2-pkcs11-1', MODULE) ||
  needs('libtss2-tcti-swtpm0', 'libtss2-tcti-swtpm.so.0') ||
  needsCommand('swtpm', 'swtpm')

describe.skipIf(missing)('tpm2-pkcs11', () => {
  test('signs with a key of a TPM', async () => {
    using scratch = new Scratch()
    const [state, store, socket] = ['state', 'store', 'socket'].map((name) =>
      scratch.path(name),
    ) as [string, string, string]
    mkdirSync(state)
    mkdirSync(store)
    const words = [
      ...['socket', '--tpm2', '--tpmstate', `dir=${state}`],
      ...['--server', `type=unixio,path=${socket}`],
      ...['--ctrl', `type=unixio,path=${socket}.ctrl`],
      ...['--flags', 'not-need-init,startup-clear'],
    ]
    await using tpm = await Daemon.start('swtpm', words, () => listens(socket))
    const env = {
      TPM2_PKCS11_TCTI: `swtpm:path=${socket}`,
      TPM2_PKCS11_STORE: store,
    }
    await using module = await Module.open(MODULE, { permissions: { env }, timeout: 15_000 })
    const [slot] = (await module.slots()) as [Slot]
    await slot.initToken('so-pin', 'in a TPM')
    await using session = await slot.open({ readWrite: true, pin: 'so-pin', user: 'so' })
    await session.initPin('user-pin')
    await session.logout()
    await session.login('user-pin')
    await signsWithP256(session, { token: true })
    expect(tpm).toBeDefined()
  })

  test('no TPM', async () => {
    using scratch = new Scratch()
    const env = { TPM2_PKCS11_TCTI: 'swtpm:path=/nowhere/tpm', TPM2_PKCS11_STORE: scratch.folder }
    await expect(Module.open(MODULE, { permissions: { env } })).rejects.toThrow(
      /the TPM's socket is \/nowhere\/tpm, where nobody listens/,
    )
  })
})
