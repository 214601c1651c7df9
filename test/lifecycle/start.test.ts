/** However a program was started: its fat threads start alike, and work. */
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { control } from '../support/control.ts'
import { copyCheckout, type Ended, type RunOptions, runProgram } from '../support/run-program.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fat-threads-start-'))
  chmodSync(folder, 0o777) // for programs of another user
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Report = Readonly<Record<string, unknown>>

async function reportOf(
  options: RunOptions,
  program = 'reports.mjs',
  kilobytes = 7000,
): Promise<{ report: Report; ended: Ended }> {
  const path = join(folder, `${Math.random()}`)
  const ended = await runProgram(program, {
    ...forUser(options),
    args: [readable('obeys'), readable('lists-every-descriptor'), path, String(kilobytes)],
  })
  const written = existsSync(path) ? readFileSync(path, 'utf8') : 'null'
  return { report: JSON.parse(written) as Report, ended }
}

/** A fixture where every user can read it. */
function readable(name: string): string {
  const copy = join(folder, `${name}.so`)
  if (!existsSync(copy)) copyFileSync(fixture(name), copy)
  return copy
}

/** Another user may not be able to read the checkout. */
const forUser = (options: RunOptions): RunOptions =>
  options.uid === undefined ? options : { ...options, root: copyCheckout(join(folder, 'checkout')) }

/** `sh` sets up, then becomes Node. */
const shell = (setUp: string): readonly string[] => ['sh', '-c', `${setUp} exec "$@"`, 'sh']

const NOBODY = 65534
/** As root there is another user to become; any other is an ordinary one already. */
const ORDINARY: RunOptions = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY, cwd: '/' } : {}

const USUAL = {
  sum: 42,
  sumSync: 42,
  environment: 0,
  folder: '/',
  stack: true,
  crash: { code: 'ERR_FAT_THREAD_CRASHED', signal: 'SIGSEGV', symbol: 'crash' },
  exit: { code: 'ERR_FAT_THREAD_EXITED', exitCode: 7 },
  after: 3,
  said: 'heard\n',
  rejections: [],
}

interface Row {
  readonly how: string
  readonly options: RunOptions
  readonly program?: string
  /** False where the fat thread can't have its usual stack of 8 MB. */
  readonly stack?: boolean
  /** Milliseconds, where it may take longer than others. */
  readonly timeout?: number
}

const ROWS: readonly Row[] = [
  { how: 'as usual', options: {} },
  { how: 'with SIGCHLD ignored', options: { by: shell("trap '' CHLD;") } },
  {
    how: 'with many signals ignored',
    options: { by: shell("trap '' HUP INT TERM USR1 USR2 PIPE ALRM;") },
  },
  { how: 'without standard input', options: { by: shell('exec <&-;') } },
  { how: 'without standard output', options: { by: shell('exec >&-;') } },
  { how: 'without standard error', options: { by: shell('exec 2>&-;') } },
  { how: 'without any standard stream', options: { by: shell('exec <&- >&- 2>&-;') } },
  { how: 'with 96 descriptors at most', options: { by: shell('ulimit -n 96;') } },
  { how: 'with 1 MB of stack at most', options: { by: shell('ulimit -s 1024;') }, stack: false },
  { how: 'with unlimited stack', options: { by: shell('ulimit -s unlimited;') } },
  { how: 'with core dumps allowed', options: { by: shell('ulimit -c unlimited;') } },
  {
    how: 'from a folder that is gone',
    options: { by: shell('mkdir "/tmp/gone-$$"; cd "/tmp/gone-$$"; rmdir "/tmp/gone-$$";') },
  },
  { how: 'with umask 0', options: { by: shell('umask 0;') } },
  // Whoever else computes has nearly all of the processors meanwhile.
  { how: 'at the lowest priority', options: { by: ['nice', '-n', '19'] }, timeout: 60_000 },
  { how: 'as an ordinary user', options: ORDINARY },
  {
    how: 'as an ordinary user with 1 MB of stack at most',
    options: { ...ORDINARY, by: shell('ulimit -s 1024;') },
    stack: false,
  },
  { how: 'with descriptors that leak', options: {}, program: 'leaks-a-descriptor.mjs' },
  { how: 'with GLIBC_TUNABLES', options: { env: { GLIBC_TUNABLES: 'glibc.malloc.perturb=90' } } },
  {
    how: 'with an environment of 200 kB',
    options: { env: { LARGE_1: 'x'.repeat(100_000), LARGE_2: 'y'.repeat(100_000) } },
  },
  {
    how: 'with --disable-proto=delete and friends',
    options: { node: ['--disable-proto=delete', '--frozen-intrinsics'] },
  },
  { how: 'with a small old space', options: { node: ['--max-old-space-size=64'] } },
]

const withoutInodes = (list: unknown): string[] =>
  String(list)
    .replace(/\[\d+\]/g, '')
    .trim()
    .split('\n')

