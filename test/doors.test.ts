/** What programs import: the same as the parts that it is made of, in a few files. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import { expect, test } from 'vitest'
import { runProgram } from './support/run-program.ts'
import { Scratch } from './support/scratch.ts'

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

test.each([
  ['ES module', 'esm', {}],
  ['CommonJS', 'cjs', {}],
  // As esbuild makes it.
  ['CommonJS without an address', 'cjs', { 'import.meta.url': 'undefined' }],
] as const)('a bundle says what it lacks: %s', async (_name, format, define) => {
  using scratch = new Scratch()
  const door = fileURLToPath(new URL('../dist/doors/index.js', import.meta.url))
  const told = '({ code, message }) => console.log(code, message)'
  const input = scratch.write(
    'program.mjs',
    `import { open } from '${door}'; open('libm.so.6').catch(${told})`,
  )
  const file = scratch.path(format === 'esm' ? 'bundle.mjs' : 'bundle.cjs')
  const transform = { define }
  await build({ input, platform: 'node', logLevel: 'silent', transform, output: { file, format } })
  const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^ERR_FAT_THREAD_START .*out of bundles \(`external`\)/)
  expect(status).toBe(0)
})
