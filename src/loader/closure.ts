import { join, resolve } from 'node:path'
import type { ElfObject } from './elf.ts'
import { type ElfFile, type FileIdentity, findElfFile, openElfFile } from './elf-file.ts'
import { DF_1_NODEFLIB } from './elf-format.ts'
import { requireLoadable } from './elf-policy.ts'
import { refuse } from './elf-source.ts'
import { quote } from './elf-strings.ts'
import type { ElfExport } from './elf-symbols.ts'
import { Found } from './looks.ts'
import {
  placesSearched,
  resolveLibrary,
  type SearchOptions,
  searchDirectories,
  searchSystem,
  suggest,
} from './search.ts'
import { NO_SEARCH_PATH, type SearchPath, searchPathsOf } from './search-path.ts'

/** One object of a closure. */
export interface ClosureObject {
  readonly path: string
  /** `path` without symbolic links. */
  readonly realPath: string
  readonly identity: FileIdentity
  readonly elf: ElfObject
  readonly soname: string | undefined
  /** The names by which others need it; empty for a library that nothing else needs. */
  readonly neededNames: readonly string[]
  /** What it needs itself, in order. Empty for an object that is `provided`. */
  readonly dependencies: readonly ClosureObject[]
  /** The object that was the first to need it; `undefined` for the library itself. */
  readonly loader: ClosureObject | undefined
  /** The C library or its loader: the host holds them already. */
  readonly provided: boolean
  /**
   * Others need it by a name that is not its SONAME. The loader can't find it among the objects
   * it holds when it was loaded from another path.
   */
  readonly nameless: boolean
  /** It needs an object that comes after it in `Closure.objects`, because they need each other. */
  readonly cyclic: boolean
}

/** A library and every object that its DT_NEEDED entries reach, or that the C library loads for them. */
export interface Closure {
  readonly root: ClosureObject
  /** Each object once, dependencies before what needs them, the library last. */
  readonly objects: readonly ClosureObject[]
  /** The same objects in the order in which `dlsym` searches them: breadth first, the library first. */
  readonly lookupOrder: readonly ClosureObject[]
}

const MAX_OBJECTS = 250
/** The names that are searched for, some of which may be the same object. */
const MAX_NAMES = 1000

/** What the host holds before anything is loaded; needed by these names, no file is searched. */
const PROVIDED = new Set(['libc.so.6', 'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1'])

/** What the C library loads when a thread ends early or asks for its backtrace; nothing names it. */
const UNWINDER = 'libgcc_s.so.1'

/** A ClosureObject while the closure grows. */
interface Draft extends ClosureObject {
  readonly neededNames: string[]
  readonly dependencies: Draft[]
  readonly loader: Draft | undefined
  nameless: boolean
  cyclic: boolean
}

interface SearchPaths {
  readonly own: SearchPath
  readonly passedOn: SearchPath
}

/**
 * Finds all that the library at `path` needs, as ld.so(8) would, and executes nothing.
 *
 * Search order: `searchPaths`, DT_RPATH of the object and its loaders (where there is no
 * DT_RUNPATH), DT_RUNPATH of the object, the cache, the system's directories. Stricter than the
 * system's loader in what may be loaded: see `requireLoadable` and `searchPathsOf`.
 * @throws LoadError naming the object and what is wrong with it
 */
export function resolveClosure(path: string, options: SearchOptions = {}): Closure {
  const key = JSON.stringify([path, ...(options.searchPaths ?? [])].map((each) => resolve(each)))
  return closures.find(key, () => findClosure(path, options))
}

const closures = new Found<Closure>()

/** The closure of a library by its path or name: see `resolveLibrary`. */
export function closureOf(library: string | URL, options: SearchOptions = {}): Closure {
  const search = (): Closure => resolveClosure(resolveLibrary(library, options), options)
  const isName = typeof library === 'string' && !library.includes('/')
  // Name and closure in one step: each place is looked at once.
  return isName && options.searchPaths === undefined ? named.find(library, search) : search()
}

const named = new Found<Closure>()

function findClosure(path: string, options: SearchOptions): Closure {
  const draft = new ClosureDraft(options)
  const root = draft.addRoot(path)
  // The list grows while it is walked: breadth first.
  for (const object of draft.objects) {
    if (object.provided) continue
    for (const name of object.elf.needed) draft.need(object, name)
    if (object.elf.unwinds) draft.needUnwinder(object)
  }
  return { root, objects: sort(root), lookupOrder: draft.objects }
}

/** What `dlsym` would find for the library, and the object that has it. */
export function findExport(
  closure: Closure,
  name: string,
): { readonly object: ClosureObject; readonly symbol: ElfExport } | undefined {
  for (const object of closure.lookupOrder) {
    const symbol = object.elf.findExport(name)
    if (symbol !== undefined) return { object, symbol }
  }
  return undefined
}

