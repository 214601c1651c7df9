/** Quiet processes are looked at all at once, and closely only when they are quiet no longer. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BEAT } from '../../src/beat.ts'
import { HostProcess } from '../../src/host/process.ts'
import { IdleWatch, type Watched } from '../../src/idle-watch.ts'
import { RESTING_BEATS } from '../../src/resting.ts'

const COUNT = 50
/** Until all of them rest. */
const SETTLED = 30 * BEAT
const INTERVAL = RESTING_BEATS * BEAT

/** One that is watched: how often it was looked at closely, and what was said of it. */
interface Quiet {
  used: number
  looks: number
  said: string | undefined
  readonly process: HostProcess
  readonly watch: IdleWatch
}

function quiet(): Quiet {
  const it: { -readonly [Key in keyof Quiet]?: Quiet[Key] } = { used: 0.5, looks: 0 }
  it.process = it as unknown as HostProcess
  it.watch = new IdleWatch(
    (): Watched => {
      it.looks = (it.looks as number) + 1
      const { process, used } = it
      return {
        process,
        used,
        pid: globalThis.process.pid,
        waited: () => 0,
        completed: 1,
        inFlight: 0,
      }
    },
    (what) => {
      it.said ??= what
    },
  )
  return it as Quiet
}

/** Works all the time from now on, for so many milliseconds. */
async function work(one: Quiet, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += BEAT / 10) {
    one.used += BEAT / 10 / 1000
    await vi.advanceTimersByTimeAsync(BEAT / 10)
  }
}

let all: Quiet[]
const steps = vi.fn()

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  steps.mockClear()
  vi.spyOn(HostProcess, 'usedTimes').mockImplementation((processes, seconds) => {
    steps()
    for (const [index, one] of processes.entries()) seconds[index] = (one as unknown as Quiet).used
  })
  all = []
  for (let index = 0; index < COUNT; index++) {
    all.push(quiet())
    await vi.advanceTimersByTimeAsync(BEAT / 3)
  }
  await vi.advanceTimersByTimeAsync(SETTLED)
  steps.mockClear()
  for (const one of all) one.looks = 0
})
afterEach(() => {
  for (const { watch } of all) watch.end()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

test('those that rest are looked at in one step', async () => {
  await vi.advanceTimersByTimeAsync(10 * INTERVAL)
  expect(all.map(({ looks }) => looks)).toEqual(all.map(() => 0))
  expect(steps).toHaveBeenCalledTimes(10)
})

test('one that begins to work is looked at closely, and ended as soon as one that never rested', async () => {
  const [one] = all as [Quiet]
  await work(one, 2 * INTERVAL + 4 * BEAT)
  expect(one.said).toMatch(/^used the processor for [0-9.]+ s$/)
  expect(all.filter(({ looks }) => looks > 0)).toEqual([one])
})

test('what little one does in a long time is seen, too', async () => {
  const [one] = all as [Quiet]
  for (let index = 0; index < 10; index++) {
    one.used += 0.0003
    await vi.advanceTimersByTimeAsync(INTERVAL)
  }
  expect(one.looks).toBeGreaterThanOrEqual(2)
  expect(one.said).toBeUndefined()
})

test('one whose process has ended is looked at', async () => {
  const [one] = all as [Quiet]
  one.used = Number.NaN
  await vi.advanceTimersByTimeAsync(INTERVAL)
  expect(one.looks).toBeGreaterThan(0)
})

test('nobody is looked at any more when all are over', async () => {
  for (const { watch } of all) watch.end()
  await vi.advanceTimersByTimeAsync(10 * INTERVAL)
  expect(steps).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBeLessThanOrEqual(1)
})
