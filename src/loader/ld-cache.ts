import { readFileSync, statSync } from 'node:fs'
import { hostMachine, type Machine } from './elf-header.ts'
import { readU64 } from './elf-source.ts'
import { StringTable } from './elf-strings.ts'
import { noteLook } from './looks.ts'

/** The system's list of libraries, as `ldconfig` wrote it. */
export const LD_CACHE_PATH = '/etc/ld.so.cache'

const OLD_MAGIC = 'ld.so-1.7.0'
const OLD_HEADER_SIZE = 16
const OLD_ENTRY_SIZE = 12
const NEW_MAGIC = 'glibc-ld.so.cache1.1'
const NEW_HEADER_SIZE = 48
const NEW_ENTRY_SIZE = 24
const MAX_CACHE_SIZE = 64n * 2n ** 20n
const MAX_PATH = 4096

/** `flags` of an entry for glibc (3) and the processor. */
const FLAGS: Readonly<Record<Machine, number>> = { x86_64: 0x0303, aarch64: 0x0a03 }

/**
 * Library names and their paths in the bytes of an `ld.so.cache` in glibc's new format (glibc
 * 2.2 and later), also behind an old one. Variants for particular processors (`glibc-hwcaps`)
 * are left out: the plain one runs everywhere. As the loader, ignores what it can't read; the
 * first of several entries of one name counts. Most programs ask for a few of its names, so nothing
 * is made of the others.
 */
export class LdCache {
  readonly #entries: DataView
  readonly #strings: StringTable
  readonly #flags: number
  readonly #known = new Map<string, string | undefined>()

  constructor(bytes: Uint8Array, machine: Machine) {
    // Offsets of texts count from the start of the new format.
    const cache = bytes.subarray(findNewFormat(bytes) ?? bytes.byteLength)
    const view = new DataView(cache.buffer, cache.byteOffset, cache.byteLength)
    const count = cache.byteLength === 0 ? 0 : view.getUint32(NEW_MAGIC.length, true)
    const room = Math.max(0, cache.byteLength - NEW_HEADER_SIZE)
    const entries = Math.min(count, Math.floor(room / NEW_ENTRY_SIZE))
    const start = cache.byteOffset + Math.min(NEW_HEADER_SIZE, cache.byteLength)
    this.#entries = new DataView(cache.buffer, start, entries * NEW_ENTRY_SIZE)
    this.#strings = new StringTable(cache)
    this.#flags = FLAGS[machine]
  }

  /** The path of a library. */
  get(name: string): string | undefined {
    if (!this.#known.has(name)) this.#known.set(name, this.#find(name))
    return this.#known.get(name)
  }

  /** All of them, their paths by their names. */
  all(): ReadonlyMap<string, string> {
    const libraries = new Map<string, string>()
    for (let at = 0; at < this.#entries.byteLength; at += NEW_ENTRY_SIZE) {
      if (!this.#counts(at)) continue
      const name = this.#text(at + 4)
      const path = this.#text(at + 8)
      if (name === undefined || path === undefined || libraries.has(name)) continue
      libraries.set(name, path)
    }
    return libraries
  }

  #find(name: string): string | undefined {
    const places = this.#strings.placesOf(name, MAX_PATH)
    if (places === undefined) return this.all().get(name)
    if (places.size === 0) return undefined
    for (let at = 0; at < this.#entries.byteLength; at += NEW_ENTRY_SIZE) {
      if (!places.has(this.#entries.getUint32(at + 4, true)) || !this.#counts(at)) continue
      const path = this.#text(at + 8)
      if (path !== undefined) return path
    }
    return undefined
  }

  /** Whether an entry is one for this processor, whatever its model. */
  #counts(at: number): boolean {
    return (
      this.#entries.getUint32(at, true) === this.#flags && readU64(this.#entries, at + 16) === 0
    )
  }

  #text(at: number): string | undefined {
    return this.#strings.at(this.#entries.getUint32(at, true), MAX_PATH)
  }
}

/** Where the new format begins, or `undefined`. */
function findNewFormat(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let start = 0
  if (hasMagic(bytes, 0, OLD_MAGIC) && bytes.byteLength >= OLD_HEADER_SIZE) {
    const end = OLD_HEADER_SIZE + view.getUint32(12, true) * OLD_ENTRY_SIZE
    start = Math.ceil(end / 8) * 8
  }
  const fits = start + NEW_HEADER_SIZE <= bytes.byteLength
  return fits && hasMagic(bytes, start, NEW_MAGIC) ? start : undefined
}

function hasMagic(bytes: Uint8Array, at: number, magic: string): boolean {
  const { buffer, byteOffset, byteLength } = bytes
  return Buffer.from(buffer, byteOffset, byteLength).indexOf(magic, at, 'latin1') === at
}

const NOTHING = new LdCache(new Uint8Array(0), hostMachine())

let latest: { readonly state: string; readonly cache: LdCache } | undefined

/** The system's libraries by name; empty where there is no cache, as with musl. Read again when it changed. */
export function readLdCache(): LdCache {
  const stats = statSync(LD_CACHE_PATH, { bigint: true, throwIfNoEntry: false })
  noteLook(LD_CACHE_PATH, stats)
  if (stats === undefined || !stats.isFile() || stats.size > MAX_CACHE_SIZE) return NOTHING
  const state = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`
  if (latest?.state !== state) {
    latest = { state, cache: new LdCache(readFileSync(LD_CACHE_PATH), hostMachine()) }
  }
  return latest.cache
}
