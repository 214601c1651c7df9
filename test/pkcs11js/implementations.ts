/** npm's pkcs11js and what takes its place: the same tests run on both. */
import { createRequire } from 'node:module'
import type * as Peer from 'pkcs11js'
import { afterAll } from 'vitest'
import * as door from '../../src/pkcs11js/index.ts'
import { needsPkcs11js } from '../support/needs.ts'

// biome-ignore lint/suspicious/noExplicitAny: all methods are called by their names here
export type Methods = Record<string, (...given: any[]) => any> & { libPath?: string }

/** What `require('pkcs11js')` gives, its class seen as what has methods by their names. */
export type Pkcs11js = Omit<typeof Peer, 'PKCS11' | 'Pkcs11Error'> & {
  readonly PKCS11: new (library?: string) => Methods
  readonly Pkcs11Error: typeof door.Pkcs11Error
} & Readonly<Record<string, number>>

export interface Implementation {
  readonly name: string
  readonly isIsolated: boolean
  readonly pkcs11js: () => Pkcs11js
}

const require = createRequire(import.meta.url)

export const isolated: Implementation = {
  name: 'fat-threads/pkcs11js',
  isIsolated: true,
  pkcs11js: () => door as unknown as Pkcs11js,
}

const inProcess: Implementation = {
  name: 'pkcs11js',
  isIsolated: false,
  pkcs11js: () => require('pkcs11js'),
}

export const implementations: readonly Implementation[] = needsPkcs11js()
  ? [isolated]
  : [inProcess, isolated]

/** A handle as pkcs11js gives them: eight bytes. `rv` is for the module that writes calls down. */
export function handle(number: number, rv = 0): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(number, 0)
  bytes.writeUInt32LE(rv, 4)
  return bytes
}

const loaded: Methods[] = []

/** A module that is closed when the test file ends. */
export function load(pkcs11js: Pkcs11js, path: string): Methods {
  const made = new pkcs11js.PKCS11(path)
  loaded.push(made)
  return made
}

afterAll(() => {
  for (const made of loaded.splice(0)) made['close']?.()
})

/** What a function throws, or its promise is rejected with. */
export async function failure(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}
