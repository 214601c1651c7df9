export * from '../dist/commonjs/doors/pkcs11js.js'
