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
  test('begins with all there is, and is halved by each wait in vain', () => {
    expect(inVain(new Patience(LEAST, MOST), 8)).toEqual([64, 32, 16, 8, 4, 2, 1, 1])
  })

  test('is tried as a whole from time to time: what is waited for may come late, but soon enough', () => {
    const waits = inVain(new Patience(LEAST, MOST), 64)
    expect(waits.filter((each) => each === MOST)).toHaveLength(5)
    expect(waits.indexOf(MOST, 1)).toBe(15)
  })

  test('is doubled by what came, up to all there is', () => {
    const patience = new Patience(LEAST, MOST)
    inVain(patience, 8)
    const waits = Array.from({ length: 8 }, () => {
      patience.paid()
      return patience.milliseconds
    })
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 64, 64])
  })
})
