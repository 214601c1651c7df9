/** A day's work of node-webcrypto-p11, unchanged, on npm's pkcs11js and on what takes its place. */
import { webcrypto } from 'node:crypto'
import type * as WebCryptoP11 from 'node-webcrypto-p11'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needsSoftHsm, USER_PIN } from '../support/softhsm.ts'
import { requireOn } from './dependents.ts'
import { type Implementation, implementations } from './implementations.ts'
import { tokenOn } from './token.ts'

const DATA = Buffer.from('what is to be done with it')

describe.skipIf(needsSoftHsm()).each(implementations)(
  'WebCrypto on $name',
  (implementation: Implementation) => {
    const { Crypto } = requireOn<typeof WebCryptoP11>('node-webcrypto-p11', implementation)
    let crypto: WebCryptoP11.Crypto
    // biome-ignore lint/suspicious/noExplicitAny: what it takes beyond the standard is seen below
    let subtle: any

    beforeAll(() => {
      const library = tokenOn(implementation.pkcs11js())
      crypto = new Crypto({ library, slot: 0, readWrite: true, pin: USER_PIN, name: 'a token' })
      subtle = crypto.subtle
    })

    afterAll(() => crypto.close())

    test('random numbers and digests', async () => {
      expect(crypto.getRandomValues(new Uint8Array(32)).some((byte) => byte !== 0)).toBe(true)
      for (const name of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']) {
        const wanted = await webcrypto.subtle.digest(name, DATA)
        expect(Buffer.from(await subtle.digest(name, DATA))).toEqual(Buffer.from(wanted))
      }
    })

    const RSA = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }

    test.each([
      [{ name: 'RSASSA-PKCS1-v1_5', ...RSA }, {}],
      [{ name: 'RSA-PSS', ...RSA }, { saltLength: 32 }],
      [{ name: 'ECDSA', namedCurve: 'P-256' }, { hash: 'SHA-256' }],
      [{ name: 'ECDSA', namedCurve: 'P-384' }, { hash: 'SHA-384' }],
    ])('sign and verify: %j', async (algorithm, more) => {
      const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify'])
      const how = { name: algorithm.name, ...more }
      const signature = await subtle.sign(how, keys.privateKey, DATA)
      expect(await subtle.verify(how, keys.publicKey, signature, DATA)).toBe(true)
      expect(await subtle.verify(how, keys.publicKey, signature, Buffer.from('else'))).toBe(false)
      // Node's own knows the key, and finds the signature right.
      const spki = await subtle.exportKey('spki', keys.publicKey)
      const own = await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify'])
      expect(await webcrypto.subtle.verify(how, own, signature, DATA)).toBe(true)
    })

    test.each([
      [{ name: 'AES-CBC', length: 256 }, { iv: Buffer.alloc(16, 3) }],
      [
        { name: 'AES-GCM', length: 128 },
        { iv: Buffer.alloc(12, 3), tagLength: 128 },
      ],
    ])('encrypt and decrypt: %j', async (algorithm, more) => {
      const key = await subtle.generateKey(algorithm, true, ['encrypt', 'decrypt'])
      const how = { name: algorithm.name, ...more }
      const secret = await subtle.encrypt(how, key, DATA)
      expect(Buffer.from(await subtle.decrypt(how, key, secret))).toEqual(DATA)
      const raw = await subtle.exportKey('raw', key)
      const own = await webcrypto.subtle.importKey('raw', raw, algorithm.name, true, ['decrypt'])
      expect(Buffer.from(await webcrypto.subtle.decrypt(how, own, secret))).toEqual(DATA)
    })

    test('encrypt and decrypt: RSA-OAEP, and a key that is wrapped with it', async () => {
      const algorithm = { name: 'RSA-OAEP', ...RSA, hash: 'SHA-1' }
      const uses = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey']
      const keys = await subtle.generateKey(algorithm, true, uses)
      const secret = await subtle.encrypt({ name: 'RSA-OAEP' }, keys.publicKey, DATA)
      expect(
        Buffer.from(await subtle.decrypt({ name: 'RSA-OAEP' }, keys.privateKey, secret)),
      ).toEqual(DATA)
      const aes = { name: 'AES-CBC', length: 256 }
      const key = await subtle.generateKey(aes, true, ['encrypt', 'decrypt'])
      const wrapped = await subtle.wrapKey('raw', key, keys.publicKey, { name: 'RSA-OAEP' })
      const found = await subtle.unwrapKey(
        'raw',
        wrapped,
        keys.privateKey,
        { name: 'RSA-OAEP' },
        aes,
        true,
        ['encrypt', 'decrypt'],
      )
      expect(await subtle.exportKey('raw', found)).toEqual(await subtle.exportKey('raw', key))
    })

    test('HMAC', async () => {
      const key = await subtle.generateKey({ name: 'HMAC', hash: 'SHA-256', length: 256 }, true, [
        'sign',
        'verify',
      ])
      const mac = await subtle.sign('HMAC', key, DATA)
      expect(await subtle.verify('HMAC', key, mac, DATA)).toBe(true)
    })

    test('derive: ECDH', async () => {
      const algorithm = { name: 'ECDH', namedCurve: 'P-256' }
      const generate = () => subtle.generateKey(algorithm, true, ['deriveBits', 'deriveKey'])
      const [mine, theirs] = [await generate(), await generate()]
      const derive = (to: typeof mine, from: typeof mine) =>
        subtle.deriveBits({ name: 'ECDH', public: to.publicKey }, from.privateKey, 256)
      expect(Buffer.from(await derive(mine, theirs))).toEqual(
        Buffer.from(await derive(theirs, mine)),
      )
    })

    test('keys are imported and exported', async () => {
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
      const own = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
      const jwk = await webcrypto.subtle.exportKey('jwk', own.privateKey)
      const key = await subtle.importKey('jwk', jwk, algorithm, true, ['sign'])
      const how = { ...algorithm, hash: 'SHA-256' }
      const signature = await subtle.sign(how, key, DATA)
      expect(await webcrypto.subtle.verify(how, own.publicKey, signature, DATA)).toBe(true)
      expect(await subtle.exportKey('jwk', key)).toMatchObject({ kty: 'EC', d: jwk.d })
    })

    test('keys are kept in the token', async () => {
      const keys = await subtle.generateKey(
        { name: 'ECDSA', namedCurve: 'P-256', token: true, label: 'kept' },
        false,
        ['sign', 'verify'],
      )
      const index = await crypto.keyStorage.setItem(keys.privateKey)
      expect(await crypto.keyStorage.keys()).toContain(index)
      const found = await crypto.keyStorage.getItem(index)
      const how = { name: 'ECDSA', hash: 'SHA-256' }
      const signature = await subtle.sign(how, found, DATA)
      expect(await subtle.verify(how, keys.publicKey, signature, DATA)).toBe(true)
      await crypto.keyStorage.removeItem(index)
      expect(await crypto.keyStorage.keys()).not.toContain(index)
    })

    test('many at once', async () => {
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
      const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify'])
      const how = { ...algorithm, hash: 'SHA-256' }
      for (let index = 0; index < 20; index++) {
        const signature = await subtle.sign(how, keys.privateKey, Buffer.from([index]))
        expect(await subtle.verify(how, keys.publicKey, signature, Buffer.from([index]))).toBe(true)
      }
    })
  },
)
