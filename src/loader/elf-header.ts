import { ET_CORE, ET_DYN, ET_EXEC, ET_REL, HEADER_SIZE, PROGRAM_HEADER_SIZE } from './elf-format.ts'
import { bytesOf, type ElfSource, readU64, refuse } from './elf-source.ts'
import { quote } from './elf-strings.ts'

export type Machine = 'x86_64' | 'aarch64'

/** What the file header says. Offsets are in bytes and not yet checked against the file. */
export interface ElfHeader {
  readonly type: typeof ET_DYN | typeof ET_EXEC
  readonly programHeaders: { readonly offset: number; readonly count: number }
}

/** `e_machine` of the processors that people meet. */
const MACHINES: Readonly<Record<number, string>> = {
  3: 'i386',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  43: 'sparc64',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv',
  258: 'loongarch',
}

const NOT_SHARED: Readonly<Record<number, string>> = {
  [ET_REL]: 'a relocatable object (.o), not a shared object: link it with `cc -shared` first',
  [ET_CORE]: 'a core dump, not a shared object',
}

/** Linux reads no more program headers than fit in 64 KiB. */
const MAX_PROGRAM_HEADERS = Math.floor(65536 / PROGRAM_HEADER_SIZE)

/** The processor that this program runs on, in the words of ELF. */
export function hostMachine(): Machine {
  return process.arch === 'arm64' ? 'aarch64' : 'x86_64'
}

/**
 * Why an ELF file is for another kind of machine, or `undefined` when it is for `machine`.
 * @throws LoadError when it is no ELF file
 */
export function foreignness(source: ElfSource, machine: Machine): string | undefined {
  const head = source.read(0, Math.min(source.size, HEADER_SIZE), 'the ELF header')
  if (head.byteLength < 4 || head.getUint32(0, false) !== 0x7f454c46) {
    refuse(source.path, describeNonElf(bytesOf(source.read(0, Math.min(source.size, 1024), ''))))
  }
  if (head.byteLength < HEADER_SIZE) refuse(source.path, 'truncated: it ends in the ELF header')
  const [bits, order] = [head.getUint8(4), head.getUint8(5)]
  if (bits === 1) return `a 32-bit object, this is 64-bit ${machine}`
  if (bits !== 2) return `an ELF file of unknown class ${bits}`
  if (order === 2) return 'a big-endian object, this machine is little-endian'
  if (order !== 1) return `an ELF file of unknown byte order ${order}`
  const code = head.getUint16(18, true)
  const built = MACHINES[code] ?? `processor number ${code}`
  return built === machine ? undefined : `built for ${built}, this is ${machine}`
}

/** @throws LoadError when the file is not a shared object for `machine` */
export function readHeader(source: ElfSource, machine: Machine): ElfHeader {
  const foreign = foreignness(source, machine)
  if (foreign !== undefined) refuse(source.path, foreign)
  const head = source.read(0, HEADER_SIZE, 'the ELF header')
  const abi = head.getUint8(7)
  // 0 is System V, 3 is GNU/Linux: what glibc accepts.
  if (abi !== 0 && abi !== 3) refuse(source.path, `built for another system (ELF OS ABI ${abi})`)
  if (head.getUint8(6) !== 1 || head.getUint32(20, true) !== 1) {
    refuse(source.path, 'damaged: unknown ELF version')
  }
  const type = head.getUint16(16, true)
  if (type !== ET_DYN && type !== ET_EXEC) {
    refuse(source.path, NOT_SHARED[type] ?? `an ELF file of unknown type ${type}`)
  }
  const count = head.getUint16(56, true)
  if (count > 0 && head.getUint16(54, true) !== PROGRAM_HEADER_SIZE) {
    refuse(source.path, 'damaged: program headers of an unknown size')
  }
  if (count > MAX_PROGRAM_HEADERS) refuse(source.path, `damaged: ${count} program headers`)
  return { type, programHeaders: { offset: readU64(head, 32), count } }
}

/** What a file that is not ELF looks like, as the end of a sentence. `head` is its beginning. */
function describeNonElf(head: Uint8Array): string {
  const text = Buffer.from(head).toString('latin1')
  const known = SIGNATURES.find(([start]) => text.startsWith(start))?.[1]
  if (known !== undefined) return `${known}, not a shared object`
  if (/[^\t-\r\x20-\x7e\x80-\xff]/.test(text)) return 'not an ELF file'
  const isLinkerScript = /GNU ld script|\b(?:GROUP|INPUT)\s*\(/.test(text)
  if (!isLinkerScript) return 'a text file, not a shared object'
  const target = /[^\s(]+\.so(?:\.[\w.]+)?/.exec(text.replace(/\/\*[\s\S]*?\*\//g, ''))?.[0]
  const hint = target === undefined ? '' : `: open ${quote(target)} instead`
  return `a text file for the linker (GNU ld script), not a shared object${hint}`
}

const SIGNATURES: ReadonlyArray<readonly [start: string, name: string]> = [
  ['!<arch>\n', 'a static library (ar archive)'],
  ['!<thin>\n', 'a static library (thin ar archive)'],
  ['\xcf\xfa\xed\xfe', 'a Mach-O file (macOS)'],
  ['\xce\xfa\xed\xfe', 'a Mach-O file (macOS)'],
  ['\xca\xfe\xba\xbe', 'a universal Mach-O file (macOS) or a Java class'],
  ['MZ', 'a PE file (Windows DLL or program)'],
  ['\0asm', 'a WebAssembly module'],
  ['BC\xc0\xde', 'LLVM bitcode'],
  ['PK\x03\x04', 'a zip archive'],
  ['\x1f\x8b', 'a gzip file'],
  ['#!', 'a script'],
]
