import { DT_NEEDED, DT_NULL, DYNAMIC_ENTRY_SIZE } from './elf-format.ts'
import { hostMachine, readHeader } from './elf-header.ts'
import { readProgramHeaders } from './elf-segments.ts'
import { bytesSource, readU64 } from './elf-source.ts'

/** A tag of the range for operating systems that no loader knows: it is passed over. */
const DT_IGNORED = 0x60000ff0

/**
 * Makes the loader pass over some DT_NEEDED entries, in place.
 *
 * The loader recognises an object that it holds by SONAME, or by the name it was opened with. A sealed copy
 * is opened by descriptor, so one without the SONAME that is asked for would be looked for in the file system.
 * Such an object is loaded first, with its symbols visible to all, and is not asked for any more.
 */
export function dropNeeds(
  bytes: Uint8Array,
  path: string,
  needed: readonly string[],
  dropped: ReadonlySet<string>,
): void {
  const source = bytesSource(bytes, path)
  const { dynamic } = readProgramHeaders(source, readHeader(source, hostMachine()))
  if (dynamic === undefined) return
  const table = source.read(dynamic.fileOffset, dynamic.fileSize, 'the dynamic section')
  let index = 0
  for (let at = 0; at + DYNAMIC_ENTRY_SIZE <= table.byteLength; at += DYNAMIC_ENTRY_SIZE) {
    const tag = readU64(table, at)
    if (tag === DT_NULL) return
    if (tag !== DT_NEEDED) continue
    const name = needed[index++]
    if (name !== undefined && dropped.has(name)) table.setBigUint64(at, BigInt(DT_IGNORED), true)
  }
}
