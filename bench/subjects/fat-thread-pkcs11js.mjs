import { workloadsOf } from '../pkcs11/pkcs11js.mjs'
import { MODULE, makeFolder } from '../pkcs11/token.mjs'
import { later } from './pkcs11js.mjs'

export const workloads = later(async () => {
  makeFolder()
  return workloadsOf(await import('fat-threads/pkcs11js'), MODULE)
})
