/** Random structures by value, there and back, through functions that the C compiler made. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { namedMembers } from '../../src/abi/layout.ts'
import type { CType, Member } from '../../src/abi/types.ts'
import { Reading } from '../../src/call/value/codec.ts'
import { codecOf } from '../../src/call/value/of.ts'
import { open } from '../../src/index.ts'
import { build } from '../fixtures/build.ts'
import { type Structure, structure } from '../fixtures/declarations/structures.ts'
import { seed } from '../support/fuzzing.ts'
import { noTarget } from '../support/no-target.ts'

const folder = mkdtempSync(join(tmpdir(), 'fat-threads-structures-'))
afterAll(() => rmSync(folder, { recursive: true }))

const COUNT = 9000

function randomInteger(bits: number, signed: boolean): bigint {
  const value = BigInt.asUintN(bits, BigInt(Math.floor(Math.random() * 2 ** 53)) * 12345678901n)
  return signed ? BigInt.asIntN(bits, value) : value
}

function randomMember({ type, bits }: Member): unknown {
  if (bits === undefined || type.kind !== 'integer') return randomValue(type)
  const value = randomInteger(bits.width, type.signed)
  return type.size === 8 ? value : Number(value)
}

function randomValue(type: CType): unknown {
  switch (type.kind) {
    case 'bool':
      return Math.random() < 0.5
    case 'integer': {
      const value = randomInteger(type.size * 8, type.signed)
      return type.size === 8 ? value : Number(value)
    }
    case 'float':
      return Math.fround(Math.random() * 1e6)
    case 'array':
      return Array.from({ length: type.length ?? 0 }, () => randomValue(type.of))
    case 'struct':
      return Object.fromEntries(
        namedMembers(type).map((member) => [member.name, randomMember(member)]),
      )
    case 'union': {
      const members = namedMembers(type)
      const chosen = members[Math.floor(Math.random() * members.length)] as Member
      return { [chosen.name as string]: randomMember(chosen) }
    }
    default:
      return null
  }
}

/** The value as memory keeps it. */
function inMemory(type: CType, value: unknown): unknown {
  const codec = codecOf(type)
  const memory = new DataView(new ArrayBuffer(codec.size + 16))
  codec.write(value, memory, 0, noTarget)
  return codec.read(memory, 0, new Reading({}))
}

const HEADER = '#include <stdbool.h>\n#include <stdint.h>\n'

/** Before and behind it stand arguments of both kinds of registers. */
const prototype = (index: number): string =>
  `t${index} f${index}(int a, double b, t${index} c, float d)`

test(`${COUNT} random structures, there and back`, { timeout: 120_000 }, async () => {
  const structures = fc.sample(structure(), { numRuns: COUNT, seed })
  const source = join(folder, 'structures.c')
  const types = structures.map(({ text }, index) => `typedef ${text} t${index};`)
  const functions = structures.map(
    (_, index) =>
      `${prototype(index)} { return a == -7 && b == 2.5 && d == 0.5f ? c : (t${index}){0}; }`,
  )
  writeFileSync(source, [HEADER, ...types, ...functions].join('\n'))
  const library = join(folder, 'structures.so')
  build(source, library, ['-O0', '-Wno-packed-bitfield-compat'])
  await using opened = await open(library, types.join('\n') as string)
  let refused = 0
  for (const [index, { type, text }] of structures.entries()) {
    const value = randomValue(type)
    const call = callOf(opened, index)
    if (call === undefined) {
      refused++
      continue
    }
    const told = `seed ${seed}: ${text}`
    const values = [-7, 2.5, value, 0.5]
    const calling = async () => (index % 2 === 0 ? call.sync(...values) : await call(...values))
    const result = await calling().catch((cause) => expect.unreachable(`${told}: ${cause}`))
    expect(result, told).toEqual(inMemory(type, value))
  }
  expect(refused, 'packed and small').toBeLessThan(COUNT / 10)

  function callOf(from: typeof opened, index: number) {
    const { type } = structures[index] as Structure
    try {
      return from.func(prototype(index) as string) as unknown as {
        (...values: unknown[]): Promise<unknown>
        sync(...values: unknown[]): unknown
      }
    } catch (error) {
      expect((error as Error).message).toMatch(/packed and small/)
      expect(type.size).toBeLessThanOrEqual(16)
      return undefined
    }
  }
})
