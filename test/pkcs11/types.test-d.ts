/** What TypeScript knows of modules: attributes, mechanisms, results. */
import { describe, expectTypeOf, test } from 'vitest'
import type {
  MechanismInput,
  Module,
  NameOf,
  Pkcs11Object,
  Session,
  Slot,
  Template,
  Twin,
  Ulong,
} from '../../src/pkcs11/index.ts'
import { parameter } from '../../src/pkcs11/index.ts'

declare const module: Module
declare const slot: Slot
declare const session: Session
declare const key: Pkcs11Object
const bytes = new Uint8Array(16)

describe('attributes', () => {
  test('have the types of their values', async () => {
    const found = await session.get(key, ['CKA_LABEL', 'CKA_CLASS', 'CKA_TOKEN', 'CKA_MODULUS'])
    expectTypeOf(found.CKA_LABEL).toEqualTypeOf<string | undefined>()
    expectTypeOf(found.CKA_CLASS).toEqualTypeOf<NameOf<'CKO'> | Ulong | undefined>()
    expectTypeOf(found.CKA_TOKEN).toEqualTypeOf<boolean | undefined>()
    expectTypeOf(found.CKA_MODULUS).toEqualTypeOf<Uint8Array<ArrayBuffer> | undefined>()
    // @ts-expect-error it was not asked for
    found.CKA_ID
    // @ts-expect-error there is no such attribute
    await session.get(key, ['CKA_NONE'])
  })

  test('come with objects that were found', async () => {
    const [first] = await session.find({ CKA_CLASS: 'CKO_DATA' }, { attributes: ['CKA_VALUE_LEN'] })
    expectTypeOf(first?.attributes.CKA_VALUE_LEN).toEqualTypeOf<Ulong | undefined>()
    const blocking = session.find.sync({}, { attributes: ['CKA_START_DATE'] })
    expectTypeOf(blocking[0]?.attributes.CKA_START_DATE).toEqualTypeOf<Date | null | undefined>()
    for await (const each of session.search({}, { attributes: ['CKA_ALLOWED_MECHANISMS'] }))
      expectTypeOf(each.attributes.CKA_ALLOWED_MECHANISMS).toEqualTypeOf<
        readonly (NameOf<'CKM'> | Ulong)[] | undefined
      >()
  })

  test('are given with the types of their values', () => {
    const good = { CKA_CLASS: 'CKO_DATA', CKA_ID: bytes, [0x80000001]: bytes } as const
    expectTypeOf(good).toExtend<Template>()
    expectTypeOf<{ CKA_TOKEN: 1 }>().not.toExtend<Template>()
    expectTypeOf<{ CKA_CLASS: 'CKO_NONE' }>().not.toExtend<Template>()
    // @ts-expect-error there is no such attribute
    void session.create({ CKA_NONE: true })
  })
})

describe('mechanisms', () => {
  test('take the parameters that the standard says', () => {
    const good = [
      'CKM_SHA256',
      0x80000001,
      { mechanism: 'CKM_AES_CBC_PAD', parameter: bytes },
      { mechanism: 'CKM_AES_GCM', parameter: { iv: bytes, tagBits: 128 } },
      {
        mechanism: 'CKM_RSA_PKCS_PSS',
        parameter: { hashAlg: 'CKM_SHA256', mgf: 'CKG_MGF1_SHA256', sLen: 32 },
      },
      { mechanism: 0x80000001, parameter: parameter('CK_GCM_PARAMS', { iv: bytes }) },
      {
        mechanism: 'CKM_TLS12_MASTER_KEY_DERIVE',
        parameter: {
          randomInfo: { clientRandom: bytes, serverRandom: bytes },
          version: { major: 0, minor: 0 },
          prfHashMechanism: 'CKM_SHA256',
        },
      },
    ] as const satisfies readonly MechanismInput[]
    expectTypeOf(good).toExtend<readonly MechanismInput[]>()
    void session.digest('CKM_SHA256', bytes)
    // @ts-expect-error there is no such mechanism
    void session.digest('CKM_NONE', bytes)
    const short = { hashAlg: 1, mgf: 1 }
    // @ts-expect-error PSS needs a length of the salt
    void session.sign({ mechanism: 'CKM_RSA_PKCS_PSS', parameter: short }, key, bytes)
    // @ts-expect-error the structure has no such member
    void session.sign({ mechanism: 'CKM_AES_GCM', parameter: { ivy: bytes } }, key, bytes)
    // @ts-expect-error the structure has no such member
    parameter('CK_GCM_PARAMS', { tag: bytes })
  })
})

describe('results', () => {
  test('are promises, and values of the blocking twins', () => {
    expectTypeOf(module.slots).toExtend<Twin<[], Slot[]>>()
    expectTypeOf(session.sign('CKM_ECDSA', key, bytes)).resolves.toEqualTypeOf<
      Uint8Array<ArrayBuffer>
    >()
    expectTypeOf(session.verify.sync('CKM_ECDSA', key, bytes, bytes)).toEqualTypeOf<boolean>()
    expectTypeOf(slot.open({ pin: async () => '1234' })).resolves.toEqualTypeOf<Session>()
    void session.encrypt('CKM_AES_ECB', key, bytes, { into: bytes, timeout: 100 })
    // @ts-expect-error nothing can be put there
    void session.encrypt('CKM_AES_ECB', key, bytes, { into: 16 })
    // @ts-expect-error it gives no bytes
    void session.verify('CKM_ECDSA', key, bytes, bytes, { into: bytes })
    // @ts-expect-error a PIN is no number
    void session.login(1234)
    // @ts-expect-error a key is no handle
    void session.sign('CKM_ECDSA', 3, bytes)
  })
})
