/** PKCS #11 modules in fat threads. */
export * from './constants/index.ts'
export { type Coded, isCoded, Pkcs11Error } from './errors.ts'
