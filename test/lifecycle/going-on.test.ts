/** When the next process begins after a crash: at once where somebody waits for it, else behind who hears of the end. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { CrashError, open } from '../../src/index.ts'
import { until } from '../support/until.ts'
import { failureOf } from '../support/ways.ts'

const DECLARATIONS = { abort: 'void abort(void)', abs: 'int abs(int x)' } as const

test('nobody waits: the call is rejected first', async () => {
  await using libc = await open('libc.so.6', DECLARATIONS)
  expect(await failureOf(() => libc.symbols.abort())).toBeInstanceOf(CrashError)
  expect(libc.thread.life.current).toBeUndefined()
  await turn()
  expect(libc.thread.life.current).toBeDefined()
  expect(libc.thread.state).toBe('restarting')
  await until(() => libc.thread.state === 'running', 'the next process')
  expect(libc.thread.stats().restarts).toBe(1)
})

test('whoever hears of it asks for more: one process begins for it, not two', async () => {
  await using libc = await open('libc.so.6', DECLARATIONS)
  await failureOf(() => libc.symbols.abort())
  const asked = libc.symbols.abs(-1)
  const { current } = libc.thread.life
  expect(current).toBeDefined()
  await turn()
  expect(libc.thread.life.current).toBe(current)
  expect(await asked).toBe(1)
  expect(libc.thread.stats().restarts).toBe(1)
})

test('whoever hears of it closes: none begins', async () => {
  const libc = await open('libc.so.6', DECLARATIONS)
  await failureOf(() => libc.symbols.abort())
  const closed = libc.close()
  await turn()
  expect(libc.thread.life.current).toBeUndefined()
  await closed
})

test('calls wait, or a spare does: it has begun before that', async () => {
  await using libc = await open('libc.so.6', DECLARATIONS)
  const crash = failureOf(() => libc.symbols.abort())
  const waiting = libc.symbols.abs(-2)
  expect(await crash).toBeInstanceOf(CrashError)
  expect(libc.thread.life.current).toBeDefined()
  expect(await waiting).toBe(2)

  await using spared = await open('libc.so.6', DECLARATIONS, { spares: 1 })
  await until(() => spared.thread.stats().spares === 1, 'a spare')
  await failureOf(() => spared.symbols.abort())
  expect(spared.thread.life.current).toBeDefined()
})
