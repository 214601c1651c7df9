/** From the errors of the layer below to those that programs written for pkcs11js handle. */
import { CrashError, type Frame } from '../index.ts'
import { isCoded } from '../pkcs11/errors.ts'
import { knownName } from '../pkcs11/names.ts'
import { NativeError, Pkcs11Error } from './errors.ts'

const NOT_LOADED = 'PKCS11 module not loaded yet'

/** How an error looks: as most do, or as those of the few methods that pkcs11js doesn't wrap. */
export type Look = 'wrapped' | 'plain'

/** Where a method failed. */
export interface Scene {
  readonly method: string
  readonly module: string
  readonly look: Look
}

export function notLoaded(look: Look): Error {
  return look === 'plain' ? new Error(NOT_LOADED) : new NativeError(NOT_LOADED)
}

/** What a program is given for an error; the error itself is its `cause`. */
export function failureOf(error: unknown, scene: Scene): unknown {
  if (!isCoded(error)) return error
  const text = `${knownName('CKR', error.rv) ?? 'CKR_VENDOR_DEFINED'}:${error.rv}`
  if (scene.look === 'plain') return withCause(new Error(text), error)
  const method = `    at PKCS11.${scene.method} (${scene.module})`
  const lines = [...crashLines(error), method, ...callerLines()]
  return withCause(new Pkcs11Error(`Error: ${text}\n${inFront(method, lines)}`), error)
}

/** As an error's own would be: it doesn't show when the error's properties are listed. */
function withCause<E extends Error>(made: E, cause: Error): E {
  return Object.defineProperty(made, 'cause', { value: cause, writable: true, configurable: true })
}

/** The method's line is the first one, where programs look for its name; then what it stands on. */
function inFront(method: string, lines: readonly string[]): string {
  return [method, ...lines.filter((line) => line !== method)].join('\n')
}

/** The module's own frames, where it crashed. */
function crashLines(error: Error): string[] {
  return error instanceof CrashError ? error.backtrace.map(crashLine) : []
}

function crashLine({ address, module, symbol, offset }: Frame): string {
  const place = module ?? `0x${address.toString(16)}`
  const name = symbol ?? '<unknown>'
  return `    at ${name}${offset === undefined ? '' : `+0x${offset.toString(16)}`} (${place})`
}

/** The program's frames, without those of this package. */
function callerLines(): string[] {
  const own = new URL('..', import.meta.url).pathname
  const [, ...lines] = (new Error().stack ?? '').split('\n')
  return lines.filter((line) => line.startsWith('    at ') && !line.includes(own))
}
