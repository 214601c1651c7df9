/** `global`, `lazy`, `deep`: which of several libraries a symbol is looked for in, and when. */
import { expect, test } from 'vitest'
import { CrashError, ExitError, FatThread, LoadError } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { failureOf } from '../support/ways.ts'

const OFFERS = fixture('offers-its-symbols')
const NEEDS = fixture('needs-what-others-offer')
const OTHER = fixture('has-a-symbol-that-others-have')

const number = { number: 'int number(void)' } as const
const needing = { ...number, sum: 'int sum(int, int)', lose: 'int get_lost(void)' } as const

test('a symbol that is not there when the library is loaded is a LoadError', async () => {
  await using thread = await FatThread.spawn()
  await thread.load(OFFERS, number, { global: true })
  const error = await failureOf(() => thread.load(NEEDS))
  expect(error).toBeInstanceOf(LoadError)
  expect(error.message).toMatch(/undefined symbol: nowhere/)
})

test('with lazy it ends the process that calls it, and no other call', async () => {
  await using thread = await FatThread.spawn()
  await thread.load(OFFERS, number, { global: true })
  const { symbols } = await thread.load(NEEDS, needing, { lazy: true })
  expect(await symbols.sum(4, 2)).toBe(6)
  expect(await failureOf(() => symbols.lose())).toBeInstanceOf(ExitError)
  // The next process has them in the same order and visibility.
  expect(await symbols.sum(50, -8)).toBe(42)
})

test('without global nobody else sees the symbols of a library', async () => {
  await using thread = await FatThread.spawn()
  await thread.load(OFFERS, number)
  const { symbols } = await thread.load(NEEDS, needing, { lazy: true })
  expect(await failureOf(() => symbols.sum(4, 2))).toBeInstanceOf(ExitError)
  expect(await symbols.number()).toBe(2)
})

test('a global symbol comes before those of libraries that follow, unless they are deep', async () => {
  await using thread = await FatThread.spawn()
  const first = await thread.load(OFFERS, number, { global: true })
  const second = await thread.load(NEEDS, number, { lazy: true })
  const third = await thread.load(OTHER, number, { deep: true })
  const numbers = [first, second, third].map(({ symbols }) => symbols.number.sync())
  expect(numbers).toEqual([1, 1, 3])
})

test('global lasts beyond a crash', async () => {
  await using thread = await FatThread.spawn()
  await thread.load(OFFERS, number, { global: true })
  const libc = await thread.load('libc.so.6', { raise: 'int raise(int)' })
  const { symbols } = await thread.load(OTHER, number)
  expect(await failureOf(() => libc.symbols.raise(11))).toBeInstanceOf(CrashError)
  expect(await symbols.number()).toBe(1)
})
