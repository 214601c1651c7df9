/** What a call was given may change as soon as it was made, wherever it waits. */
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Pkcs11Object, parameter } from '../../src/pkcs11/index.ts'
import { Kept } from '../../src/pkcs11/kept.ts'
import { needsSoftHsm, TokenOfTest, USER_PIN } from '../support/softhsm.ts'

describe('arguments that are kept', () => {
  test('are as they were, at any depth', () => {
    const iv = Buffer.from('iv')
    const given = [{ mechanism: 1, parameter: { iv, list: [iv] } }, Buffer.from('data')] as const
    const kept = new Kept(given)
    iv.fill(0)
    given[1].fill(0)
    expect(kept.values).toEqual([
      {
        mechanism: 1,
        parameter: { iv: new Uint8Array(Buffer.from('iv')), list: [kept.values[0].parameter.iv] },
      },
      new Uint8Array(Buffer.from('data')),
    ])
  })

  test('give back what was written, and nothing else', () => {
    const [iv, aad] = [Buffer.from('iv'), Buffer.from('aad')]
    const output: { length: number; output?: Uint8Array } = { length: 4 }
    const given = [parameter('CK_GCM_PARAMS', { iv, aad }), output] as const
    const kept = new Kept(given)
    aad.fill(1)
    const copy = kept.values[0].values as { iv: Uint8Array }
    copy.iv.set(Buffer.from('IV'))
    Object.assign(kept.values[1], { output: Uint8Array.of(7) })
    kept.back()
    expect([iv, aad]).toEqual([Buffer.from('IV'), Buffer.alloc(3, 1)])
    expect(output).toEqual({ length: 4, output: Uint8Array.of(7) })
  })

  test('are wiped, and the ones that were given are not', async () => {
    const pin = Buffer.from('pin')
    const kept = new Kept([pin])
    await kept.during(async () => {})
    expect(kept.values[0]).toEqual(new Uint8Array(3))
    expect(pin).toEqual(Buffer.from('pin'))
  })

  test('leave a place for the result where the caller has it', () => {
    const into = new Uint8Array(4)
    const options = { into }
    const kept = new Kept([into, options] as const, 1)
    Object.assign(options, { into: undefined })
    expect(kept.values[0]).not.toBe(into)
    expect(kept.values[1].into).toBe(into)
  })

  test('may hold themselves, and what is no data', () => {
    const cyclic: { self?: unknown; call: () => number } = { call: () => 7 }
    cyclic.self = cyclic
    const [copy] = new Kept([cyclic] as const).values
    expect(copy).not.toBe(cyclic)
    expect(copy.self).toBe(copy)
    expect(copy.call()).toBe(7)
  })
})

describe.skipIf(needsSoftHsm())('of a session that is opened again', () => {
  let token: TokenOfTest

  // In a new process its slot may have another number.
  beforeEach(async () => {
    token = await TokenOfTest.make('kept')
  })
  afterEach(() => token.close())

  async function lost(): Promise<void> {
    const { thread } = token.module
    const restart = new Promise<void>((resolve) => {
      thread.on('restart', () => resolve())
    })
    process.kill(thread.pid as number, 'SIGKILL')
    await restart
  }

  test('bytes and templates', async () => {
    const session = await token.slot.open({ readWrite: true, pin: () => USER_PIN })
    const data = Buffer.from('data that changes')
    const expected = createHash('sha256').update(data).digest()
    await lost()
    const digest = session.digest('CKM_SHA256', data)
    const template = { CKA_CLASS: 'CKO_DATA' as const, CKA_LABEL: 'first', CKA_VALUE: data }
    const made = session.create(template)
    data.fill(0)
    template.CKA_LABEL = 'second'
    expect(Buffer.from(await digest)).toEqual(expected)
    const { CKA_LABEL, CKA_VALUE } = await session.get(await made, ['CKA_LABEL', 'CKA_VALUE'])
    expect([CKA_LABEL, Buffer.from(CKA_VALUE as Uint8Array).toString()]).toEqual([
      'first',
      'data that changes',
    ])
  })

  test('a PIN whose bytes the program wipes', async () => {
    const pin = Buffer.from(USER_PIN)
    const opening = token.slot.open({ readWrite: true, pin, reopen: true })
    pin.fill(0)
    const session = await opening
    await lost()
    expect(await session.info()).toMatchObject({ state: 'CKS_RW_USER_FUNCTIONS' })
  })

  test('what streams are given beside their parts', async () => {
    const session = await token.slot.open({ readWrite: true, pin: () => USER_PIN })
    const key = (await session.generateKey('CKM_GENERIC_SECRET_KEY_GEN', {
      CKA_VALUE_LEN: 32,
      CKA_SIGN: true,
      CKA_VERIFY: true,
    })) as Pkcs11Object
    const data = Buffer.from('data')
    const signature = Buffer.from(await session.signStream('CKM_SHA256_HMAC', key, [data]))
    const verified = session.verifyStream('CKM_SHA256_HMAC', key, [data], signature)
    signature.fill(0)
    expect(await verified).toBe(true)
    const aes = await session.generateKey('CKM_AES_KEY_GEN', {
      CKA_VALUE_LEN: 16,
      CKA_ENCRYPT: true,
    })
    const iv = Buffer.alloc(16, 3)
    const cbc = { mechanism: 'CKM_AES_CBC_PAD', parameter: iv } as const
    const expected = await session.encrypt(cbc, aes, data)
    const stream = session.encryptStream(cbc, aes, [data])
    iv.fill(0)
    const parts: Uint8Array[] = []
    for await (const part of stream) parts.push(part)
    expect(Buffer.concat(parts)).toEqual(Buffer.from(expected))
  })
})
