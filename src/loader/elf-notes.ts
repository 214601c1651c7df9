import { NT_GNU_BUILD_ID } from './elf-format.ts'
import type { Region } from './elf-segments.ts'
import type { ElfSource } from './elf-source.ts'
import { bytesOf } from './elf-source.ts'

const NOTE_HEADER_SIZE = 12
const MAX_NOTES_SIZE = 65536
/** SHA-1 has 20 bytes; nothing seen has more than 32. */
const MAX_BUILD_ID_SIZE = 64

/** The build id in hexadecimal, or `undefined`. Notes are decoration: a damaged one is no error. */
export function readBuildId(source: ElfSource, notes: readonly Region[]): string | undefined {
  let budget = MAX_NOTES_SIZE
  for (const { fileOffset, fileSize } of notes) {
    if (fileOffset + fileSize > source.size || fileSize > budget) continue
    budget -= fileSize
    const id = findBuildId(source.read(fileOffset, fileSize, 'a note'))
    if (id !== undefined) return id
  }
  return undefined
}

function findBuildId(notes: DataView): string | undefined {
  let at = 0
  while (at + NOTE_HEADER_SIZE <= notes.byteLength) {
    const nameSize = notes.getUint32(at, true)
    const size = notes.getUint32(at + 4, true)
    const type = notes.getUint32(at + 8, true)
    const nameAt = at + NOTE_HEADER_SIZE
    const valueAt = nameAt + roundUp4(nameSize)
    const end = valueAt + roundUp4(size)
    if (valueAt + size > notes.byteLength) return undefined
    const isGnu = nameSize === 4 && notes.getUint32(nameAt, false) === 0x474e5500 // 'GNU\0'
    if (isGnu && type === NT_GNU_BUILD_ID && size <= MAX_BUILD_ID_SIZE) {
      return Buffer.from(bytesOf(notes).subarray(valueAt, valueAt + size)).toString('hex')
    }
    at = end
  }
  return undefined
}

function roundUp4(size: number): number {
  return Math.ceil(size / 4) * 4
}
