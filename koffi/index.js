export * from '../dist/doors/koffi.js'
export { default } from '../dist/doors/koffi.js'
