import {
  DF_1_NOW,
  DF_1_PIE,
  DF_BIND_NOW,
  DF_TEXTREL,
  DT_AUXILIARY,
  DT_BIND_NOW,
  DT_DEBUG,
  DT_FILTER,
  DT_FLAGS,
  DT_FLAGS_1,
  DT_NEEDED,
  DT_NULL,
  DT_RPATH,
  DT_RUNPATH,
  DT_SONAME,
  DT_STRSZ,
  DT_STRTAB,
  DT_TEXTREL,
  DYNAMIC_ENTRY_SIZE,
} from './elf-format.ts'
import type { ElfMemory } from './elf-memory.ts'
import type { Region } from './elf-segments.ts'
import { bytesOf, readU64, refuse } from './elf-source.ts'
import { StringTable } from './elf-strings.ts'

/** The dynamic section: what the loader is told to do. */
export interface Dynamic {
  /** The last value of each tag, as the loader keeps them. */
  readonly values: ReadonlyMap<number, number>
  readonly strings: StringTable
  readonly soname: string | undefined
  /** The DT_NEEDED names, in order. */
  readonly needed: readonly string[]
  /** The directories of DT_RPATH; `undefined` when there is none. */
  readonly rpath: readonly string[] | undefined
  /** The directories of DT_RUNPATH; `undefined` when there is none. */
  readonly runpath: readonly string[] | undefined
  /** The objects that this one filters: DT_FILTER and DT_AUXILIARY. */
  readonly filters: readonly string[]
  /** DT_FLAGS */
  readonly flags: number
  /** DT_FLAGS_1 */
  readonly flags1: number
  readonly textRelocations: boolean
  readonly bindNow: boolean
  readonly pie: boolean
  /** DT_DEBUG, which linkers write into executables only. */
  readonly debug: boolean
}

/** Far above what is seen (64 entries); some millions would only burn time. */
const MAX_ENTRIES = 16384
const MAX_NEEDED = 1000
const MAX_STRING_TABLE = 128 * 2 ** 20
/** PATH_MAX for names of files; search paths hold several. */
const MAX_NAME = 4096
const MAX_SEARCH_PATH = 65536

/** @throws LoadError */
export function readDynamic(memory: ElfMemory, region: Region): Dynamic {
  const { path } = memory.source
  const length = region.memorySize - (region.memorySize % DYNAMIC_ENTRY_SIZE)
  if (length > MAX_ENTRIES * DYNAMIC_ENTRY_SIZE) refuse(path, 'damaged: a huge dynamic section')
  // The loader takes the address, other tools the offset: they must find the same bytes.
  const offset = memory.fileOffset(region.address, 'the dynamic section')
  if (region.fileOffset !== offset || region.fileSize !== region.memorySize) {
    refuse(path, 'damaged: the dynamic section is not where the loader will find it')
  }
  const table = memory.read(region.address, length, 'the dynamic section')

  const values = new Map<number, number>()
  const needed: number[] = []
  const filters: number[] = []
  let ended = false
  for (let at = 0; at < length; at += DYNAMIC_ENTRY_SIZE) {
    const tag = readU64(table, at)
    const value = readU64(table, at + 8)
    ended = tag === DT_NULL
    if (ended) break
    values.set(tag, value)
    if (tag === DT_NEEDED) needed.push(value)
    if (tag === DT_FILTER || tag === DT_AUXILIARY) filters.push(value)
  }
  // The loader reads on to DT_NULL, wherever that is.
  if (!ended) refuse(path, 'damaged: the dynamic section has no end')
  if (needed.length + filters.length > MAX_NEEDED) {
    refuse(path, `needs ${needed.length + filters.length} libraries, more than ${MAX_NEEDED}`)
  }

  const strings = readStrings(memory, values)
  const text = (offset: number, what: string, longest: number): string => {
    const found = strings.at(offset, longest)
    if (found !== undefined) return found
    return refuse(path, `damaged: ${what} is outside the string table or over ${longest} bytes`)
  }
  const searchPath = (tag: number, what: string): readonly string[] | undefined => {
    const offset = values.get(tag)
    if (offset === undefined) return undefined
    const list = text(offset, what, MAX_SEARCH_PATH)
    return list === '' ? [] : list.split(':')
  }
  const sonameOffset = values.get(DT_SONAME)
  const flags = values.get(DT_FLAGS) ?? 0
  const flags1 = values.get(DT_FLAGS_1) ?? 0
  return {
    values,
    strings,
    soname: sonameOffset === undefined ? undefined : text(sonameOffset, 'DT_SONAME', MAX_NAME),
    needed: needed.map((offset) => text(offset, 'DT_NEEDED', MAX_NAME)),
    rpath: searchPath(DT_RPATH, 'DT_RPATH'),
    runpath: searchPath(DT_RUNPATH, 'DT_RUNPATH'),
    filters: filters.map((offset) => text(offset, 'DT_FILTER', MAX_NAME)),
    flags,
    flags1,
    textRelocations: values.has(DT_TEXTREL) || (flags & DF_TEXTREL) !== 0,
    bindNow: values.has(DT_BIND_NOW) || (flags & DF_BIND_NOW) !== 0 || (flags1 & DF_1_NOW) !== 0,
    pie: (flags1 & DF_1_PIE) !== 0,
    debug: values.has(DT_DEBUG),
  }
}

function readStrings(memory: ElfMemory, values: ReadonlyMap<number, number>): StringTable {
  const { path } = memory.source
  const address = values.get(DT_STRTAB)
  const size = values.get(DT_STRSZ)
  if (address === undefined || size === undefined) {
    refuse(path, 'damaged: the dynamic section has no string table')
  }
  if (size > MAX_STRING_TABLE) refuse(path, 'damaged: a huge string table')
  return new StringTable(bytesOf(memory.read(address, size, 'the string table')))
}
