/** Many arguments of mixed types: C compares each with what it must be. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { DeclarationError, open } from '../../src/index.ts'
import { build, FIXTURES, fixture } from '../fixtures/build.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

interface Kind {
  readonly type: string
  /** A value for the place, and C that is true of it. */
  readonly value: (place: number) => unknown
  readonly holds: (name: string, place: number) => string
}

const integer = (type: string, value: (place: number) => number | bigint, suffix = ''): Kind => ({
  type,
  value,
  holds: (name, place) => `${name} == ${value(place)}${suffix}`,
})

/** Different registers, different sizes, and the stack once those are used up. */
const KINDS: readonly Kind[] = [
  integer('int8_t', (place) => (place % 2 === 0 ? -place : place)),
  {
    type: 'double',
    value: (place) => place + 0.25,
    holds: (name, place) => `${name} == ${place}.25`,
  },
  integer('uint64_t', (place) => 2n ** 63n + BigInt(place), 'u'),
  {
    type: 'bool',
    value: (place) => place % 2 === 0,
    holds: (name, place) => `${name} == ${place % 2 === 0}`,
  },
  {
    type: 'float',
    value: (place) => -place - 0.5,
    holds: (name, place) => `${name} == -${place}.5f`,
  },
  {
    type: 'const char *',
    value: (place) => `text ${place}`,
    holds: (name, place) => `strcmp(${name}, "text ${place}") == 0`,
  },
  integer('uint16_t', (place) => 65535 - place),
  integer('int64_t', (place) => -(2 ** 40) - place),
  integer('uint8_t', (place) => 255 - place),
  {
    type: 'const uint8_t *',
    value: (place) => Uint8Array.of(place, 1),
    holds: (name, place) => `${name}[0] == ${place}`,
  },
  integer('int32_t', (place) => -(2 ** 31) + place + 1),
  integer('int16_t', (place) => -32768 + place),
  integer('uint32_t', (place) => 2 ** 32 - 1 - place, 'u'),
  { type: 'void *', value: () => null, holds: (name) => `${name} == 0` },
]

const kindAt = (place: number): Kind => KINDS[place % KINDS.length] as Kind
const places = (count: number): number[] => Array.from({ length: count }, (_, place) => place)
const parameters = (count: number): string =>
  places(count)
    .map((place) => `${kindAt(place).type} a${place}`)
    .join(', ') || 'void'
const valuesOf = (count: number): unknown[] =>
  places(count).map((place) => kindAt(place).value(place))
const prototype = (count: number): string => `int first_wrong_of_${count}(${parameters(count)})`

const COUNTS = [0, 1, 5, 6, 7, 8, 9, 14, 15, 64, 125, 126]

let library: string

beforeAll(() => {
  library = compile()
})

/** One function a count: gives the place of the first argument that is wrong, counted from 1, or 0. */
function compile(): string {
  const functions = COUNTS.map((count) => {
    const checks = places(count).map(
      (place) => `  if (!(${kindAt(place).holds(`a${place}`, place)})) return ${place + 1};`,
    )
    return [`${prototype(count)} {`, ...checks, '  return 0;', '}'].join('\n')
  })
  const includes = ['stdbool.h', 'stdint.h', 'string.h'].map((name) => `#include <${name}>`)
  const source = fixtureFile('many-arguments.c')
  writeFileSync(source, [...includes, ...functions, ''].join('\n'))
  const target = fixtureFile('many-arguments.so')
  build(source, target)
  return target
}

function fixtureFile(name: string): string {
  fixture('answers') // makes the folder
  return join(FIXTURES, name)
}

describe('mixed arguments', () => {
  test.each(COUNTS)('%d of them arrive in their places', async (count) => {
    await using many = await open(library)
    const fn = many.func(prototype(count))
    for (const way of WAYS) expect(await call(fn, way, valuesOf(count))).toBe(0)
    const inFlight = places(300).map(() => call(fn, 'awaited', valuesOf(count)))
    expect(new Set(await Promise.all(inFlight))).toEqual(new Set([0]))
  })

  test('and C does tell a wrong one', async () => {
    await using many = await open(library)
    for (const place of [0, 63, 124]) {
      const values = valuesOf(126)
      values[place] = kindAt(place).type === 'int8_t' ? 77 : kindAt(place).value(place + 100)
      expect(await call(many.func(prototype(126)), 'sync', values)).toBe(place + 1)
    }
  })

  test('126 of them are the most', async () => {
    const wide = `int first_wrong_of_126(${places(127)
      .map(() => 'int')
      .join(', ')})`
    const error = await failureOf(() => open(library, { wide }))
    expect(error).toBeInstanceOf(DeclarationError)
    expect(error.message).toContain('126')
  })

  test('126 strings, longer together than a slot', async () => {
    await using many = await open(library)
    const text = many.func(
      `int first_wrong_of_126(${places(126)
        .map(() => 'const char *')
        .join(', ')})`,
    )
    const strings = places(126).map((place) => 'long '.repeat(place * 10))
    for (const way of WAYS) expect(await call(text, way, strings)).not.toBe(0)
  })
})
