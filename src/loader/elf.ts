import { type Dynamic, readDynamic } from './elf-dynamic.ts'
import { ET_EXEC } from './elf-format.ts'
import { hostMachine, type Machine, readHeader } from './elf-header.ts'
import { ElfMemory } from './elf-memory.ts'
import { readBuildId } from './elf-notes.ts'
import { type ProgramHeaders, readProgramHeaders, type Segment } from './elf-segments.ts'
import { bytesOf, bytesSource, type ElfSource, refuse } from './elf-source.ts'
import {
  decodeSymbols,
  type ElfExport,
  findSymbol,
  readSymbolTables,
  type Symbols,
  type SymbolTables,
} from './elf-symbols.ts'

export interface ElfOptions {
  /** Also accept programs, such as Node's own executable. Default: shared objects only. */
  readonly executables?: boolean | undefined
  /** The processor that the object must be built for. Default: this one. */
  readonly machine?: Machine | undefined
}

/** What the C library loads its unwinder for. */
const UNWINDING = ['pthread_exit', 'pthread_cancel', 'thrd_exit', 'backtrace']

/** Symbols that are looked for one by one; for more it is quicker to decode all. */
const MOST_SEARCHES = 8

/** What the loader needs to know of an ELF64 little-endian object. Symbols are decoded at first use. */
export class ElfObject {
  readonly path: string
  readonly executable: boolean
  readonly soname: string | undefined
  /** The DT_NEEDED names, in order. */
  readonly needed: readonly string[]
  readonly rpath: readonly string[] | undefined
  readonly runpath: readonly string[] | undefined
  readonly filters: readonly string[]
  readonly interpreter: string | undefined
  /** In the order of their addresses; never empty. */
  readonly segments: readonly Segment[]
  /** The address of the first segment before relocation. */
  readonly baseAddress: number
  readonly stack: ProgramHeaders['stack']
  readonly relro: boolean
  readonly bindNow: boolean
  readonly textRelocations: boolean
  /** DT_FLAGS */
  readonly flags: number
  /** DT_FLAGS_1 */
  readonly flags1: number
  /** In hexadecimal. */
  readonly buildId: string | undefined
  /** It may call what the C library loads its unwinder for, which is named nowhere. */
  readonly unwinds: boolean
  #tables: SymbolTables | undefined
  #symbols: Symbols | undefined
  #byName: ReadonlyMap<string, ElfExport> | undefined
  /** What was looked for while nothing was decoded. */
  readonly #found = new Map<string, ElfExport | undefined>()

  /** @internal Use `readElf` or `readElfFile`. */
  constructor(
    path: string,
    headers: ProgramHeaders,
    dynamic: Dynamic,
    tables: SymbolTables,
    details: Pick<ElfObject, 'executable' | 'interpreter' | 'buildId'>,
  ) {
    this.path = path
    this.executable = details.executable
    this.soname = dynamic.soname
    this.needed = dynamic.needed
    this.rpath = dynamic.rpath
    this.runpath = dynamic.runpath
    this.filters = dynamic.filters
    this.interpreter = details.interpreter
    this.segments = headers.segments
    this.baseAddress = headers.segments[0]?.address ?? 0
    this.stack = headers.stack
    this.relro = headers.relro
    this.bindNow = dynamic.bindNow
    this.textRelocations = dynamic.textRelocations
    this.flags = dynamic.flags
    this.flags1 = dynamic.flags1
    this.buildId = details.buildId
    this.unwinds = UNWINDING.some((name) => tables.names.has(name))
    this.#tables = tables
  }

  /** @throws LoadError when the symbol table is damaged */
  get exports(): readonly ElfExport[] {
    return this.#decode().exports
  }

  /** The names that other objects must offer. @throws LoadError when the symbol table is damaged */
  get imports(): readonly string[] {
    return this.#decode().imports
  }

  /** What `dlsym` finds in this object: the default version. @throws LoadError as `exports` */
  findExport(name: string): ElfExport | undefined {
    const tables = this.#tables
    if (this.#found.has(name)) return this.#found.get(name)
    if (tables !== undefined && this.#found.size < MOST_SEARCHES) {
      const found = findSymbol(tables, name)
      this.#found.set(name, found)
      return found
    }
    this.#byName ??= indexByName(this.exports)
    return this.#byName.get(name)
  }

  #decode(): Symbols {
    if (this.#symbols === undefined && this.#tables !== undefined) {
      this.#symbols = decodeSymbols(this.#tables)
      this.#tables = undefined
    }
    return this.#symbols ?? { exports: [], imports: [] }
  }
}

function indexByName(symbols: readonly ElfExport[]): ReadonlyMap<string, ElfExport> {
  const index = new Map<string, ElfExport>()
  for (const symbol of symbols) {
    if (symbol.isDefault && !index.has(symbol.name)) index.set(symbol.name, symbol)
  }
  return index
}

/**
 * Reads a shared object from its bytes. Follows addresses as the loader does, needs no section
 * headers, and does work in proportion to the file's size whatever the bytes say.
 * @throws LoadError naming `path` and what is wrong
 */
export function readElf(bytes: Uint8Array, path: string, options?: ElfOptions): ElfObject {
  return readElfSource(bytesSource(bytes, path), options)
}

/** The same from any source of bytes. @throws LoadError */
export function readElfSource(source: ElfSource, options: ElfOptions = {}): ElfObject {
  const { path } = source
  const executables = options.executables ?? false
  const header = readHeader(source, options.machine ?? hostMachine())
  if (header.type === ET_EXEC && !executables) refuse(path, 'a program, not a shared object')
  const headers = readProgramHeaders(source, header)
  if (headers.dynamic === undefined) {
    refuse(path, 'no dynamic section: statically linked, or not a shared object')
  }
  const memory = new ElfMemory(source, headers.segments)
  const dynamic = readDynamic(memory, headers.dynamic)
  const interpreter = readInterpreter(source, headers)
  // Some libraries, such as libc, can be run and have an interpreter too; DT_DEBUG tells older
  // programs from them.
  const isProgram =
    header.type === ET_EXEC ||
    dynamic.pie ||
    (interpreter !== undefined && dynamic.debug && dynamic.soname === undefined)
  if (isProgram && !executables) {
    refuse(path, 'a program (position-independent executable), not a shared object')
  }
  return new ElfObject(path, headers, dynamic, readSymbolTables(memory, dynamic), {
    executable: isProgram,
    interpreter,
    buildId: readBuildId(source, headers.notes),
  })
}

const MAX_INTERPRETER = 4096

function readInterpreter(source: ElfSource, headers: ProgramHeaders): string | undefined {
  if (headers.interpreter === undefined) return undefined
  const { fileOffset, fileSize } = headers.interpreter
  if (fileSize > MAX_INTERPRETER) refuse(source.path, 'damaged: a huge interpreter name')
  const bytes = bytesOf(source.read(fileOffset, fileSize, 'the interpreter name'))
  const end = bytes.indexOf(0)
  return Buffer.from(bytes.subarray(0, end === -1 ? bytes.length : end)).toString('utf8')
}
