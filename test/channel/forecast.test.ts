import { describe, expect, test } from 'vitest'
import { Forecast } from '../../src/channel/forecast.ts'

/** A forecast that has seen such waits, in milliseconds. */
function seen(...waits: number[]): Forecast {
  const forecast = new Forecast()
  for (const wait of waits) forecast.took(wait, false)
  return forecast
}

describe('how long to sleep before being awake', () => {
  test('nothing is known at first, nor after one wait', () => {
    expect(new Forecast().sleep(0.1)).toBe(undefined)
    expect(seen(0.5).sleep(0.1)).toBe(undefined)
  })

  test('until shortly before what the last ones took, and awake until shortly after', () => {
    const forecast = seen(2, 2)
    const sleep = forecast.sleep(0.1) as number
    expect(sleep).toBeGreaterThan(1)
    expect(0.1 + sleep).toBeLessThan(2)
    const awake = forecast.awake(0.1 + sleep)
    expect(0.1 + sleep + awake).toBeGreaterThan(2)
    expect(awake).toBeLessThan(0.5)
  })

  test('one that was delayed counts for nothing, wherever it stands', () => {
    const usual = seen(2, 2, 2).sleep(0.1)
    for (const waits of [
      [9, 2, 2],
      [2, 9, 2],
      [2, 2, 9],
    ])
      expect(seen(...waits).sleep(0.1)).toBe(usual)
  })

  test('awake at once where there is no time to sleep', () => {
    expect(seen(0.2, 0.2).sleep(0.1)).toBe(0)
  })

  test('not for what is over already, and not for what takes long', () => {
    expect(seen(0.2, 0.2).sleep(1)).toBe(undefined)
    expect(seen(500, 500).sleep(0.1)).toBe(undefined)
  })

  test('short calls between slow ones count for nothing', () => {
    expect(seen(2, 0.01, 0.02, 2, 0.05).sleep(0)).toBe(seen(2, 2).sleep(0))
  })

  test('who had to be woken was late by that', () => {
    const forecast = new Forecast()
    forecast.took(2.1, true)
    forecast.took(2.1, true)
    expect(forecast.sleep(0)).toBeCloseTo(seen(2, 2).sleep(0) as number, 6)
  })

  test('after attempts in vain it is tried ever more rarely, and one that paid begins anew', () => {
    const forecast = seen(2, 2)
    const tries = (): boolean => {
      const sleep = forecast.sleep(0)
      if (sleep !== undefined) forecast.tried(false)
      return sleep !== undefined
    }
    let tried = 0
    for (let wait = 0; wait < 256; wait++) if (tries()) tried++
    expect(tried).toBeLessThan(12)
    expect(tried).toBeGreaterThan(4)
    forecast.tried(true)
    expect(tries()).toBe(true)
    expect(tries()).toBe(true)
  })
})
