/** Looks at a call's arguments. Each check writes the part of the filter that stands at the label of its call. */
import { PATCH } from '../protocol/protocol.ts'
import type { Assembler, Constant } from './bpf.ts'
import type { Verdict } from './verdict.ts'

/** Writes code that ends on every way in a jump to the label of a verdict, or of another check, which stands behind. */
export type Check = (code: Assembler, to: (rule: Rule) => string, name: string) => void

/** What is said of a call, or looked at first. */
export type Rule = Verdict | Check

export const SELF: Constant = { patch: PATCH.PROCESS }

/** `yes` where the low word of an argument is one of these, else `no`. */
export const oneOf =
  (argument: number, values: readonly Constant[], yes: Verdict, no: Verdict): Check =>
  (code, to) => {
    code.loadArgument(argument)
    for (const value of values) code.jumpIf('equals', value, to(yes))
    code.jump(to(no))
  }

/** `yes` where an argument has any of these bits, else `no`. */
export const anyBit =
  (argument: number, bits: number, yes: Verdict, no: Verdict): Check =>
  (code, to) => {
    code.loadArgument(argument)
    code.jumpIf('hasAny', bits, to(yes))
    code.jump(to(no))
  }

/** The first check decides unless it comes to `next`. */
export const NEXT: Verdict = { kind: 'refuse', errno: -1 }

export const first =
  (check: Check, then: Check): Check =>
  (code, to, name) => {
    const label = `${name}:next`
    check(code, (rule) => (rule === NEXT ? label : to(rule)), `${name}:first`)
    code.label(label)
    then(code, to, `${name}:then`)
  }

export const always =
  (rule: Rule): Check =>
  (code, to) =>
    code.jump(to(rule))

const RANGES = [
  { from: [PATCH.C_FROM_LOW, PATCH.C_FROM_HIGH], to: [PATCH.C_TO_LOW, PATCH.C_TO_HIGH] },
  {
    from: [PATCH.LOADER_FROM_LOW, PATCH.LOADER_FROM_HIGH],
    to: [PATCH.LOADER_TO_LOW, PATCH.LOADER_TO_HIGH],
  },
] as const

const END_LOW = 0
const END_HIGH = 1

/** To `target` where the pair of words (low, high) that `load` loads is at least the patched bound. */
function jumpIfAtLeast(
  code: Assembler,
  load: (half: 'low' | 'high') => void,
  [low, high]: readonly [number, number],
  target: string,
  name: string,
): void {
  load('high')
  code.jumpIf('above', { patch: high }, target)
  code.jumpIf('equals', { patch: high }, `${name}:low`)
  code.jump(`${name}:below`)
  code.label(`${name}:low`)
  load('low')
  code.jumpIf('atLeast', { patch: low }, target)
  code.label(`${name}:below`)
}

/** `yes` where a pointer argument points into the constants of the C library or of its loader. */
export const intoConstants =
  (argument: number, yes: Verdict, no: Verdict): Check =>
  (code, to, name) => {
    const load = (half: 'low' | 'high'): void => code.loadArgument(argument, half)
    RANGES.forEach(({ from, to: end }, index) => {
      const here = `${name}:${index}`
      jumpIfAtLeast(code, load, end, `${here}:out`, `${here}:end`)
      jumpIfAtLeast(code, load, from, to(yes), `${here}:from`)
      code.label(`${here}:out`)
    })
    code.jump(to(no))
  }

/**
 * `no` where the memory from the first argument on, as long as the second says, touches those constants:
 * what `intoConstants` trusts must stay what it is. Else `yes`.
 */
export const besideConstants =
  (yes: Verdict, no: Verdict): Check =>
  (code, to, name) => {
    // The end of the memory: a sum of two pairs of words, with the carry.
    code.loadArgument(1, 'high')
    code.jumpIf('above', 0xffff, to(no)) // longer than any address
    code.loadArgument(1)
    code.moveToX()
    code.loadArgument(0)
    code.addX()
    code.storeScratch(END_LOW)
    code.jumpIf('atLeastX', 0, `${name}:no-carry`)
    code.constant(1)
    code.jump(`${name}:carry`)
    code.label(`${name}:no-carry`)
    code.constant(0)
    code.label(`${name}:carry`)
    code.moveToX()
    code.loadArgument(0, 'high')
    code.addX()
    code.storeScratch(END_HIGH)
    code.loadArgument(1, 'high')
    code.moveToX()
    code.loadScratch(END_HIGH)
    code.addX()
    code.storeScratch(END_HIGH)
    const start = (half: 'low' | 'high'): void => code.loadArgument(0, half)
    const end = (half: 'low' | 'high'): void =>
      code.loadScratch(half === 'low' ? END_LOW : END_HIGH)
    RANGES.forEach(({ from, to: bound }, index) => {
      const here = `${name}:${index}`
      jumpIfAtLeast(code, start, bound, `${here}:out`, `${here}:start`)
      jumpIfAtLeast(code, end, from, to(no), `${here}:end`)
      code.label(`${here}:out`)
    })
    code.jump(to(yes))
  }
