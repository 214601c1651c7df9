/** Packages that `require('pkcs11js')`, as they are in node_modules, on either implementation of it. */
import Module, { createRequire } from 'node:module'
import type { Implementation } from './implementations.ts'

const require = createRequire(import.meta.url)

type Load = (request: string, ...others: unknown[]) => unknown

const loader = Module as unknown as { _load: Load }

/** Of each package that knows pkcs11js, so that each implementation has one of its own. */
const DEPENDENTS = /node_modules\/(graphene-pk11|node-webcrypto-p11)\//

/** What `require(name)` gives where `pkcs11js` is the implementation. */
export function requireOn<Package>(name: string, implementation: Implementation): Package {
  const load = loader._load
  const pkcs11js = implementation.pkcs11js()
  const forget = (): void => {
    for (const path of Object.keys(require.cache))
      if (DEPENDENTS.test(path)) delete require.cache[path]
  }
  loader._load = (request, ...others) =>
    request === 'pkcs11js' ? pkcs11js : load(request, ...others)
  try {
    forget()
    return require(name) as Package
  } finally {
    forget()
    loader._load = load
  }
}
