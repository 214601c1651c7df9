/** A search that was made before is not made again where it would find the same, and only there. */
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { type Closure, resolveClosure } from '../../src/loader/closure.ts'
import { resolveLibrary } from '../../src/loader/search.ts'
import { names, needing, places } from '../fixtures/elf/closures.ts'
import { compile, temporaryFolder } from '../fixtures/elf/compile.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))
const place = places(folder)

/** A library with one that it needs, in a folder of their own; another folder is searched before it. */
function pair(): { readonly first: string; readonly here: string; readonly find: () => Closure } {
  const here = place()
  const first = join(here, 'first')
  mkdirSync(first, { recursive: true })
  compile('leaf.c', join(here, 'd.so'), { soname: 'd.so' })
  const library = needing(here, 'a.so', ['d.so'])
  return { first, here, find: () => resolveClosure(library, { searchPaths: [first, here] }) }
}

const pathsOf = ({ objects }: Closure): string[] => objects.map(({ path }) => path)

test('what is as it was is found without another search', () => {
  const { find } = pair()
  const found = find()
  expect(names(found)).toEqual(['d.so', 'a.so'])
  expect(find()).toBe(found)
})

test('a file in the place of another is seen', () => {
  const { here, find } = pair()
  const before = find().objects[0]?.identity
  compile('leaf.c', join(here, 'new.so'), { soname: 'd.so' })
  renameSync(join(here, 'new.so'), join(here, 'd.so'))
  expect(find().objects[0]?.identity).not.toEqual(before)
})

test('a file where there was none is seen, if it is looked for there first', () => {
  const { first, here, find } = pair()
  expect(pathsOf(find())[0]).toBe(join(here, 'd.so'))
  compile('leaf.c', join(first, 'd.so'), { soname: 'd.so' })
  expect(pathsOf(find())[0]).toBe(join(first, 'd.so'))
})

test('a link that leads elsewhere is seen', () => {
  const { first, here, find } = pair()
  compile('leaf.c', join(here, 'other.so'), { soname: 'd.so' })
  symlinkSync(join(here, 'd.so'), join(first, 'd.so'))
  const before = find().objects[0]?.realPath
  expect(before).toBe(join(here, 'd.so'))
  unlinkSync(join(first, 'd.so'))
  symlinkSync(join(here, 'other.so'), join(first, 'd.so'))
  expect(find().objects[0]?.realPath).toBe(join(here, 'other.so'))
})

test('a file that is gone is missed', () => {
  const { here, find } = pair()
  find()
  unlinkSync(join(here, 'd.so'))
  expect(find).toThrow(/needs 'd\.so'/)
})

test('what failed is tried again', () => {
  const { here, find } = pair()
  renameSync(join(here, 'd.so'), join(here, 'away.so'))
  expect(find).toThrow(/needs 'd\.so'/)
  renameSync(join(here, 'away.so'), join(here, 'd.so'))
  expect(names(find())).toEqual(['d.so', 'a.so'])
})

test('a name is found in the first place that has it, from one time to the next', () => {
  const { first, here } = pair()
  const find = (): string => resolveLibrary('d.so', { searchPaths: [first, here] })
  expect(find()).toBe(join(here, 'd.so'))
  compile('leaf.c', join(first, 'd.so'))
  expect(find()).toBe(join(first, 'd.so'))
  unlinkSync(join(first, 'd.so'))
  expect(find()).toBe(join(here, 'd.so'))
})

test('a relative place is another one in another working directory', () => {
  const { here } = pair()
  const other = pair().here
  const cwd = vi.spyOn(process, 'cwd')
  try {
    cwd.mockReturnValue(here)
    expect(resolveLibrary('d.so', { searchPaths: ['.'] })).toBe(join(here, 'd.so'))
    cwd.mockReturnValue(other)
    expect(resolveLibrary('d.so', { searchPaths: ['.'] })).toBe(join(other, 'd.so'))
  } finally {
    cwd.mockRestore()
  }
})
