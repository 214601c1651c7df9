/** What a pool takes, and what it says to what it does not take. */
import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'vitest'
import { Pool, type PoolOptions } from '../../src/index.ts'
import { poolSettingsOf } from '../../src/pool/options.ts'
import { fixture } from '../fixtures/build.ts'
import { failureOf } from '../support/ways.ts'

describe('wrong options', () => {
  const ROWS: readonly (readonly [object | null, typeof TypeError | typeof RangeError, RegExp])[] =
    [
      [{ minThreads: '1' }, TypeError, /^minThreads must be a number, not the string "1"$/],
      [
        { minThreads: -1 },
        RangeError,
        /^minThreads must be a whole number, from 0 to 65536, not -1$/,
      ],
      [{ minThreads: 1.5 }, RangeError, /^minThreads must be a whole number/],
      [{ minThreads: Number.NaN }, RangeError, /^minThreads/],
      [
        { maxThreads: 0 },
        RangeError,
        /^maxThreads must be a whole number, from 1 to 65536, not 0$/,
      ],
      [{ maxThreads: Infinity }, RangeError, /^maxThreads/],
      [{ maxThreads: null }, TypeError, /^maxThreads must be a number, not null$/],
      [{ minThreads: 3, maxThreads: 2 }, RangeError, /^minThreads must be at most maxThreads/],
      [{ idleTimeout: -1 }, RangeError, /^idleTimeout must be from 0 to \d+, or Infinity, not -1$/],
      [{ idleTimeout: '1' }, TypeError, /^idleTimeout/],
      [{ closeTimeout: {} }, TypeError, /^closeTimeout/],
      [
        { maxQueue: 'much' },
        TypeError,
        /^maxQueue must be 'auto' or a number, not the string "much"$/,
      ],
      [{ maxQueue: -1 }, RangeError, /^maxQueue must be a whole number, 0 or more, not -1$/],
      [{ recycle: 5 }, TypeError, /^recycle must be an object, not 5$/],
      [
        { recycle: { maxCalls: 0 } },
        RangeError,
        /^recycle.maxCalls must be a whole number, 1 or more/,
      ],
      [{ recycle: { maxMemory: '1' } }, TypeError, /^recycle.maxMemory must be a number/],
      [{ restart: 'sometimes' }, TypeError, /^restart/],
      [{ timeout: -5 }, RangeError, /^timeout/],
      [null, TypeError, /^options must be an object, not null$/],
    ]

  test.each(ROWS)('%o', async (options, kind, message) => {
    const error = await failureOf(() => Pool.open(fixture('obeys'), {}, options as PoolOptions))
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toMatch(message)
  })
})

test('defaults follow the machine, and each other', () => {
  const processors = availableParallelism()
  expect(poolSettingsOf({})).toMatchObject({
    minThreads: Math.max(1, Math.floor(processors / 2)),
    maxThreads: Math.ceil(processors * 1.5),
    idleTimeout: 5000,
    maxQueue: Infinity,
    maxCalls: Infinity,
    maxMemory: Infinity,
    lanes: 1,
  })
  expect(poolSettingsOf({ minThreads: 999 })).toMatchObject({ minThreads: 999, maxThreads: 999 })
  expect(poolSettingsOf({ maxThreads: 1 })).toMatchObject({ minThreads: 1, maxThreads: 1 })
  expect(poolSettingsOf({ maxThreads: 3, maxQueue: 'auto' })).toMatchObject({ maxQueue: 9 })
  expect(poolSettingsOf({ maxQueue: Infinity, timeout: 5 }).thread).toEqual({ timeout: 5 })
})
