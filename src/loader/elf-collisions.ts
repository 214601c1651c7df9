import type { ElfObject } from './elf.ts'
import type { ExportKind } from './elf-symbols.ts'

/** A name that a library and an executable both export: in one process, the executable's wins. */
export interface Collision {
  readonly name: string
  readonly kind: ExportKind
  /** Both are weak or unique: meant to be shared, as the functions of C++ templates are. */
  readonly shared: boolean
}

/** What linkers and start-up files put into every object. */
const EVERYWHERE = new Set(['_init', '_fini', '_start', '_edata', '_end', '__bss_start', 'main'])

/**
 * The names that `library` and `executable` both export, in the library's order. For Node itself,
 * `executable` is `readElfFile(process.execPath, { executables: true })`.
 * @throws LoadError when a symbol table is damaged
 */
export function collisionsBetween(library: ElfObject, executable: ElfObject): Collision[] {
  const collisions: Collision[] = []
  for (const { name, kind, binding, isDefault } of library.exports) {
    if (!isDefault || EVERYWHERE.has(name)) continue
    const other = executable.findExport(name)
    if (other === undefined) continue
    collisions.push({ name, kind, shared: binding !== 'global' && other.binding !== 'global' })
  }
  return collisions
}
