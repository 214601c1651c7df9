/** The types fit where those of pkcs11js did. */
import type * as Peer from 'pkcs11js'
import { describe, expectTypeOf, test } from 'vitest'
import * as door from '../../src/pkcs11js/index.ts'

declare const session: door.Handle
declare const loaded: door.PKCS11

describe('methods', () => {
  test('take and give what those of pkcs11js do', () => {
    type Mine = door.PKCS11
    type Theirs = Peer.PKCS11
    expectTypeOf<keyof Theirs>().toExtend<keyof Mine>()
    expectTypeOf<Mine>().toExtend<Theirs>()
  })

  test('in three forms', () => {
    const bytes = Buffer.alloc(1)
    expectTypeOf(loaded.C_Sign(session, bytes, bytes)).toEqualTypeOf<Buffer>()
    expectTypeOf(loaded.C_SignAsync(session, bytes, bytes)).toEqualTypeOf<Promise<Buffer>>()
    loaded.C_Verify(session, bytes, bytes, (error, value) => {
      expectTypeOf(error).toEqualTypeOf<Error>()
      expectTypeOf(value).toEqualTypeOf<boolean>()
    })
    // However a program for pkcs11js has written it down.
    const spare = (error: Error, value: Buffer): void => void [error, value]
    const careful = (error: Error | null, value?: Buffer): void => void [error, value]
    loaded.C_Sign(session, bytes, bytes, spare)
    loaded.C_SignCallback(session, bytes, bytes, careful)
    // @ts-expect-error -- it has no other form
    loaded.C_LoginAsync
    // @ts-expect-error -- a handle is a Buffer
    loaded.C_Logout(5)
  })

  test('with one object or several', () => {
    expectTypeOf(loaded.C_FindObjects(session)).toEqualTypeOf<door.Handle | null>()
    expectTypeOf(loaded.C_FindObjects(session, 5)).toEqualTypeOf<door.Handle[]>()
  })

  test('parameters of mechanisms', () => {
    const parameter = { type: door.CK_PARAMS_RSA_PSS, hashAlg: 1, mgf: 2, saltLen: 3 }
    loaded.C_SignInit(session, { mechanism: door.CKM_RSA_PKCS_PSS, parameter }, session)
    loaded.C_SignInit(session, { mechanism: 1, parameter: Buffer.alloc(1) }, session)
    // @ts-expect-error -- a text is no parameter
    loaded.C_SignInit(session, { mechanism: 1, parameter: 'text' }, session)
  })
})

test('what is exported', () => {
  expectTypeOf<Exclude<keyof typeof Peer, keyof typeof door>>().toEqualTypeOf<never>()
  expectTypeOf(new door.PKCS11('library', { timeout: 5 })).toExtend<door.PKCS11>()
  expectTypeOf(new door.Pkcs11Error('text', 5)).toExtend<Peer.NativeError>()
})

test('constants are numbers of no type of their own, for enumerations that are made of them', () => {
  type Numbers<Door> = { [Name in keyof Door as Door[Name] extends number ? Name : never]: true }
  type Wide<Door> = { [Name in keyof Door as number extends Door[Name] ? Name : never]: true }
  expectTypeOf<Wide<typeof door>>().toEqualTypeOf<Numbers<typeof door>>()
  expectTypeOf<keyof Wide<typeof Peer>>().toExtend<keyof Wide<typeof door>>()
})
