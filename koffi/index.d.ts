export * from '../dist/koffi/index.js'
export { default } from '../dist/koffi/index.js'
