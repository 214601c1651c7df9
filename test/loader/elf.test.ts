import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readElf } from '../../src/loader/elf.ts'
import { readElfFile } from '../../src/loader/elf-file.ts'
import { resolveLibrary } from '../../src/loader/search.ts'
import { compile, temporaryFolder } from '../fixtures/elf/compile.ts'
import { patchDynamic, withoutSectionHeaders } from '../fixtures/elf/patch.ts'
import { has, readelfBuildId, readelfDynamic, readelfSymbols } from '../fixtures/elf/readelf.ts'
import { cpuTime } from '../support/cpu-time.ts'
import { needs } from '../support/needs.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))

const leaf = compile('leaf.c', join(folder, 'libleaf.so.1'), { soname: 'libleaf.so.1' })

const SYSTEM = [
  ['libc6', 'libm.so.6'],
  ['libc6', 'libc.so.6'],
  ['zlib1g', 'libz.so.1'],
  ['libssl3', 'libcrypto.so.3'],
  ['libstdc++6', 'libstdc++.so.6'],
] as const

describe.runIf(has('readelf'))('agrees with readelf on', () => {
  for (const [packageName, name] of SYSTEM) {
    test.skipIf(needs(packageName, name))(name, () => {
      const path = resolveLibrary(name)
      const elf = readElfFile(path)
      expect(elf.soname).toBe(readelfDynamic(path, 'SONAME')[0])
      expect(elf.needed).toEqual(readelfDynamic(path, 'NEEDED'))
      expect(elf.buildId).toBe(readelfBuildId(path))

      const symbols = readelfSymbols(path).filter(({ binding }) => binding !== 'LOCAL')
      const imports = symbols.filter(({ section }) => section === 'UND').map(({ name }) => name)
      expect(elf.imports).toEqual(imports)
      const exports = symbols
        .filter(({ section }) => section !== 'UND')
        .map(({ name, value, size, type, binding, section, version, isDefault }) => ({
          name,
          kind: section === 'ABS' ? 'other' : (KINDS[type] ?? 'other'),
          value,
          size,
          binding: BINDINGS[binding],
          version,
          isDefault,
        }))
      expect(elf.exports.map(comparable)).toEqual(exports.map(comparable))
    })
  }
})

/** readelf gives no version to the symbols that stand for the versions themselves. */
function comparable<T extends { kind: string; version: unknown; isDefault: unknown }>(symbol: T) {
  return symbol.kind === 'other' ? { ...symbol, version: null, isDefault: null } : symbol
}

const KINDS: Readonly<Record<string, string>> = {
  FUNC: 'function',
  IFUNC: 'ifunc',
  OBJECT: 'object',
  TLS: 'tls',
}
const BINDINGS: Readonly<Record<string, string>> = {
  GLOBAL: 'global',
  WEAK: 'weak',
  UNIQUE: 'unique',
}

describe('kinds of symbols', () => {
  const elf = readElfFile(leaf)
  test.each([
    ['leaf_function', 'function', 'global'],
    ['leaf_weak', 'function', 'weak'],
    ['leaf_ifunc', 'ifunc', 'global'],
    ['leaf_object', 'object', 'global'],
    ['leaf_text', 'object', 'global'],
    ['leaf_tls', 'tls', 'global'],
  ])('%s is %s, %s', (name, kind, binding) => {
    expect(elf.findExport(name)).toMatchObject({ name, kind, binding, isDefault: true })
  })

  test('what is hidden is not exported', () => {
    expect(elf.findExport('leaf_hidden')).toBeUndefined()
    expect(elf.exports.map(({ name }) => name)).not.toContain('leaf_hidden')
  })

  test('sizes are those of C', () => {
    expect(elf.findExport('leaf_object')?.size).toBe(4)
    expect(elf.findExport('leaf_text')?.size).toBe(5)
  })
})

test('of two versions, dlsym finds the default one', () => {
  const path = compile('versioned.c', join(folder, 'libversioned.so'), {
    flags: ['-Wl,--version-script,versioned.map'],
  })
  const elf = readElfFile(path)
  const versions = elf.exports.filter(({ name }) => name === 'versioned')
  expect(versions.map(({ version, isDefault }) => [version, isDefault]).sort()).toEqual([
    ['VERS_1', false],
    ['VERS_2', true],
  ])
  expect(elf.findExport('versioned')?.version).toBe('VERS_2')
})

