/** The table of hostile libraries as tests: one row is one deed, its harm without isolation, and its outcome with it. */
import { beforeAll, describe, expect, type TestContext, test } from 'vitest'
import {
  FatThread,
  FatThreadError,
  type FatThreadOptions,
  type Library,
  open,
  type UntypedFunction,
} from '../../src/index.ts'
import { fixture, obstacle } from '../fixtures/build.ts'
import { callInProcess, type Ended } from './control.ts'
import { skipWithoutKernel } from './needs.ts'
import { bounded, type Harm, LIMIT, type Outcome, type Settled, settle } from './outcomes.ts'
import { program, unharmed } from './program.ts'
import { Pulse } from './pulse.ts'
import { SLOWNESS } from './slowness.ts'

/** Harm that comes a moment after the call counts too, in milliseconds. */
const LINGER = 300
/** Longest pause of the event loop that a row may cause, in milliseconds. */
const LONGEST_PAUSE = 900 * SLOWNESS

export type Mode = 'awaited' | 'sync'

/** What tests of this table declare of every library. */
export type Hostile = Library<{ readonly deed: string; readonly answer: string }>

export interface Row {
  /** What the library does. */
  readonly deed: string
  /** The name of its source in `test/fixtures/libraries/`, without the ending, or what makes the library. */
  readonly fixture: string | (() => string)
  readonly harm: Harm
  readonly outcome: Outcome
  readonly prototype?: string
  readonly args?: readonly unknown[]
  /** What the throw-away program does instead of one call of `deed`; with how much longer it may take. */
  readonly control?: (library: string, patience: number) => Promise<Ended>
  /** What the program does instead of one call of `deed`. */
  readonly act?: (library: Hostile, mode: Mode) => Promise<Settled>
  readonly options?: FatThreadOptions
  /** The time limit in-process and in the fat thread, in milliseconds, where it is not `LIMIT`. */
  readonly limit?: number
  /** The library counts what it can attack, and must find something in its fat thread. */
  readonly finds?: boolean
  /** What is asked of the call after the deed: 42, or no more than an end while the library goes on. */
  readonly next?: 'works' | 'settles'
  /** It does the same in every process that holds it: another library has to live elsewhere. */
  readonly poisons?: boolean
  /** The processor whose instructions the deed is made of. */
  readonly processor?: 'x64'
  /** What a kernel may have been built without, and then shows no harm. */
  readonly kernel?: string
  /** Why the blocking call is left out. */
  readonly awaitedOnly?: string
}

/** Calls `deed` or `answer` of a hostile library. */
export function call(
  library: Hostile,
  mode: Mode,
  name: 'deed' | 'answer' | 'found' = 'deed',
  args: readonly unknown[] = [],
): Promise<Settled> {
  const fn = name === 'found' ? library.func('int found(void)') : library.symbols[name]
  // The prototypes of the table are no literals: what the compiler knows of them is not worth having.
  const untyped = fn as unknown as UntypedFunction
  return settle(() => (mode === 'sync' ? untyped.sync(...args) : untyped(...args)))
}

/** What every row runs with: calls end, and what the library says stays out of the test's output. */
export const OPTIONS: FatThreadOptions = {
  timeout: LIMIT,
  stdout: 'ignore',
  stderr: 'pipe',
}

const libraryOf = ({ fixture: source }: Row): string =>
  typeof source === 'string' ? fixture(source) : source()

export function openRow(row: Row): Promise<Hostile> {
  const declarations = { deed: row.prototype ?? 'int deed(void)', answer: 'int answer(void)' }
  return open(libraryOf(row), declarations, {
    ...OPTIONS,
    timeout: row.limit ?? LIMIT,
    ...row.options,
  })
}

/** Skips where the machine can't build the library or can't show its harm; a skipped row is no passed row. */
async function requireHarm(
  row: Row,
  harm: () => Promise<Ended>,
  context: TestContext,
): Promise<void> {
  const ended = await harm()
  if (row.kernel !== undefined) skipWithoutKernel(context, row.harm.shown(ended), row.kernel)
  context.skip(
    !row.harm.shown(ended),
    `no harm shown in-process: wanted "${row.harm.text}", saw ${seen(ended)}`,
  )
}

function seen({ hung, signal, code, reported }: Ended): string {
  return hung ? 'a hang' : `end by ${signal ?? `status ${code}`}, reported ${reported}`
}

/** What the first fat thread of a program makes for all that follow is no leftover of a row. */
export async function warmUp(): Promise<void> {
  const library = await open(fixture('answers'), { answer: 'int answer(void)' }, OPTIONS)
  expect(await library.symbols.answer()).toBe(42)
  await library.close()
}

/** One `describe` for the group and for each row: the harm in-process, then the outcome of both kinds of call. */
export function describeRows(group: string, rows: readonly Row[]): void {
  describe(group, () => {
    beforeAll(warmUp)
    for (const row of rows)
      describeRow(row, {
        awaited: () => attack(row, 'awaited'),
        ...(row.awaitedOnly === undefined ? { sync: () => attack(row, 'sync') } : {}),
      })
  })
}

