/** What programs import: the same as the parts that it is made of, in a few files. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runProgram } from './support/run-program.ts'

test('each door has what its parts have, by import as by require', async () => {
  const { stdout, stderr, code } = await runProgram('comes-through-the-doors.mjs')
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({ differences: [], length: 11, shared: true, required: true })
})

test('a program that imports fat-threads loads two files', () => {
  const doors = new URL('../dist/doors/', import.meta.url)
  const loaded = new Set<string>()
  const load = (name: string): void => {
    if (loaded.has(name)) return
    loaded.add(name)
    const text = readFileSync(new URL(name, doors), 'utf8')
    for (const [, next = ''] of text.matchAll(/from ["']\.\/([^"']+)["']/g)) load(next)
  }
  load('index.js')
  expect(loaded.size).toBe(2)
})

test('an engine keeps them as bytes', () => {
  const text = readFileSync(new URL('../dist/doors/shared-dist.js', import.meta.url), 'utf8')
  expect(text).not.toMatch(/[^\0-\x7f]/)
})
