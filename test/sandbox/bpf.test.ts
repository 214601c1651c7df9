/** Conditional jumps reach 255 instructions far, whatever stands between them and where they go. */
import { expect, test } from 'vitest'
import { Assembler, DATA } from '../../src/sandbox/bpf.ts'
import { Machine } from './machine.ts'

const ERRNO = 0x0005_0000
const YES = 1
const NO = 2

/** Says `YES` for the number 7, with so many instructions before each of the two places where that is said. */
function machine(beforeYes: number, beforeNo: number): Machine {
  const code = new Assembler()
  const fill = (count: number): void => {
    for (let i = 0; i < count; i++) code.load(DATA.NUMBER)
  }
  code.load(DATA.NUMBER)
  code.jumpIf('equals', 7, 'yes')
  code.jump('no')
  fill(beforeYes)
  code.label('yes')
  code.return(ERRNO | YES)
  fill(beforeNo)
  code.label('no')
  code.return(ERRNO | NO)
  return new Machine(code.assemble())
}

const places = [0, 1, 253, 254, 255, 256, 257, 600]

test.each(places.flatMap((yes) => places.map((no) => [yes, no] as const)))(
  'one way %i instructions far, the other one %i more',
  (yes, no) => {
    const found = machine(yes, no)
    expect(found.run(7, 0, [])).toBe(`errno ${YES}`)
    expect(found.run(8, 0, [])).toBe(`errno ${NO}`)
  },
)

test('a condition that goes on where it is not true, far from where it is', () => {
  const code = new Assembler()
  code.load(DATA.NUMBER)
  code.jumpIf('atLeast', 100, 'far')
  code.load(DATA.ARCHITECTURE)
  code.jumpIf('equals', 5, 'far')
  code.jump('next')
  code.label('next')
  code.return(ERRNO | NO)
  for (let i = 0; i < 300; i++) code.load(DATA.NUMBER)
  code.label('far')
  code.return(ERRNO | YES)
  const found = new Machine(code.assemble())
  expect(found.run(100, 0, [])).toBe(`errno ${YES}`)
  expect(found.run(99, 0, [])).toBe(`errno ${NO}`)
  expect(found.run(99, 5, [])).toBe(`errno ${YES}`)
})

test('what stands at a label does not belong to the condition before it', () => {
  const code = new Assembler()
  code.load(DATA.NUMBER)
  code.jumpIf('equals', 1, 'one')
  code.jumpIf('equals', 2, 'two')
  code.label('one')
  code.jump('yes')
  code.label('two')
  code.return(ERRNO | NO)
  code.label('yes')
  code.return(ERRNO | YES)
  const found = new Machine(code.assemble())
  expect([1, 2, 3].map((number) => found.run(number, 0, []))).toEqual([
    'errno 1',
    'errno 2',
    'errno 1',
  ])
})
