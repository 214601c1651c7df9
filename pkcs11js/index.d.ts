export * from '../dist/pkcs11js/index.js'
export { default } from '../dist/pkcs11js/index.js'
