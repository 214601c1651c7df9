/** Libraries that say they call back, and do not; in-process there is nobody whom they could tell. */
import { beforeAll, describe, expect, test } from 'vitest'
import { open, ViolationError } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { program, unharmed } from '../support/program.ts'
import { warmUp } from '../support/rows.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const LIMIT = 500
const CALLBACK = 'int deed(int (*function)(int))'

async function attack(
  name: string,
  prototype: string,
  act: (deed: unknown) => Promise<unknown>,
): Promise<Error> {
  const before = program()
  const declarations = { deed: prototype, found: 'int found(void)', answer: 'int answer(void)' }
  const library = await open(fixture(name), declarations, { timeout: LIMIT, stderr: 'ignore' })
  const { deed, found, answer } = library.symbols as unknown as Record<string, never>
  const pids = [library.thread.pid]
  try {
    expect(await call(found, 'awaited')).toBeGreaterThan(0)
    const error = await failureOf(() => act(deed))
    expect(await call(answer, 'awaited')).toBe(42)
    return error
  } finally {
    pids.push(library.thread.pid)
    await library.close()
    await unharmed(before, pids)
  }
}

beforeAll(warmUp)

describe.each(WAYS)('forged callbacks, %s', (way) => {
  test.each([0, 12_345, 0xffff_ffff])('number %d, which there never was', async (number) => {
    const act = (deed: unknown): Promise<unknown> => call(deed, way, [number])
    const error = await attack('calls-back-nobody', 'int deed(unsigned int number)', act)
    expect(error).toBeInstanceOf(ViolationError)
    expect(error.message).toContain(`called back number ${number}, which there never was`)
  })

  test('of its own request, without end', async () => {
    let calls = 0
    const count = (): number => calls++
    // What it says of its own result is its own affair.
    const error = await attack('calls-back-without-a-call', CALLBACK, async (deed) => {
      await call(deed, way, [count])
      throw new Error('a result')
    })
    expect(error.message).toMatch(/^a result$|ran longer|broke the protocol/)
    expect(calls).toBeGreaterThan(0)
  })

  test('a wrong place for their code', async () => {
    const act = (deed: unknown): Promise<unknown> => call(deed, way, [() => 1])
    const error = await attack('misplaces-its-callbacks', CALLBACK, act)
    expect(error).toBeInstanceOf(ViolationError)
  })
})

test('an answer while a promise of its callback is open', async () => {
  const act = (deed: unknown): Promise<unknown> =>
    call(deed, 'awaited', [() => new Promise(() => {})])
  const error = await attack('goes-on-without-its-callback', CALLBACK, act)
  expect(error).toBeInstanceOf(ViolationError)
  expect(error.message).toContain('went on without waiting for its callback')
})
