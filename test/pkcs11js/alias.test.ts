/** pkcs11js's name for the package: programs and packages that ask for pkcs11js get fat threads, unchanged. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
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

/** A tarball, as the registry would have it. */
function pack(folder: string): string {
  const target = scratch.path('tarballs')
  const options = ['--silent', '--ignore-scripts', '--pack-destination', target]
  const name = execFileSync('npm', ['pack', ...options, folder], { cwd: app, encoding: 'utf8' })
  return `file:${target}/${name.trim()}`
}

function write(dependencies: object, overrides: object): void {
  const text = JSON.stringify({ name: 'app', version: '1.0.0', dependencies, overrides })
  writeFileSync(`${app}/package.json`, text)
}

beforeAll(() => {
  mkdirSync(app)
  mkdirSync(scratch.path('tarballs'))
  const [own, graphene, ...others] = ['', 'graphene-pk11', 'cac', 'web-tree-sitter', 'tslib'].map(
    (name) => pack(name === '' ? ROOT : `${ROOT}node_modules/${name}`),
  )
  const [cac, grammar, tslib] = others
  const overrides = { cac, 'web-tree-sitter': grammar, tslib }
  write({ 'fat-threads': own }, overrides)
  npm('install', ...OFFLINE)
  // As the guide says.
  npm('install', ...OFFLINE, 'pkcs11js@file:node_modules/fat-threads/pkcs11js')
  const pkcs11js = 'file:node_modules/fat-threads/pkcs11js'
  const dependencies = { 'fat-threads': own, pkcs11js, 'graphene-pk11': graphene }
  write(dependencies, { ...overrides, pkcs11js: '$pkcs11js' })
  npm('install', ...OFFLINE)
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
      const loaded = Module.load('${MODULE}', 'a module')
      loaded.initialize()
      console.log(loaded.libFile === '${MODULE}', loaded.cryptokiVersion.minor)
      console.log(loaded.lib instanceof require('fat-threads/pkcs11js').PKCS11)
      loaded.finalize()`
    expect(node('graphene.cjs', text)).toBe('true 40\ntrue')
  })
})
