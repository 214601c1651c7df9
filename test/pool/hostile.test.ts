/** Whatever a library does to its fat threads, each call of a pool ends, and the program is as it was. */
import { beforeAll, describe, expect, test } from 'vitest'
import { FatThreadError, Pool } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { program, unharmed } from '../support/program.ts'

const DEEDS = [
  'answers-at-random',
  'answers-calls-that-nobody-made',
  'blocks-every-signal-and-loops',
  'closes-every-descriptor-and-hangs',
  'crashes-after-it-returned',
  'crashes-in-own-thread',
  'exits-0',
  'lies-about-what-has-begun',
  'overwrites-the-channel-at-random',
  'rings-without-end',
  'scribbles-on-sleep-flags',
  'stops-itself',
  'waits-forever',
] as const

// What the program keeps for all fat threads, it gets with the first.
beforeAll(async () => (await Pool.open(fixture('obeys'))).close())

describe('in a pool', () => {
  test.each(DEEDS)('%s', async (name) => {
    const before = program()
    const pool = await Pool.open(
      fixture(name),
      { deed: 'int deed(void)' },
      {
        minThreads: 2,
        maxThreads: 2,
        timeout: 500,
        closeTimeout: 2000,
        recycle: { maxCalls: 3 },
        stdout: 'ignore',
        stderr: 'ignore',
      },
    )
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => pool.symbols.deed()))
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(FatThreadError)
    expect(pool.completed).toBe(5)
    await pool.close()
    await unharmed(before)
  })
})
