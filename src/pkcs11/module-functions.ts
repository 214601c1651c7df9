/** The functions of a module, found as the standard says: by the list that the module gives. */
import { array, type FatThread, type Library, LoadError, type UntypedFunction } from '../index.ts'
import { CKR_FUNCTION_NOT_SUPPORTED } from './constants/index.ts'
import { Pkcs11Error } from './errors.ts'
import { type Frame, wordIn } from './frame.ts'
import { type FunctionName, NAMES_2, NAMES_3, prototypeOf } from './functions.ts'
import type { Course, Step } from './step.ts'
import type { Version } from './structures/info.ts'

/** Options of a call, as `with` takes them. */
export interface Limits {
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const VERSION_BYTES = 8
/** A list of version 2, with which one of version 3 begins. */
const LIST_BYTES = VERSION_BYTES + NAMES_2.length * 8

/** What gives the list of version 3, where a module has it, and of version 2. */
export interface ListFunctions {
  readonly getInterface: UntypedFunction | undefined
  readonly getFunctionList: UntypedFunction
}

/** @throws {LoadError} for a library that is no PKCS #11 module */
export function listFunctions(library: Library): ListFunctions {
  const { path } = library
  const getFunctionList = findIn(library, 'C_GetFunctionList')
  if (getFunctionList === undefined)
    throw new LoadError(`${path} is no PKCS #11 module: it has no C_GetFunctionList`, {
      library: path,
      call: 'C_GetFunctionList',
    })
  return { getFunctionList, getInterface: findIn(library, 'C_GetInterface') }
}

/** `undefined` where the library has no such function. */
function findIn(
  library: Library,
  name: 'C_GetFunctionList' | 'C_GetInterface',
): UntypedFunction | undefined {
  return library.hasFunction(name) ? library.func(prototypeOf(name), {}) : undefined
}

/** The functions that a module has in one process. */
export class ModuleFunctions {
  readonly version: Version
  readonly #thread: FatThread
  readonly #addresses: ReadonlyMap<FunctionName, bigint>
  readonly #functions = new Map<FunctionName, UntypedFunction>()
  /** By the time that a call may take: a few, which the program chose. */
  readonly #limited = new Map<FunctionName, Map<number, UntypedFunction>>()

  constructor(thread: FatThread, version: Version, addresses: ReadonlyMap<FunctionName, bigint>) {
    this.#thread = thread
    this.version = version
    this.#addresses = addresses
  }

  has(name: FunctionName): boolean {
    return this.#addresses.has(name)
  }

  of(name: FunctionName, limits: Limits | undefined): UntypedFunction {
    const found = this.#functions.get(name) ?? this.#bind(name)
    if (limits === undefined) return found
    const { timeout, signal } = limits
    if (signal !== undefined) return found.with(timeout === undefined ? { signal } : limits)
    return timeout === undefined ? found : this.#within(name, found, timeout)
  }

  #bind(name: FunctionName): UntypedFunction {
    const address = this.#addresses.get(name)
    if (address === undefined) throw new Pkcs11Error(name, CKR_FUNCTION_NOT_SUPPORTED)
    const pointer = this.#thread.pointer(address)
    const found = this.#thread.call(pointer, prototypeOf(name) as string) as UntypedFunction
    this.#functions.set(name, found)
    return found
  }

  #within(name: FunctionName, found: UntypedFunction, timeout: number): UntypedFunction {
    let byTime = this.#limited.get(name)
    if (byTime === undefined) {
      byTime = new Map()
      this.#limited.set(name, byTime)
    }
    let limited = byTime.get(timeout)
    if (limited === undefined) {
      limited = found.with({ timeout })
      byTime.set(timeout, limited)
    }
    return limited
  }
}

/**
 * Asks a module for its functions: those of version 3 where it has them.
 * @throws {LoadError} for a list that is none
 */
