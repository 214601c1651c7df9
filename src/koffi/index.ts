/**
 * koffi's interface on fat threads: a program becomes isolated when it imports `fat-threads/koffi` instead of
 * `koffi`. All its libraries live in one fat thread, which is begun by the first `load` and closed with the program.
 */
import * as all from './interface.ts'

export * from './interface.ts'

/** The same as one object, which programs may change as they may change koffi's. */
const koffi = { ...all }
export default koffi

/**
 * What `require` gives: koffi's is an object as well, with nothing named `default` in it.
 * @internal
 */
export { koffi as 'module.exports' }
