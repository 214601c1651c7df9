/** The same deeds on machines that can enforce less: what does not hold there is named in the receipt. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Receipt } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { copyCheckout, type RunOptions, runProgram } from '../support/run-program.ts'
import { Scratch } from '../support/scratch.ts'
import { type Deed, sandboxDeeds } from './deeds.ts'

interface Configuration {
  readonly name: string
  readonly user?: boolean
  readonly without?: readonly string[]
  /** That this machine can't enforce in this configuration. */
  readonly lacks: readonly string[]
}

const NAMESPACES = ['user', 'pid', 'mount', 'net', 'ipc', 'uts', 'cgroup'].map(
  (name) => `${name}-namespace`,
)

const CONFIGURATIONS: readonly Configuration[] = [
  { name: 'root', lacks: [] },
  { name: 'ordinary user', user: true, lacks: [] },
  {
    name: 'ordinary user, no namespaces',
    user: true,
    without: ['namespaces'],
    lacks: NAMESPACES,
  },
  { name: 'root, no namespaces', without: ['namespaces'], lacks: NAMESPACES },
  { name: 'root, no Landlock', without: ['landlock'], lacks: ['landlock'] },
  {
    name: 'ordinary user, neither',
    user: true,
    without: ['landlock', 'namespaces'],
    lacks: ['landlock', ...NAMESPACES],
  },
  {
    name: 'root, no listener',
    without: ['listener'],
    lacks: ['denial-reports', 'mount-namespace'],
  },
  {
    name: 'ordinary user, no listener, no namespaces',
    user: true,
    without: ['listener', 'namespaces'],
    lacks: ['denial-reports', ...NAMESPACES],
  },
]

interface Came {
  readonly value: unknown
  readonly next?: number
  readonly message?: string
  readonly receipt?: Receipt
}

const HEAD = `# What hostile libraries come to

Each row is a small library in \`test/fixtures/libraries/\` that really does harm when it is loaded into a program
(the tests show that first), called in a fat thread with default options. Each column is a machine: what it lacks
is taken away from outside, as an old kernel or a container would. *refused*: the attempt came to nothing, the call
returned, and the next call worked. *missing, and said*: it is not stopped there, and the receipt names what is
missing. Made by \`UPDATE_DOCS=1 npx vitest run --project unit test/hostile/configurations.test.ts\`.

`

const NOBODY = 65534
const scratch = new Scratch()
const table = new Map<string, string[]>()

afterAll(() => scratch[Symbol.dispose]())

let without: string

beforeAll(() => {
  chmodSync(scratch.folder, 0o777)
  without = scratch.path('without')
  const source = fileURLToPath(new URL('../fixtures/programs/without.c', import.meta.url))
  execFileSync('cc', ['-O1', '-w', '-o', without, source])
})

/** Where another user can read it. */
function readable(name: string): string {
  const copy = scratch.path(`${name}.so`)
  if (!existsSync(copy)) copyFileSync(fixture(name), copy)
  return copy
}

const victim = (arg: unknown): unknown =>
  arg === process.pid ? '$pid' : arg === -process.pid ? '-$pid' : arg

async function came(configuration: Configuration, deeds: readonly Deed[]): Promise<Came[]> {
  const list = scratch.write(
    `${Math.random()}`,
    JSON.stringify({
      deeds: deeds.map(({ fixture: name, prototype, args }) => ({
        library: readable(name),
        prototype: prototype ?? 'int deed(void)',
        args: (args ?? []).map(victim),
      })),
    }),
  )
  const report = scratch.path(`${Math.random()}`)
  const options: RunOptions = {
    args: [list, report],
    limit: 120_000,
    ...(configuration.user && process.getuid?.() === 0
      ? { uid: NOBODY, gid: NOBODY, cwd: '/', root: copyCheckout(scratch.path('checkout')) }
      : {}),
    ...(configuration.without === undefined
      ? {}
      : { by: [without, ...configuration.without, '--'] }),
  }
  const ended = await runProgram('does-deeds.mjs', options)
  expect(ended).toMatchObject({ code: 0 })
  return JSON.parse(readFileSync(report, 'utf8')) as Came[]
}

describe.each(CONFIGURATIONS)('$name', (configuration) => {
  const deeds = sandboxDeeds()
  let outcomes: readonly Came[]

  beforeAll(async () => {
    outcomes = await came(configuration, deeds)
  }, 150_000)

  test('lacks what it lacks, and says so', () => {
    const missing = outcomes[0]?.receipt?.missing.map(({ what }) => what) ?? []
    for (const what of configuration.lacks) expect(missing).toContain(what)
  })

  test.each(deeds.map((deed, index) => ({ ...deed, index })))('$deed', (deed) => {
    const outcome = outcomes[deed.index]
    const refused =
      typeof outcome?.value === 'number' &&
      outcome.value >= 0 &&
      outcome.value <= (deed.most ?? 0) &&
      outcome.next === 42
    expect(outcome?.receipt, outcome?.message).toBeDefined()
    const enforced = outcome?.receipt?.enforced ?? []
    const promised = deed.stoppedBy.every((what) => enforced.includes(what))
    const cells = table.get(deed.deed) ?? []
    cells.push(refused ? 'refused' : promised ? '**BROKEN**' : 'missing, and said')
    table.set(deed.deed, cells)
    // What is enforced holds, and what does not hold is not said to be enforced.
    expect(
      outcome,
      `${deed.deed}: ${JSON.stringify(outcome?.value)} ${outcome?.message ?? ''}`,
    ).toSatisfy(() => refused || !promised)
  })
})

/** Of docs/hostile-libraries.md: written with `UPDATE_DOCS=1`, compared without. */
test('the table in docs/ is this one', () => {
  const names = CONFIGURATIONS.map(({ name }) => name)
  const lines = [
    `| deed | ${names.join(' | ')} |`,
    `| --- | ${names.map(() => '---').join(' | ')} |`,
    ...[...table].map(([deed, cells]) => `| ${deed} | ${cells.join(' | ')} |`),
  ]
  const text = `${HEAD}${lines.join('\n')}\n`
  process.stdout.write(`\n${lines.join('\n')}\n`)
  const path = fileURLToPath(new URL('../../docs/hostile-libraries.md', import.meta.url))
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, text)
  expect(readFileSync(path, 'utf8')).toBe(text)
})
