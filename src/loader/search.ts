import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ElfFile, findElfFile } from './elf-file.ts'
import { hostMachine } from './elf-header.ts'
import { refuse } from './elf-source.ts'
import { quote } from './elf-strings.ts'
import { LD_CACHE_PATH, readLdCache } from './ld-cache.ts'
import { Found } from './looks.ts'
import { nearestNames } from './near-names.ts'

export interface SearchOptions {
  /** Directories that are searched for libraries before any other. Default: none. */
  readonly searchPaths?: readonly string[] | undefined
}

/** What the kernel takes. */
const LONGEST_PATH = 4095

/** The directories that the system's loader searches last; Debian's, then those of the others. */
export const SYSTEM_DIRECTORIES: readonly string[] = [
  `/lib/${hostMachine()}-linux-gnu`,
  `/usr/lib/${hostMachine()}-linux-gnu`,
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
]

/**
 * The absolute path of a library.
 *
 * `library` is a `file:` URL, a path (with a `/`, relative to the working directory), or a name,
 * which is resolved as by ld.so(8) in a process without environment: in `searchPaths`, in
 * `/etc/ld.so.cache`, in the system's directories. `LD_LIBRARY_PATH` has no effect: a fat thread
 * has an empty environment, and what a program loads should not depend on who started it.
 * A path is not looked at yet; that it exists and can be loaded is found out by `resolveClosure`.
 * @throws LoadError when there is no library of that name, with the nearest names
 * @throws TypeError for an empty name, a NUL, or a URL that isn't `file:`
 */
export function resolveLibrary(library: string | URL, options: SearchOptions = {}): string {
  if (library instanceof URL) return fileURLToPath(library)
  requireSearchPaths(options.searchPaths)
  if (!isPath(library)) {
    const isText = typeof library === 'string'
    throw new TypeError(
      `library must be a path or a name, not ${isText ? JSON.stringify(library) : typeof library}`,
    )
  }
  if (library.length > LONGEST_PATH)
    refuse(`${library.slice(0, 60)}…`, `a path of ${library.length} characters is too long`)
  if (library.includes('/')) return resolve(library)
  const places = (options.searchPaths ?? []).map((path) => resolve(path))
  const key = JSON.stringify([library, ...places])
  return named.find(key, () => findNamed(library, options))
}

const named = new Found<string>()

function findNamed(library: string, options: SearchOptions): string {
  const found = searchDirectories(library, options.searchPaths) ?? searchSystem(library)
  if (found !== undefined) return found.path
  return refuse(library, `no library of this name in ${placesSearched()}${suggest(library)}`)
}

function requireSearchPaths(paths: unknown): void {
  if (paths !== undefined && !(Array.isArray(paths) && paths.every(isPath)))
    throw new TypeError('searchPaths must be an array of paths')
}

function isPath(path: unknown): boolean {
  return typeof path === 'string' && path !== '' && !path.includes('\0')
}

/** @throws LoadError for a file of that name that the system's loader would stop at */
export function searchDirectories(
  name: string,
  directories: readonly string[] | undefined,
): ElfFile | undefined {
  for (const directory of directories ?? []) {
    const found = findElfFile(resolve(directory, name))
    if (found !== undefined) return found
  }
  return undefined
}

/** `defaults: false` leaves out the system's directories, as the linker's `-z nodefaultlib` asks. @throws LoadError */
export function searchSystem(name: string, { defaults = true } = {}): ElfFile | undefined {
  const listed = readLdCache().get(name)
  if (listed !== undefined && (defaults || !isInside(listed, SYSTEM_DIRECTORIES))) {
    const found = findElfFile(listed)
    if (found !== undefined) return found
  }
  return defaults ? searchDirectories(name, SYSTEM_DIRECTORIES) : undefined
}

/** Whether a normalised absolute path is one of the directories or below one. */
export function isInside(path: string, directories: readonly string[]): boolean {
  return directories.some(
    (directory) => path === directory || path.startsWith(join(directory, '/')),
  )
}

export function placesSearched(): string {
  const directories = SYSTEM_DIRECTORIES.filter((directory) => existsSync(directory))
  return `${LD_CACHE_PATH} or ${directories.join(', ')}`
}

/** The end of a message about a name that was not found: what may have been meant. */
export function suggest(name: string): string {
  const names = nearestLibraries(name).map(quote)
  const meant = names.length === 0 ? '' : `; did you mean ${names.join(' or ')}?`
  // `libz.so` is the linker's name for a library; the loader's has a version.
  if (!/^[^.]+\.so$/.test(name)) return meant
  return `${meant}; a name without a version comes with the development package (-dev, -devel)`
}

const MAX_SUGGESTIONS = 3

/** Those that differ in the ending only, such as the version; else those that are spelt like it. */
function nearestLibraries(name: string): string[] {
  const byStem = new Map<string, string[]>()
  for (const known of readLdCache().all().keys()) {
    const stem = stemOf(known)
    byStem.set(stem, [...(byStem.get(stem) ?? []), known])
  }
  const stem = stemOf(name)
  const stems = byStem.has(stem) ? [stem] : nearestNames(stem, byStem.keys(), MAX_SUGGESTIONS)
  return stems.flatMap((near) => byStem.get(near) ?? []).slice(0, MAX_SUGGESTIONS)
}

/** `z` of `libz.so.1`: what people remember. */
function stemOf(name: string): string {
  return name.replace(/^lib(?=.)/, '').replace(/(?<=.)\.so(\..*)?$/, '')
}
