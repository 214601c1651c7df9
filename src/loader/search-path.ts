import { statSync } from 'node:fs'
import { dirname, isAbsolute, normalize } from 'node:path'
import type { ElfObject } from './elf.ts'
import { hostMachine } from './elf-header.ts'
import { noteLook } from './looks.ts'
import { isInside, SYSTEM_DIRECTORIES } from './search.ts'

/** Where an object's dependencies are looked for, besides the system's places. */
export interface SearchPath {
  /** Absolute and normalised, in order: the object's own directory, those below it, the system's. */
  readonly directories: readonly string[]
  /** The entries that lead elsewhere: they are not searched. */
  readonly refused: readonly RefusedEntry[]
}

export interface RefusedEntry {
  /** As written in the file. */
  readonly entry: string
  /** Where it leads. */
  readonly directory: string
  /** The object that has the entry. */
  readonly path: string
}

export const NO_SEARCH_PATH: SearchPath = { directories: [], refused: [] }

/** More is seen nowhere, and each costs a look into the file system for every dependency. */
const MAX_DIRECTORIES = 64

/**
 * The search path for what `elf` needs, and the one that passes to the objects that it loads:
 * DT_RUNPATH serves the object's own needs only; DT_RPATH, which counts where there is no
 * DT_RUNPATH, serves those of all that are loaded because of it, too.
 */
export function searchPathsOf(
  elf: ElfObject,
  inherited: SearchPath,
): { readonly own: SearchPath; readonly passedOn: SearchPath } {
  if (elf.runpath !== undefined) {
    return { own: expandSearchPath(elf, elf.runpath), passedOn: inherited }
  }
  if (elf.rpath === undefined) return { own: inherited, passedOn: inherited }
  const rpath = expandSearchPath(elf, elf.rpath)
  const both = {
    directories: distinct([...rpath.directories, ...inherited.directories]),
    refused: [...rpath.refused, ...inherited.refused].slice(0, MAX_DIRECTORIES),
  }
  return { own: both, passedOn: both }
}

/**
 * Expands `$ORIGIN`, `$LIB` and `$PLATFORM` as ld.so(8) describes. An entry may lead to the
 * object's directory, below it, or to the system's directories: a library must not be able to
 * pull files from elsewhere into the fat thread.
 */
function expandSearchPath(elf: ElfObject, entries: readonly string[]): SearchPath {
  const origin = dirname(elf.path)
  const allowed = [origin, ...SYSTEM_DIRECTORIES]
  const directories: string[] = []
  const refused: RefusedEntry[] = []
  for (const entry of entries.slice(0, MAX_DIRECTORIES)) {
    // An empty or relative entry means the working directory.
    const directory = normalize(expandTokens(entry, origin)).replace(/(?<=.)\/$/, '')
    if (isAbsolute(directory) && isInside(directory, allowed)) directories.push(directory)
    else refused.push({ entry, directory, path: elf.path })
  }
  return { directories: distinct(directories), refused }
}

function distinct(directories: readonly string[]): readonly string[] {
  return [...new Set(directories)].slice(0, MAX_DIRECTORIES)
}

const TOKEN = /\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))/g

function expandTokens(entry: string, origin: string): string {
  return entry.replace(TOKEN, (_token, braced?: string, bare?: string) => {
    const name = braced ?? bare
    if (name === 'ORIGIN') return origin
    return name === 'LIB' ? libraryDirectory() : hostMachine()
  })
}

/** What the system's loader was built with: Debian's name where its directory is there. */
function libraryDirectory(): string {
  const multiarch = `lib/${hostMachine()}-linux-gnu`
  const stats = statSync(`/${multiarch}`, { bigint: true, throwIfNoEntry: false })
  noteLook(`/${multiarch}`, stats)
  return stats !== undefined ? multiarch : 'lib64'
}
