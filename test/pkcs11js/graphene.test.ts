/** A day's work of graphene-pk11, unchanged, on npm's pkcs11js and on what takes its place. */
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto'
import type * as Graphene from 'graphene-pk11'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needsSoftHsm, USER_PIN } from '../support/softhsm.ts'
import { requireOn } from './dependents.ts'
import { type Implementation, implementations } from './implementations.ts'
import { tokenOn } from './token.ts'

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBhDCCASmgAwIBAgIUTX69+WoYpm81VmPdwyKuKZy+f4cwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLZmF0LXRocmVhZHMwIBcNMjYxMTI4MTQzNjQ2WhgPMjEyNjEx
MDQxNDM2NDZaMBYxFDASBgNVBAMMC2ZhdC10aHJlYWRzMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEABgiJ3zCq2OiHjPUpFD8XatIkkjjBSMXjO/anRolZnEMDkHp
mO/wcN8zMwxVhmRFLqmshdkFopqHxuXw/L5UnaNTMFEwHQYDVR0OBBYEFMVxLfrd
skD+QiuBcFZsHAwCVHIVMB8GA1UdIwQYMBaAFMVxLfrdskD+QiuBcFZsHAwCVHIV
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAOkwXxR85lHh+aHv
t3SoxjiceQNJVFcxx/CLq7vbt+feAiEAtIVnDZuYMe+T0tI10FtWhF0miiljaz7D
dHZl3lTSesI=
-----END CERTIFICATE-----`

const DATA = Buffer.from('what is to be done with it')

describe.skipIf(needsSoftHsm()).each(implementations)(
  'graphene on $name',
  (implementation: Implementation) => {
    const graphene = requireOn<typeof Graphene>('graphene-pk11', implementation)
    const { KeyGenMechanism, MechanismEnum, ObjectClass, KeyType, SessionFlag } = graphene
    let module: Graphene.Module
    let slot: Graphene.Slot
    let session: Graphene.Session

    beforeAll(() => {
      module = graphene.Module.load(tokenOn(implementation.pkcs11js()), 'SoftHSM')
      module.initialize()
      slot = module.getSlots(0, true)
      session = slot.open(SessionFlag.SERIAL_SESSION | SessionFlag.RW_SESSION)
      session.login(USER_PIN)
    })

    afterAll(() => {
      session.logout()
      session.close()
      module.finalize()
      module.close()
    })

    test('module, slot, token and mechanisms', () => {
      expect(module.manufacturerID.trim()).toBe('SoftHSM')
      expect(module.cryptokiVersion).toEqual({ major: 2, minor: 40 })
      const token = slot.getToken()
      expect(token.label.trim()).toMatch(/^a token/)
      expect(token.flags & graphene.TokenFlag.TOKEN_INITIALIZED).toBeTruthy()
      const mechanisms = slot.getMechanisms()
      const names = Array.from({ length: mechanisms.length }, (_, i) => mechanisms.items(i).name)
      expect(names).toEqual(expect.arrayContaining(['SHA256', 'RSA_PKCS_OAEP', 'ECDSA', 'AES_GCM']))
      const aes = mechanisms.items(names.indexOf('AES_KEY_GEN'))
      expect([aes.minKeySize, aes.maxKeySize]).toEqual([16, 32])
    })

    test('session', () => {
      expect(session.state).toBeDefined()
      expect(session.slot).toBe(slot)
      expect(() => session.login('9999')).toThrow('CKR_USER_ALREADY_LOGGED_IN')
      const other = slot.open()
      other.close()
      expect(() => other.generateRandom(4)).toThrow('CKR_SESSION_HANDLE_INVALID')
    })

    test('random', () => {
      const random = session.generateRandom(64)
      expect(random).toHaveLength(64)
      expect(new Set(random).size).toBeGreaterThan(8)
    })

    test.each(['SHA_1', 'SHA224', 'SHA256', 'SHA384', 'SHA512'])('digest %s', async (name) => {
      const node = name.replace('_', '').toLowerCase()
      const wanted = createHash(node).update(DATA).digest()
      const mechanism = name === 'SHA_1' ? 'SHA_1' : name
      expect(session.createDigest(mechanism).once(DATA)).toEqual(wanted)
      const digest = session.createDigest(mechanism)
      digest.update(DATA.subarray(0, 5))
      digest.update(DATA.subarray(5))
      expect(digest.final()).toEqual(wanted)
      const later = await new Promise((resolve, reject) =>
        session
          .createDigest(mechanism)
          .once(DATA, (error, found) => (error ? reject(error) : resolve(found))),
      )
      expect(later).toEqual(wanted)
    })

    const rsa = (size = 2048) =>
      session.generateKeyPair(
        KeyGenMechanism.RSA,
        {
          keyType: KeyType.RSA,
          modulusBits: size,
          publicExponent: Buffer.from([1, 0, 1]),
          token: false,
          verify: true,
          encrypt: true,
          wrap: true,
        },
        {
          keyType: KeyType.RSA,
          token: false,
          sign: true,
          decrypt: true,
          unwrap: true,
          extractable: true,
          sensitive: false,
        },
      )

    const ec = (curve: string, label = 'ec') =>
      session.generateKeyPair(
        KeyGenMechanism.EC,
        {
          keyType: KeyType.EC,
          paramsECDSA: graphene.NamedCurve.getByName(curve).value,
          token: false,
          verify: true,
          label,
        },
        { keyType: KeyType.EC, token: false, sign: true, derive: true, label },
      )

    const aes = (size = 32) =>
      session.generateKey(KeyGenMechanism.AES, {
        keyType: KeyType.AES,
        valueLen: size,
        token: false,
        encrypt: true,
        decrypt: true,
        wrap: true,
        unwrap: true,
        derive: true,
        extractable: true,
        sensitive: false,
      })

    test.each([['SHA256_RSA_PKCS'], [{ name: 'SHA256_RSA_PKCS_PSS', pss: true }]])(
      'RSA signature %j',
      async (given) => {
        const keys = rsa()
        const algorithm = (
          typeof given === 'string'
            ? given
            : {
                name: given.name,
                params: new graphene.RsaPssParams(
                  MechanismEnum.SHA256,
                  graphene.RsaMgf.MGF1_SHA256,
                  32,
                ),
              }
        ) as Graphene.MechanismType
        const signature = session.createSign(algorithm, keys.privateKey).once(DATA)
        expect(signature).toHaveLength(256)
        expect(session.createVerify(algorithm, keys.publicKey).once(DATA, signature)).toBe(true)
        const parts = session.createVerify(algorithm, keys.publicKey)
        parts.update(DATA)
        expect(parts.final(signature)).toBe(true)
        const wrong = Buffer.from(signature)
        wrong[9] = (wrong[9] as number) ^ 1
        expect(session.createVerify(algorithm, keys.publicKey).once(DATA, wrong)).toBe(false)
        // Whoever knows the public key finds it right too.
        const { modulus, publicExponent } = keys.publicKey.getAttribute({
          modulus: null,
          publicExponent: null,
        } as never) as unknown as Record<string, Buffer>
        const key = createPublicKey({
          format: 'jwk',
          key: {
            kty: 'RSA',
            n: modulus?.toString('base64url') ?? '',
            e: publicExponent?.toString('base64url') ?? '',
          },
        })
        const options = typeof given === 'string' ? {} : { padding: 6, saltLength: 32 }
        expect(verify('sha256', DATA, { key, ...options }, signature)).toBe(true)
        const sign = session.createSign(algorithm, keys.privateKey)
        sign.update(DATA)
        expect(verify('sha256', DATA, { key, ...options }, sign.final())).toBe(true)
      },
    )

    test.each(['secp256r1', 'secp384r1', 'secp521r1'])('EC signature, %s', async (curve) => {
      const keys = ec(curve)
      const digest = createHash('sha256').update(DATA).digest()
      const signature = session.createSign('ECDSA', keys.privateKey).once(digest)
      expect(session.createVerify('ECDSA', keys.publicKey).once(digest, signature)).toBe(true)
      const later = await new Promise<Buffer>((resolve, reject) =>
        session
          .createSign('ECDSA', keys.privateKey)
          .once(digest, (error, found) => (error ? reject(error) : resolve(found))),
      )
      expect(session.createVerify('ECDSA', keys.publicKey).once(digest, later)).toBe(true)
    })

    test('key generation in the background', async () => {
      const keys = await new Promise<Graphene.IKeyPair>((resolve, reject) =>
        session.generateKeyPair(
          KeyGenMechanism.RSA,
          { modulusBits: 1024, publicExponent: Buffer.from([1, 0, 1]), token: false, verify: true },
          { token: false, sign: true },
          (error, made) => (made === null ? reject(error) : resolve(made)),
        ),
      )
      expect(keys.publicKey.getAttribute('modulusBits')).toBe(1024)
      const key = await new Promise<Graphene.SecretKey>((resolve, reject) =>
        session.generateKey(
          KeyGenMechanism.AES,
          { valueLen: 16, token: false, encrypt: true },
          (error, made) => (made === null ? reject(error) : resolve(made)),
        ),
      )
      expect(key.type).toBe(KeyType.AES)
    })

    test('DSA, DES3, generic secrets and HMAC', () => {
      const des = session.generateKey('DES3_KEY_GEN', {
        keyType: KeyType.DES3,
        token: false,
        encrypt: true,
        decrypt: true,
      })
      const enc = session.createCipher({ name: 'DES3_CBC_PAD', params: Buffer.alloc(8) }, des)
      const secret = enc.once(DATA, Buffer.alloc(100))
      const dec = session.createDecipher({ name: 'DES3_CBC_PAD', params: Buffer.alloc(8) }, des)
      expect(dec.once(secret, Buffer.alloc(100))).toEqual(DATA)
      const generic = session.generateKey('GENERIC_SECRET_KEY_GEN', {
        keyType: KeyType.GENERIC_SECRET,
        valueLen: 32,
        token: false,
        sign: true,
        verify: true,
      })
      const mac = session.createSign('SHA256_HMAC', generic).once(DATA)
      expect(mac).toHaveLength(32)
      expect(session.createVerify('SHA256_HMAC', generic).once(DATA, mac)).toBe(true)
    })

    test.each([16, 24, 32])('AES of %s bytes: ECB, CBC, GCM', (size) => {
      const key = aes(size)
      const iv = Buffer.from('0123456789abcdef')
      const gcm = new graphene.AesGcm240Params(iv.subarray(0, 12), Buffer.from('aad'), 128)
      for (const algorithm of [
        { name: 'AES_CBC_PAD', params: iv },
        { name: 'AES_GCM', params: gcm },
      ] as Graphene.MechanismType[]) {
        const secret = session.createCipher(algorithm, key).once(DATA, Buffer.alloc(200))
        expect(secret.includes(DATA)).toBe(false)
        const text = session.createDecipher(algorithm, key).once(secret, Buffer.alloc(200))
        expect(text).toEqual(DATA)
      }
      const whole = Buffer.alloc(64, 7)
      const cipher = session.createCipher('AES_ECB', key)
      const secret = Buffer.concat([cipher.update(whole), cipher.final()])
      const decipher = session.createDecipher('AES_ECB', key)
      expect(Buffer.concat([decipher.update(secret), decipher.final()])).toEqual(whole)
    })

    test('RSA encryption, OAEP and PKCS #1', async () => {
      const keys = rsa()
      const oaep = {
        name: 'RSA_PKCS_OAEP',
        params: new graphene.RsaOaepParams(MechanismEnum.SHA1, graphene.RsaMgf.MGF1_SHA1),
      } as Graphene.MechanismType
      for (const algorithm of ['RSA_PKCS', oaep] as Graphene.MechanismType[]) {
        const secret = session.createCipher(algorithm, keys.publicKey).once(DATA, Buffer.alloc(256))
        const text = await new Promise((resolve, reject) =>
          session
            .createDecipher(algorithm, keys.privateKey)
            .once(secret, Buffer.alloc(256), (error, found) =>
              error ? reject(error) : resolve(found),
            ),
        )
        expect(text).toEqual(DATA)
      }
    })

    test('keys are wrapped and unwrapped', async () => {
      const wrapping = aes()
      const key = aes(16)
      const value = key.getAttribute('value')
      const wrapped = session.wrapKey('AES_KEY_WRAP', wrapping, key)
      const template = {
        class: ObjectClass.SECRET_KEY,
        keyType: KeyType.AES,

        token: false,
        encrypt: true,
        extractable: true,
        sensitive: false,
      }
      const found = session.unwrapKey('AES_KEY_WRAP', wrapping, wrapped, template)
      expect(found.getAttribute({ value: null } as never)).toEqual({ value })
      const later = await new Promise<Graphene.Key>((resolve, reject) =>
        session.unwrapKey('AES_KEY_WRAP', wrapping, wrapped, template, (error, made) =>
          made === null ? reject(error) : resolve(made),
        ),
      )
      expect(later.getAttribute({ value: null } as never)).toEqual({ value })
      const rsaKeys = rsa()
      const byRsa = session.wrapKey('RSA_PKCS', rsaKeys.publicKey, key)
      const again = session.unwrapKey('RSA_PKCS', rsaKeys.privateKey, byRsa, template)
      expect(again.getAttribute({ value: null } as never)).toEqual({ value })
    })

    test('keys are derived: ECDH, and by encryption', () => {
      const [mine, theirs] = [ec('secp256r1'), ec('secp256r1')]
      const template = {
        class: ObjectClass.SECRET_KEY,
        keyType: KeyType.GENERIC_SECRET,
        valueLen: 32,
        token: false,
        extractable: true,
        sensitive: false,
      }
      const secret = (one: Graphene.IKeyPair, other: Graphene.IKeyPair): unknown => {
        const point = other.publicKey.getAttribute({ pointEC: null } as never) as unknown as {
          pointEC: Buffer
        }
        const params = new graphene.EcdhParams(graphene.EcKdf.NULL, null as never, point.pointEC)
        const derived = session.deriveKey(
          { name: 'ECDH1_DERIVE', params } as Graphene.MechanismType,
          one.privateKey,
          template,
        )
        return derived.getAttribute({ value: null } as never)
      }
      const value = secret(mine, theirs) as { value: Buffer }
      expect(value.value).toHaveLength(32)
      expect(secret(theirs, mine)).toEqual(value)
      const params = new graphene.AesCbcEncryptDataParams(Buffer.alloc(16), Buffer.alloc(32, 5))
      const derived = session.deriveKey(
        { name: 'AES_CBC_ENCRYPT_DATA', params } as Graphene.MechanismType,
        aes(),
        template,
      )
      expect(derived.getAttribute('valueLen')).toBe(32)
    })

    test('objects: made, found, changed, copied, destroyed', () => {
      const made = session.create({
        class: ObjectClass.DATA,
        token: true,
        private: false,
        label: 'größe',
        application: 'a test',
        value: DATA,
        modifiable: true,
      })
      expect(made.class).toBe(ObjectClass.DATA)
      expect(made.getAttribute('label')).toBe('größe')
      expect(made.getAttribute({ value: null, token: null } as never)).toEqual({
        value: DATA,
        token: true,
      })
      made.setAttribute({ label: 'another' })
      const copy = session.copy(made, { label: 'a copy', token: false } as never)
      const find = (template: Graphene.ITemplate): number => session.find(template).length
      expect(find({ class: ObjectClass.DATA })).toBe(2)
      expect(find({ label: 'another' })).toBe(1)
      expect(find({ label: 'größe' })).toBe(0)
      expect(session.getObject(copy.handle)?.handle).toEqual(copy.handle)
      expect(made.size).toBeGreaterThan(0)
      copy.destroy()
      expect(session.destroy({ class: ObjectClass.DATA })).toBe(1)
      expect(find({ class: ObjectClass.DATA })).toBe(0)
      expect(() => made.getAttribute('label')).toThrow(/CKR_OBJECT_HANDLE_INVALID/)
    })

    test('certificates', () => {
      const der = new X509Certificate(CERTIFICATE).raw
      const made = session.create({
        class: ObjectClass.CERTIFICATE,
        certType: graphene.CertificateType.X_509,
        token: true,
        private: false,
        label: 'certificate',
        id: Buffer.from([1, 2, 3]),
        subject: Buffer.from('3000', 'hex'),
        value: der,
      } as never)
      const found = session.find({ class: ObjectClass.CERTIFICATE })
      expect(found.length).toBe(1)
      const object = found.items(0).toType<Graphene.X509Certificate>()
      expect(new X509Certificate(object.value as Buffer).subject).toBe('CN=fat-threads')
      expect(object.getAttribute({ id: null } as never)).toEqual({ id: Buffer.from([1, 2, 3]) })
      made.destroy()
    })

    test('many objects', () => {
      for (let index = 0; index < 120; index++)
        session.create({
          class: ObjectClass.DATA,
          token: false,
          label: `object ${index}`,
          value: DATA,
        } as never)
      const found = session.find({ class: ObjectClass.DATA })
      expect(found.length).toBe(120)
      expect(
        new Set(Array.from({ length: 120 }, (_, i) => found.items(i).getAttribute('label'))).size,
      ).toBe(120)
      expect(session.destroy({ class: ObjectClass.DATA })).toBe(120)
    })

    test('what fails says why', () => {
      let error: unknown
      try {
        session.login('9999')
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(implementation.pkcs11js().Pkcs11Error)
      expect(error).toMatchObject({
        message: 'CKR_USER_ALREADY_LOGGED_IN',
        code: 256,
        method: 'C_Login',
        nativeStack: expect.stringContaining('C_Login'),
      })
    })
  },
)
