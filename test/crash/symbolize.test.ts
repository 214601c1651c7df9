import { rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type LoadedModule, symbolize } from '../../src/crash/symbolize.ts'
import { readElfFile } from '../../src/loader/elf-file.ts'
import { resolveLibrary } from '../../src/loader/search.ts'
import { compile, temporaryFolder } from '../fixtures/elf/compile.ts'
import { leastCpuTime } from '../support/cpu-time.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))

const elf = readElfFile(compile('places.c', join(folder, 'places.so')))
const base = 0x7f12_3456_7000n
const places: LoadedModule = { path: elf.path, base, elf }
const libm: LoadedModule = {
  path: '/lib/libm.so.6',
  base: 0x7f55_0000_0000n,
  elf: readElfFile(resolveLibrary('libm.so.6')),
}
const modules = [libm, places]

/** Where a function is, relocated, and its size. */
function at(name: string): { readonly start: bigint; readonly size: bigint } {
  const symbol = elf.findExport(name)
  if (symbol === undefined) throw new Error(`no ${name}`)
  return { start: base + BigInt(symbol.value), size: BigInt(symbol.size) }
}

describe('an address in a function', () => {
  const { start, size } = at('first')

  test.each([
    ['its first byte', 0n],
    ['its last byte', size - 1n],
  ])('%s', (_name, offset) => {
    expect(symbolize(start + offset, modules)).toEqual({
      address: start + offset,
      module: elf.path,
      symbol: 'first',
      offset,
    })
  })
  test('where a call returns to behind its last instruction', () => {
    const end = start + size
    expect(symbolize(end, modules, { returnAddress: true })).toEqual({
      address: end,
      module: elf.path,
      symbol: 'first',
      offset: size,
    })
    expect(symbolize(end, modules).symbol).not.toBe('first')
  })
  test('of another module', () => {
    const cbrt = libm.elf.findExport('cbrt')
    const address = libm.base + BigInt(cbrt?.value ?? 0) + 3n
    expect(symbolize(address, modules)).toMatchObject({
      module: libm.path,
      symbol: 'cbrt',
      offset: 3n,
    })
  })
})

describe('which function', () => {
  test('a function inside another', () => {
    const outer = at('outer')
    const inner = at('inner')
    expect(symbolize(inner.start, modules).symbol).toBe('inner')
    expect(symbolize(inner.start + inner.size, modules)).toMatchObject({
      symbol: 'outer',
      offset: inner.start + inner.size - outer.start,
    })
  })
  test('one without a size reaches to the next', () => {
    const { start } = at('sizeless')
    expect(symbolize(start + 5n, modules)).toMatchObject({ symbol: 'sizeless', offset: 5n })
  })
  test('of several names the one without underscores', () => {
    expect(symbolize(at('_alias').start, modules).symbol).toBe('named')
  })
  test('between functions with sizes there is none', () => {
    const { start, size } = at('padded')
    expect(symbolize(start + size + 2n, modules)).toEqual({
      address: start + size + 2n,
      module: elf.path,
      symbol: undefined,
      offset: start + size + 2n - base,
    })
  })
  test('data are no functions', () => {
    const { start } = at('data')
    expect(symbolize(start, modules)).toMatchObject({ symbol: undefined, module: elf.path })
  })
})

describe('an address in no module', () => {
  const last = elf.segments.at(-1)
  const end = places.base + BigInt((last?.address ?? 0) + (last?.memorySize ?? 0))
  test.each([0n, 1n, base - 1n, end, 2n ** 63n, 2n ** 64n - 1n])('%i', (address) => {
    const nowhere = { address, module: undefined, symbol: undefined, offset: undefined }
    expect(symbolize(address, modules)).toEqual(nowhere)
    expect(symbolize(address, [])).toEqual(nowhere)
  })
  test('the edges belong to the module', () => {
    expect(symbolize(base, modules).module).toBe(elf.path)
    expect(symbolize(end - 1n, modules).module).toBe(elf.path)
  })
  test('zero as a return address', () => {
    expect(symbolize(0n, modules, { returnAddress: true }).module).toBeUndefined()
  })
})

test('any address and any base give a frame, and soon', () => {
  const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  const near = fc.bigInt({ min: -0x10000n, max: 0x10000n })
  const address = fc.oneof(
    u64,
    near.map((offset) => base + offset),
  )
  fc.assert(
    fc.property(address, u64, fc.boolean(), (place, anyBase, returnAddress) => {
      const all = [...modules, { ...places, base: anyBase }]
      const time = leastCpuTime(() => {
        expect(symbolize(place, all, { returnAddress }).address).toBe(place)
      })
      expect(time).toBeLessThan(100)
    }),
    { numRuns: 1000 },
  )
})