/** The same for deeds that are done while the library loads. */
export function describeLoads(group: string, rows: readonly Row[]): void {
  describe(group, () => {
    beforeAll(warmUp)
    for (const row of rows)
      describeRow(row, { open: () => attackByOpen(row), load: () => attackByLoad(row) })
  })
}

function describeRow(row: Row, attacks: Readonly<Record<string, () => Promise<void>>>): void {
  const unfit =
    row.processor !== undefined && row.processor !== process.arch
      ? `made of instructions of ${row.processor}`
      : undefined
  let shown: Promise<Ended> | undefined
  const harm = (): Promise<Ended> => {
    shown ??= seekHarm(row)
    return shown
  }
  const requireFit = async (context: TestContext): Promise<void> => {
    const reason = unfit ?? obstacle(() => libraryOf(row))
    context.skip(reason !== undefined, reason)
    await requireHarm(row, harm, context)
  }
  describe(row.deed, { timeout: 60_000 }, () => {
    test(`in-process: ${row.harm.text}`, requireFit)
    for (const [way, attack] of Object.entries(attacks))
      test(`${way}: ${row.outcome.text}`, async (context) => {
        await requireFit(context)
        await attack()
      })
  })
}

/** Harm that was shown once is shown: later tries have that many times as long, for a machine that is busy. */
async function seekHarm(row: Row): Promise<Ended> {
  const library = libraryOf(row)
  let ended = await harmInProcess(row, library, 1)
  for (const patience of [3, 6, 6]) {
    if (row.harm.shown(ended)) break
    ended = await harmInProcess(row, library, patience)
  }
  return ended
}

function harmInProcess(row: Row, library: string, patience: number): Promise<Ended> {
  if (row.control !== undefined) return row.control(library, patience)
  const { prototype, args, limit = LIMIT } = row
  return callInProcess(library, {
    ...(prototype === undefined ? {} : { prototype }),
    ...(args === undefined ? {} : { args }),
    timeout: limit * patience,
    linger: LINGER * patience,
  })
}

/** The library goes on with its deed: calls end as they may, until it is loaded anew. */
async function outlast(library: Hostile, mode: Mode): Promise<void> {
  for (let turn = 0; turn < 20; turn++) bounded.check(await call(library, mode, 'answer'))
  expect((await settle(() => library.reload())).error, 'reload()').toBeUndefined()
}

async function attack(row: Row, mode: Mode): Promise<void> {
  const before = program()
  const pulse = new Pulse()
  const library = await openRow(row)
  const pids = [library.thread.pid]
  try {
    if (row.finds) expect((await call(library, mode, 'found')).value).toBeGreaterThan(0)
    const act = row.act ?? ((it) => call(it, mode, 'deed', row.args))
    row.outcome.check(await act(library, mode))
    if (row.next === 'settles') await outlast(library, mode)
    const next = await call(library, mode, 'answer')
    expect(next, 'the next call').toMatchObject({ value: 42 })
    pids.push(library.thread.pid)
  } finally {
    const closed = await settle(() => library.close())
    expect(closed.error, 'close()').toBeUndefined()
  }
  const pause = pulse.stop()
  if (mode === 'awaited')
    expect(pause, 'longest pause of the event loop').toBeLessThan(LONGEST_PAUSE)
  await unharmed(before, pids)
}

/** `open` fails as the row says, or gives a library that works. */
async function attackByOpen(row: Row): Promise<void> {
  const before = program()
  const pulse = new Pulse()
  const settled = await settle(() => openRow(row))
  const library = settled.error === undefined ? (settled.value as Hostile) : undefined
  try {
    row.outcome.check(library === undefined ? settled : await call(library, 'awaited'))
    const other = await open(fixture('answers'), { answer: 'int answer(void)' }, OPTIONS)
    expect(await other.symbols.answer(), 'the next library').toBe(42)
    await other.close()
  } finally {
    await library?.close()
  }
  expect(pulse.stop(), 'longest pause of the event loop').toBeLessThan(LONGEST_PAUSE)
  await unharmed(before)
}

/** A fat thread that loads the library can load another one afterwards. */
async function attackByLoad(row: Row): Promise<void> {
  const before = program()
  const thread = await FatThread.spawn({ ...OPTIONS, timeout: row.limit ?? LIMIT, ...row.options })
  const pids = [thread.pid]
  try {
    const declarations = { deed: row.prototype ?? 'int deed(void)' }
    const settled = await settle(() => thread.load(libraryOf(row), declarations))
    const library = settled.value as Library<{ readonly deed: string }> | undefined
    row.outcome.check(library === undefined ? settled : await settle(() => library.symbols.deed()))
    const good = (): Promise<Library<{ readonly answer: string }>> =>
      thread.load(fixture('answers'), { answer: 'int answer(void)' as string })
    if (row.poisons) return
    // That the library took the doorbell away may show only now: one typed failure is fair.
    const next = await settle(good)
    if (next.error !== undefined) expect(next.error).toBeInstanceOf(FatThreadError)
    const other =
      next.error === undefined ? (next.value as Awaited<ReturnType<typeof good>>) : await good()
    expect(await other.symbols.answer(), 'the next library').toBe(42)
    pids.push(thread.pid)
  } finally {
    const closed = await settle(() => thread.close())
    expect(closed.error, 'close()').toBeUndefined()
  }
  await unharmed(before, pids)
}
