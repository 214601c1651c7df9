import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { LoadError } from '../../src/errors.ts'
import { readElf } from '../../src/loader/elf.ts'
import { compile, temporaryFolder } from '../fixtures/elf/compile.ts'
import {
  dynamicEntries,
  dynamicValue,
  patch,
  patchDynamic,
  patchProgramHeader,
  programHeaders,
  viewOf,
} from '../fixtures/elf/patch.ts'
import { leastCpuTime } from '../support/cpu-time.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))

const bytes = readFileSync(compile('leaf.c', join(folder, 'libleaf.so'), { soname: 'libleaf.so' }))
const [PT_LOAD, PT_DYNAMIC] = [1, 2]
const [DT_NULL, DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ] = [0n, 1n, 4n, 5n, 6n, 10n]
const [DT_SONAME, DT_GNU_HASH] = [14n, 0x6ffffef5n]

/** What the reader says, all symbols decoded. */
function refusal(damaged: Uint8Array, machine?: 'x86_64' | 'aarch64'): string {
  try {
    const elf = readElf(damaged, 'lib/it.so', { machine })
    return `accepted with ${elf.exports.length} exports`
  } catch (error) {
    expect(error).toBeInstanceOf(LoadError)
    expect(error).toMatchObject({ code: 'ERR_FAT_THREAD_LOAD', library: 'lib/it.so' })
    const { message } = error as LoadError
    expect(message).toMatch(/^lib\/it\.so: /)
    return message.slice('lib/it.so: '.length)
  }
}

const text = (content: string): Uint8Array => Buffer.from(content, 'latin1')

describe('what is not ELF is called by its name', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['text', text('hello\n'), /^a text file/],
    ['a script', text('#!/bin/sh\n'), /^a script/],
    [
      'a linker script',
      text('/* GNU ld script */\nGROUP ( /lib/libm.so.6 AS_NEEDED ( x ) )'),
      /GNU ld script.*open '\/lib\/libm\.so\.6' instead/,
    ],
    ['a static library', text('!<arch>\nx'), /^a static library/],
    ['Mach-O', text('\xcf\xfa\xed\xfe\x07\0\0\x01'), /^a Mach-O/],
    ['a DLL', text('MZ\x90\0'), /^a PE file/],
    ['WebAssembly', text('\0asm\x01'), /^a WebAssembly/],
    ['zeros', new Uint8Array(4096), /^not an ELF file/],
    ['one byte', text('\x7f'), /^not an ELF file/],
    ['nothing', new Uint8Array(), /^not an ELF file|^a text/],
  ])('%s', (_name, content, message) => {
    expect(refusal(content)).toMatch(message)
  })
})

describe('objects for other machines', () => {
  test('32-bit', () => expect(refusal(patch(bytes, 4, 1))).toMatch(/32-bit/))
  test('big-endian', () => expect(refusal(patch(bytes, 5, 2))).toMatch(/big-endian/))
  test('another system', () => expect(refusal(patch(bytes, 7, 9))).toMatch(/another system/))
  test('another processor', () => {
    expect(refusal(patch(bytes, 18, 183), 'x86_64')).toBe('built for aarch64, this is x86_64')
    expect(refusal(patch(bytes, 18, 62), 'aarch64')).toBe('built for x86_64, this is aarch64')
    expect(refusal(patch(bytes, 18, 0xef, 0xbe))).toMatch(/processor number 48879/)
  })
})

