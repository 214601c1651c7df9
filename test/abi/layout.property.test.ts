/** Random structures as the C compiler lays them out. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { alignOf, sizeOf } from '../../src/abi/layout.ts'
import type { AggregateType, Member } from '../../src/abi/types.ts'
import { Reading } from '../../src/call/value/codec.ts'
import { codecOf } from '../../src/call/value/of.ts'
import { type Structure, structure } from '../fixtures/declarations/structures.ts'
import { seed } from '../support/fuzzing.ts'
import { noTarget } from '../support/no-target.ts'

const folder = mkdtempSync(join(tmpdir(), 'fat-threads-layout-'))
afterAll(() => rmSync(folder, { recursive: true }))

const COUNT = 2000

const named = (type: AggregateType): Member[] =>
  type.members.filter(({ name }) => name !== undefined)

/** What the compiler says: size, alignment, then an offset or the bytes that a bit-field's ones stand in. */
function compiled(structures: readonly Structure[]): string[] {
  const lines = structures.map(({ type, text }, index) => {
    const members = named(type).map(({ name, bits, type: inner }) =>
      bits === undefined
        ? `printf(" %zu", __builtin_offsetof(t, ${name}));`
        : `{ union { t s; unsigned char b[sizeof(t)]; } u; memset(&u, 0, sizeof u); u.s.${name} = ${inner.kind === 'bool' ? '1' : '-1'}; putchar(32); for (size_t i = 0; i < sizeof(t); i++) printf("%02x", u.b[i]); }`,
    )
    return `static void f${index}(void) { typedef ${text} t; printf("%zu %zu", sizeof(t), _Alignof(t)); ${members.join(' ')} putchar(10); }`
  })
  const source = join(folder, 'layout.c')
  const program = join(folder, 'layout')
  writeFileSync(
    source,
    [
      '#include <stdbool.h>\n#include <stdint.h>\n#include <stdio.h>\n#include <string.h>',
      ...lines,
      `int main(void) { ${structures.map((_, index) => `f${index}();`).join(' ')} return 0; }`,
    ].join('\n'),
  )
  execFileSync('cc', ['-w', '-Wno-packed-bitfield-compat', '-O0', '-o', program, source])
  return execFileSync(program, { encoding: 'utf8', maxBuffer: 2 ** 28 })
    .trimEnd()
    .split('\n')
}

/** The bytes of the structure where only this bit-field is all ones. */
function ones(size: number, { type, bits, offset, name }: Member): string {
  const codec = codecOf({
    kind: 'struct',
    name: undefined,
    size,
    align: 1,
    members: [{ name, type, bits, offset }],
  })
  const bytes = new Uint8Array(size + 16)
  const width = BigInt(bits?.width ?? 0)
  const signed = type.kind === 'integer' && type.signed
  const all = signed ? -1n : (1n << width) - 1n
  const value = type.kind === 'bool' ? true : sizeOf(type) === 8 ? all : Number(all)
  codec.write({ [name as string]: value }, new DataView(bytes.buffer), 0, noTarget)
  const read = codec.read(new DataView(bytes.buffer), 0, new Reading({}))
  expect(read).toEqual({ [name as string]: value })
  return Buffer.from(bytes.subarray(0, size)).toString('hex')
}

test(`${COUNT} random structures`, { timeout: 120_000 }, () => {
  const structures = fc.sample(structure(), { numRuns: COUNT, seed })
  const found = compiled(structures)
  const wrong: string[] = []
  structures.forEach(({ type, text }, index) => {
    const members = named(type).map((member) =>
      member.bits === undefined ? member.offset : ones(type.size, member),
    )
    const own = [sizeOf(type), alignOf(type), ...members].join(' ')
    if (own !== found[index]) wrong.push(`${text}\n  ${own}\n  ${found[index]}`)
  })
  wrong.sort((one, other) => one.length - other.length)
  expect(wrong.length, `seed ${seed}, ours and the compiler's:\n${wrong[0]}`).toBe(0)
})
