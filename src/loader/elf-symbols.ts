import type { Dynamic } from './elf-dynamic.ts'
import {
  DT_GNU_HASH,
  DT_HASH,
  DT_STRTAB,
  DT_SYMENT,
  DT_SYMTAB,
  DT_VERSYM,
  SHN_ABS,
  SHN_UNDEF,
  STB_GLOBAL,
  STB_GNU_UNIQUE,
  STB_WEAK,
  STT_COMMON,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_NOTYPE,
  STT_OBJECT,
  STT_TLS,
  STV_HIDDEN,
  STV_INTERNAL,
  SYMBOL_SIZE,
} from './elf-format.ts'
import type { ElfMemory } from './elf-memory.ts'
import { readU64, refuse } from './elf-source.ts'
import type { StringTable } from './elf-strings.ts'
import { readVersionNames } from './elf-versions.ts'

export type ExportKind = 'function' | 'ifunc' | 'object' | 'tls' | 'other'

/** A symbol that an object offers to others. */
export interface ElfExport {
  readonly name: string
  /** `ifunc`: a function that is chosen by a resolver function when it is bound. */
  readonly kind: ExportKind
  /** The address before relocation; for `tls` the offset in the thread's block. */
  readonly value: number
  /** In bytes; 0 when unknown. */
  readonly size: number
  readonly binding: 'global' | 'weak' | 'unique'
  readonly version: string | undefined
  /** `false` for an old version that is kept for programs linked long ago: `dlsym` skips it. */
  readonly isDefault: boolean
}

export interface Symbols {
  readonly exports: readonly ElfExport[]
  /** The names that other objects must offer, in the table's order. */
  readonly imports: readonly string[]
}

/** The undecoded tables: small enough to keep, so that nothing is decoded that nobody asks for. */
export interface SymbolTables {
  readonly path: string
  readonly symbols: DataView
  readonly names: StringTable
  /** One 16-bit index a symbol. */
  readonly versions: DataView | undefined
  readonly versionNames: ReadonlyMap<number, string>
}

/** Forty times the symbols of Node itself. */
const MAX_SYMBOLS = 2 ** 22
/** Names of C++ templates reach some ten thousand bytes. */
const MAX_SYMBOL_NAME = 2 ** 20
/** How often the names may use each byte of the string table: linkers share the ends of names. */
const MAX_NAME_REUSE = 16
/** Hash chains are read in pieces of this many entries. */
const CHAIN_PIECE = 1024

const EMPTY = new DataView(new ArrayBuffer(0))

/** @throws LoadError */
export function readSymbolTables(memory: ElfMemory, dynamic: Dynamic): SymbolTables {
  const { path } = memory.source
  const { values, strings: names } = dynamic
  const address = values.get(DT_SYMTAB)
  if (address === undefined) {
    return { path, symbols: EMPTY, names, versions: undefined, versionNames: new Map() }
  }
  if ((values.get(DT_SYMENT) ?? SYMBOL_SIZE) !== SYMBOL_SIZE) {
    refuse(path, 'damaged: symbols of an unknown size')
  }
  const count = countSymbols(memory, values)
  if (count > MAX_SYMBOLS) refuse(path, `damaged: ${count} symbols`)
  const versym = values.get(DT_VERSYM)
  return {
    path,
    symbols: memory.read(address, count * SYMBOL_SIZE, 'the symbol table'),
    names,
    versions: versym === undefined ? undefined : memory.read(versym, count * 2, 'DT_VERSYM'),
    versionNames: readVersionNames(memory, dynamic),
  }
}

/** The symbol table does not say how long it is; the hash tables over it do. */
function countSymbols(memory: ElfMemory, values: ReadonlyMap<number, number>): number {
  const [gnuHash, hash] = [values.get(DT_GNU_HASH), values.get(DT_HASH)]
  const hashed = gnuHash === undefined ? 0 : countByGnuHash(memory, gnuHash)
  if (hashed > 0) return hashed
  if (hash !== undefined) return memory.read(hash, 8, 'DT_HASH').getUint32(4, true)
  // The GNU table lists exports only. Without any, the imports are known by the linkers' habit to
  // put the string table right behind the symbol table.
  const [symbols, strings] = [values.get(DT_SYMTAB), values.get(DT_STRTAB)]
  if (symbols === undefined || strings === undefined || strings < symbols) return 0
  return Math.floor((strings - symbols) / SYMBOL_SIZE)
}

