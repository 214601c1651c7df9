import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Inspection } from '../../src/cli/inspect.ts'
import { compile } from '../fixtures/elf/compile.ts'
import { needs } from '../support/needs.ts'
import { run, runJson } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'fat-threads-inspect-'))
afterAll(() => rmSync(folder, { recursive: true }))

const inspect = (...words: readonly string[]): Inspection =>
  runJson('inspect', ...words).json as Inspection

describe.skipIf(needs('zlib1g', 'libz.so.1'))('libz', () => {
  const inspection = inspect('libz.so.1')

  test('its exports', () => {
    const { counts, shown } = inspection.exports
    expect(shown).toContainEqual({
      name: 'deflate',
      kind: 'function',
      version: null,
      default: true,
    })
    expect(shown).toContainEqual({
      name: 'inflateMark',
      kind: 'function',
      version: 'ZLIB_1.2.3.4',
      default: true,
    })
    expect(counts.function).toBe(shown.filter(({ kind }) => kind === 'function').length)
  })

  test('its closure', () => {
    const [library, libc] = inspection.closure ?? []
    const bytes = readFileSync(inspection.path)
    const hash = `sha256-${createHash('sha256').update(bytes).digest('base64')}`
    expect(library).toMatchObject({ path: inspection.path, neededBy: [], size: bytes.length, hash })
    expect(libc).toMatchObject({ neededBy: [inspection.path], provided: true, collisions: 0 })
    expect(libc?.size).toBe(statSync(libc?.path ?? '').size)
    expect(inspection).toMatchObject({ size: bytes.length, hash, soname: 'libz.so.1' })
  })

  test('its hardening', () => {
    expect(inspection.hardening).toMatchObject({ nonExecutableStack: true, writeXorExecute: true })
  })

  test('the names that Node exports too', () => {
    const { executable, total, names } = inspection.collisions
    expect(executable).toBe(process.execPath)
    expect(names).toHaveLength(total)
    expect(inspection.closure?.[0]?.collisions).toBe(total)
  })

  test('--filter', () => {
    const { counts, shown } = inspect('libz.so.1', '--filter', 'deflateI').exports
    expect(shown.map(({ name }) => name)).toEqual(['deflateInit2_', 'deflateInit_'])
    expect(counts).toEqual(inspection.exports.counts)
    expect(inspect('libz.so.1', '--filter=nothing of this name').exports.shown).toEqual([])
  })

  test('for people', () => {
    const { status, stdout, stderr } = run('inspect', 'libz.so.1', '--filter', 'deflateI')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`${inspection.path}\n`)
    expect(stdout).toMatch(/\nExports {2}2 of \d+ \(.*function \d+.*\)\n/)
    expect(stdout).toMatch(/\n {2}deflateInit2_ {2}function\n {2}deflateInit_ {3}function\n/)
    expect(stdout).toMatch(/\nNeeds {2}1\n.*libc\.so\.6 .*the system's own .*for libz\.so\.1\n/)
    expect(stdout).toContain(`\nAlso exported by Node.js ${process.version}  `)
    expect(stdout).toContain(inspection.hash)
    expect(stdout, 'no colours where no terminal is').not.toContain('\u001b')
  })
})

test.skipIf(needs('libcurl4', 'libcurl.so.4'))(
  'what a needed library clashes with is shown',
  () => {
    const { closure, collisions } = inspect('libcurl.so.4')
    const libcrypto = closure?.find(({ path }) => path.includes('libcrypto.so'))
    expect(libcrypto?.neededBy.length).toBeGreaterThan(1)
    expect(libcrypto?.collisions).toBe(inspect(libcrypto?.path ?? '').collisions.total)
    expect(libcrypto?.collisions).toBeGreaterThanOrEqual(collisions.total)
  },
)

describe('a library that can not be loaded is described all the same, with status 1:', () => {
  const path = compile('leaf.c', join(folder, 'leaf.so'), { flags: ['-Wl,-z,execstack'] })

  test('--json', () => {
    const { status, json, stderr } = runJson('inspect', path)
    expect(status).toBe(1)
    expect(json).toMatchObject({
      path,
      closure: null,
      hardening: { nonExecutableStack: false },
      error: { name: 'LoadError', code: 'ERR_FAT_THREAD_LOAD' },
    })
    expect(stderr).toMatch(/executable stack/)
  })

  test('for people', () => {
    const { status, stdout, stderr } = run('inspect', path)
    expect(status).toBe(1)
    expect(stdout).toMatch(/non-executable stack +no\n/)
    expect(stderr).toMatch(/executable stack/)
  })
})

test('what is no library ends with status 1', () => {
  for (const path of ['/etc/passwd', 'libnone.so.1']) {
    const { status, json } = runJson('inspect', path)
    expect(status).toBe(1)
    expect(json).toMatchObject({ error: { code: 'ERR_FAT_THREAD_LOAD' } })
  }
})

test('wrong usage ends with status 2', () => {
  for (const words of [
    [],
    ['libc.so.6', 'libm.so.6'],
    ['libc.so.6', '--filter'],
    ['libc.so.6', '--filter=a', '--filter=b'],
    [''],
  ]) {
    const { status, stderr } = run('inspect', ...words)
    expect(status).toBe(2)
    expect(stderr).toMatch(/\nTry: fat-threads inspect --help\n$/)
  }
})
