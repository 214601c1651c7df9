import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { type ElfObject, type ElfOptions, readElfSource } from './elf.ts'
import { foreignness, hostMachine } from './elf-header.ts'
import { descriptorSource, refuse } from './elf-source.ts'
import { noteLook } from './looks.ts'

/** Which file it was, and which state of it: another content has another identity. */
export interface FileIdentity {
  readonly dev: bigint
  readonly ino: bigint
  /** In bytes. */
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
}

export interface ElfFile {
  readonly path: string
  /** `path` without symbolic links. */
  readonly realPath: string
  readonly identity: FileIdentity
  readonly elf: ElfObject
}

const MAX_FILE_SIZE = 2n ** 31n

/** Objects already read. A program opens few; an entry keeps its symbol tables, some 100 KiB. */
const MAX_CACHED = 128
const cache = new Map<string, ElfFile>()

/**
 * Reads the shared object at `path` without executing or mapping it.
 * @throws LoadError naming `path` and what is wrong
 */
export function readElfFile(path: string, options: ElfOptions = {}): ElfObject {
  return openElfFile(path, options).elf
}

/** The same, with the identity of the file that was read. @throws LoadError */
export function openElfFile(path: string, options: ElfOptions = {}): ElfFile {
  return read(path, options, false) ?? refuse(path, 'no such file')
}

/**
 * The same for one place of a search: `undefined` where the system's loader would look in the
 * next place, because there is no file, no access, or an object for another processor. A
 * directory is passed over too, so that `ssl` is not taken for `/lib/ssl`.
 * @throws LoadError for a file that the loader would stop at
 */
export function findElfFile(path: string, options: ElfOptions = {}): ElfFile | undefined {
  return read(path, options, true)
}

function read(path: string, options: ElfOptions, searching: boolean): ElfFile | undefined {
  // Looking before opening: to open a device can have effects, and most files are known already.
  const seen = attempt(path, searching, () => statSync(path, { bigint: true }))
  noteLook(path, seen)
  if (seen === undefined || (searching && seen.isDirectory())) return undefined
  requireRegular(path, seen)
  const machine = options.machine ?? hostMachine()
  const prefix = `${machine} ${options.executables ?? false} ${path}`
  const known = cached(cacheKey(prefix, seen))
  if (known !== undefined) return known

  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants
  const flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
  const descriptor = attempt(path, searching, () => openSync(path, flags))
  if (descriptor === undefined) return undefined
  try {
    const stats = fstatSync(descriptor, { bigint: true })
    requireRegular(path, stats)
    const source = descriptorSource(descriptor, Number(stats.size), path)
    if (searching && foreignness(source, machine) !== undefined) return undefined
    const { dev, ino, size, mtimeNs, ctimeNs } = stats
    const identity = { dev, ino, size, mtimeNs, ctimeNs }
    const elf = readElfSource(source, options)
    const file = { path, realPath: realpathSync.native(path), identity, elf }
    remember(cacheKey(prefix, identity), file)
    return file
  } catch (error) {
    return explain(path, error)
  } finally {
    closeSync(descriptor)
  }
}

function requireRegular(path: string, stats: BigIntStats): void {
  if (stats.isDirectory()) refuse(path, 'a directory, not a shared object')
  if (!stats.isFile()) refuse(path, `${describeSpecial(stats)}, not a shared object`)
  if (stats.size === 0n) refuse(path, 'an empty file')
  if (stats.size > MAX_FILE_SIZE) refuse(path, 'larger than 2 GiB')
}

function describeSpecial(stats: BigIntStats): string {
  if (stats.isFIFO()) return 'a named pipe'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

/** What a search passes over; a file that isn't there is `undefined` to everyone. */
const PASSED_OVER = new Set(['ENOTDIR', 'EACCES'])

function attempt<T>(path: string, searching: boolean, operation: () => T): T | undefined {
  try {
    return operation()
  } catch (error) {
    const code = codeOf(error) ?? ''
    if (code === 'ENOENT' || (searching && PASSED_OVER.has(code))) return undefined
    return explain(path, error)
  }
}

/** A failed system call as a LoadError; anything else as it is. */
function explain(path: string, error: unknown): never {
  const code = codeOf(error)
  if (!(error instanceof Error) || code === undefined || !/^E[A-Z0-9]+$/.test(code)) throw error
  // Node's text is `ENOENT: no such file or directory, open '/x'`.
  const reason = /^E[A-Z0-9]+: ([^,]*)/.exec(error.message)?.[1] ?? code
  return refuse(path, `can't be read: ${reason} (${code})`, error)
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

function cacheKey(prefix: string, { dev, ino, size, mtimeNs, ctimeNs }: FileIdentity): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs} ${prefix}`
}

function cached(key: string): ElfFile | undefined {
  const file = cache.get(key)
  // A Map keeps the order of insertion: what was used last is moved to the end.
  if (file !== undefined) remember(key, file)
  return file
}

function remember(key: string, file: ElfFile): void {
  cache.delete(key)
  cache.set(key, file)
  const [oldest] = cache.keys()
  if (cache.size > MAX_CACHED && oldest !== undefined) cache.delete(oldest)
}