/** One more than the highest index in the table; 0 when the table is empty. */
function countByGnuHash(memory: ElfMemory, address: number): number {
  const { path } = memory.source
  const header = memory.read(address, 16, 'DT_GNU_HASH')
  const bucketCount = header.getUint32(0, true)
  const firstHashed = header.getUint32(4, true)
  const bloomSize = header.getUint32(8, true)
  const bucketsAt = address + 16 + bloomSize * 8
  const buckets = memory.read(bucketsAt, bucketCount * 4, 'the buckets of DT_GNU_HASH')
  let last = 0
  for (let at = 0; at < buckets.byteLength; at += 4) {
    last = Math.max(last, buckets.getUint32(at, true))
  }
  if (last < firstHashed || last === 0) return 0

  // The highest bucket's chain ends at the highest symbol; the lowest bit marks the end.
  const chainsAt = bucketsAt + bucketCount * 4
  while (last < MAX_SYMBOLS) {
    const at = chainsAt + (last - firstHashed) * 4
    const piece = memory.readUpTo(at, CHAIN_PIECE * 4, 'a chain of DT_GNU_HASH')
    for (let offset = 0; offset + 4 <= piece.byteLength; offset += 4) {
      if ((piece.getUint32(offset, true) & 1) !== 0) return last + 1
      last += 1
    }
    if (piece.byteLength < CHAIN_PIECE * 4) break
  }
  return refuse(path, 'damaged: a chain of DT_GNU_HASH has no end')
}

/** @throws LoadError when a name lies outside the string table */
export function decodeSymbols(tables: SymbolTables): Symbols {
  const { path, symbols, names } = tables
  const exports: ElfExport[] = []
  const imports: string[] = []
  // Names may overlap without end in a hostile file; a budget keeps the work linear.
  let budget = names.size * MAX_NAME_REUSE + symbols.byteLength

  // The first symbol is empty by definition.
  for (let at = SYMBOL_SIZE; at < symbols.byteLength; at += SYMBOL_SIZE) {
    const binding = bindingOf(symbols, at)
    if (binding === undefined) continue
    const name = names.at(symbols.getUint32(at, true), MAX_SYMBOL_NAME)
    if (name === undefined) refuse(path, 'damaged: a symbol name lies outside the string table')
    budget -= name.length
    if (budget < 0) refuse(path, 'damaged: the symbol names overlap beyond reason')

    if (symbols.getUint16(at + 6, true) === SHN_UNDEF) {
      imports.push(name)
      continue
    }
    const found = exportAt(tables, at, name, binding)
    if (found !== undefined) exports.push(found)
  }
  return { exports, imports }
}

/** The one symbol of a name that `decodeSymbols` would find, of the default version. Looks at no other. */
export function findSymbol(tables: SymbolTables, name: string): ElfExport | undefined {
  const { symbols, names } = tables
  const places = names.placesOf(name, MAX_SYMBOL_NAME)
  if (places === undefined)
    return decodeSymbols(tables).exports.find((each) => each.isDefault && each.name === name)
  if (places.size === 0) return undefined
  for (let at = SYMBOL_SIZE; at < symbols.byteLength; at += SYMBOL_SIZE) {
    if (!places.has(symbols.getUint32(at, true))) continue
    const binding = bindingOf(symbols, at)
    if (binding === undefined || symbols.getUint16(at + 6, true) === SHN_UNDEF) continue
    const found = exportAt(tables, at, name, binding)
    if (found?.isDefault) return found
  }
  return undefined
}

/** Of a symbol that others see. */
function bindingOf(symbols: DataView, at: number): ElfExport['binding'] | undefined {
  const visibility = symbols.getUint8(at + 5) & 3
  if (visibility === STV_INTERNAL || visibility === STV_HIDDEN) return undefined
  return BINDINGS[symbols.getUint8(at + 4) >> 4]
}

/** A defined symbol, if the loader takes it for one. */
function exportAt(
  { symbols, versions, versionNames }: SymbolTables,
  at: number,
  name: string,
  binding: ElfExport['binding'],
): ElfExport | undefined {
  const isAbsolute = symbols.getUint16(at + 6, true) === SHN_ABS
  const kind = isAbsolute ? 'other' : (KINDS[symbols.getUint8(at + 4) & 15] ?? 'other')
  const value = readU64(symbols, at + 8)
  // The loader takes such a symbol for undefined.
  if (value === 0 && !isAbsolute && kind !== 'tls') return undefined
  const version = versions?.getUint16((at / SYMBOL_SIZE) * 2, true) ?? 0
  return {
    name,
    kind,
    value,
    size: readU64(symbols, at + 16),
    binding,
    version: versionNames.get(version & 0x7fff),
    isDefault: (version & 0x8000) === 0,
  }
}

const BINDINGS: Readonly<Record<number, ElfExport['binding']>> = {
  [STB_GLOBAL]: 'global',
  [STB_WEAK]: 'weak',
  [STB_GNU_UNIQUE]: 'unique',
}

const KINDS: Readonly<Record<number, ExportKind>> = {
  [STT_NOTYPE]: 'other',
  [STT_OBJECT]: 'object',
  [STT_COMMON]: 'object',
  [STT_FUNC]: 'function',
  [STT_GNU_IFUNC]: 'ifunc',
  [STT_TLS]: 'tls',
}
