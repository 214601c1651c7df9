/** The fat thread that all libraries of the program share: addresses of one are good in all others. */
import { FatThread, type FatThreadOptions, type Library, type Pointer } from '../index.ts'
import { afterExitListeners } from './at-exit.ts'

/** What `isolate` takes: how the libraries are shut in, and how long one of their functions may run. */
export interface IsolationOptions extends Omit<FatThreadOptions, 'timeout'> {
  /**
   * Milliseconds that a call may block the program, or stand still in the background: there it may compute for ten
   * times as many. One that calls back functions of the program has ten times as many. 0 for any time; default: 4000.
   */
  readonly timeout?: number | undefined
}

/** A call that blocks the whole program for so long hangs. */
const TIMEOUT = 4000
/** Node's timers go no further. */
const MOST_TIMEOUT = 2 ** 31 - 1

let options: IsolationOptions = {}
let current: FatThread | undefined
let libc: Library<string> | undefined

/**
 * Says what the libraries may reach and use up, before the first of them is loaded; the functions' time limit at
 * any time. Without it they may reach nothing, and a call may run for four seconds.
 */
export function isolate(wanted: IsolationOptions): void {
  if (typeof wanted !== 'object' || wanted === null)
    throw new TypeError('isolate takes an object of options')
  const { timeout, ...others } = wanted
  const isTimeout =
    timeout === undefined ||
    (typeof timeout === 'number' && Number.isFinite(timeout) && timeout >= 0)
  if (!isTimeout) throw new RangeError('isolate: timeout takes milliseconds, or 0 for any time')
  if (current !== undefined && Object.keys(others).length > 0)
    throw new Error('isolate: a library is loaded already; only its timeout can change')
  options = { ...options, ...wanted }
}

/** What runs functions of the program takes as long as they do. */
export function timeLimit(callsBack: boolean): number | undefined {
  const { timeout = TIMEOUT } = options
  if (timeout === 0) return undefined
  return callsBack ? longest(timeout) : Math.min(timeout, MOST_TIMEOUT)
}

export function longest(timeout: number): number {
  return Math.min(timeout * 10, MOST_TIMEOUT)
}

/** Whether there are files that a library may see. */
export function reachesFiles(): boolean {
  const { permissions, sandbox } = options
  const files = (permissions?.read?.length ?? 0) + (permissions?.write?.length ?? 0)
  return files > 0 || sandbox === 'off'
}

export function isStarted(): boolean {
  return current !== undefined
}

export function fatThread(): FatThread {
  if (current !== undefined) return current
  const { timeout: _, ...others } = options
  const thread = FatThread.spawn.sync(others)
  current = thread
  // What the C library has not written yet is written by its destructors.
  afterExitListeners(() => thread[Symbol.dispose]())
  return thread
}

/** The C library in there: what allocates has to be what frees. */
export function cLibrary(): Library<string> {
  libc ??= fatThread().load.sync('libc.so.6', LIBC as string)
  return libc
}

const LIBC = `
  typedef unsigned long size_type;
  void *calloc(size_type count, size_type size);
  void free(void *pointer);
  int chdir(const char *path);
`

export function pointerTo(address: bigint): Pointer | null {
  return address === 0n ? null : fatThread().pointer(address)
}
