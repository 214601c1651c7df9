/** How modules are shut in, and how long one of their functions may run. */
import type { LoadingOptions } from '../pkcs11/shelter.ts'
import type { PKCS11 } from './pkcs11.ts'

export interface IsolationOptions extends Omit<LoadingOptions, 'timeout'> {
  /**
   * Milliseconds that a call may take, blocking or not; then the module's process is killed. 0 for any time; default:
   * 300,000. One that waits for an event in a slot may take any time.
   */
  readonly timeout?: number | undefined
  /**
   * Called when a module's process has ended and the next one is there, initialized as it was, before anything else is
   * called in it: to open sessions and log in again.
   */
  readonly onRestart?: ((module: PKCS11) => void) | undefined
}

const TIMEOUT = 300_000
/** Node's timers go no further. */
const MOST_TIMEOUT = 2 ** 31 - 1

let common: IsolationOptions = {}

/** Says what modules that are loaded from now on may reach and use up. The options of a module go before these. */
export function isolate(options: IsolationOptions): void {
  common = { ...common, ...checked('isolate', options) }
}

/** @throws {TypeError | RangeError} that names the function and the option */
export function checked(name: string, options: unknown): IsolationOptions {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${name} takes an object of options`)
  const { timeout, onRestart } = options as IsolationOptions
  const isTimeout =
    timeout === undefined ||
    (typeof timeout === 'number' && timeout >= 0 && timeout <= MOST_TIMEOUT)
  if (!isTimeout) throw new RangeError(`${name}: timeout takes milliseconds, or 0 for any time`)
  if (onRestart !== undefined && typeof onRestart !== 'function')
    throw new TypeError(`${name}: onRestart takes a function`)
  return options
}

/** The options of one module. */
export function optionsOf(own: IsolationOptions): {
  readonly options: LoadingOptions
  readonly timeout: number | undefined
  readonly onRestart: ((module: PKCS11) => void) | undefined
} {
  const { timeout = TIMEOUT, onRestart, ...options } = { ...common, ...own }
  return { options, timeout: timeout === 0 ? undefined : timeout, onRestart }
}
