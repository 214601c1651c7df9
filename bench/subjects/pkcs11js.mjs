import { Unavailable } from '../harness/unavailable.mjs'
import { workloadsOf } from '../pkcs11/pkcs11js.mjs'
import { MODULE, makeFolder } from '../pkcs11/token.mjs'

/** Its addon is built when it is installed, which may have failed. */
export async function pkcs11js() {
  try {
    return (await import('pkcs11js')).default
  } catch (error) {
    throw new Unavailable(`pkcs11js is not here: ${error.message.split('\n')[0]}`)
  }
}

const names = [
  ...['random', 'digest', 'sign-p256', 'sign-rsa', 'aes-cbc', 'aes-ecb', 'find', 'find-attributes'],
  ...['signers', 'open', 'busy', 'event-loop', 'crash', 'recovery'],
].map((name) => `pkcs11-${name}`)

/** By name; the package is loaded when one of them is begun. */
export const later = (made) =>
  Object.fromEntries(names.map((name) => [name, async (series) => (await made())[name](series)]))

export const workloads = later(async () => {
  makeFolder()
  return workloadsOf(await pkcs11js(), MODULE)
})
