/** OpenSC: its daemon, with readers and a card that are programs. */
import { verify } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Module, Pkcs11Error, type Session, type Slot } from '../../../src/pkcs11/index.ts'
import pkcs11js from '../../../src/pkcs11js/index.ts'
import { Daemon } from '../../support/daemon.ts'
import { needsCommand, needsFile } from '../../support/needs.ts'
import { PivCard } from '../../support/piv-card.ts'
import { moduleFile } from './file.ts'

const MODULE = moduleFile('opensc-pkcs11.so')
const SOCKET = '/run/pcscd/pcscd.comm'
const missing =
  needsFile('opensc-pkcs11', MODULE) ||
  needsCommand('pcscd', 'pcscd') ||
  needsFile('vsmartcard-vpcd', '/etc/reader.conf.d/vpcd') ||
  needsCommand('openssl', 'openssl')
/** Milliseconds of a module's function: a reader that is a program takes 50 for each command. */
const LIMIT = 10_000
const WORDS = Buffer.from('what is to be signed')

describe.skipIf(missing)('OpenSC', () => {
  let pcscd: Daemon | undefined

  /** Its file stays where a daemon was killed. */
  const serves = async (): Promise<boolean> => {
    const connection = connect(SOCKET)
    try {
      await once(connection, 'connect')
      return true
    } catch {
      return false
    } finally {
      connection.destroy()
    }
  }

  beforeAll(async () => {
    // One that runs already has the socket, and whatever readers there are.
    if (await serves()) return
    mkdirSync('/run/pcscd', { recursive: true })
    pcscd = await Daemon.start('pcscd', ['--foreground'], serves)
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

  describe('with a card in a reader', () => {
    let card: PivCard
    beforeAll(async () => {
      card = new PivCard()
      await card.insert()
    })
    afterAll(() => card[Symbol.asyncDispose]())

    const isCards = (signature: Uint8Array): boolean =>
      verify('sha256', WORDS, card.certificate.publicKey, signature)

    const keyOf = async (session: Session) => {
      const [found] = await session.find({ CKA_CLASS: 'CKO_PRIVATE_KEY' }, { limit: 1 })
      if (found === undefined) throw new Error('the card shows no key')
      return found
    }

    test('signs with the key on it, and shows its certificate', async () => {
      await using module = await Module.open(MODULE, { timeout: LIMIT })
      const [slot] = (await module.slots()) as [Slot]
      expect(await slot.token()).toMatchObject({
        manufacturer: 'piv_II',
        model: 'PKCS#15 emulated',
      })
      await using session = await slot.open({ pin: PivCard.PIN })
      const signature = await session.sign('CKM_SHA256_RSA_PKCS', await keyOf(session), WORDS)
      expect(isCards(signature)).toBe(true)
      const certificates = await session.find(
        { CKA_CLASS: 'CKO_CERTIFICATE' },
        { attributes: ['CKA_VALUE'] },
      )
      expect(certificates.map(({ attributes }) => attributes.CKA_VALUE)).toEqual([
        new Uint8Array(card.certificate.raw),
      ])
    })

    test('is signed with through the drop-in', () => {
      const token = new pkcs11js.PKCS11()
      token.load(MODULE, { timeout: LIMIT })
      token.C_Initialize()
      try {
        const [slot] = token.C_GetSlotList(true) as [Buffer]
        const session = token.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION)
        token.C_Login(session, pkcs11js.CKU_USER, PivCard.PIN)
        token.C_FindObjectsInit(session, [
          { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
        ])
        const key = token.C_FindObjects(session) as Buffer
        token.C_FindObjectsFinal(session)
        token.C_SignInit(session, { mechanism: pkcs11js.CKM_SHA256_RSA_PKCS }, key)
        expect(isCards(token.C_Sign(session, WORDS, Buffer.alloc(256)))).toBe(true)
      } finally {
        token.C_Finalize()
        token.close()
      }
    })

    test('a PIN that is not its own', async () => {
      await using module = await Module.open(MODULE, { timeout: LIMIT })
      const [slot] = (await module.slots()) as [Slot]
      for (let time = 0; time < 2; time++) {
        const error = await slot.open({ pin: '654321' }).catch((thrown: unknown) => thrown)
        expect(error).toMatchObject({ code: 'CKR_PIN_INCORRECT', method: 'C_Login' })
      }
      expect((await slot.token()).flags).toContain('CKF_USER_PIN_FINAL_TRY')
      await using session = await slot.open({ pin: PivCard.PIN })
      expect(isCards(await session.sign('CKM_SHA256_RSA_PKCS', await keyOf(session), WORDS))).toBe(
        true,
      )
    })

    test('goes on in a new process, logged in again', async () => {
      await using module = await Module.open(MODULE, { timeout: LIMIT })
      const [slot] = (await module.slots()) as [Slot]
      await using session = await slot.open({ pin: () => PivCard.PIN, reopen: true })
      const key = await keyOf(session)
      expect(isCards(await session.sign('CKM_SHA256_RSA_PKCS', key, WORDS))).toBe(true)
      const before = module.thread.pid
      process.kill(before as number, 'SIGKILL')
      await expect.poll(() => module.thread.pid, { timeout: 10_000 }).not.toBe(before)
      const again = await keyOf(session)
      expect(isCards(await session.sign('CKM_SHA256_RSA_PKCS', again, WORDS))).toBe(true)
    })

    test('is seen to go and to come', async () => {
      await using module = await Module.open(MODULE, { timeout: LIMIT })
      const [slot] = (await module.slots()) as [Slot]
      const watching = new AbortController()
      const seen: boolean[] = []
      const watch = async () => {
        for await (const { id } of module.slotEvents({ signal: watching.signal, interval: 20 }))
          if (id === slot.id) seen.push((await module.slots()).length === 1)
      }
      const watched = watch()
      await card.remove()
      await expect.poll(() => seen.at(-1), { timeout: 5000 }).toBe(false)
      await card.insert()
      await expect.poll(() => seen.at(-1), { timeout: 5000 }).toBe(true)
      watching.abort()
      await watched
    })
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
