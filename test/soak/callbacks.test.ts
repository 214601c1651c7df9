/** A million callbacks, transient and registered, blocking and awaited, with strings and structures. */
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { text } from '../fixtures/declarations/calls-back.ts'
import { Gauge } from './gauge.ts'

const CALLBACKS = Number(process.env['FAT_THREADS_CALLBACKS'] ?? 1_000_000)
const ROUNDS = 20

test(`${CALLBACKS} callbacks have the right results and leave nothing behind`, {
  timeout: 280_000,
}, async () => {
  await using library = await open(fixture('calls-back'), text as string)
  const { thread } = library
  const fn = (name: string): NonNullable<(typeof library.symbols)[string]> => {
    const found = library.symbols[name]
    if (found === undefined) throw new Error(name)
    return found
  }
  const gauge = new Gauge(() => thread.stats().residentMemory)
  let made = 0
  let wrong = 0
  const check = (right: boolean): void => {
    if (!right) wrong++
  }
  const same = (value: number): number => {
    made++
    return value
  }
  const answer = (): string => {
    made++
    return 'an answer'
  }
  const move = ({ x, y }: { x: number; y: number }, by: number): unknown => {
    made++
    return { x: x + by, y: y + by }
  }
  const round = CALLBACKS / ROUNDS
  for (let turn = 0; turn < ROUNDS; turn++) {
    const until = made + round
    while (made < until) {
      check(fn('times').sync(100, same) === 4950)
      check((await fn('times')(100, same)) === 4950)
      check(fn('apply').sync(turn, same) === turn + 1)
      check((await fn('length_of')(answer)) === 9)
      const moved = fn('moved').sync({ x: turn, y: 0 }, move) as { x: number }
      check(moved.x === turn + 11)
      using callback = thread.callback('int function(int value)', same)
      check(fn('times').sync(20, callback) === 190)
      check(fn('in_threads').sync(2, 5, callback) === 5)
    }
    await gauge.sample()
  }
  expect(wrong).toBe(0)
  expect(made).toBeGreaterThanOrEqual(CALLBACKS)
  expect(thread.stats()).toMatchObject({ restarts: 0, inFlight: 0, queued: 0 })
  gauge.expectFlat()
})
