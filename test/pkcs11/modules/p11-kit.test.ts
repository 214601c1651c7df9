/** p11-kit: the system's certificates, and a module behind its server. */
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Module, type Slot } from '../../../src/pkcs11/index.ts'
import { Daemon, listens } from '../../support/daemon.ts'
import { needsCommand, needsFile } from '../../support/needs.ts'
import { signsWithP256 } from '../../support/pkcs11-work.ts'
import { Scratch } from '../../support/scratch.ts'
import { needsSoftHsm, SO_PIN, SOFTHSM, SoftHsm, USER_PIN } from '../../support/softhsm.ts'
import { moduleFile } from './file.ts'

const missing = needsFile('p11-kit-modules', moduleFile('p11-kit-trust.so'))
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'

describe.skipIf(missing)('p11-kit-trust', () => {
  test.skipIf(!existsSync(CERTIFICATES))("reads the system's certificates", async () => {
    await using module = await Module.open(moduleFile('p11-kit-trust.so'))
    const [slot] = (await module.slots()) as [Slot]
    await using session = await slot.open()
    const found = await session.find(
      { CKA_CLASS: 'CKO_CERTIFICATE', CKA_TRUSTED: true },
      { attributes: ['CKA_LABEL', 'CKA_VALUE'] },
    )
    expect(found.length).toBeGreaterThan(50)
    for (const { attributes } of found.slice(0, 5)) {
      const { subject } = new X509Certificate(attributes.CKA_VALUE as Uint8Array)
      expect(subject).not.toBe('')
    }
    expect(module.thread.receipt.requested.permissions).toMatchObject({ write: [], net: false })
  })

  test('reads the certificates that it is told of', async () => {
    using scratch = new Scratch()
    const path = scratch.write('none.pem', '')
    await using module = await Module.open(moduleFile('p11-kit-trust.so'), {
      libraryParameters: `paths='${path}'`,
    })
    const [slot] = (await module.slots()) as [Slot]
    expect(await slot.info()).toMatchObject({ description: path })
    await using session = await slot.open()
    expect(await session.find({ CKA_CLASS: 'CKO_CERTIFICATE' })).toEqual([])
  })
})

const noServer = needsCommand('p11-kit', 'p11-kit') || needsSoftHsm()

describe.skipIf(missing || noServer)('p11-kit-client', () => {
  test('signs with a token behind a server', async () => {
    using softHsm = new SoftHsm()
    using scratch = new Scratch()
    const address = scratch.path('socket')
    const { SOFTHSM2_CONF = '' } = softHsm.options.permissions?.env ?? {}
    const words = ['server', '-f', '-n', address, '-p', SOFTHSM, 'pkcs11:']
    await using server = await Daemon.start('p11-kit', words, () => listens(address), {
      SOFTHSM2_CONF,
    })
    await using module = await Module.open(moduleFile('p11-kit-client.so'), {
      permissions: { env: { P11_KIT_SERVER_ADDRESS: `unix:path=${address}` } },
    })
    const [empty] = (await module.slots()) as [Slot]
    await empty.initToken(SO_PIN, 'behind a server')
    const slots = await module.slots()
    const tokens = await Promise.all(slots.map((slot) => slot.token()))
    const slot = slots[tokens.findIndex(({ label }) => label === 'behind a server')] as Slot
    await using officer = await slot.open({ readWrite: true, pin: SO_PIN, user: 'so' })
    await officer.initPin(USER_PIN)
    await officer.logout()
    await using session = await slot.open({ readWrite: true, pin: USER_PIN })
    await signsWithP256(session)
    expect(server).toBeDefined()
  })

  test('no server', async () => {
    const P11_KIT_SERVER_ADDRESS = 'unix:path=/nowhere/socket'
    const env = { P11_KIT_SERVER_ADDRESS }
    await expect(
      Module.open(moduleFile('p11-kit-client.so'), { permissions: { env } }),
    ).rejects.toThrow(/\/nowhere\/socket, where nobody listens; start its daemon first/)
  })
})
