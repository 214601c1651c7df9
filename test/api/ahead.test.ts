/** What is asked for while a library is being loaded. */
import { expect, test } from 'vitest'
import { ClosedError, CrashError, type Library, LoadError, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'

const OPTIONS = [{}, { threads: 4 }]

/** Asks for a call of a function that is being bound in a library that is being loaded. */
function asked(library: Library, prototype: string) {
  const series = library.thread.series()
  const step = series.call(library.func(prototype, {}))
  return { step, posted: series.ahead() }
}

test.each(OPTIONS)('is answered behind the library: %o', async (options) => {
  let accounts: ReturnType<typeof asked> | undefined
  let answered: number | undefined
  const ahead = (library: Library) => {
    accounts = asked(library, 'int accounts_open(void)')
    answered = library.thread.stats().completed
  }
  await using library = await open(fixture('keeps-accounts'), {}, options, ahead)
  expect(answered).toBe(0)
  await accounts?.posted.ended()
  expect(accounts?.step.value).toBe(0)
  await library.close()

  using blocking = open.sync(fixture('keeps-accounts'), {}, options, ahead)
  expect(answered).toBe(0)
  accounts?.posted.block()
  expect(accounts?.step.value).toBe(0)
  expect(blocking.thread.stats().restarts).toBe(0)
})

test.each(OPTIONS)('is over where the library can not be loaded: %o', async (options) => {
  const file = fixture('crashes-in-constructor')
  const posted: ReturnType<typeof asked>['posted'][] = []
  const ahead = (library: Library) => {
    posted.push(asked(library, 'int answer(void)').posted)
  }
  await expect(open(file, {}, options, ahead)).rejects.toThrow(CrashError)
  expect(() => open.sync(file, {}, options, ahead)).toThrow(CrashError)
  expect(posted.length).toBe(2)
  for (const each of posted) await expect(each.ended()).rejects.toThrow(Error)
})

test('what it throws is what open throws', async () => {
  const threads: Library['thread'][] = []
  const ahead = (library: Library) => {
    threads.push(library.thread)
    library.func('int nobody_has_this(void)', {})
  }
  const file = fixture('keeps-accounts')
  await expect(open(file, {}, {}, ahead)).rejects.toThrow(LoadError)
  expect(() => open.sync(file, {}, {}, ahead)).toThrow(LoadError)
  expect(threads.map(({ state }) => state)).toEqual(['closed', 'closed'])
})

test('goes on in no other process', async () => {
  await using library = await open(fixture('keeps-accounts'), { rest: 'int rest(unsigned ms)' })
  // It waits behind a call, and is taken from the process before it has begun.
  const first = library.symbols.rest.with({ timeout: 50 })(10_000)
  const { posted } = asked(library, 'int accounts_open(void)')
  await expect(first).rejects.toThrow('50 ms')
  const error = await posted.ended().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ClosedError)
  expect((error as Error).message).toMatch(
    /accounts_open: the process that it was asked of has ended/,
  )
  await library.symbols.rest(0)
})
