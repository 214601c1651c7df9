/** NSS's softoken: with a database that the test makes, and with none. */
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { Module, parameter, type Slot } from '../../../src/pkcs11/index.ts'
import { needs, needsCommand } from '../../support/needs.ts'
import { signsWithP256 } from '../../support/pkcs11-work.ts'
import { Scratch } from '../../support/scratch.ts'

const SOFTOKEN = 'libsoftokn3.so'

describe.skipIf(needs('libnss3', SOFTOKEN))('NSS softoken', () => {
  test('computes without a database', async () => {
    await using module = await Module.open(SOFTOKEN, {
      libraryParameters: "configdir='' flags=noCertDB,noModDB",
    })
    expect(await module.info()).toMatchObject({ manufacturer: 'Mozilla Foundation' })
    const [generic] = await module.slots()
    await using session = await (generic as Slot).open({ readWrite: true })
    const digest = await session.digest('CKM_SHA256', Buffer.from('abc'))
    expect(Buffer.from(digest).toString('hex')).toMatch(/^ba7816bf/)
    const { permissions } = module.thread.receipt.requested
    expect(permissions).toMatchObject({ read: ['/dev/urandom'], write: [], net: false })
  })

  test.skipIf(needsCommand('libnss3-tools', 'certutil'))(
    'signs with a key of a database',
    async () => {
      using scratch = new Scratch()
      execFileSync('certutil', ['-N', '-d', `sql:${scratch.folder}`, '--empty-password'])
      await using module = await Module.open(SOFTOKEN, {
        libraryParameters: `configdir='sql:${scratch.folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=`,
      })
      const slots = await module.slots()
      const tokens = await Promise.all(slots.map((slot) => slot.token()))
      const at = tokens.findIndex(({ label }) => label === 'NSS Certificate DB')
      const session = await slots[at]?.open({ readWrite: true })
      if (session === undefined) throw new Error('no database')
      await signsWithP256(session, { token: true })
      await session.close()
    },
  )

  test('tells the IV that it chose for a message', async () => {
    await using module = await Module.open(SOFTOKEN, {
      libraryParameters: "configdir='' flags=noCertDB,noModDB",
    })
    const [generic] = await module.slots()
    await using session = await (generic as Slot).open({ readWrite: true })
    const key = await session.generateKey('CKM_AES_KEY_GEN', {
      CKA_VALUE_LEN: 32,
      CKA_ENCRYPT: true,
      CKA_DECRYPT: true,
    })
    const data = Buffer.from('a message')
    const associatedData = Buffer.from('about it')
    const sealed: { iv: Buffer; tag: Buffer; bytes: Uint8Array }[] = []
    {
      await using cipher = await session.encryptMessages('CKM_AES_GCM', key)
      for (let count = 0; count < 2; count++) {
        const [iv, tag] = [Buffer.alloc(12), Buffer.alloc(16)]
        const message = parameter('CK_GCM_MESSAGE_PARAMS', {
          iv,
          tag,
          ivGenerator: 'CKG_GENERATE_RANDOM',
        })
        sealed.push({ iv, tag, bytes: await cipher.crypt(message, data, { associatedData }) })
      }
    }
    expect(sealed[0]?.iv).not.toEqual(Buffer.alloc(12))
    expect(sealed[0]?.iv).not.toEqual(sealed[1]?.iv)
    await using cipher = await session.decryptMessages('CKM_AES_GCM', key)
    for (const { iv, tag, bytes } of sealed) {
      const message = parameter('CK_GCM_MESSAGE_PARAMS', { iv, tag })
      expect(Buffer.from(await cipher.crypt(message, bytes, { associatedData }))).toEqual(data)
    }
  })

  test('a database that is not there', async () => {
    const libraryParameters = "configdir='sql:/nowhere/nss'"
    await expect(Module.open(SOFTOKEN, { libraryParameters })).rejects.toThrow(
      'profile nss: configdir is /nowhere/nss, which does not exist',
    )
  })
})