describe('objects that are not shared', () => {
  const output = (name: string, ...flags: string[]): Uint8Array => {
    const target = join(folder, name)
    const source = 'int main(void) { return 0; }'
    execFileSync('cc', [...flags, '-x', 'c', '-o', target, '-'], { input: source, stdio: 'pipe' })
    return readFileSync(target)
  }
  test('relocatable', () => expect(refusal(output('it.o', '-c'))).toMatch(/relocatable/))
  test('a program', () => expect(refusal(output('it', '-no-pie'))).toMatch(/^a program/))
  test('a static program', () => {
    expect(refusal(output('static', '-static', '-no-pie'))).toMatch(/^a program/)
  })
  test('a position-independent program', () => {
    const pie = output('pie', '-pie', '-fPIE')
    expect(refusal(pie)).toMatch(/^a program \(position-independent/)
    // Those of old linkers have no DF_1_PIE.
    expect(refusal(patchDynamic(pie, 0x6ffffffbn, { tag: 0x60000001n }))).toMatch(/^a program/)
    expect(readElf(pie, 'pie', { executables: true }).executable).toBe(true)
  })
})

test('cut off anywhere in what the loader needs, it is refused', () => {
  const end = Math.max(
    ...programHeaders(bytes, PT_LOAD).map((at) => {
      const view = viewOf(bytes)
      return Number(view.getBigUint64(at + 8, true) + view.getBigUint64(at + 32, true))
    }),
  )
  for (const length of [0, 3, 4, 16, 63, 64, 65, 200, 1000, 4095, 4096, 8192, end - 1]) {
    expect(refusal(bytes.subarray(0, length))).not.toMatch(/^accepted/)
  }
  expect(refusal(bytes.subarray(0, end - 1))).toMatch(/^truncated/)
  expect(refusal(bytes.subarray(0, end))).toMatch(/^accepted/)
})

describe('segments', () => {
  const segment = (fields: Parameters<typeof patchProgramHeader>[3], index = -1): string =>
    refusal(patchProgramHeader(bytes, PT_LOAD, index, fields))
  const top = 2n ** 64n

  test('huge', () => {
    expect(segment({ memorySize: 2n ** 40n })).toMatch(/more than 4 GiB/)
    expect(segment({ memorySize: top - 1n })).toMatch(/beyond the address space/)
  })
  test('wrapping around', () => {
    expect(segment({ address: top - 4096n })).toMatch(/beyond the address space/)
    expect(segment({ offset: top - 4096n })).toMatch(/truncated|aligned/)
  })
  test('with contents beyond the file', () => {
    expect(segment({ fileSize: 2n ** 30n, memorySize: 2n ** 30n })).toMatch(/^truncated/)
  })
  test('with more contents than memory', () => {
    expect(segment({ memorySize: 0n })).toMatch(/smaller than its contents/)
  })
  test('overlapping', () => {
    expect(segment({ memorySize: 0x3000n }, 0)).toMatch(/overlap/)
    expect(segment({ address: 0x1000n, offset: 0x1000n })).toMatch(/overlap/)
  })
  test('not aligned', () => {
    expect(segment({ alignment: 8n })).toMatch(/aligned/)
    expect(segment({ alignment: 2n ** 63n })).toMatch(/aligned/)
  })
  test('none at all', () => {
    expect(refusal(patch(bytes, 56, 0, 0))).toMatch(/no segments/)
  })
  test('a table of program headers beyond the file', () => {
    expect(refusal(patch(bytes, 56, 0xff, 0x03))).toMatch(/^truncated/)
    expect(refusal(patch(bytes, 56, 0xff, 0xff))).toMatch(/65535 program headers/)
    expect(refusal(patch(bytes, 32, 255, 255, 255, 255, 255, 255, 255, 255))).toMatch(/^damaged/)
    expect(refusal(patch(bytes, 54, 1, 0))).toMatch(/unknown size/)
  })
})

describe('the dynamic section', () => {
  const [header = 0] = programHeaders(bytes, PT_DYNAMIC)
  const dynamic = (tag: bigint, value: bigint): string =>
    refusal(patchDynamic(bytes, tag, { value }))

  test('none', () => {
    const patched = patchProgramHeader(bytes, PT_DYNAMIC, 0, { type: 0 })
    expect(refusal(patched)).toMatch(/no dynamic section/)
  })
  test('outside', () => {
    const patched = patchProgramHeader(bytes, PT_DYNAMIC, 0, { address: 0x7000_0000n })
    expect(refusal(patched)).toMatch(/outside the loaded segments/)
  })
  test('one for the loader, another for tools', () => {
    const offset = viewOf(bytes).getBigUint64(header + 8, true)
    const patched = patchProgramHeader(bytes, PT_DYNAMIC, 0, { offset: offset - 64n })
    expect(refusal(patched)).toMatch(/not where the loader will find it/)
  })
  test('without an end', () => {
    // Up to the entry before DT_NULL.
    const offset = Number(viewOf(bytes).getBigUint64(header + 8, true))
    const size = BigInt((dynamicEntries(bytes, DT_NULL)[0] ?? 0) - offset)
    const patched = patchProgramHeader(bytes, PT_DYNAMIC, 0, { fileSize: size, memorySize: size })
    expect(refusal(patched)).toMatch(/has no end/)
  })
  test('huge', () => {
    const size = 2n ** 40n
    const patched = patchProgramHeader(bytes, PT_DYNAMIC, 0, { fileSize: size, memorySize: size })
    expect(refusal(patched)).toMatch(/huge dynamic section/)
  })
  test.each([
    ['DT_STRTAB', DT_STRTAB],
    ['DT_SYMTAB', DT_SYMTAB],
    ['DT_GNU_HASH', DT_GNU_HASH],
  ])('%s outside', (_name, tag) => {
    expect(dynamic(tag, 2n ** 40n)).toMatch(/outside the loaded segments/)
    expect(dynamic(tag, 2n ** 64n - 1n)).toMatch(/outside the loaded segments/)
  })
  test('strings that the table does not have', () => {
    expect(dynamic(DT_SONAME, 2n ** 32n)).toMatch(/DT_SONAME is outside/)
    const need = patchDynamic(bytes, DT_SONAME, { tag: DT_NEEDED, value: 2n ** 64n - 1n })
    expect(refusal(need)).toMatch(/DT_NEEDED is outside/)
    expect(dynamic(DT_STRSZ, 1n)).toMatch(/outside the string table/)
    expect(dynamic(DT_STRSZ, 2n ** 60n)).toMatch(/huge string table/)
  })
})

describe('huge counts', () => {
  const gnuHash = Number(dynamicValue(bytes, DT_GNU_HASH))
  const huge = [0xff, 0xff, 0xff, 0x7f]

  test.each([
    ['buckets', 0],
    ['bloom words', 8],
  ])('of DT_GNU_HASH: %s', (_name, offset) => {
    // The first segment is mapped as it is in the file: the address is the position.
    const damaged = patch(bytes, gnuHash + offset, ...huge)
    expect(refusal(damaged)).toMatch(/segment/)
    expect(leastCpuTime(() => refusal(damaged))).toBeLessThan(200)
  })

  test('of DT_GNU_HASH: chains that never end', () => {
    const buckets = viewOf(bytes).getUint32(gnuHash, true)
    const bloom = viewOf(bytes).getUint32(gnuHash + 8, true)
    const chains = gnuHash + 16 + bloom * 8 + buckets * 4
    const endless = Uint8Array.from(bytes)
    // Every following 32-bit word of the segment loses its lowest bit, and with it the end mark.
    const [first = 0] = programHeaders(bytes, PT_LOAD)
    const size = Number(viewOf(bytes).getBigUint64(first + 32, true))
    for (let at = chains; at < size; at += 4) endless[at] = (endless[at] ?? 0) & ~1
    expect(refusal(endless)).toMatch(/has no end/)
  })

  test('of DT_HASH', () => {
    // DT_GNU_HASH becomes DT_HASH: its third word, the bloom size, is now far from a symbol count.
    const hash = patchDynamic(bytes, DT_GNU_HASH, { tag: DT_HASH })
    expect(refusal(patch(hash, gnuHash + 4, ...huge))).toMatch(/2147483647 symbols/)
    expect(refusal(patch(hash, gnuHash + 4, 0, 0, 1, 0))).toMatch(/beyond its segment/)
  })
})

test('symbol names that overlap without end cost no more than the file', () => {
  // One name of a mebibyte, and symbols that all bear it.
  const name = 2 ** 20
  const symbols = 20_000
  const file = crafted(name, symbols)
  expect(refusal(file)).toMatch(/overlap beyond reason/)
  expect(leastCpuTime(() => refusal(file))).toBeLessThan(200)
})

/** A file of one segment whose symbols share one long name. */
function crafted(nameLength: number, symbolCount: number): Uint8Array {
  const [dynamicAt, hashAt, symbolsAt] = [0x200, 0x400, 0x1000]
  const stringsAt = symbolsAt + symbolCount * 24
  const file = new Uint8Array(stringsAt + nameLength + 2)
  const view = viewOf(file)
  file.set(bytes.subarray(0, 64))
  view.setBigUint64(32, 64n, true)
  view.setUint16(56, 2, true)
  const header = (at: number, type: number, offset: number, size: number): void => {
    view.setUint32(at, type, true)
    view.setUint32(at + 4, 4, true)
    for (const field of [8, 16]) view.setBigUint64(at + field, BigInt(offset), true)
    for (const field of [32, 40]) view.setBigUint64(at + field, BigInt(size), true)
    view.setBigUint64(at + 48, 4096n, true)
  }
  header(64, PT_LOAD, 0, file.length)
  header(120, PT_DYNAMIC, dynamicAt, 96)
  const entries = [
    [DT_STRTAB, stringsAt],
    [DT_STRSZ, nameLength + 2],
    [DT_SYMTAB, symbolsAt],
    [DT_HASH, hashAt],
    [DT_NULL, 0],
  ] as const
  entries.forEach(([tag, value], index) => {
    view.setBigUint64(dynamicAt + index * 16, tag, true)
    view.setBigUint64(dynamicAt + index * 16 + 8, BigInt(value), true)
  })
  view.setUint32(hashAt + 4, symbolCount, true)
  for (let at = symbolsAt + 24; at < stringsAt; at += 24) {
    view.setUint32(at, 1, true)
    file.set([0x12, 0, 1, 0], at + 4)
    view.setBigUint64(at + 8, 0x1000n, true)
  }
  file.fill(0x61, stringsAt + 1, stringsAt + 1 + nameLength)
  return file
}