class ClosureDraft {
  readonly objects: Draft[] = []
  readonly #options: SearchOptions
  /** By the names that were asked for, and by SONAME: all that the loader compares. */
  readonly #byName = new Map<string, Draft>()
  readonly #byFile = new Map<string, Draft>()
  readonly #searchPaths = new Map<Draft, SearchPaths>()

  constructor(options: SearchOptions) {
    this.#options = options
  }

  addRoot(path: string): Draft {
    return this.#add(openElfFile(resolve(path)), undefined)
  }

  /** Resolves one DT_NEEDED of `object`. */
  need(object: Draft, name: string): void {
    if (name === '' || name.includes('/')) {
      refuse(object.path, `needs ${quote(name)}, which is a path and not a name (DT_NEEDED)`)
    }
    const dependency = this.#byName.get(name) ?? this.#load(object, name)
    if (!dependency.neededNames.includes(name)) dependency.neededNames.push(name)
    const isNew = dependency !== object && !object.dependencies.includes(dependency)
    if (isNew) object.dependencies.push(dependency)
    dependency.nameless ||= name !== dependency.soname
    this.#byName.set(name, dependency)
  }

  /** A fat thread has no file in which the C library could find it by itself. Without it, it gives up as it does. */
  needUnwinder(object: Draft): void {
    if (this.#byName.has(UNWINDER) || searchSystem(UNWINDER) !== undefined)
      this.need(object, UNWINDER)
  }

  #load(object: Draft, name: string): Draft {
    if (this.#byName.size >= MAX_NAMES) {
      refuse(object.path, `needs ${quote(name)}: more than ${MAX_NAMES} names of libraries in all`)
    }
    const file =
      (PROVIDED.has(name) ? searchSystem(name) : this.#search(object, name)) ??
      refuseMissing(object, name, this.#searchPaths.get(object)?.own)
    return this.#byFile.get(fileKey(file.identity)) ?? this.#add(file, object)
  }

  #search(object: Draft, name: string): ElfFile | undefined {
    return (
      searchDirectories(name, this.#options.searchPaths) ??
      searchDirectories(name, this.#searchPaths.get(object)?.own.directories) ??
      searchSystem(name, { defaults: (object.elf.flags1 & DF_1_NODEFLIB) === 0 })
    )
  }

  #add(file: ElfFile, loader: Draft | undefined): Draft {
    const { path, realPath, identity, elf } = file
    const provided = isProvided(file)
    if (this.objects.length === MAX_OBJECTS) {
      refuse(this.objects[0]?.path ?? path, `needs more than ${MAX_OBJECTS} objects`)
    }
    if (!provided) requireLoadable(elf)
    const object: Draft = {
      path,
      realPath,
      identity,
      elf,
      soname: elf.soname,
      neededNames: [],
      dependencies: [],
      loader,
      provided,
      nameless: false,
      cyclic: false,
    }
    this.objects.push(object)
    this.#byFile.set(fileKey(identity), object)
    const inherited = loader && this.#searchPaths.get(loader)?.passedOn
    this.#searchPaths.set(object, searchPathsOf(elf, inherited ?? NO_SEARCH_PATH))
    // Whoever claims to be the C library: the host holds the real one.
    const { soname } = elf
    const isFree = soname !== undefined && !this.#byName.has(soname)
    if (isFree && (provided || !PROVIDED.has(soname))) this.#byName.set(soname, object)
    return object
  }
}

/** The very file that the host holds, not one that only bears its name. */
function isProvided({ elf: { soname }, identity }: ElfFile): boolean {
  if (soname === undefined || !PROVIDED.has(soname)) return false
  const held = searchSystem(soname)
  return held !== undefined && fileKey(held.identity) === fileKey(identity)
}

function fileKey({ dev, ino }: FileIdentity): string {
  return `${dev}:${ino}`
}

function refuseMissing(object: Draft, name: string, searchPath = NO_SEARCH_PATH): never {
  for (const { entry, directory, path } of searchPath.refused) {
    if (findElfFile(join(directory, name)) === undefined) continue
    refuse(
      object.path,
      `needs ${quote(name)}, which is in ${quote(directory)}, but the search path ${quote(entry)} ` +
        `of ${path} leads outside the library's own directory and is not followed: ` +
        'name that directory in searchPaths',
    )
  }
  return refuse(
    object.path,
    `needs ${quote(name)}, which is not in ${placesSearched()}${suggest(name)}`,
  )
}

/** Depth first in the order of DT_NEEDED. At most MAX_OBJECTS deep. */
function sort(root: Draft): readonly Draft[] {
  const sorted = new Set<Draft>()
  const entered = new Set<Draft>()
  const visit = (object: Draft): void => {
    entered.add(object)
    for (const dependency of object.dependencies) {
      if (!entered.has(dependency)) visit(dependency)
    }
    object.cyclic = object.dependencies.some((dependency) => !sorted.has(dependency))
    sorted.add(object)
  }
  visit(root)
  return [...sorted]
}
