/** Whatever stands in the memory of a result is a value of the declared type: no error, nothing else. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeWord } from '../../src/call/decode.ts'
import { readElements, toValues } from '../../src/call/elements.ts'
import type { Element, ResultKind } from '../../src/call/plan.ts'
import { decodeText } from '../../src/call/text.ts'
import { Pointer } from '../../src/memory/pointer.ts'
import { viewsOf } from '../../src/memory/views.ts'
import { hostileBytes, runs } from '../support/fuzzing.ts'

const whole = (bits: number, signed: boolean) => (value: unknown) =>
  Number.isInteger(value) &&
  (value as number) >= (signed ? -(2 ** (bits - 1)) : 0) &&
  (value as number) < (signed ? 2 ** (bits - 1) : 2 ** bits) &&
  !Object.is(value, -0)
const wide = (signed: boolean) => (value: unknown) =>
  typeof value === 'bigint' &&
  (signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) === value
const isNumber = (value: unknown) => typeof value === 'number'
const isPointer = (value: unknown) =>
  value === null || (value instanceof Pointer && value.address !== 0n)

const KINDS: Readonly<Partial<Record<ResultKind, (value: unknown) => boolean>>> = {
  void: (value) => value === undefined,
  bool: (value) => typeof value === 'boolean',
  i8: whole(8, true),
  u8: whole(8, false),
  i16: whole(16, true),
  u16: whole(16, false),
  i32: whole(32, true),
  u32: whole(32, false),
  i64: wide(true),
  u64: wide(false),
  f32: (value) => isNumber(value) && Object.is(Math.fround(value as number), value),
  f64: isNumber,
  pointer: isPointer,
}

test.each(Object.entries(KINDS))('a word as %s', (kind, fits) => {
  fc.assert(
    fc.property(hostileBytes(8), (bytes) => {
      const value = decodeWord(kind as ResultKind, viewsOf(bytes.slice().buffer), 0, {})
      expect(value).toSatisfy(fits)
    }),
    runs(300),
  )
})

test.each([1, 2, 4] as const)('text of %i-byte units', (unit) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = decodeText(bytes, unit)
      // A character of four bytes may take two units of a string.
      expect(text.length).toBeLessThanOrEqual(unit === 4 ? bytes.length / 2 : bytes.length)
      if (unit === 1) expect(Buffer.from(text).toString()).toBe(text)
    }),
    runs(500),
  )
})

const element: fc.Arbitrary<Element> = fc.oneof(
  fc.record({
    kind: fc.constant('integer' as const),
    size: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
    signed: fc.boolean(),
  }),
  fc.constantFrom<Element>(
    { kind: 'float', size: 4, signed: true },
    { kind: 'float', size: 8, signed: true },
    { kind: 'bool', size: 1, signed: false },
    { kind: 'pointer', size: 8, signed: false },
  ),
)

function elementFits({ kind, size, signed }: Element): (value: unknown) => boolean {
  if (kind === 'bool') return (value) => typeof value === 'boolean'
  if (kind === 'pointer') return isPointer
  if (kind === 'float') return isNumber
  return size === 8 ? wide(signed) : whole(size * 8, signed)
}

test('elements that are copied back', () => {
  fc.assert(
    fc.property(element, hostileBytes(64), fc.nat(20), (type, bytes, length) => {
      const copy = bytes.slice()
      expect(toValues(copy, type, {}).every(elementFits(type))).toBe(true)
      const target = new Array(length).fill('untouched')
      readElements(copy, target, type, {})
      expect(target).toHaveLength(length)
      const filled = Math.min(length, 64 / type.size)
      expect(target.slice(0, filled).every(elementFits(type))).toBe(true)
      expect(target.slice(filled).every((value) => value === 'untouched')).toBe(true)
    }),
    runs(1000),
  )
})
