/** koffi's name for the package: programs and packages that ask for koffi get fat threads, unchanged. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fixture } from '../fixtures/build.ts'
import { Scratch } from '../support/scratch.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const app = scratch.path('app')

/** Without the registry, and without what other projects left in the cache. */
const OFFLINE = ['--offline', '--no-audit', '--no-fund', '--cache', scratch.path('cache')]

function npm(...words: string[]): void {
  execFileSync('npm', words, { cwd: app, stdio: 'pipe' })
}

function node(file: string, text: string, options: readonly string[] = []): string {
  writeFileSync(`${app}/${file}`, text)
  const words = [...options, file]
  return execFileSync(process.execPath, words, { cwd: app, encoding: 'utf8' }).trim()
}

beforeAll(() => {
  mkdirSync(app)
  const tarballs = scratch.path('tarballs')
  mkdirSync(tarballs)
  npm('pack', '--silent', '--ignore-scripts', '--pack-destination', tarballs, ROOT)
  const [tarball] = readdirSync(tarballs)
  const found = (name: string): string => `file:${ROOT}node_modules/${name}`
  const overrides = { cac: found('cac'), 'web-tree-sitter': found('web-tree-sitter') }
  writeFileSync(`${app}/package.json`, JSON.stringify({ name: 'app', version: '1.0.0', overrides }))
  npm('install', ...OFFLINE, `${tarballs}/${tarball}`)
  npm('install', ...OFFLINE, 'koffi@file:node_modules/fat-threads/koffi')
}, 120_000)

describe('after npm install koffi@file:node_modules/fat-threads/koffi', () => {
  const CRASH = `
    const libc = koffi.load('libc.so.6')
    let code
    try { libc.func('int raise(int)')(11) } catch (error) { code = error.code }
    console.log(code, libc.func('int abs(int)')(-5))`

  test('a module that imports koffi is isolated', () => {
    expect(node('module.mjs', `import koffi from 'koffi'\n${CRASH}`)).toBe(
      'ERR_FAT_THREAD_CRASHED 5',
    )
  })

  test('a script that requires koffi is isolated', () => {
    expect(node('script.cjs', `const koffi = require('koffi')\n${CRASH}`)).toBe(
      'ERR_FAT_THREAD_CRASHED 5',
    )
  })

  test('both names stand for one fat thread', () => {
    const text = `
      import koffi, { load } from 'koffi'
      import { load as same } from 'fat-threads/koffi'
      console.log(load === same, koffi.load === load)`
    expect(node('names.mjs', text)).toBe('true true')
  })

  test('permissions come from a module that is loaded before', () => {
    writeFileSync(`${app}/file.txt`, 'text')
    writeFileSync(
      `${app}/isolate.mjs`,
      `import { isolate } from 'koffi'\nisolate({ permissions: { read: ['${app}'] } })`,
    )
    const text = `
      const libc = require('koffi').load('libc.so.6')
      console.log(libc.func('int access(const char *path, int mode)')('${app}/file.txt', 4))`
    expect(node('reads.cjs', text)).toBe('-1')
    expect(node('reads.cjs', text, ['--import', './isolate.mjs'])).toBe('0')
  })

  test('relative paths are the program’s, wherever it goes, and in the next process', () => {
    mkdirSync(`${app}/below`)
    writeFileSync(`${app}/below/deep.txt`, 'text')
    const text = `
      const libc = require('koffi').load('libc.so.6')
      const access = libc.func('int access(const char *path, int mode)')
      const seen = () => ['file.txt', 'deep.txt'].map((path) => access(path, 4))
      const first = seen()
      process.chdir('below')
      const second = seen()
      try { libc.func('int raise(int)')(11) } catch {}
      console.log(JSON.stringify([first, second, seen()]))`
    const found = node('goes.cjs', text, ['--import', './isolate.mjs'])
    expect(JSON.parse(found)).toEqual([
      [0, -1],
      [-1, 0],
      [-1, 0],
    ])
  })

  test('what require gives may be changed, as koffi’s may', () => {
    const text = `
      const koffi = require('koffi')
      const load = koffi.load
      koffi.load = () => load('${fixture('answers')}')
      console.log(koffi.default, require('koffi').load('nothing').func('int answer()')())`
    expect(node('mocks.cjs', text)).toBe('undefined 42')
  })
})
