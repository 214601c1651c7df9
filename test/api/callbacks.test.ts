/** Functions of the program that C calls while a call runs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Library, open, Pointer } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { text } from '../fixtures/declarations/calls-back.ts'
import { until } from '../support/until.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

let library: Library<string>
beforeAll(async () => {
  library = await open(fixture('calls-back'), text as string)
})
afterAll(() => library.close())

describe.each(WAYS)('%s', (way) => {
  const of = (name: string, ...args: readonly unknown[]): Promise<unknown> =>
    call(library.symbols[name], way, args)

  test('is called with what C gives, and gives what C gets', async () => {
    expect(await of('apply', 20, (value: number) => value * 2)).toBe(41)
    expect(
      await of(
        'apply_twice',
        1,
        (a: number) => a + 1,
        (a: number) => a * 10,
      ),
    ).toBe(20)
    expect(await of('times', 1000, (value: number) => value)).toBe(499_500)
  })

  test('takes and gives every kind of scalar', async () => {
    const given: unknown[] = []
    const note = (...values: unknown[]): number => {
      given.push(...values)
      return 1.25
    }
    expect(await of('mixes', note)).toBe(1.25)
    expect(given).toEqual([-3, 65535, 0.5, -(2n ** 60n), 2n ** 64n - 1n, 2.25, true, 'text'])
    expect(await of('many', (...all: bigint[]) => all.reduce((a, b) => a * 2n + b))).toBe(2036n)
    expect(await of('narrow', (value: number) => value + 1)).toBe(-127)
    expect(await of('floats', (a: number, b: number) => a / b)).toBeCloseTo(0.6, 6)
    expect(await of('truths', (value: boolean) => !value)).toBe(true)
    expect(await of('colours', (value: number) => value + 1)).toBe(6)
  })

  test('takes and gives structures by value', async () => {
    const move = (point: { x: number; y: number }, by: number): unknown => ({
      x: point.x + by,
      y: point.y - by,
    })
    expect(await of('moved', { x: 1, y: 2 }, move)).toEqual({ x: 12, y: -7 })
    const turn = ({ numbers }: { numbers: BigInt64Array }): unknown => ({
      numbers: numbers.map((each) => each * 2n),
    })
    expect(await of('turned', turn)).toBe(132n)
  })

  test('takes and gives strings and pointers', async () => {
    const questions: unknown[] = []
    const answer = (question: unknown): string => {
      questions.push(question)
      return 'ünd'
    }
    expect(await of('length_of', answer)).toBe(4)
    expect(await of('length_of', () => null)).toBe(-1)
    expect(questions).toEqual(['a question'])
    expect(await of('first_of', (own: unknown) => own)).toBe(7)
    expect(await of('first_of', () => Int32Array.of(42))).toBe(42)
    expect(await of('first_of', () => null)).toBe(-1)
    let seen: unknown
    await of('first_of', (own: Pointer) => {
      seen = own
      return own
    })
    expect(seen).toBeInstanceOf(Pointer)
  })

  test('stands in members of structures', async () => {
    const handlers = {
      base: 100,
      apply: (value: number) => value * 2,
      name: (value: number) => 'x'.repeat(value),
    }
    expect(await of('handled', handlers, 5)).toBe(215)
    expect(await of('handled_by', handlers, 5)).toBe(215)
    expect(await of('handled', { ...handlers, name: null }, 5)).toBe(210)
  })

  test('calls functions of the same library, which call back again', async () => {
    const { fibonacci } = library.symbols
    const next = (n: number): number => fibonacci?.sync(n, next) as number
    expect(await of('fibonacci', 9, next)).toBe(34)
  })

  test('an error reaches the caller, itself', async () => {
    const error = new Error('mine')
    let calls = 0
    const fail = (): never => {
      calls++
      throw error
    }
    expect(await failureOf(() => of('times', 100, fail))).toBe(error)
    expect(calls).toBe(1)
    expect(await of('apply', 1, (value: number) => value), 'and nothing else').toBe(2)
  })

  test('a wrong result is an error that says so', async () => {
    const error = await failureOf(() => of('apply', 1, () => 'no number'))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toBe('apply: function: result takes a number, not the string "no number"')
    expect(await failureOf(() => of('narrow', () => 128))).toBeInstanceOf(RangeError)
  })

  test('a wrong argument is an error that says so', async () => {
    const error = await failureOf(() => of('apply', 1, 'no function'))
    expect(error.message).toBe(
      'apply: function takes a function, a Callback, a Pointer or null, not the string "no function"',
    )
  })
})

describe('sync', () => {
  test('a promise is refused', () => {
    const { apply } = library.symbols
    expect(() => apply?.sync(1, async () => 1)).toThrow(
      new TypeError(
        "apply: function gave a promise, which a blocking call can't wait for: call without .sync",
      ),
    )
  })
})

describe('awaited', () => {
  test('a promise is waited for while the event loop goes on', async () => {
    const { apply } = library.symbols
    let beats = 0
    const timer = setInterval(() => beats++, 5)
    const slow = async (value: number): Promise<number> => {
      await until(() => beats > 3, 'a beat')
      return value * 3
    }
    expect(await apply?.(14, slow)).toBe(43)
    clearInterval(timer)
    expect(beats).toBeGreaterThan(3)
  })
})
