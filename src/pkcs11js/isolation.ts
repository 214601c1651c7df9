/** How modules are shut in, and how long one of their functions may run. */
import type { LoadingOptions } from '../pkcs11/shelter.ts'

export interface IsolationOptions extends Omit<LoadingOptions, 'timeout'> {
  /**
   * Milliseconds that a call may take, blocking or not; then the module's process is killed. 0 for any time; default:
   * 300,000. One that waits for an event in a slot may take any time.
   */
  readonly timeout?: number | undefined
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
  const { timeout } = options as IsolationOptions
  const isTimeout =
    timeout === undefined ||
    (typeof timeout === 'number' && timeout >= 0 && timeout <= MOST_TIMEOUT)
  if (!isTimeout) throw new RangeError(`${name}: timeout takes milliseconds, or 0 for any time`)
  return options
}

/** The options of one module. */
export function optionsOf(own: IsolationOptions): {
  readonly options: LoadingOptions
  readonly timeout: number | undefined
} {
  const { timeout = TIMEOUT, ...options } = { ...common, ...own }
  return { options, timeout: timeout === 0 ? undefined : timeout }
}
