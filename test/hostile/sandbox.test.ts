/** What a library may not do: reach the program, get out, take without end. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ViolationError } from '../../src/index.ts'
import { callInProcess } from '../support/control.ts'
import {
  crash,
  exits,
  gives,
  LIMIT,
  type Outcome,
  reports,
  type Settled,
} from '../support/outcomes.ts'
import { call, describeRows, type Hostile, type Mode, openRow } from '../support/rows.ts'
import { sandboxFixture } from '../support/sandbox-fixture.ts'
import { type Deed, sandboxDeeds } from './deeds.ts'

/** E: the attempt comes to nothing, and the call goes on. */
const refusedBy = (deed: Deed): Outcome => ({
  text: `comes to nothing${deed.denied === undefined ? '' : `: ${deed.denied} is denied`}`,
  check: ({ value, error }) => {
    expect(error).toBeUndefined()
    expect(value).toBeGreaterThanOrEqual(0)
    expect(value).toBeLessThanOrEqual(deed.most ?? 0)
  },
})

/** The deed, and that it was seen. */
const watched =
  ({ denied, args }: Pick<Deed, 'denied' | 'args'>) =>
  async (library: Hostile, mode: Mode): Promise<Settled> => {
    const settled = await call(library, mode, 'deed', args)
    const { denials, receipt } = library.thread
    const reported = receipt.enforced.includes('denial-reports')
    if (denied !== undefined && reported)
      expect(denials.map(({ syscall }) => syscall)).toContain(denied)
    expect(readFileSync(sandboxFixture().canary, 'utf8')).toBe('canary')
    return settled
  }

const GROUPS = ['Reaching the program', 'Getting out', 'Taking']

for (const group of GROUPS)
  describeRows(
    group,
    sandboxDeeds()
      .filter((deed) => deed.group === group)
      .map((deed) => ({
        deed: deed.deed,
        fixture: deed.fixture,
        ...(deed.prototype === undefined ? {} : { prototype: deed.prototype }),
        ...(deed.kernel === undefined ? {} : { kernel: deed.kernel }),
        harm: reports('does it', (value) => Number(value) >= (deed.least ?? 1)),
        control: (library: string, patience: number) =>
          callInProcess(library, {
            ...(deed.prototype === undefined ? {} : { prototype: deed.prototype }),
            args: deed.control ?? [],
            timeout: LIMIT * patience,
          }),
        outcome: refusedBy(deed),
        act: watched(deed),
      })),
  )

describeRows('replacing itself', [
  {
    deed: 'becomes a program with the rights of root',
    fixture: 'becomes-another-program',
    harm: exits(0),
    outcome: gives(0),
    act: watched({ denied: 'execve' }),
  },
])

describeRows('killed for it', [
  {
    deed: 'calls the kernel as 32-bit programs do',
    fixture: 'calls-the-kernel-as-32-bit-programs-do',
    processor: 'x64',
    kernel: 'system calls of 32-bit programs',
    harm: reports('gets an answer', (value) => value === 1),
    outcome: crash('SIGSYS'),
  },
  {
    deed: 'calls the kernel as x32 programs do',
    fixture: 'calls-the-kernel-as-x32-programs-do',
    processor: 'x64',
    harm: reports('may try', (value) => value === 1),
    outcome: crash('SIGSYS'),
  },
  {
    deed: 'touches memory without end',
    fixture: 'touches-memory-without-end',
    prototype: 'int deed(int most)',
    args: [2 ** 30],
    control: (library) =>
      callInProcess(library, { prototype: 'int deed(int most)', args: [200], timeout: 25_000 }),
    harm: reports('gets all that it wants', (value) => value === 200),
    options: { limits: { memory: 150 * 2 ** 20 } },
    outcome: {
      text: 'a crash for want of memory',
      check: ({ error }) =>
        expect(error).toMatchObject({ code: 'ERR_FAT_THREAD_CRASHED', limit: 'memory' }),
    },
    limit: 20_000,
  },
  {
    deed: 'uses up its processor time',
    fixture: 'uses-up-its-processor-time',
    control: (library) => callInProcess(library, { timeout: 1500 }),
    harm: { text: 'goes on', shown: ({ hung }) => hung },
    options: { limits: { cpuTime: 1 } },
    outcome: {
      text: 'a crash for want of time',
      check: ({ error }) => expect(error).toMatchObject({ signal: 'SIGXCPU', limit: 'cpuTime' }),
    },
    // As in `crashing.test.ts`: others want the processor too.
    limit: 20_000,
  },
])

describe('between calls', () => {
  for (const [fixture, said] of [
    ['burns-the-processor-between-calls', /used the processor/],
    ['grows-between-calls', /grew by/],
  ] as const)
    test(fixture.replaceAll('-', ' '), { timeout: 30_000 }, async () => {
      const library = await openRow({
        deed: fixture,
        fixture,
        harm: reports('', () => true),
        outcome: crash(''),
      })
      const violations: ViolationError[] = []
      library.thread.on('violation', (error) => violations.push(error))
      expect(await call(library, 'awaited')).toMatchObject({ value: 1 })
      for (let turn = 0; turn < 100 && violations.length === 0; turn++) await sleep(100)
      expect(violations[0]?.message).toMatch(said)
      expect(await call(library, 'awaited', 'answer')).toMatchObject({ value: 42 })
      await library.close()
    })
})
