import type { Dynamic } from './elf-dynamic.ts'
import { DT_VERDEF, DT_VERDEFNUM, VER_FLG_BASE } from './elf-format.ts'
import type { ElfMemory } from './elf-memory.ts'
import { refuse } from './elf-source.ts'

const ENTRY_SIZE = 20
const NAME_ENTRY_SIZE = 8
/** An entry with its own name and a dozen parents; usual are one or two names. */
const MAX_ENTRY_LENGTH = ENTRY_SIZE + 14 * NAME_ENTRY_SIZE
/** The index has 15 bits. */
const MAX_VERSIONS = 32768
const MAX_NAME = 4096

/**
 * The names of the versions that an object defines, by the index that its symbols use.
 * Source: DT_VERDEF in the Linux Standard Base, "Symbol Versioning".
 * @throws LoadError
 */
export function readVersionNames(
  memory: ElfMemory,
  { values, strings }: Dynamic,
): ReadonlyMap<number, string> {
  const { path } = memory.source
  const names = new Map<number, string>()
  const address = values.get(DT_VERDEF)
  const count = values.get(DT_VERDEFNUM) ?? 0
  if (address === undefined || count === 0) return names
  if (count > MAX_VERSIONS) refuse(path, `damaged: ${count} symbol versions`)
  const table = memory.readUpTo(address, count * MAX_ENTRY_LENGTH, 'DT_VERDEF')

  let at = 0
  for (let entry = 0; entry < count; entry += 1) {
    if (at + ENTRY_SIZE > table.byteLength) refuse(path, 'damaged: DT_VERDEF leaves its table')
    const isBase = (table.getUint16(at + 2, true) & VER_FLG_BASE) !== 0
    const index = table.getUint16(at + 4, true)
    const nameAt = at + table.getUint32(at + 12, true)
    if (nameAt + NAME_ENTRY_SIZE > table.byteLength) {
      refuse(path, 'damaged: DT_VERDEF leaves its table')
    }
    const name = strings.at(table.getUint32(nameAt, true), MAX_NAME)
    if (name === undefined) refuse(path, 'damaged: a version name lies outside the string table')
    if (!isBase) names.set(index, name)
    const next = table.getUint32(at + 16, true)
    if (next === 0) break
    at += next
  }
  return names
}