export function* findFunctions(
  library: Library,
  lists: ListFunctions,
  frame: Frame,
  limits: Limits,
): Course<ModuleFunctions> {
  const { thread, path } = library
  // The default interface need not be the newest one.
  for (const version of [undefined, Uint8Array.of(3, 0)]) {
    const found = yield* interfaceFunctions(thread, lists, frame, limits, version)
    if (found !== undefined) return found
  }
  const list = yield* functionList(thread, lists, frame, limits)
  try {
    // Whatever version it says: one of version 3 is given by an interface.
    return yield* functionsIn(thread, list, NAMES_2)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new LoadError(
      `${path} is no PKCS #11 module: the list of functions that it gives is not in its memory`,
      { library: path, call: 'C_GetFunctionList', cause },
    )
  }
}

/** Those of an interface of version 3, if it leads to any. */
function* interfaceFunctions(
  thread: FatThread,
  { getInterface }: ListFunctions,
  frame: Frame,
  limits: Limits,
  version: Uint8Array | undefined,
): Course<ModuleFunctions | undefined> {
  if (getInterface === undefined) return undefined
  const name = frame.text('PKCS 11\0')
  const wanted = version === undefined ? 0 : frame.copy(version).address
  const found = frame.zeroed(8)
  const words = [name.address, wanted, found.address, 0]
  const rv = (yield invoke(thread, getInterface, words, limits)) as bigint
  if (rv !== 0n) return undefined
  try {
    const list = yield* bytesAt(thread, BigInt(wordIn(found)) + 8n, 8)
    const functions = yield* functionsIn(thread, list.getBigUint64(0, true), NAMES_3)
    return functions.version.major >= 3 ? functions : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function* functionList(
  thread: FatThread,
  { getFunctionList }: ListFunctions,
  frame: Frame,
  limits: Limits,
): Course<bigint> {
  const found = frame.zeroed(8)
  const rv = (yield invoke(thread, getFunctionList, [found.address], limits)) as bigint
  if (rv !== 0n) throw new Pkcs11Error('C_GetFunctionList', rv)
  return BigInt(wordIn(found))
}

/** @throws {RangeError} for an address where no list is */
function* functionsIn(
  thread: FatThread,
  list: bigint,
  names: readonly FunctionName[],
): Course<ModuleFunctions> {
  // In one trip: most modules are of version 2.
  const view = yield* bytesAt(thread, list, LIST_BYTES)
  const version = { major: view.getUint8(0), minor: view.getUint8(1) }
  const addresses = new Map<FunctionName, bigint>()
  const note = (names: readonly FunctionName[], from: DataView, offset: number): void => {
    for (const [index, name] of names.entries()) {
      const address = from.getBigUint64(offset + index * 8, true)
      if (address !== 0n) addresses.set(name, address)
    }
  }
  note(NAMES_2, view, VERSION_BYTES)
  const more = version.major >= 3 ? names.slice(NAMES_2.length) : []
  if (more.length > 0)
    note(more, yield* bytesAt(thread, list + BigInt(LIST_BYTES), more.length * 8), 0)
  return new ModuleFunctions(thread, version, addresses)
}

/** A copy of what stands in the module's memory. */
function* bytesAt(thread: FatThread, address: bigint, bytes: number): Course<DataView> {
  const read = (yield reading(thread, address, bytes)) as Uint8Array
  return new DataView(read.buffer, read.byteOffset, read.length)
}

function invoke(
  thread: FatThread,
  function_: UntypedFunction,
  words: readonly number[],
  limits: Limits,
): Step {
  const limited = limits.timeout === undefined ? function_ : function_.with(limits)
  return {
    run: () => limited(...words),
    sync: () => limited.sync(...words),
    ahead: () => {
      const series = thread.series()
      const step = series.call(function_, ...words)
      const posted = series.ahead(limits)
      return {
        run: async () => {
          await posted.ended()
          return step.value
        },
        sync: () => {
          posted.block()
          return step.value
        },
      }
    },
  }
}

function reading(thread: FatThread, address: bigint, bytes: number): Step {
  const pointer = thread.pointer(address)
  const type = array('uint8_t', bytes)
  return { run: () => thread.read(pointer, type), sync: () => thread.readSync(pointer, type) }
}
