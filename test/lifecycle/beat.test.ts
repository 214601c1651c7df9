/** When things are looked at: together where that can be, and never later than was asked. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { afterBeats, BEAT } from '../../src/beat.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** When each of those that asked, every 1.3 beats, was looked at, in beats from when it asked; and at how many moments. */
async function looks(beats: number, count: number): Promise<{ waits: number[]; moments: number }> {
  const waits: number[] = []
  const moments = new Set<number>()
  for (let index = 0; index < count; index++) {
    const asked = performance.now()
    afterBeats(beats, () => {
      waits.push((performance.now() - asked) / BEAT)
      moments.add(performance.now())
    })
    await vi.advanceTimersByTimeAsync(1.3 * BEAT)
  }
  await vi.advanceTimersByTimeAsync(20 * BEAT)
  return { waits, moments: moments.size }
}

test.each([1, 4, 8])('within %i whole beats, and not at once', async (beats) => {
  const { waits } = await looks(beats, 20)
  expect(waits).toHaveLength(20)
  for (const wait of waits) {
    expect(wait).toBeGreaterThanOrEqual(1)
    expect(wait).toBeLessThanOrEqual(beats + 1)
  }
})

test('those that wait long are looked at together, whenever they asked', async () => {
  const { moments } = await looks(8, 20) // in 26 beats
  expect(moments).toBeLessThanOrEqual(4)
})

test('not when it was called off', async () => {
  const look = vi.fn()
  afterBeats(1, look)()
  await vi.advanceTimersByTimeAsync(4 * BEAT)
  expect(look).not.toHaveBeenCalled()
})

test('a program that was busy beyond the next beat waits for no time that is past', async () => {
  const waits = vi.spyOn(globalThis, 'setTimeout')
  const look = vi.fn()
  afterBeats(1, look)
  afterBeats(4, look)
  const busy = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 20 * BEAT)
  await vi.advanceTimersByTimeAsync(4 * BEAT)
  busy.mockRestore()
  expect(look).toHaveBeenCalledTimes(2)
  // Node warns of them.
  for (const [, milliseconds] of waits.mock.calls) expect(milliseconds).toBeGreaterThanOrEqual(0)
})
