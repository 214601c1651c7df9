/** Failures of PKCS #11 functions: what they returned, and what became of their process. */
import { AbortError, ClosedError, FatThreadError, TimeoutError } from '../index.ts'
import {
  CKR_CRYPTOKI_NOT_INITIALIZED,
  CKR_DEVICE_ERROR,
  CKR_FUNCTION_CANCELED,
} from './constants/index.ts'
import { nameOf } from './names.ts'
import type { Ulong } from './words.ts'

/** What all errors of a module's functions say, whatever their class. */
export interface Coded {
  /** The return value, such as 0xa0; of a process that ended, the one that comes nearest. */
  readonly rv: number
  /** Its name, such as `CKR_PIN_INCORRECT`. */
  readonly ckr: string
  /** The PKCS #11 function, such as `C_Login`. */
  readonly method: string
}

type Details = ConstructorParameters<typeof FatThreadError>[1]

/** A PKCS #11 function returned something else than `CKR_OK`. `code` is the name of what it returned. */
export class Pkcs11Error extends FatThreadError implements Coded {
  override readonly name = 'Pkcs11Error'
  override readonly code: string
  readonly rv: number
  readonly ckr: string
  readonly method: string
  readonly #returned: Ulong

  constructor(method: string, rv: Ulong, why = '', options: Details = {}) {
    const ckr = nameOf('CKR', rv)
    super(`${method}: ${ckr}${why === '' ? '' : ` (${why})`}`, { call: method, ...options })
    this.code = ckr
    this.rv = Number(rv)
    this.ckr = ckr
    this.method = method
    this.#returned = rv
  }

  /** @internal The same, with what is known of its reason. */
  because(why: string): Pkcs11Error {
    return new Pkcs11Error(this.method, this.#returned, why)
  }
}

/**
 * An error of the fat thread that handlers of return values understand too: `rv` is `CKR_DEVICE_ERROR` where the
 * process ended, `CKR_FUNCTION_CANCELED` where the program ended the call.
 * @param closed What it means that the process is there no more: `CKR_CRYPTOKI_NOT_INITIALIZED` where the program
 * closed the module, `CKR_SESSION_HANDLE_INVALID` of a session that was lost with it.
 */
export function coded(error: unknown, method: string, closed: number = CKR_DEVICE_ERROR): unknown {
  if (!(error instanceof FatThreadError) || 'rv' in error) return error
  const rv = valueFor(error, closed)
  const ckr = nameOf('CKR', rv)
  for (const [name, value] of Object.entries({ rv, ckr, method: error.call ?? method }))
    Object.defineProperty(error, name, { value, enumerable: true, configurable: true })
  return error
}

function valueFor(error: FatThreadError, closed: number): number {
  if (error instanceof AbortError || error instanceof TimeoutError) return CKR_FUNCTION_CANCELED
  return error instanceof ClosedError ? closed : CKR_DEVICE_ERROR
}

/** What a call is told that comes after the end of the module, or is ended by it. */
export function moduleClosed(method: string): unknown {
  return coded(new ClosedError('the module is closed'), method, CKR_CRYPTOKI_NOT_INITIALIZED)
}

/** Whether an error is what a function returned, or says what became of it. */
export function isCoded(error: unknown): error is Error & Coded {
  return error instanceof FatThreadError && 'rv' in error
}
