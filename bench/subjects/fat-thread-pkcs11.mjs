import { makeFolder } from '../pkcs11/token.mjs'
import { later } from './pkcs11js.mjs'

export const workloads = later(async () => {
  makeFolder()
  return (await import('../pkcs11/door.mjs')).workloads
})
