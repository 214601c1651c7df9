export * from '../dist/doors/pkcs11js.js'
export { default } from '../dist/doors/pkcs11js.js'
