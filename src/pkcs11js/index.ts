/**
 * The interface of npm's pkcs11js on fat threads: a program's modules are isolated when it imports
 * `fat-threads/pkcs11js` instead of `pkcs11js`. Each object of the class has a process of its own.
 */
import * as all from './interface.ts'

export * from './interface.ts'

/** The same as one object, which programs may change as they may change pkcs11js's. */
const pkcs11js = { ...all }
export default pkcs11js

/**
 * What `require` gives: pkcs11js's is an object as well, with nothing named `default` in it.
 * @internal
 */
export { pkcs11js as 'module.exports' }
