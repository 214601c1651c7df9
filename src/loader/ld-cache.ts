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
 * Library names and their paths from the bytes of an `ld.so.cache` in glibc's new format (glibc
 * 2.2 and later), also behind an old one. Variants for particular processors (`glibc-hwcaps`)
 * are left out: the plain one runs everywhere. As the loader, ignores what it can't read; the
 * first of several entries of one name counts.
 */
export function parseLdCache(bytes: Uint8Array, machine: Machine): ReadonlyMap<string, string> {
  const libraries = new Map<string, string>()
  const start = findNewFormat(bytes)
  if (start === undefined) return libraries
  // Offsets of texts count from the start of the new format.
  const cache = bytes.subarray(start)
  const view = new DataView(cache.buffer, cache.byteOffset, cache.byteLength)
  const strings = new StringTable(cache)
  const count = view.getUint32(NEW_MAGIC.length, true)
  const end = Math.min(NEW_HEADER_SIZE + count * NEW_ENTRY_SIZE, cache.byteLength)
  for (let at = NEW_HEADER_SIZE; at + NEW_ENTRY_SIZE <= end; at += NEW_ENTRY_SIZE) {
    const isPlain = readU64(view, at + 16) === 0
    if (view.getUint32(at, true) !== FLAGS[machine] || !isPlain) continue
    const name = strings.at(view.getUint32(at + 4, true), MAX_PATH)
    const path = strings.at(view.getUint32(at + 8, true), MAX_PATH)
    if (name === undefined || path === undefined || libraries.has(name)) continue
    libraries.set(name, path)
  }
  return libraries
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
  return Buffer.from(bytes.subarray(at, at + magic.length)).toString('latin1') === magic
}

let latest: { readonly state: string; readonly libraries: ReadonlyMap<string, string> } | undefined

/** The system's libraries by name; empty where there is no cache, as with musl. Read again when it changed. */
export function readLdCache(): ReadonlyMap<string, string> {
  const stats = statSync(LD_CACHE_PATH, { bigint: true, throwIfNoEntry: false })
  noteLook(LD_CACHE_PATH, stats)
  if (stats === undefined || !stats.isFile() || stats.size > MAX_CACHE_SIZE) return new Map()
  const state = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`
  if (latest?.state !== state) {
    const libraries = parseLdCache(readFileSync(LD_CACHE_PATH), hostMachine())
    latest = { state, libraries }
  }
  return latest.libraries
}
