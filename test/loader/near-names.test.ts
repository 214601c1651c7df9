import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearestNames } from '../../src/loader/near-names.ts'
import { leastCpuTime } from '../support/cpu-time.ts'

test.each([
  ['crc23', ['crc32', 'adler32', 'crc32_z'], ['crc32']],
  ['CRC32', ['crc32_z', 'crc32'], ['crc32', 'crc32_z']],
  ['deflat', ['inflate', 'deflateEnd', 'deflate'], ['deflate', 'deflateEnd']],
  ['sqlite3_opne', ['sqlite3_step', 'sqlite3_open', 'zlib'], ['sqlite3_open', 'sqlite3_step']],
  ['zlibversion', ['zlibVersion', 'zlibCompileFlags'], ['zlibVersion']],
])('%s of %j gives %j', (name, candidates, expected) => {
  expect(nearestNames(name, candidates)).toEqual(expected)
})

test('nothing is near to what is far', () => {
  expect(nearestNames('crc32', ['deflate', 'x', ''])).toEqual([])
  expect(nearestNames('', ['a', 'b'])).toEqual([])
  expect(nearestNames('x', ['a', 'b'])).toEqual([])
  expect(nearestNames('a'.repeat(5000), ['a'.repeat(4999)])).toEqual([])
})

test('the name itself is no suggestion, and each name comes once', () => {
  expect(nearestNames('crc32', ['crc32', 'crc33', 'crc33'])).toEqual(['crc33'])
})

test('at most as many as asked for, the nearest', () => {
  const names = ['test_aa', 'test_a', 'test_aaa', 'tets']
  expect(nearestNames('test', names, 2)).toEqual(['test_a', 'test_aa'])
})

test('the order of the candidates makes no difference', () => {
  const names = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'A'), maxLength: 6 }))
  fc.assert(
    fc.property(names, names, ([name = 'ab'], candidates) => {
      const once = nearestNames(name, candidates)
      expect(nearestNames(name, candidates.toReversed())).toEqual(once)
    }),
  )
})

test('one typing error is always found', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abcdefg_1'), minLength: 4, maxLength: 30 })
  const kind = fc.constantFrom('drop', 'add', 'change', 'swap')
  fc.assert(
    fc.property(word, kind, fc.nat(100), (name, error, position) => {
      const at = position % (name.length - 1)
      const [before, here, next, after] = [
        name.slice(0, at),
        name.charAt(at),
        name.charAt(at + 1),
        name.slice(at + 2),
      ]
      const typed = {
        drop: before + next + after,
        add: `${before}x${here}${next}${after}`,
        change: `${before}x${next}${after}`,
        swap: before + next + here + after,
      }[error]
      if (typed !== name) expect(nearestNames(typed, [name])).toEqual([name])
    }),
  )
})

test('distance is that of the textbook', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 5, maxLength: 12 })
  fc.assert(
    fc.property(word, word, (one, two) => {
      fc.pre(one !== two && !two.startsWith(one))
      const tolerance = Math.min(4, Math.floor((one.length + 1) / 3))
      expect(nearestNames(one, [two])).toEqual(textbook(one, two) <= tolerance ? [two] : [])
    }),
    { numRuns: 2000 },
  )
})

/** Optimal string alignment, the whole table. */
function textbook(one: string, two: string): number {
  const table = Array.from({ length: one.length + 1 }, (_, i) =>
    Array.from({ length: two.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  )
  const cell = (i: number, j: number): number => table[i]?.[j] ?? 0
  for (let i = 1; i <= one.length; i++) {
    for (let j = 1; j <= two.length; j++) {
      const cost = one[i - 1] === two[j - 1] ? 0 : 1
      let steps = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + cost)
      const swapped = i > 1 && j > 1 && one[i - 1] === two[j - 2] && one[i - 2] === two[j - 1]
      if (swapped) steps = Math.min(steps, cell(i - 2, j - 2) + 1)
      table[i]?.splice(j, 1, steps)
    }
  }
  return cell(one.length, two.length)
}

test('40,000 names are soon looked through', () => {
  const names = Array.from(
    { length: 40_000 },
    (_, index) => `module_${index % 97}_function_${index}`,
  )
  expect(nearestNames('module_1_funktion_39092', names)[0]).toBe('module_1_function_39092')
  expect(leastCpuTime(() => nearestNames('module_5_funktion_39000', names))).toBeLessThan(300)
})
