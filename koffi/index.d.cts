export * from '../dist/commonjs/doors/koffi.js'