describe('a program that is started', () => {
  let usual: Report

  beforeAll(async () => {
    usual = (await reportOf({})).report
  })

  for (const { how, options, program, stack = true, timeout } of ROWS)
    test(how, timeout === undefined ? {} : { timeout }, async () => {
      const { report, ended } = await reportOf(options, program, stack ? 7000 : 500)
      expect(ended).toMatchObject({ code: 0, signal: null, hung: false })
      expect(report).toMatchObject(USUAL)
      // The same descriptors and the same actions of signals, whatever the program has.
      expect(report['descriptors']).toBe(usual['descriptors'])
      expect(withoutInodes(report['list'])).toEqual(withoutInodes(usual['list']))
      expect(report['actions']).toBe(usual['actions'])
    })

  test('in a fat thread, no descriptor but the standard streams and the channel', () => {
    expect(withoutInodes(usual['list']).map((line) => line.split(' ')[1])).toEqual([
      'device',
      'pipe',
      'pipe',
      'socket',
    ])
  })

  test('with LD_PRELOAD: it has its effect on the program, and none in the fat thread', async () => {
    const before = process.env['LD_PRELOAD'] ?? ''
    const env = { LD_PRELOAD: `${before} ${fixture('stands-in-for-rand')}`.trim() }
    const inside = `report(koffi.load(${JSON.stringify(fixture('obeys'))}).func('int draw(void)')())`
    const { reported } = await control(`begin()\n${inside}`, { env, timeout: 5000 })
    expect(reported, 'in-process').toBe(4711)
    const { report } = await reportOf({ env })
    expect(report).toMatchObject(USUAL)
    expect(report['draw']).toBe(usual['draw'])
    expect(report['draw']).not.toBe(4711)
  })

  test('that runs out of descriptors: typed errors, and all is well when there are some again', async () => {
    const by = shell('ulimit -n 90;')
    const ended = await runProgram('runs-out-of-descriptors.mjs', { by, args: [fixture('obeys')] })
    expect(ended).toMatchObject({ code: 0, signal: null })
    const { codes, ...report } = JSON.parse(ended.stdout)
    expect(Object.keys(codes).sort()).toEqual(['ERR_FAT_THREAD_START', 'started'])
    expect(report).toEqual({
      rejections: 0,
      load: expect.stringMatching(/^ERR_FAT_THREAD_(LOAD|START)$/),
      add: 3,
      crash: 'ERR_FAT_THREAD_CRASHED',
      afterCrash: 'ERR_FAT_THREAD_START',
      again: 'gave number',
      other: 42,
    })
  })

  test('by a user who may not read the library: a LoadError', async () => {
    const path = readable('answers')
    chmodSync(path, 0)
    const ended = await runProgram('opens.mjs', { ...forUser(ORDINARY), args: [path] })
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(ended.stdout).toMatch(/^ERR_FAT_THREAD_LOAD .*answers\.so.*(permission|EACCES)/i)
  })

  test('by require, from CommonJS, by name and by path', async () => {
    const ended = await runProgram('requires.cjs', { args: [fixture('obeys')] })
    expect(ended).toMatchObject({ code: 0, stdout: '42 3\n' })
  })

  test('with a heap of 200 MB: it starts fat threads as well', {
    timeout: 60_000,
  }, async (context) => {
    const ended = await runProgram('has-a-large-heap.mjs', {
      args: [fixture('obeys')],
      limit: 50_000,
    })
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    const { megabytes, median, worst } = JSON.parse(ended.stdout)
    expect(megabytes).toBeGreaterThan(200)
    const text = `open and one call in a program of ${megabytes} MB: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`
    await context.annotate(text)
  })
})

test('starts while a library keeps descriptors of the same user under way', async () => {
  const declarations = { deed: 'int deed(void)', answer: 'int answer(void)' } as const
  const path = fixture('keeps-descriptors-under-way')
  await using one = await open(path, declarations, { timeout: 5000 })
  // Some went: whether the end of that process comes of it is not the point here.
  const sent = await one.symbols.deed().catch(() => 1)
  expect(sent).toBeGreaterThan(0)
  for (let turn = 0; turn < 10; turn++) {
    await using other = await open(path, declarations)
    expect(await other.symbols.answer()).toBe(42)
  }
})

test('starts when there is room again for descriptors under way', async () => {
  const ended = await runProgram('starts-in-a-crowd.mjs', {
    args: [fixture('keeps-descriptors-under-way'), '400'],
    by: ['prlimit', '--nofile=512:512'],
    limit: 14_000,
  })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  const { sent, answer, waited } = JSON.parse(ended.stdout)
  expect(sent).toBeGreaterThan(2)
  expect(answer).toBe(42)
  expect(waited).toBeGreaterThan(100)
})

test('says what to do when no room comes', async () => {
  const ended = await runProgram('starts-in-a-crowd.mjs', {
    args: [fixture('keeps-descriptors-under-way'), '12000'],
    by: ['prlimit', '--nofile=512:512'],
    limit: 14_000,
  })
  expect(ended.code).toBe(1)
  expect(ended.stderr).toMatch(/ERR_FAT_THREAD_START/)
  expect(ended.stderr).toMatch(/no more descriptors under way .* raise `ulimit -n`/)
})
