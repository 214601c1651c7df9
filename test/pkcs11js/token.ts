/** A token of SoftHSM for the tests of one implementation. */
import { afterAll } from 'vitest'
import { isolate } from '../../src/pkcs11js/index.ts'
import { SO_PIN, SOFTHSM, SoftHsm, USER_PIN } from '../support/softhsm.ts'
import type { Methods, Pkcs11js } from './implementations.ts'

const CKU_SO = 0
const CKF_SERIAL_RW = 6

/** A folder of tokens of its own, for modules that are loaded from now on; in it one token with its PINs. */
export function tokenOn(pkcs11js: Pkcs11js): string {
  const softHsm = new SoftHsm()
  afterAll(() => softHsm[Symbol.dispose]())
  const { permissions = {} } = softHsm.options
  // In this process SoftHSM reads its environment; isolated, it has what it is granted.
  Object.assign(process.env, permissions.env)
  isolate({ permissions })
  const loaded = new pkcs11js.PKCS11(SOFTHSM)
  prepare(loaded)
  loaded['close']?.()
  return SOFTHSM
}

function prepare(loaded: Methods): void {
  const call = (name: string, ...given: unknown[]) => loaded[name]?.(...given)
  call('C_Initialize')
  const [slot] = call('C_GetSlotList', true)
  call('C_InitToken', slot, SO_PIN, 'a token')
  const session = call('C_OpenSession', slot, CKF_SERIAL_RW)
  call('C_Login', session, CKU_SO, SO_PIN)
  call('C_InitPIN', session, USER_PIN)
  call('C_Logout', session)
  call('C_CloseSession', session)
  call('C_Finalize')
}
