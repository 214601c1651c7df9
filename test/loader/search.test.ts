import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { LoadError } from '../../src/errors.ts'
import { readLdCache } from '../../src/loader/ld-cache.ts'
import { isInside, resolveLibrary } from '../../src/loader/search.ts'
import { compile, temporaryFolder } from '../fixtures/elf/compile.ts'
import { needs } from '../support/needs.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))

const leaf = compile('leaf.c', join(folder, 'libleaf.so'))

/** The message of the LoadError for a name that is not found. */
function refusal(name: string, searchPaths: readonly string[] = []): string {
  try {
    return `found ${resolveLibrary(name, { searchPaths })}`
  } catch (error) {
    expect(error).toBeInstanceOf(LoadError)
    return (error as LoadError).message
  }
}

describe('a path', () => {
  test('absolute', () => expect(resolveLibrary(leaf)).toBe(leaf))
  test('relative to the working directory', () => {
    expect(resolveLibrary(relative('.', leaf))).toBe(leaf)
    expect(resolveLibrary('./x.so')).toBe(join(process.cwd(), 'x.so'))
  })
  test('as a URL', () => expect(resolveLibrary(pathToFileURL(leaf))).toBe(leaf))
  test('as a URL that is no file', () => {
    expect(() => resolveLibrary(new URL('https://example.org/x.so'))).toThrow(TypeError)
  })
})

describe('a name', () => {
  test.skipIf(needs('zlib1g', 'libz.so.1'))('is what the cache says', () => {
    expect(resolveLibrary('libz.so.1')).toBe(readLdCache().get('libz.so.1'))
  })
  test('is looked for in searchPaths first', () => {
    copyFileSync(leaf, join(folder, 'libm.so.6'))
    expect(resolveLibrary('libm.so.6', { searchPaths: [folder] })).toBe(join(folder, 'libm.so.6'))
    expect(resolveLibrary('libm.so.6')).not.toBe(join(folder, 'libm.so.6'))
  })
  test('is not looked for where the environment says', () => {
    const before = process.env['LD_LIBRARY_PATH']
    process.env['LD_LIBRARY_PATH'] = folder
    try {
      expect(refusal('libleaf.so')).toMatch(/^libleaf\.so: no library of this name/)
    } finally {
      if (before === undefined) delete process.env['LD_LIBRARY_PATH']
      else process.env['LD_LIBRARY_PATH'] = before
    }
  })
  test('is not a directory, and not looked for in the working directory', () => {
    mkdirSync(join(folder, 'directory'))
    expect(refusal('directory', [folder])).toMatch(/no library of this name/)
    expect(refusal('package.json')).toMatch(/no library of this name/)
  })
  test('of a file that is no library is refused with the reason', () => {
    writeFileSync(join(folder, 'libtext.so'), 'INPUT ( libreal.so.3 )')
    expect(refusal('libtext.so', [folder])).toMatch(/GNU ld script.*open 'libreal\.so\.3' instead/)
  })
  test.each(['', 'lib\0z.so'])('that is none is a wrong argument: %j', (name) => {
    expect(() => resolveLibrary(name)).toThrow(TypeError)
  })
})

describe('what may have been meant', () => {
  test.skipIf(needs('zlib1g', 'libz.so.1'))('a library with another ending', () => {
    expect(refusal('libz.so.9')).toMatch(/did you mean .*'libz\.so\.1'/)
    expect(refusal('z')).toMatch(/did you mean .*'libz\.so\.1'/)
    expect(refusal('libz')).toMatch(/did you mean .*'libz\.so\.1'/)
  })
  test.skipIf(needs('libssl3', 'libcrypto.so.3'))('a typing error', () => {
    expect(refusal('libcryto.so.3')).toMatch(/did you mean 'libcrypto\.so/)
  })
  test('a name for the linker', () => {
    expect(refusal('libnobodyhasthis.so')).toMatch(/development package \(-dev, -devel\)$/)
  })
  test('nothing that is not near', () => {
    expect(refusal('libnobodyhasthis.so.1')).not.toMatch(/did you mean/)
  })
})

test('a path is inside a directory by whole names', () => {
  expect(isInside('/usr/lib', ['/usr/lib'])).toBe(true)
  expect(isInside('/usr/lib/x', ['/usr/lib'])).toBe(true)
  expect(isInside('/usr/lib64', ['/usr/lib'])).toBe(false)
  expect(isInside('/x', ['/'])).toBe(true)
})
