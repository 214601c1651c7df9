import type { ElfObject } from './elf.ts'

/** How an object was built to withstand attacks. All of it is read from the file. */
export interface Hardening {
  /** Whether tables of the loader become read-only: `full` includes those of functions. */
  readonly relro: 'none' | 'partial' | 'full'
  /** All functions are bound when the object is loaded. */
  readonly bindNow: boolean
  /** It does not ask for an executable stack. */
  readonly nonExecutableStack: boolean
  /** No segment is writable and executable. */
  readonly writeXorExecute: boolean
  readonly textRelocations: boolean
  /** Some function has a stack canary: it imports `__stack_chk_fail`. */
  readonly stackCanary: boolean
  /** The checked functions (`__memcpy_chk`, …) that it imports: compiled with _FORTIFY_SOURCE. */
  readonly fortified: readonly string[]
  readonly rpath: readonly string[] | undefined
  readonly runpath: readonly string[] | undefined
  /** In hexadecimal. */
  readonly buildId: string | undefined
}

/** @throws LoadError when the symbol table is damaged */
export function hardeningOf(elf: ElfObject): Hardening {
  return {
    relro: elf.relro ? (elf.bindNow ? 'full' : 'partial') : 'none',
    bindNow: elf.bindNow,
    nonExecutableStack: elf.stack === 'non-executable',
    writeXorExecute: !elf.segments.some((segment) => segment.writable && segment.executable),
    textRelocations: elf.textRelocations,
    stackCanary: elf.imports.includes('__stack_chk_fail'),
    fortified: elf.imports.filter((name) => /^__\w+_chk$/.test(name)),
    rpath: elf.rpath,
    runpath: elf.runpath,
    buildId: elf.buildId,
  }
}