test('many that are looked for one by one are those that stand in the table', () => {
  const elf = readElfFile(leaf)
  const names = [...new Set(readElf(readFileSync(leaf), leaf).exports.map(({ name }) => name))]
  expect(names.length).toBeGreaterThan(5)
  const missing = Array.from({ length: 8 }, (_, index) => `no_such_${index}`)
  for (const name of [...names, ...missing, ...names])
    expect(elf.findExport(name)?.name).toBe(missing.includes(name) ? undefined : name)
})

describe('symbols are counted', () => {
  const bytes = readFileSync(leaf)
  const names = readElf(bytes, leaf).exports.map(({ name }) => name)

  test('without section headers', () => {
    const elf = readElf(withoutSectionHeaders(bytes), leaf)
    expect(elf.exports.map(({ name }) => name)).toEqual(names)
  })

  test('by the System V hash table', () => {
    const path = compile('leaf.c', join(folder, 'libsysv.so'), {
      flags: ['-Wl,--hash-style=sysv'],
    })
    const found = readElfFile(path).exports.map(({ name }) => name)
    expect(found.sort()).toEqual([...names].sort())
  })

  test('also where nothing is exported', () => {
    const path = compile('needs-leaf.c', join(folder, 'libimports.so'), {
      flags: ['-fvisibility=hidden', '-Wl,--allow-shlib-undefined'],
    })
    expect(readElfFile(path).exports).toEqual([])
    expect(readElfFile(path).imports).toContain('leaf_function')
  })
})

describe('the dynamic section', () => {
  test('DT_RUNPATH and DT_RPATH are split at colons', () => {
    const runpath = ['-Wl,--enable-new-dtags,-rpath,$ORIGIN:/usr/lib']
    const rpath = ['-Wl,--disable-new-dtags,-rpath,$ORIGIN/sub:/lib']
    const one = readElfFile(compile('empty.c', join(folder, 'librunpath.so'), { flags: runpath }))
    const two = readElfFile(compile('empty.c', join(folder, 'librpath.so'), { flags: rpath }))
    expect([one.runpath, one.rpath]).toEqual([['$ORIGIN', '/usr/lib'], undefined])
    expect([two.runpath, two.rpath]).toEqual([undefined, ['$ORIGIN/sub', '/lib']])
  })

  test('a library without SONAME has none', () => {
    const elf = readElfFile(compile('empty.c', join(folder, 'libempty.so')))
    expect(elf.soname).toBeUndefined()
  })

  test('names are UTF-8; what is not becomes U+FFFD', () => {
    const bytes = readFileSync(compile('empty.c', join(folder, 'u'), { soname: 'libgrüße.so' }))
    expect(readElf(bytes, 'u').soname).toBe('libgrüße.so')
    bytes.set([0xff], bytes.indexOf('libgrüße.so') + 3)
    expect(readElf(bytes, 'u').soname).toBe('lib\uFFFDrüße.so')
  })

  test('of repeated tags the last counts, as for the loader', () => {
    const bytes = readFileSync(leaf)
    // DT_INIT becomes a second DT_FLAGS_1 with DF_1_NOW.
    const twice = patchDynamic(bytes, 12n, { tag: 0x6ffffffbn, value: 1n })
    expect(readElf(bytes, leaf).bindNow).toBe(false)
    expect(readElf(twice, leaf).bindNow).toBe(true)
  })
})

test('Node itself is read quickly, as an executable only', () => {
  const time = cpuTime(() => readElfFile(process.execPath, { executables: true }).exports)
  expect(time).toBeLessThan(600)
  const node = readElfFile(process.execPath, { executables: true })
  expect(node.exports.length).toBeGreaterThan(100)
  expect(node.executable).toBe(true)
  expect(node.interpreter).toMatch(/^\/lib.*\/ld-/)
  expect(() => readElfFile(process.execPath)).toThrow(/a program.*not a shared object/)
})

test('a library that can be run is a library: libc has an interpreter', () => {
  const libc = readElfFile(resolveLibrary('libc.so.6'))
  expect(libc.interpreter).toMatch(/ld-/)
  expect(libc.executable).toBe(false)
})
