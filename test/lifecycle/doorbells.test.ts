/** Doorbells for calls that the program sleeps for: its event loop hears them itself, and goes on beside them. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { EVENT } from '../../src/host/addon.ts'
import { HostProcess } from '../../src/host/process.ts'
import { open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { text } from '../fixtures/declarations/calls-back.ts'
import { settle } from '../support/outcomes.ts'
import { runProgram } from '../support/run-program.ts'

const declarations = { sleep: 'int sleep_for(int milliseconds)' }

afterEach(() => {
  vi.restoreAllMocks()
})

/** How often the thread that watches all processes has slept. */
function watchSlept(): number {
  const task = '/proc/self/task'
  const watching = readdirSync(task).filter(
    (thread) => readFileSync(`${task}/${thread}/comm`, 'latin1').trim() === 'fat-watch',
  )
  return watching.reduce((sum, thread) => {
    const status = readFileSync(`${task}/${thread}/status`, 'latin1')
    return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])
  }, 0)
}

/** Calls `heard` for each event of a doorbell. */
function onRings(heard: () => void): void {
  const { dispatch } = HostProcess.prototype
  vi.spyOn(HostProcess.prototype, 'dispatch').mockImplementation(function (
    this: HostProcess,
    events: number,
  ) {
    if (events & EVENT.RING) heard()
    dispatch.call(this, events)
  })
}

test('an answer wakes the event loop, and not the thread that watches', async () => {
  await using library = await open(fixture('obeys'), declarations)
  await library.symbols.sleep(5)
  let rings = 0
  onRings(() => rings++)
  const before = watchSlept()
  expect(before).toBeGreaterThan(0)
  // Longer than others keep the program from going to sleep.
  for (let call = 0; call < 50; call++) expect(await library.symbols.sleep(20)).toBe(20)
  expect(rings).toBeGreaterThan(40)
  expect(watchSlept() - before).toBeLessThan(5)
})

test('a flood of them brings one a turn, and timers go on', async () => {
  await using library = await open(fixture('rings-without-end'), { deed: 'uint64_t deed(void)' })
  let rings = 0
  let inTurn = 0
  let most = 0
  let ticks = 0
  onRings(() => {
    rings++
    most = Math.max(most, ++inTurn)
  })
  const endTurn = (): void => {
    inTurn = 0
    next = setImmediate(endTurn)
  }
  let next = setImmediate(endTurn)
  const timer = setInterval(() => ticks++, 1)
  // Beside busy processes a call may see few turns.
  let calls = 0
  while (rings <= 50 && calls++ < 8) await settle(() => library.symbols.deed())
  clearInterval(timer)
  clearImmediate(next)
  expect(rings, 'it does flood').toBeGreaterThan(8)
  expect(most).toBe(1)
  expect(ticks).toBeGreaterThan(1)
})

test('what is thrown in what a doorbell calls is an uncaught exception, at once', async () => {
  await using library = await open(fixture('calls-back'), text as string)
  const error = new Error('mine')
  const callback = library.thread.callback('int function(int value)', () => {
    throw error
  })
  const alive = setTimeout(() => {}, 5000)
  const uncaught: unknown[] = []
  process.setUncaughtExceptionCaptureCallback((thrown) => uncaught.push(thrown))
  try {
    library.symbols['in_background']?.sync(1, callback)
    await vi.waitFor(() => expect(uncaught).toEqual([error]))

    // Also where the package itself is at fault, and the next doorbell is heard all the same.
    const defect = new Error('a defect')
    onRings(() => {
      vi.restoreAllMocks()
      throw defect
    })
    const late = (value: number): number => {
      const end = performance.now() + 5
      while (performance.now() < end);
      return value
    }
    await library.symbols['in_threads']?.(1, 5, late)
    await vi.waitFor(() => expect(uncaught).toEqual([error, defect]))
  } finally {
    process.setUncaughtExceptionCaptureCallback(null)
    clearTimeout(alive)
  }
})

/** What the event loop polls for add-ons, and the program's descriptors. */
function left(): { polls: number; descriptors: number } {
  const report = process.report.getReport() as unknown as { libuv: { type: string }[] }
  return {
    polls: report.libuv.filter(({ type }) => type === 'poll').length,
    descriptors: readdirSync('/proc/self/fd').length,
  }
}

test('fat threads that are gone leave none behind', async () => {
  await using first = await open(fixture('obeys'), declarations)
  await first.symbols.sleep(3)
  const once = async (): Promise<void> => {
    await using library = await open(fixture('obeys'), declarations)
    await library.symbols.sleep(3)
  }
  await once()
  const before = left()
  for (let lot = 0; lot < 20; lot++) await Promise.all(Array.from({ length: 8 }, once))
  await vi.waitFor(() => expect(left()).toEqual(before))
}, 60_000)

test('where the loop can poll nothing, the thread that watches hears them', async () => {
  const args = [fixture('obeys')]
  // Nine environments and seventeen processes, one after the other.
  const ended = await runProgram('listens-without-descriptors.mjs', { args, limit: 40_000 })
  expect(ended).toMatchObject({ code: 0, hung: false, stderr: '' })
  const environments = JSON.parse(ended.stdout) as { watched: boolean; missed: number }[]
  expect(environments.some(({ watched }) => watched)).toBe(true)
  expect(environments.some(({ watched }) => !watched)).toBe(true)
  expect(Math.max(...environments.map(({ missed }) => missed)), 'none is missed').toBe(0)
}, 120_000)
