import { describe, expect, test } from 'vitest'
import { Patience } from '../../src/channel/patience.ts'

const LEAST = 1
const MOST = 64

/** How long it stays awake in so many waits that are all in vain. */
const inVain = (patience: Patience, waits: number): number[] =>
  Array.from({ length: waits }, () => {
    const { milliseconds } = patience
    patience.failed()
    return milliseconds
  })

describe('patience', () => {
  test('begins with all there is, and is tried ever more rarely after waits in vain', () => {
    const waits = inVain(new Patience(LEAST, MOST), 300)
    const tried = waits.flatMap((each, vain) => (each === MOST ? [vain] : []))
    expect(tried).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256])
  })

  test('never gives up: what is waited for may come late, but soon enough', () => {
    const waits = inVain(new Patience(LEAST, MOST), 4096)
    for (let from = 0; from < 4096; from += 256)
      expect(waits.slice(from, from + 256)).toContain(MOST)
  })

  test('is whole again after one wait that paid', () => {
    const patience = new Patience(LEAST, MOST)
    inVain(patience, 8)
    patience.paid()
    expect(inVain(patience, 4)).toEqual([64, 64, 64, 1])
  })

  test('lasts where what pays and what takes long take turns', () => {
    const patience = new Patience(LEAST, MOST)
    for (let turn = 0; turn < 100; turn++) {
      expect(patience.milliseconds).toBe(MOST)
      patience.failed()
      patience.paid()
    }
  })
})
