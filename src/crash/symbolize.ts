import type { Frame } from '../errors.ts'
import type { ElfObject } from '../loader/elf.ts'
import type { ElfExport } from '../loader/elf-symbols.ts'

/** An object in a fat thread. */
export interface LoadedModule {
  readonly path: string
  /** What was added to the addresses in the file: `l_addr` of the loader's link map. */
  readonly base: bigint
  readonly elf: ElfObject
}

export interface SymbolizeOptions {
  /**
   * The address is where a call returns to, as in all frames but the innermost: the function is
   * looked up one byte before, since a call may be a function's last instruction.
   */
  readonly returnAddress?: boolean | undefined
}

/**
 * Names the place of an address by the functions that the modules export. Never throws: the
 * address and the modules' files come from the other side.
 */
export function symbolize(
  address: bigint,
  modules: readonly LoadedModule[],
  options: SymbolizeOptions = {},
): Frame {
  const place = options.returnAddress === true ? address - 1n : address
  const module = modules.find((candidate) => holds(candidate, place))
  if (module === undefined) {
    return { address, module: undefined, symbol: undefined, offset: undefined }
  }
  // Within the module's 4 GiB: exact as a number.
  const symbol = functionAt(module.elf, Number(place - module.base))
  const start = symbol === undefined ? module.base : module.base + BigInt(symbol.value)
  return { address, module: module.path, symbol: symbol?.name, offset: address - start }
}

function holds({ base, elf }: LoadedModule, address: bigint): boolean {
  const [first, last] = [elf.segments[0], elf.segments.at(-1)]
  if (first === undefined || last === undefined) return false
  return (
    address >= base + BigInt(first.address) &&
    address < base + BigInt(last.address + last.memorySize)
  )
}

/** How many functions before the address are tried: one may lie inside another. */
const MAX_TRIED = 16

/** The function that holds `address` (before relocation); the nearest below where sizes are unknown. */
function functionAt(elf: ElfObject, address: number): ElfExport | undefined {
  const segment = elf.segments.find(
    (candidate) =>
      candidate.executable &&
      address >= candidate.address &&
      address < candidate.address + candidate.memorySize,
  )
  if (segment === undefined) return undefined
  const functions = functionsOf(elf)
  const end = countUpTo(functions, address)
  const tried = functions.slice(Math.max(0, end - MAX_TRIED), end).reverse()
  const holder = tried.find(({ value, size }) => address < value + size)
  if (holder !== undefined) return holder
  const [nearest] = tried
  const reaches = nearest?.size === 0 && nearest.value >= segment.address
  return reaches ? nearest : undefined
}

const sorted = new WeakMap<ElfObject, readonly ElfExport[]>()

/** By address; of several names for one, the best known comes last. */
function functionsOf(elf: ElfObject): readonly ElfExport[] {
  const known = sorted.get(elf)
  if (known !== undefined) return known
  const functions = exportsOrNone(elf).filter(({ kind }) => kind === 'function' || kind === 'ifunc')
  functions.sort((a, b) => a.value - b.value || a.size - b.size || byFame(a, b))
  sorted.set(elf, functions)
  return functions
}

function exportsOrNone(elf: ElfObject): readonly ElfExport[] {
  try {
    return elf.exports
  } catch {
    // A damaged symbol table costs the names, not the report.
    return []
  }
}

/** The name that programmers use comes last: `memcpy` and not `__memcpy`, `cos` and not `cosf64`. */
function byFame(a: ElfExport, b: ElfExport): number {
  return (
    Number(a.isDefault) - Number(b.isDefault) ||
    Number(b.name.startsWith('_')) - Number(a.name.startsWith('_')) ||
    b.name.length - a.name.length ||
    (a.name < b.name ? 1 : -1)
  )
}

/** How many functions begin at or below `address`. */
function countUpTo(functions: readonly ElfExport[], address: number): number {
  let low = 0
  let high = functions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((functions[middle]?.value ?? 0) <= address) low = middle + 1
    else high = middle
  }
  return low
}
