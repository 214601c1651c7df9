/** Libraries that look for what belongs to the program: its descriptors and its memory. */
import { randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { open } from '../../src/index.ts'
import { control } from '../support/control.ts'
import { gives, type Outcome, reports } from '../support/outcomes.ts'
import { call, describeRows } from '../support/rows.ts'

/** The fixture looks for the first twelve characters; they are masked there, so that it can't find itself. */
const SECRET = `Hidden-Treat ${randomBytes(16).toString('hex')}`
const FOLDER = mkdtempSync(join(tmpdir(), 'fat-threads-'))
const ELSEWHERE = join(FOLDER, 'secret.txt')

interface LibC {
  open(path: string, flags: number): number
  dup2(from: number, to: number): number
}

/** Node closes its descriptors on exec; those that other code in the program opens stay open. */
function leakDescriptors(): number[] {
  const koffi = createRequire(import.meta.url)('koffi') as {
    load(name: string): { func(prototype: string): unknown }
  }
  const libc = koffi.load('libc.so.6')
  const { open: openFile, dup2 } = {
    open: libc.func('int open(const char *path, int flags)'),
    dup2: libc.func('int dup2(int from, int to)'),
  } as LibC
  const first = openFile(ELSEWHERE, 0)
  return [first, dup2(first, 100), dup2(first, 4000)]
}

/** Kept alive in all the forms that a program has for a secret. */
const kept = { text: '', bytes: Buffer.alloc(0), list: [''] }
let leaked: number[] = []
let descriptor = -1

beforeAll(() => {
  writeFileSync(ELSEWHERE, SECRET)
  leaked = leakDescriptors()
  descriptor = openSync(ELSEWHERE, 'r')
  kept.text = SECRET
  kept.bytes = Buffer.from(SECRET)
  kept.list = Array.from({ length: 100 }, (_, index) => `${index} ${SECRET}`)
  process.env['FAT_THREAD_TEST_SECRET'] = SECRET
})

afterAll(() => {
  expect(kept.bytes.toString(), 'kept until the end').toBe(kept.text)
  delete process.env['FAT_THREAD_TEST_SECRET']
  for (const one of [...leaked, descriptor]) closeSync(one)
  rmSync(FOLDER, { recursive: true })
})

const inSecretProgram = (library: string, prototype: string): ReturnType<typeof control> =>
  control(
    `const { openSync } = require('node:fs')
    const file = openSync(${JSON.stringify(ELSEWHERE)}, 'r')
    const bytes = require('node:fs').readFileSync(${JSON.stringify(ELSEWHERE)})
    begin()
    report(koffi.load(${JSON.stringify(library)}).func(${JSON.stringify(prototype)})())
    if (bytes.length + file === 0) throw new Error('kept until here')`,
    { timeout: 20_000 },
  )

const findsNothing: Outcome = {
  text: 'finds nothing',
  check: ({ value, error }) => {
    expect(error).toBeUndefined()
    expect(value).not.toContain(SECRET.slice(0, 12))
  },
}

/** What a fat thread may hold: its standard streams and its doorbell, no file, no more than a handful. */
const onlyItsOwn: Outcome = {
  text: 'only the streams and the doorbell',
  check: ({ value, error }) => {
    expect(error).toBeUndefined()
    const lines = String(value).trim().split('\n')
    expect(lines.length).toBeLessThanOrEqual(8)
    for (const line of lines)
      expect(line).toMatch(/^\d+ (device|pipe|socket|\/dev\/null|pipe:\[\d+\]|socket:\[\d+\])$/)
  },
}

const TEXT = 'const char *deed(void)'
const holds =
  (part: string) =>
  (value: unknown): boolean =>
    String(value).includes(part)

describeRows('reaching the program', [
  {
    deed: 'reads every descriptor',
    fixture: 'reads-every-descriptor',
    prototype: TEXT,
    harm: reports('finds a secret file', holds(SECRET)),
    control: (library) => inSecretProgram(library, TEXT),
    outcome: findsNothing,
  },
  {
    deed: 'lists every descriptor',
    fixture: 'lists-every-descriptor',
    prototype: TEXT,
    harm: reports('finds a secret file', holds('secret.txt')),
    control: (library) => inSecretProgram(library, TEXT),
    outcome: onlyItsOwn,
  },
  {
    deed: 'hunts for a secret in its memory',
    fixture: 'hunts-for-secrets',
    harm: reports('finds the secret', (value) => Number(value) > 0),
    control: (library) => inSecretProgram(library, 'int deed(void)'),
    outcome: gives(0),
    limit: 20_000,
  },
  {
    deed: 'hunts for a secret after the program has called another fat thread with it',
    fixture: 'hunts-for-secrets',
    harm: reports('finds the secret', (value) => Number(value) > 0),
    control: (library) => inSecretProgram(library, 'int deed(void)'),
    outcome: gives(0),
    limit: 20_000,
    act: async (library, mode) => {
      await using other = await open('libc.so.6', {
        strlen: 'unsigned long strlen(const char *text)',
      })
      expect(await other.symbols.strlen(SECRET.repeat(1000))).toBe(BigInt(SECRET.length * 1000))
      return await call(library, mode)
    },
  },
])
