/** Calls that are made without waiting for the ones before them: far more than the channel has slots. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Library, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { text } from '../fixtures/declarations/calls-back.ts'

let library: Library<string>
beforeAll(async () => {
  library = await open(fixture('calls-back'), text as string)
})
afterAll(() => library.close())

type Apply = (value: number, by: (value: number) => number) => Promise<number>
const apply: Apply = (...args) => library.symbols['apply']?.(...args) as Promise<number>

test.each([1, 9, 24, 25, 128, 129, 5000])(
  '%i of one tick: each has its answer, in order',
  async (many) => {
    const { abs } = library.thread.load.sync('libc.so.6', { abs: 'int abs(int)' }).symbols
    for (let round = 0; round < 3; round++) {
      const ends: number[] = []
      const calls = Array.from({ length: many }, (_, index) =>
        abs(-index).then((value) => {
          ends.push(index)
          return value
        }),
      )
      expect(ends, 'none ends while they are made').toEqual([])
      const wanted = Array.from(calls, (_, index) => index)
      expect(await Promise.all(calls)).toEqual(wanted)
      expect(ends).toEqual(wanted)
    }
  },
)

test('a callback never runs while calls are made, and its call keeps its place', async () => {
  let making = true
  let early = 0
  const calls = Array.from({ length: 1000 }, (_, index) =>
    apply(index, (value) => {
      if (making) early++
      return value
    }),
  )
  making = false
  const results = await Promise.all(calls)
  expect(early).toBe(0)
  expect(results).toEqual(results.map((_, index) => index + 1))
})

test('a wrong argument among many is rejected alone', async () => {
  const { toupper } = library.thread.load.sync('libc.so.6', { toupper: 'int toupper(int)' }).symbols
  const values: unknown[] = Array.from({ length: 1000 }, (_, index) => index % 128)
  values[500] = 'x'
  const ends = await Promise.allSettled(values.map((value) => toupper(value as number)))
  const failed = ends.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))
  expect(failed).toEqual([500])
  expect((ends[500] as PromiseRejectedResult).reason).toBeInstanceOf(TypeError)
})

test('blocking calls between them wait for what was made before', async () => {
  const { abs } = library.thread.load.sync('libc.so.6', { abs: 'int abs(int)' }).symbols
  const ends: number[] = []
  for (let index = 0; index < 600; index++) {
    void abs(index).then(() => ends.push(index))
    if (index % 100 === 99) expect(abs.sync(-index)).toBe(index)
  }
  await abs(0)
  expect(ends).toEqual(Array.from({ length: 600 }, (_, index) => index))
})
