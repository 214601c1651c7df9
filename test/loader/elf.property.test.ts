import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { LoadError } from '../../src/errors.ts'
import { type ElfObject, readElf } from '../../src/loader/elf.ts'
import { requireLoadable } from '../../src/loader/elf-policy.ts'
import type { ElfExport } from '../../src/loader/elf-symbols.ts'
import { hardeningOf } from '../../src/loader/hardening.ts'
import { resolveLibrary } from '../../src/loader/search.ts'
import { compile, temporaryFolder } from '../fixtures/elf/compile.ts'
import { leastCpuTime } from '../support/cpu-time.ts'
import { runs } from '../support/fuzzing.ts'
import { needs } from '../support/needs.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))

const firstOf = ({ exports }: ElfObject, wanted: string): ElfExport | undefined =>
  exports.find(({ name, isDefault }) => isDefault && name === wanted)

/** Reads all there is to read. Nothing but a LoadError may come out, and soon. */
function readAll(bytes: Uint8Array): void {
  const time = leastCpuTime(() => {
    try {
      const elf = readElf(bytes, 'x.so')
      hardeningOf(elf)
      requireLoadable(elf)
      const alone = readElf(bytes, 'x.so')
      alone.findExport('none')
      // What is looked for by itself is what stands among all.
      for (const { name } of elf.exports.slice(0, 7))
        if (!name.includes('\uFFFD')) expect(alone.findExport(name)).toEqual(firstOf(elf, name))
    } catch (error) {
      if (!(error instanceof LoadError)) throw error
    }
  })
  expect(time).toBeLessThan(200)
}

const leaf = readFileSync(compile('leaf.c', join(folder, 'libleaf.so'), { soname: 'libleaf.so' }))

/** Changes where the loader's own tables are; the rest of the file is not looked at. */
const changes = (size: number) =>
  fc.array(
    fc.record({
      at: fc.oneof(fc.nat(Math.min(size, 4096) - 1), fc.nat(size - 1)),
      value: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff)),
    }),
    { minLength: 1, maxLength: 24 },
  )

function changed(bytes: Uint8Array, edits: ReadonlyArray<{ at: number; value: number }>) {
  const copy = Uint8Array.from(bytes)
  for (const { at, value } of edits) copy[at] = value
  return copy
}

test('changed bytes', () => {
  fc.assert(
    fc.property(changes(leaf.length), (edits) => readAll(changed(leaf, edits))),
    runs(3000),
  )
})

test('fields of 64 bits with values at the edges', () => {
  const edge = fc.constantFrom(
    0n,
    1n,
    2n ** 31n,
    2n ** 32n - 1n,
    2n ** 47n,
    2n ** 63n,
    2n ** 64n - 1n,
  )
  const field = fc.record({ at: fc.nat(Math.floor(leaf.length / 8) - 1), value: edge })
  fc.assert(
    fc.property(fc.array(field, { minLength: 1, maxLength: 8 }), (fields) => {
      const copy = Uint8Array.from(leaf)
      const view = new DataView(copy.buffer)
      for (const { at, value } of fields) view.setBigUint64(at * 8, value, true)
      readAll(copy)
    }),
    runs(3000),
  )
})

test('any bytes behind a good header', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4096 }), (rest) => {
      readAll(Buffer.concat([leaf.subarray(0, 64), rest]))
    }),
    runs(500),
  )
})

test.skipIf(needs('zlib1g', 'libz.so.1'))('a real library, cut and changed', () => {
  const bytes = readFileSync(resolveLibrary('libz.so.1'))
  fc.assert(
    fc.property(fc.nat(bytes.length), changes(bytes.length), (length, edits) => {
      readAll(bytes.subarray(0, length))
      readAll(changed(bytes, edits))
    }),
    runs(500),
  )
})
