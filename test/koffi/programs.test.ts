/** Programs for koffi, run with its name changed and nothing else: each ends in a result or a typed error, and lives. */
import { basename, dirname } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fixture } from '../fixtures/build.ts'
import { needs } from '../support/needs.ts'
import { type Ended, runProgram } from '../support/run-program.ts'
import { Scratch } from '../support/scratch.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const DOOR = 'fat-threads/koffi'

function run(koffi: string, deed: string, ...given: string[]): Promise<Ended> {
  return runWith({}, koffi, deed, ...given)
}

function runWith(env: Record<string, string>, ...args: string[]): Promise<Ended> {
  return runProgram('uses-koffi.cjs', { args, env: { A_SECRET: 'hunter2', ...env }, limit: 25_000 })
}

/** What the program says at its end; it has to say it. */
function outcomeOf(ended: Ended): unknown {
  const line = ended.stdout.split('\n').find((text) => text.startsWith('{'))
  expect(line, `${ended.code} ${ended.signal} ${ended.stderr}`).toBeDefined()
  const { outcome, lives } = JSON.parse(line as string)
  expect(lives).toBe(true)
  expect(ended).toMatchObject({ code: 0, signal: null, hung: false })
  return outcome
}

const CRASHED = (signal: string) => ({ code: 'ERR_FAT_THREAD_CRASHED', signal })
const EXITED = (exitCode: number) => ({ code: 'ERR_FAT_THREAD_EXITED', exitCode })
const LATE = { code: 'ERR_FAT_THREAD_TIMEOUT' }

const ROWS: readonly (readonly [
  deed: string,
  outcome: unknown,
  library?: readonly [string, string],
])[] = [
  ['deflates as the manual says', [0, 1, 0, true], ['zlib1g', 'libz.so.1']],
  [
    'streams through pointers to pointers',
    [1, [0], true, true],
    ['libbrotli1', 'libbrotlienc.so.1'],
  ],
  ['divides a large number by nothing', CRASHED('SIGFPE'), ['libgmp10', 'libgmp.so.10']],
  ['adds numbers after another rounding was set', [0, 99.9999999999986]],
  ['runs a script that exits', EXITED(0), ['liblua5.4-0', 'liblua5.4.so.0']],
  ['runs a script that never ends', LATE, ['liblua5.4-0', 'liblua5.4.so.0']],
  ['lets an error of a script through', CRASHED('SIGABRT'), ['liblua5.4-0', 'liblua5.4.so.0']],
  ['asks a query that never ends', LATE, ['libsqlite3-0', 'libsqlite3.so.0']],
  ['reads what is no picture', EXITED(1), ['libjpeg62-turbo', 'libjpeg.so.62']],
  [
    'reports an error without a place to jump to',
    CRASHED('SIGABRT'),
    ['libpng16-16', 'libpng16.so.16'],
  ],
  ['matches a pattern that backtracks for ever', LATE, ['libpcre2-8-0', 'libpcre2-8.so.0']],
  ['reads the environment', [null, null]],
  ['goes on after a crash', ['ERR_FAT_THREAD_CRASHED', 4, '12345678']],
  ['hangs and exits', 'main is done'],
  ['calls when nothing is left to do', 3],
  ['hangs until its time is over', 'ERR_FAT_THREAD_TIMEOUT'],
  ['hangs in several at once', ['ERR_FAT_THREAD_TIMEOUT', 'ERR_FAT_THREAD_TIMEOUT', 'none']],
  ['shares a state between calls at once', 'all are done', ['liblua5.4-0', 'liblua5.4.so.0']],
]

describe('a program that', () => {
  for (const [deed, outcome, library] of ROWS)
    test.skipIf(library !== undefined && needs(...library))(deed, async () => {
      const found = outcomeOf(await run(DOOR, deed))
      if (typeof outcome === 'object' && !Array.isArray(outcome))
        expect(found).toMatchObject(outcome as object)
      else expect(found).toEqual(outcome)
    })

  test.skipIf(needs('libsqlite3-0', 'libsqlite3.so.0'))(
    'steps a statement of a closed database',
    async () => {
      const found = outcomeOf(await run(DOOR, 'steps a statement of a closed database'))
      // Freed memory is what it is: SQLite notices, or its process crashes.
      if (found !== 100) expect(found).toMatchObject({ code: 'ERR_FAT_THREAD_CRASHED' })
    },
  )

  test.skipIf(needs('libxml2', 'libxml2.so.2'))('reads a document that wants a file', async () => {
    const secret = scratch.path('secret.txt')
    const found = outcomeOf(await run(DOOR, 'reads a document that wants a file', secret))
    expect(found).toBe(false)
  })

  test('executes hlt', async () => {
    const found = outcomeOf(await run(DOOR, 'executes hlt', fixture('executes-hlt')))
    expect(found).toMatchObject(CRASHED('SIGSEGV'))
  })

  test('loses a thread at unload', async () => {
    const library = fixture('burns-the-processor-between-calls')
    const ended = await run(DOOR, 'loses a thread at unload', library)
    expect(outcomeOf(ended)).toBe('function')
  })

  test.each(['prints before it ends', 'prints and exits'])('%s', async (deed) => {
    const ended = await run(DOOR, deed)
    expect([outcomeOf(ended)].flat()).toEqual([10])
    expect(ended.stdout).toContain('printed 5\n')
  })
})

/** What has to be the same whatever koffi is. */
describe.each(['koffi', DOOR])('with %s, a program', (koffi) => {
  test('finds libraries where LD_LIBRARY_PATH says', async () => {
    const library = fixture('answers')
    const deed = 'loads by a name that only LD_LIBRARY_PATH knows'
    const env = { LD_LIBRARY_PATH: `/nowhere:${dirname(library)}` }
    expect(outcomeOf(await runWith(env, koffi, deed, basename(library)))).toBe(42)
  })

  test('waits for several at once', async () => {
    expect(outcomeOf(await run(koffi, 'waits for several at once'))).toBe(true)
  })

  test.each(['by itself', 'when nothing is left to do'])('calls when it exits %s', async (how) => {
    const ended = await run(koffi, 'calls when it exits', how)
    expect(outcomeOf(ended)).toBe(3)
    expect(ended.stdout).toContain('printed 5\n')
  })

  test('loads lazily, globally and deeply', async () => {
    const libraries = [
      'offers-its-symbols',
      'needs-what-others-offer',
      'has-a-symbol-that-others-have',
    ].map(fixture)
    const outcome = outcomeOf(await run(koffi, 'loads lazily, globally and deeply', ...libraries))
    expect(outcome).toEqual([true, 6, 1, 1, 3])
  })
})

describe('with koffi itself', () => {
  test('hlt ends the program: the deeds are real', async () => {
    const ended = await run('koffi', 'executes hlt', fixture('executes-hlt'))
    expect(ended.signal).toBe('SIGSEGV')
    expect(ended.stdout).toBe('')
  })

  test.skipIf(needs('liblua5.4-0', 'liblua5.4.so.0'))(
    'a script ends it as if all was well',
    async () => {
      const ended = await run('koffi', 'runs a script that exits')
      expect(ended).toMatchObject({ code: 0, stdout: '' })
    },
  )

  test('the environment is there, and rounding stays', async () => {
    expect(outcomeOf(await run('koffi', 'reads the environment'))).toEqual(['hunter2', '1'])
    const sums = outcomeOf(await run('koffi', 'adds numbers after another rounding was set'))
    expect(sums).not.toEqual([0, 99.9999999999986])
  })
})
