/** What programs import: the same as the parts that it is made of, in a few files. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import { describe, expect, test } from 'vitest'
import { runProgram } from './support/run-program.ts'
import { Scratch } from './support/scratch.ts'

test('each door has what its parts have, by import as by require', async () => {
  const { stdout, stderr, code } = await runProgram('comes-through-the-doors.mjs')
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({ differences: [], length: 11, shared: true, required: true })
})

describe('required', () => {
  const names = async (door: string): Promise<string> => {
    const { default: whole, ...given } = await import(
      new URL(`../dist/${door}.js`, import.meta.url).href
    )
    return Object.keys(whole ?? given)
      .sort()
      .join()
  }

  test.each([
    ['as usual', [], []],
    ['where no ES module can be required', ['--no-experimental-require-module'], []],
    ['where all is taken for CommonJS, as in Jest 29', [], ['all-as-commonjs']],
  ])('each door has what its parts have: %s', async (_name, node, args) => {
    const ended = await runProgram('requires-the-doors.cjs', { node, args })
    expect(ended.stderr).toBe('')
    expect(ended.code).toBe(0)
    expect(JSON.parse(ended.stdout)).toEqual({
      names: {
        index: await names('index'),
        koffi: await names('koffi/index'),
        pkcs11: await names('pkcs11/index'),
        pkcs11js: await names('pkcs11js/index'),
      },
      cos: [1, 1],
      aliases: [true, true],
      shared: true,
    })
  })
})

/** As a user writes it: the names of the README, by each door. */
const PROGRAM = `
  import { CrashError, FatThread, open, Pool, struct } from 'fat-threads'
  import koffi, { isolate } from 'fat-threads/koffi'
  import { CKM_ECDSA, isCoded, Module } from 'fat-threads/pkcs11'
  import * as pkcs11js from 'fat-threads/pkcs11js'
  import token11 from 'fat-threads/pkcs11js' // as a whole it has the types, too
  import { load } from 'koffi' // by the names that other packages ask for
  import { Session } from 'graphene-pk11'
  import { PKCS11 } from 'pkcs11js'

  const one: number = open.sync('libm.so.6', { cos: 'double cos(double x)' }).symbols.cos.sync(0)
  const declared = open.sync('libm.so.6', 'double cos(double x);')
  export const same: number = declared.symbols.cos.sync(one)
  export const library = FatThread.spawn.sync().load.sync('libm.so.6')
  export const pool = Pool.open('libm.so.6', { sin: 'double sin(double x)' })
  export const module: Module = Module.open.sync('libvendor.so', { profile: 'none' })
  export const rest = [CrashError, struct, koffi.load, isolate, CKM_ECDSA, isCoded]
  export const token: pkcs11js.PKCS11 = new pkcs11js.PKCS11()
  export const other: PKCS11 = token
  export const next = (from: token11.PKCS11, session: token11.Handle): token11.Handle | null =>
    from.C_FindObjects(session)
  export const fails = (error: unknown): error is token11.Pkcs11Error => error instanceof token11.Pkcs11Error
  export const others = [load, Session]
`

test.each([
  ['nodenext, ES module', 'program.mts', ['--module', 'nodenext', '--skipLibCheck', 'false']],
  ['nodenext, CommonJS', 'program.cts', ['--module', 'nodenext']],
  ['node16, ES module', 'program.mts', ['--module', 'node16']],
  ['node16, CommonJS', 'program.cts', ['--module', 'node16', '--skipLibCheck', 'false']],
  ['bundler', 'program.ts', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  [
    'node10, CommonJS',
    'program.ts',
    // What TypeScript 5 does for --module commonjs; the newest one has to be told that this is meant.
    [
      ...['--module', 'commonjs', '--moduleResolution', 'node10', '--esModuleInterop'],
      ...['--ignoreDeprecations', '6.0'],
    ],
  ],
] as const)(
  'a program in TypeScript has all types: %s',
  (_name, file, options) => {
    using scratch = new Scratch()
    const root = fileURLToPath(new URL('..', import.meta.url))
    mkdirSync(scratch.path('node_modules'))
    symlinkSync(root, scratch.path('node_modules/fat-threads'))
    for (const alias of ['koffi', 'pkcs11js'])
      symlinkSync(join(root, alias), scratch.path(`node_modules/${alias}`))
    symlinkSync(join(root, 'node_modules/@types'), scratch.path('node_modules/@types'))
    // Not a link: it is to find the pkcs11js beside it.
    const graphene = 'node_modules/graphene-pk11'
    cpSync(join(root, graphene), scratch.path(graphene), { recursive: true })
    scratch.write(file, PROGRAM)
    const strict = ['--strict', '--skipLibCheck', '--noEmit', '--types', 'node']
    const newest = ['--target', 'es2022', '--lib', 'es2023,esnext.disposable']
    const args = [`${root}/node_modules/.bin/tsc`, ...strict, ...newest, ...options, file]
    const { stdout, status } = spawnSync(process.execPath, args, {
      cwd: scratch.folder,
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  },
  120_000,
)

test('a Node that may load no addon is what is wrong, and not the package', () => {
  const door = new URL('../dist/doors/index.js', import.meta.url).href
  const program = `import { open } from '${door}'; open('libm.so.6').catch((e) => console.log(e.code, e.message))`
  const args = ['--no-addons', '--input-type=module', '--eval', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^ERR_FAT_THREAD_START .*without `--no-addons`, and with `--allow-addons`/)
  expect(stdout).not.toMatch(/build it/)
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
