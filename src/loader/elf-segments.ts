import {
  PF_R,
  PF_W,
  PF_X,
  PROGRAM_HEADER_SIZE,
  PT_DYNAMIC,
  PT_GNU_RELRO,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  PT_NOTE,
} from './elf-format.ts'
import type { ElfHeader } from './elf-header.ts'
import { type ElfSource, readU64, refuse } from './elf-source.ts'

/** A PT_LOAD segment: what the loader maps. Addresses are before relocation; sizes are in bytes. */
export interface Segment {
  readonly address: number
  readonly memorySize: number
  readonly fileOffset: number
  readonly fileSize: number
  readonly readable: boolean
  readonly writable: boolean
  readonly executable: boolean
}

/** A range of addresses that a program header speaks of. */
export interface Region {
  readonly address: number
  readonly memorySize: number
  readonly fileOffset: number
  readonly fileSize: number
}

export interface ProgramHeaders {
  readonly segments: readonly Segment[]
  readonly dynamic: Region | undefined
  readonly interpreter: Region | undefined
  readonly notes: readonly Region[]
  readonly relro: boolean
  /** `unstated`: there is no PT_GNU_STACK, which asks for an executable stack. */
  readonly stack: 'executable' | 'non-executable' | 'unstated'
}

/** User space ends here on x86-64 with 4-level page tables, and on arm64 in its usual set-up. */
const ADDRESS_LIMIT = 2 ** 47
/** Of all segments of one object together. */
const MAX_MEMORY = 4 * 2 ** 30
/** The smallest page: two segments in one page would overwrite each other when they are mapped. */
const PAGE = 4096

/** @throws LoadError for headers that no loader should follow */
export function readProgramHeaders(source: ElfSource, header: ElfHeader): ProgramHeaders {
  const { offset, count } = header.programHeaders
  const table = source.read(offset, count * PROGRAM_HEADER_SIZE, 'the program header table')
  const segments: Segment[] = []
  const notes: Region[] = []
  let dynamic: Region | undefined
  let interpreter: Region | undefined
  let relro = false
  let stack: ProgramHeaders['stack'] = 'unstated'

  for (let at = 0; at < table.byteLength; at += PROGRAM_HEADER_SIZE) {
    const flags = table.getUint32(at + 4, true)
    const region = {
      fileOffset: readU64(table, at + 8),
      address: readU64(table, at + 16),
      fileSize: readU64(table, at + 32),
      memorySize: readU64(table, at + 40),
    }
    switch (table.getUint32(at, true)) {
      case PT_LOAD:
        checkSegment(source, region, readU64(table, at + 48), segments.at(-1))
        segments.push({
          ...region,
          readable: (flags & PF_R) !== 0,
          writable: (flags & PF_W) !== 0,
          executable: (flags & PF_X) !== 0,
        })
        break
      case PT_DYNAMIC:
        dynamic = region
        break
      case PT_INTERP:
        interpreter = region
        break
      case PT_NOTE:
        notes.push(region)
        break
      case PT_GNU_RELRO:
        relro = true
        break
      case PT_GNU_STACK:
        stack = (flags & PF_X) !== 0 ? 'executable' : 'non-executable'
        break
    }
  }

  const [first, last] = [segments[0], segments.at(-1)]
  if (first === undefined || last === undefined) refuse(source.path, 'no segments to load')
  if (last.address + last.memorySize - first.address > MAX_MEMORY) {
    refuse(source.path, `asks for more than ${MAX_MEMORY / 2 ** 30} GiB of memory`)
  }
  return { segments, dynamic, interpreter, notes, relro, stack }
}

/** Refuses what glibc refuses, and segments that overlap, which it maps over each other. */
function checkSegment(
  source: ElfSource,
  { address, memorySize, fileOffset, fileSize }: Region,
  alignment: number,
  previous: Region | undefined,
): void {
  if (address + memorySize > ADDRESS_LIMIT) {
    refuse(source.path, 'damaged: a segment reaches beyond the address space')
  }
  if (fileSize > memorySize) refuse(source.path, 'damaged: a segment is smaller than its contents')
  if (fileOffset + fileSize > source.size) {
    refuse(source.path, `truncated: a segment ends after the file's end (${source.size} bytes)`)
  }
  if (alignment % PAGE !== 0 || (address - fileOffset) % Math.max(alignment, PAGE) !== 0) {
    refuse(source.path, 'damaged: a segment is not aligned to pages')
  }
  if (previous !== undefined) {
    const end = Math.ceil((previous.address + previous.memorySize) / PAGE) * PAGE
    if (Math.floor(address / PAGE) * PAGE < end) {
      refuse(source.path, 'damaged: segments overlap or are out of order')
    }
  }
}
