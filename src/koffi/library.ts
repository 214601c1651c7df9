import { type Library, LoadError } from '../index.ts'
import { functionAddress } from './callbacks.ts'
import { type KoffiFunction, makeFunction } from './function.ts'
import { cLibrary, fatThread } from './process.ts'
import { functionOf } from './prototype.ts'
import { signatureOf } from './signature.ts'
import type { TypeSpec } from './specifier.ts'
import { kindOf } from './value-kind.ts'

/** As the loader knows them; of a library that is loaded already, those of its first time hold. */
export interface LoadOptions {
  lazy?: boolean
  global?: boolean
  deep?: boolean
}

/** Where koffi's loader looks first: what the variable said when the program began. */
const SEARCH_PATHS = searchPathsIn(process.env['LD_LIBRARY_PATH'] ?? '')

function searchPathsIn(list: string): string[] {
  if (list === '') return []
  return list.split(/[:;]/).map((folder) => (folder === '' ? '.' : folder))
}

/** Loaded libraries by what they were asked for, with the handles that use them. */
const loaded = new Map<string, { readonly library: Library; handles: number }>()

/** A library in the fat thread of the program. */
export class LibraryHandle {
  /** Of `null`: every library, and the C library. */
  readonly #name: string | null
  #unloaded = false

  /** @internal */
  constructor(name?: string | null) {
    if (name === undefined) throw new Error('Library objects cannot be constructed manually')
    this.#name = name
  }

  func(definition: string): KoffiFunction
  func(name: string | number, result: TypeSpec, args: TypeSpec[]): KoffiFunction
  func(convention: string, name: string | number, result: TypeSpec, args: TypeSpec[]): KoffiFunction
  func(...given: unknown[]): KoffiFunction {
    this.#requireLoaded()
    const found = functionOf(given, true)
    const proto = { ...found, name: found.name as string }
    const { text, types } = signatureOf(proto)
    const target = this.#firstOf(
      `Cannot find function '${proto.name}' in shared library`,
      (library) => library.func(text, types),
    )
    return makeFunction(proto, target, functionAddress)
  }

  /** @deprecated Conventions are the same here: use `func`. */
  cdecl(...given: unknown[]): KoffiFunction {
    return this.func(...(given as [string]))
  }

  /** @deprecated Conventions are the same here: use `func`. */
  stdcall(...given: unknown[]): KoffiFunction {
    return this.func(...(given as [string]))
  }

  /** @deprecated Conventions are the same here: use `func`. */
  fastcall(...given: unknown[]): KoffiFunction {
    return this.func(...(given as [string]))
  }

  /** @deprecated Conventions are the same here: use `func`. */
  thiscall(...given: unknown[]): KoffiFunction {
    return this.func(...(given as [string]))
  }

  /** The address of a variable or function. */
  // biome-ignore lint/suspicious/noExplicitAny: koffi's values are not typed
  symbol(name: string, _type?: TypeSpec): any {
    this.#requireLoaded()
    if (typeof name !== 'string')
      throw new TypeError(`Unexpected ${kindOf(name)} value for name, expected string`)
    const found = this.#firstOf(`Cannot find symbol '${name}' in shared library`, (library) =>
      library.symbol(name),
    )
    return found.address
  }

  /** Ends the functions of this library; the last handle of one does. */
  unload(): void {
    if (this.#unloaded) return
    this.#unloaded = true
    const entry = this.#name === null ? undefined : loaded.get(this.#name)
    if (entry === undefined || --entry.handles > 0) return
    loaded.delete(this.#name as string)
    entry.library[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    this.unload()
  }

  #requireLoaded(): void {
    if (this.#unloaded) throw new Error('The library was unloaded')
  }

  #firstOf<Output>(message: string, find: (library: Library) => Output): Output {
    let cause: unknown
    for (const library of this.#libraries()) {
      try {
        return find(library)
      } catch (error) {
        if (!(error instanceof LoadError)) throw error
        cause ??= error
      }
    }
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    throw new LoadError(`${message}${why}`, { cause })
  }

  #libraries(): Library[] {
    if (this.#name !== null) return [loaded.get(this.#name)?.library as Library]
    return [...[...loaded.values()].map(({ library }) => library), cLibrary() as Library]
  }
}

/** Loads a library into the fat thread that all of them share; `null` stands for all that are loaded. */
export function load(path: string | null, options?: LoadOptions): LibraryHandle {
  if (path !== null && path !== undefined && typeof path !== 'string')
    throw new TypeError(`Unexpected ${kindOf(path)} value for filename, expected string or null`)
  if (options !== undefined && (typeof options !== 'object' || options === null))
    throw new TypeError(`Unexpected ${kindOf(options)} value for options, expected object`)
  if (path === null || path === undefined || path === '') return new LibraryHandle(null)
  const known = loaded.get(path)
  if (known === undefined) loaded.set(path, { library: loadNew(path, options), handles: 1 })
  else known.handles++
  return new LibraryHandle(path)
}

function loadNew(path: string, { lazy, global, deep }: LoadOptions = {}): Library {
  try {
    const options = { searchPaths: SEARCH_PATHS, lazy: !!lazy, global: !!global, deep: !!deep }
    return fatThread().load.sync(path, {}, options) as Library
  } catch (error) {
    if (!(error instanceof LoadError)) throw error
    throw new LoadError(`Failed to load shared library: ${error.message}`, {
      ...(error.library === undefined ? {} : { library: error.library }),
      cause: error,
    })
  }
}
