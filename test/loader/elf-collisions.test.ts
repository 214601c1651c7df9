import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Collision, collisionsBetween } from '../../src/loader/elf-collisions.ts'
import { readElfFile } from '../../src/loader/elf-file.ts'
import { resolveLibrary } from '../../src/loader/search.ts'
import { compile, temporaryFolder } from '../fixtures/elf/compile.ts'
import { cpuTime } from '../support/cpu-time.ts'
import { needs } from '../support/needs.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))

const leaf = readElfFile(compile('leaf.c', join(folder, 'leaf.so')))

test('names that both export', () => {
  const other = readElfFile(compile('empty.c', join(folder, 'empty.so')))
  expect(collisionsBetween(leaf, other)).toEqual([])
  expect(collisionsBetween(leaf, leaf)).toContainEqual({
    name: 'leaf_function',
    kind: 'function',
    shared: false,
  })
})

test('weak on both sides is meant to be shared', () => {
  const [weak] = collisionsBetween(leaf, leaf).filter(({ name }) => name === 'leaf_weak')
  expect(weak?.shared).toBe(true)
})

test.skipIf(needs('libssl3', 'libcrypto.so.3'))('libcrypto beside Node, quickly', (context) => {
  const library = readElfFile(resolveLibrary('libcrypto.so.3'))
  let collisions: Collision[] = []
  // The best of three: what else runs on a machine takes processor time from all of them.
  const times = [1, 2, 3].map(() =>
    cpuTime(() => {
      const node = readElfFile(process.execPath, { executables: true })
      collisions = collisionsBetween(library, node)
    }),
  )
  expect(Math.min(...times)).toBeLessThan(600)
  const node = readElfFile(process.execPath, { executables: true })
  // Distributions link Node with the system's OpenSSL: then it exports none of it.
  if (node.needed.some((name) => name.startsWith('libcrypto'))) context.skip()
  expect(collisions.map(({ name }) => name)).toContain('EVP_DigestInit')
  expect(collisions.length).toBeGreaterThan(100)
})
