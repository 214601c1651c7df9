/** Fat threads end when their program ends, however that ends; and they don't keep it from ending. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { fixture } from '../fixtures/build.ts'
import { processes } from '../support/processes.ts'
import { runProgram } from '../support/run-program.ts'
import { stopwatch } from '../support/stopwatch.ts'

/** Those of the processes that are still there, and no zombies: whoever reaps orphans may be slow. */
const alive = (pids: readonly number[]): number[] =>
  processes()
    .filter(({ pid, state }) => pids.includes(pid) && state !== 'Z')
    .map(({ pid }) => pid)

async function goneWithin(pids: readonly number[], milliseconds: number): Promise<void> {
  const elapsed = stopwatch()
  while (alive(pids).length > 0 && elapsed() < milliseconds) await sleep(10)
  expect(alive(pids), `gone after ${milliseconds} ms`).toEqual([])
}

const numbersIn = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number)

describe('a program that is killed', () => {
  test.each([
    ['SIGKILL', 'wait'],
    ['SIGKILL', 'block'],
    ['SIGTERM', 'wait'],
    ['SIGSEGV', 'wait'],
    ['SIGABRT', 'block'],
  ] as const)(
    'by %s (%s): its fat threads are gone within a second, stopped ones too',
    async (signal, way) => {
      let pids: number[] = []
      const ended = await runProgram('waits-to-be-killed.mjs', {
        args: [fixture('obeys'), way],
        started: async (child) => {
          const [first] = await once(child.stdout as NodeJS.ReadableStream, 'data')
          pids = numbersIn(String(first))
          await sleep(way === 'block' ? 100 : 0)
          child.kill(signal)
        },
      })
      expect(ended.signal).toBe(signal)
      expect(pids).toHaveLength(6)
      await goneWithin(pids, 1000)
    },
  )
})

describe('process.exit', () => {
  test('with 1200 calls in flight works at once, and nothing is left', async () => {
    const ended = await runProgram('hangs-and-exits.mjs', { args: [fixture('obeys'), 'exit', '4'] })
    expect(ended).toMatchObject({ code: 0, hung: false, stderr: '' })
    await goneWithin(numbersIn(ended.stdout.split('\n')[0] ?? ''), 1000)
  })
})

describe('a program without top-level await', () => {
  const ROWS: readonly (readonly [string, string])[] = [
    ['call', 'slept 300\nexit\n'],
    ['queue', 'slept 200 times\nexit\n'],
    ['crash', 'caught ERR_FAT_THREAD_CRASHED\nexit\n'],
    ['timeout', 'caught ERR_FAT_THREAD_TIMEOUT\nexit\n'],
    ['close', 'closed\nexit\n'],
    ['reload', 'reloaded\nexit\n'],
    ['open', 'opened\nexit\n'],
    ['crash-idle', 'killed\nexit\n'],
  ]

  test.each(ROWS)('ends by itself after %s, and not before', async (way, said) => {
    const ended = await runProgram('ends-by-itself.mjs', {
      args: [fixture('obeys'), way],
      limit: 8000,
    })
    expect(ended).toMatchObject({ code: 0, signal: null, hung: false, stdout: said, stderr: '' })
  })
})

describe('a program that has only its calls to wait for', () => {
  const LIARS = [
    'rings-without-end',
    'writes-junk-into-every-descriptor',
    'sends-descriptors',
    'closes-every-descriptor',
    'shuts-every-socket',
    'answers-with-unknown-status',
    'answers-calls-that-nobody-made',
    'repeats-old-answers',
    'says-that-everybody-is-awake',
  ]

  test.each(LIARS)('hears of every end where a library %s', { timeout: 90_000 }, async (name) => {
    const ended = await runProgram('awaits-a-liar.mjs', {
      args: [fixture(name), '4'],
      limit: 80_000,
    })
    expect(ended).toMatchObject({ code: 0, hung: false, stdout: 'all have ended\n', stderr: '' })
  })
})

describe('worker threads', () => {
  test('each fat thread ends with its own worker, and with no other', {
    timeout: 60_000,
  }, async () => {
    const ended = await runProgram('starts-workers.mjs', {
      args: [fixture('obeys')],
      limit: 45_000,
    })
    expect(ended).toMatchObject({ code: 0, signal: null, hung: false, stderr: '' })
    const { report, last } = JSON.parse(ended.stdout)
    expect(report).toMatchObject({
      idle: { code: 0, gone: true },
      closes: { code: 0, gone: true },
      exits: { code: 3, gone: true },
      throws: { code: 1, gone: true },
      'calls in flight': { code: 1, gone: true },
      blocks: { code: 1, gone: true },
      'others live': true,
      'others answer': [42, 42],
      'same process': true,
      server: { code: 0, gone: true },
      'many: calls in flight': true,
      'many: rings': true,
      'more descriptors': false,
      still: 2,
    })
    expect(report['calls in flight: ms']).toBeLessThan(2000)
    expect(report['blocks: ms']).toBeLessThan(2000)
    await goneWithin(last, 1000)
  })
})

test('listeners that throw keep nothing from its end', async () => {
  const args = [fixture('shouts-and-aborts')]
  const ended = await runProgram('throws-in-listeners.mjs', { args })
  expect(ended).toMatchObject({ hung: false, code: 0 })
  expect(ended.stdout).toBe('ERR_FAT_THREAD_CRASHED ERR_FAT_THREAD_CRASHED true\n')
})

describe('what blocks leaves the event loop nothing to do', () => {
  test.each([
    ['calls', 1],
    ['calls', 3],
    ['waits', 1],
    ['waits', 3],
    ['closes', 1],
    ['closes', 3],
    ['closes-a-thread', 1],
  ] as const)('%s, %d lanes', async (what, threads) => {
    const ended = await runProgram('works-before-it-exits.mjs', { args: [what, String(threads)] })
    expect(ended).toMatchObject({ code: 0, hung: false, stderr: '', stdout: '1\n' })
  })
})
