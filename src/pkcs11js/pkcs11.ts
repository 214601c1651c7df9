/** The class: methods that block, take a callback, or give a promise. */
import { promisify } from 'node:util'
import { CKF_DONT_BLOCK } from '../pkcs11/constants/index.ts'
import type { Frame } from '../pkcs11/frame.ts'
import type { FunctionName } from '../pkcs11/functions.ts'
import type { InitializeArguments } from '../pkcs11/operations/general.ts'
import type { Ulong } from '../pkcs11/words.ts'
import { moduleInfo } from './answers.ts'
import { findObjects, getSlotList, waitForSlotEvent } from './asking.ts'
import { deedOf } from './beginnings.ts'
import { type Look, notLoaded } from './failure.ts'
import { requireCallback, requireCount } from './given.ts'
import { type Asked, invocation } from './invocation.ts'
import { checked, type IsolationOptions } from './isolation.ts'
import { LoadedModule } from './loaded-module.ts'
import { METHODS, type Method } from './methods.ts'
import type { Pkcs11Methods } from './signatures.ts'

// biome-ignore lint/suspicious/noExplicitAny: their types are in signatures.ts
type Any = any

let moduleOf: (owner: InstanceType<typeof Pkcs11Base>, look: Look) => LoadedModule

/** With the methods that are made below. */
type Whole = PKCS11

/** By the name that stacks say. */
const Pkcs11Base = class PKCS11 {
  declare libPath: string
  #module: LoadedModule | undefined

  static {
    moduleOf = (owner, look) => {
      if (owner.#module === undefined) throw notLoaded(look)
      return owner.#module
    }
  }

  constructor(library?: string, options?: IsolationOptions) {
    if (library) this.load(library, options)
  }

  load(library: string, options: IsolationOptions = {}): void {
    if (typeof library !== 'string')
      throw new TypeError('load: library must be a string, the file of a module')
    const module = new LoadedModule(library, checked('load', options), this as unknown as Whole)
    this.close()
    this.#module = module
    this.libPath = library
  }

  close(): void {
    const module = this.#module
    this.#module = undefined
    module?.close()
  }
}

type Later = (error: unknown, value: unknown) => void

function blocking(name: string, method: Method) {
  const look: Look = method.isPlain ? 'plain' : 'wrapped'
  return function (this: Any, ...given: unknown[]): unknown {
    if (method.isAsync && given.length > method.count) return this[`${name}Callback`](...given)
    const module = moduleOf(this, look)
    const asked = method.take(given)
    return module.run(asked, look, method.make)
  }
}

function withCallback(method: Method) {
  return function (this: Any, ...given: unknown[]): void {
    const module = moduleOf(this, 'wrapped')
    requireCount(method.count + 1, given)
    const asked = method.take(given.slice(0, -1))
    requireCallback(given[method.count], method.count)
    module.start(asked, method.make, given[method.count] as Later)
  }
}

const METHODS_OF_THEIR_OWN = {
  C_Initialize(this: Any, given?: unknown): void {
    moduleOf(this, 'wrapped').initialize(initializeArguments(given))
  },
  C_Finalize(this: Any): void {
    moduleOf(this, 'wrapped').finalize()
  },
  C_GetInfo(this: Any): unknown {
    return moduleOf(this, 'wrapped').run(GET_INFO, 'wrapped', (asked, frame, handles) =>
      invocation(asked, moduleInfo, frame, handles),
    )
  },
  C_GetSlotList(this: Any, ...given: unknown[]): unknown {
    const [present = false] = given
    const module = moduleOf(this, 'wrapped')
    if (given.length > 0 && typeof given[0] !== 'boolean')
      throw new TypeError('Argument 0 has wrong type. Should be a Boolean')
    return module.run(GET_SLOT_LIST, 'wrapped', (_asked, frame) =>
      getSlotList(frame, present as boolean),
    )
  },
  C_FindObjects(this: Any, ...given: unknown[]): unknown {
    const module = moduleOf(this, 'plain')
    const isOne = given.length < 2
    const asked = FIND_OBJECTS.take(isOne ? [...given, 1] : given)
    const next = isOne ? module.next(asked.values[0] as Ulong) : undefined
    if (next !== undefined) return next
    const found = module.run(asked, 'plain', findObjects)
    return isOne ? (found[0] ?? null) : found
  },
  C_WaitForSlotEvent(this: Any, ...given: unknown[]): unknown {
    const module = moduleOf(this, 'wrapped')
    requireCount(1, given)
    const [flags] = given
    if (typeof flags !== 'number')
      throw new TypeError('Argument 0 has wrong type. Should be a Number')
    // It may be years until somebody puts a card in; a look is a call like others.
    const isLook = (flags & CKF_DONT_BLOCK) !== 0
    const wait = (_asked: Asked, frame: Frame) => waitForSlotEvent(frame, flags >>> 0)
    return module.run(WAIT_FOR_SLOT_EVENT, 'wrapped', wait, isLook)
  },
}

const FIND_OBJECTS = METHODS.C_FindObjects as Method

const GET_INFO = askedOf('C_GetInfo')
const GET_SLOT_LIST = askedOf('C_GetSlotList')
const WAIT_FOR_SLOT_EVENT = askedOf('C_WaitForSlotEvent')

/** A method that belongs to no slot and no session. */
function askedOf(name: FunctionName): Asked {
  return { name, kinds: [], values: [], given: [], deed: deedOf(name) }
}

function initializeArguments(given: unknown): InitializeArguments {
  if (given === undefined || given === null) return {}
  if (typeof given !== 'object')
    throw new TypeError('Argument 0 has wrong type. Should be an Object')
  const { flags } = given as { flags?: unknown }
  const wanted = { flags: typeof flags === 'number' ? flags >>> 0 : 0 }
  if (!('libraryParameters' in given)) return wanted
  const { libraryParameters } = given
  if (typeof libraryParameters !== 'string')
    throw new TypeError(
      "Argument 0 has wrong type. Property 'libraryParameters' should be a String",
    )
  return { ...wanted, libraryParameters }
}

function define(name: string, method: (...given: never[]) => unknown): void {
  Object.defineProperty(method, 'name', { value: name })
  const property = { value: method, enumerable: true, writable: true, configurable: true }
  Object.defineProperty(Pkcs11Base.prototype, name, property)
}

for (const [name, method] of Object.entries(METHODS)) {
  define(name, blocking(name, method))
  if (!method.isAsync) continue
  const callback = withCallback(method)
  define(`${name}Callback`, callback)
  define(`${name}Async`, promisify(callback as Any))
}
for (const [name, method] of Object.entries(METHODS_OF_THEIR_OWN)) define(name, method)

/** A PKCS #11 module in a process of its own, with the methods of pkcs11js. */
export interface PKCS11 extends Pkcs11Methods {
  /** The module's file, once it is loaded. */
  libPath: string
  /**
   * Loads a module into a process of its own.
   * @throws {LoadError} for a file that can't be loaded, or is no PKCS #11 module
   */
  load(library: string, options?: IsolationOptions): void
  /** Ends the module's process; calls that are under way fail. */
  close(): void
}

export const PKCS11 = Pkcs11Base as unknown as {
  /** @param library the module's file: it is loaded at once, and initialized by `C_Initialize` */
  new (library?: string, options?: IsolationOptions): PKCS11
  readonly prototype: PKCS11
}
