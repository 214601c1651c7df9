/** A library that prints without end: the program takes what there is, and goes on with its own work in between. */
import { expect, test } from 'vitest'
import { open, TimeoutError } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { settle } from '../support/outcomes.ts'

/** Events of both streams that one turn of the event loop may bring. */
const MOST_IN_A_TURN = 4

test('each turn of the event loop takes a bounded share of a flood', async () => {
  const options = { timeout: 1000, stdout: 'pipe', stderr: 'pipe' } as const
  const library = await open(fixture('prints-forever'), { deed: 'int deed(void)' }, options)
  let inTurn = 0
  let turns = 0
  let most = 0
  let bytes = 0
  for (const stream of ['stdout', 'stderr'] as const)
    library.thread.on(stream, (taken) => {
      bytes += taken.length
      most = Math.max(most, ++inTurn)
    })
  const endTurn = (): void => {
    inTurn = 0
    turns++
    next = setImmediate(endTurn)
  }
  let next = setImmediate(endTurn)
  const { error } = await settle(() => library.symbols.deed())
  clearImmediate(next)
  await library.close()
  expect(error).toBeInstanceOf(TimeoutError)
  expect(bytes, 'it does flood').toBeGreaterThan(2 ** 20)
  expect(turns).toBeGreaterThan(10)
  expect(most).toBeLessThanOrEqual(MOST_IN_A_TURN)
})
