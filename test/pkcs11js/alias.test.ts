/** pkcs11js's name for the package: programs and packages that ask for pkcs11js get fat threads, unchanged. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fixture } from '../fixtures/build.ts'
import { Scratch } from '../support/scratch.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MODULE = fixture('writes-calls-down')

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const app = scratch.path('app')

/** Without the registry, and without what other projects left in the cache. */
const OFFLINE = ['--offline', '--no-audit', '--no-fund', '--cache', scratch.path('cache')]

function npm(...words: string[]): void {
  execFileSync('npm', words, { cwd: app, stdio: 'pipe' })
}

function node(file: string, text: string): string {
  writeFileSync(`${app}/${file}`, text)
  return execFileSync(process.execPath, [file], { cwd: app, encoding: 'utf8' }).trim()
}

const found = (name: string): string => `file:${ROOT}node_modules/${name}`

beforeAll(() => {
  mkdirSync(app)
  const tarballs = scratch.path('tarballs')
  mkdirSync(tarballs)
  npm('pack', '--silent', '--ignore-scripts', '--pack-destination', tarballs, ROOT)
  const [tarball] = readdirSync(tarballs)
  const overrides = {
    cac: found('cac'),
    'web-tree-sitter': found('web-tree-sitter'),
    tslib: found('tslib'),
    // As the guide says.
    pkcs11js: '$pkcs11js',
  }
  const pack = { name: 'app', version: '1.0.0' }
  writeFileSync(`${app}/package.json`, JSON.stringify(pack))
  const others = { cac: overrides.cac, 'web-tree-sitter': overrides['web-tree-sitter'] }
  writeFileSync(`${app}/package.json`, JSON.stringify({ ...pack, overrides: others }))
  npm('install', ...OFFLINE, `${tarballs}/${tarball}`)
  const dependencies = {
    'fat-threads': `file:${tarballs}/${tarball}`,
    pkcs11js: 'file:node_modules/fat-threads/pkcs11js',
    'graphene-pk11': found('graphene-pk11'),
  }
  writeFileSync(`${app}/package.json`, JSON.stringify({ ...pack, dependencies, overrides }))
  npm('install', ...OFFLINE, '--install-links')
}, 120_000)

const CRASH = `
  const loaded = new pkcs11js.PKCS11('${MODULE}')
  let message
  try { loaded.C_Logout(Buffer.from([0xad, 0xde, 0, 0, 0, 0, 0, 0])) } catch (error) { message = error.message }
  console.log(message, loaded.C_GetInfo().cryptokiVersion.major)`

describe('after pkcs11js was installed from node_modules/fat-threads/pkcs11js', () => {
  test('a module that imports pkcs11js is isolated', () => {
    const text = `import * as pkcs11js from 'pkcs11js'\n${CRASH}`
    expect(node('module.mjs', text)).toBe('CKR_DEVICE_ERROR 2')
  })

  test('a script that requires pkcs11js is isolated', () => {
    const text = `const pkcs11js = require('pkcs11js')\n${CRASH}`
    expect(node('script.cjs', text)).toBe('CKR_DEVICE_ERROR 2')
  })

  test('what require gives is an object as pkcs11js’s is', () => {
    const text = `
      const pkcs11js = require('pkcs11js')
      pkcs11js.PKCS11 = class Mock {}
      console.log(pkcs11js.default, new (require('pkcs11js').PKCS11)().constructor.name)`
    expect(node('mocks.cjs', text)).toBe('undefined Mock')
  })

  test('graphene-pk11 finds it', () => {
    const text = `
      const { Module } = require('graphene-pk11')
      const module = Module.load('${MODULE}', 'a module')
      module.initialize()
      console.log(module.libFile === '${MODULE}', module.cryptokiVersion.minor)
      console.log(module.lib instanceof require('fat-threads/pkcs11js').PKCS11)
      module.finalize()`
    expect(node('graphene.cjs', text)).toBe('true 40\ntrue')
  })
})
