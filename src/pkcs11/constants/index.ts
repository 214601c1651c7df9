/** The constants of PKCS #11 3.0 and before, by the names that the standard gives them. */
export * from './attributes.ts'
export * from './derivation.ts'
export * from './flags.ts'
export * from './kinds.ts'
export * from './mechanisms.ts'
export * from './others.ts'
export * from './results.ts'
export * from './states.ts'
