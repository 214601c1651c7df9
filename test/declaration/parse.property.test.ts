import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxLength, parsePrototype, parseType } from '../../src/declaration/parse.ts'
import { DeclarationError } from '../../src/errors.ts'
import { cpuTime } from '../support/cpu-time.ts'
import { runs } from '../support/fuzzing.ts'
import { damaged, declaration, jumble } from './arbitrary.ts'

/** Checks that the text parses, or that the error is about a place in it. */
function expectVerdict(parse: (text: string) => unknown, text: string): void {
  try {
    parse(text)
  } catch (error) {
    if (!(error instanceof DeclarationError)) throw error
    const line = text.split('\n')[error.line - 1]
    expect(line).toBeDefined()
    expect(error.column).toBeGreaterThanOrEqual(1)
    expect(error.column).toBeLessThanOrEqual((line?.length ?? 0) + 1)
    expect(error.message.endsWith(`\n  ${' '.repeat(error.column - 1)}^`)).toBe(true)
  }
}

/** Milliseconds of processor time, at best of a few runs, to refuse or accept the text. */
function duration(text: string): number {
  const times = Array.from({ length: 5 }, () => cpuTime(() => expectVerdict(parsePrototype, text)))
  return Math.min(...times)
}

describe('parsePrototype', () => {
  it('reads every spelling of a signature', () => {
    fc.assert(
      fc.property(declaration, ({ text, signature }) => {
        expect(parsePrototype(text)).toEqual(signature)
      }),
      runs(1000),
    )
  })

  it('throws nothing but DeclarationError, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(damaged, jumble, fc.string({ unit: 'binary' })), (text) => {
        expectVerdict(parsePrototype, text)
        expectVerdict(parseType, text)
      }),
      runs(2000),
    )
  })

  it.each([
    ['blanks', 'int f(', ' '],
    ['open parentheses', 'int f', '('],
    ['stars', 'int f(int ', '*'],
    ['comments', 'int f(', '/**/'],
    ['open comments', 'int f(', '/*'],
    ['slashes', 'int f(', '//\n'],
    ['words', 'int f(', 'const '],
    ['specifiers', 'int f(', 'long '],
    ['one word', 'int f(', 'x'],
    ['parameters', 'int f(int', ',int'],
    ['lines', 'int f(', '\n'],
    ['dots', 'int f(', '.'],
  ])('takes linear time for many %s', (_, start, unit) => {
    const text = (length: number) => start + unit.repeat((length - start.length) / unit.length)
    const short = duration(text(maxLength / 16))
    // Quadratic time would be 256 times as long, and some two billion steps.
    expect(duration(text(maxLength))).toBeLessThan(Math.max(64 * short, 250))
  })
})
