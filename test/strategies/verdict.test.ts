/** From facts to outcomes: the cases that no sound machine shows. */
import { describe, expect, test } from 'vitest'
import { BEHAVIOURS } from '../../src/cli/strategies/behaviours/index.ts'
import { type Facts, factsOf } from '../../src/cli/strategies/facts.ts'
import { type Cell, withControls } from '../../src/cli/strategies/table.ts'
import { type Behaviour, verdictOf } from '../../src/cli/strategies/verdict.ts'

const CALM = { kind: 'exited', code: 0 } as const

function behaviour(id: string): Behaviour {
  const found = BEHAVIOURS.find((each) => each.id === id)
  if (found === undefined) throw new Error(`no behaviour ${id}`)
  return found
}

const facts = (lines: string, end: Facts['end'] = CALM): Facts =>
  factsOf(lines.replaceAll(' | ', '\n').replaceAll(',', '\t'), end, '', '/laboratory')

describe('whatever the behaviour', () => {
  test.each([
    ['', CALM, 'not-testable'],
    ['begun,dlopen,hlt', { kind: 'signalled', signal: 'SIGSEGV' }, 'harmed'],
    ['begun,dlopen,hlt', CALM, 'harmed'],
    ['begun,dlopen,hlt', { kind: 'hung' }, 'harmed'],
    ['begun,dlopen,hlt | refused,load,no such file | done,dlopen,hlt', CALM, 'not-testable'],
    ['begun,dlopen,hlt | answer,deed,1 | done,dlopen,hlt', CALM, 'harmed'],
    ['begun,dlopen,hlt | ended,call,ended by SIGSEGV | done,dlopen,hlt', CALM, 'contained'],
  ] as const)('%s', (lines, end, outcome) => {
    expect(verdictOf(behaviour('hlt'), facts(lines, end)).outcome).toBe(outcome)
  })

  test('the folder of the machine is no part of a reason', () => {
    const { reason } = verdictOf(
      behaviour('hlt'),
      facts('begun,a,b | refused,load,/laboratory/x.so: not there | done,a,b'),
    )
    expect(reason).toBe("The library can't be loaded this way: x.so: not there.")
  })
})

describe('of one behaviour', () => {
  test.each([
    ['exit', 'ended,call,exited with status 0 | after,cleaned,0', 'contained'],
    ['exit', 'ended,call,exited with status 0 | after,cleaned,1', 'harmed'],
    ['handler', 'before,handled,1 | after,handled,0', 'harmed'],
    ['handler', 'before,handled,1', 'not-testable'],
    ['descriptors', 'before,waits,yes | answer,deed,0 | after,waits,yes', 'contained'],
    ['descriptors', 'before,waits,yes | answer,deed,0 | after,waits,no', 'harmed'],
    ['environment', 'before,secret,missing | answer,deed,0', 'not-testable'],
    ['libcrypto', 'answer,deed,-1', 'not-testable'],
    ['libcrypto', 'answer,deed,0', 'harmed'],
    ['copies', 'answer,deed,1 | refused,load,no more', 'harmed'],
    ['many', 'answer,deed,1 | refused,load,no more', 'harmed'],
    ['image', 'after,process,the program', 'not-applicable'],
    ['image', 'after,process,its own', 'not-testable'],
    ['image', 'after,process,its own | after,objects,1', 'harmed'],
    ['loader', 'before,loading,not begun | answer,deed,42', 'not-testable'],
    ['network', 'before,server,missing | answer,deed,0', 'not-testable'],
    ['file', 'ended,call,ended by SIGSYS', 'contained'],
    ['thread', 'answer,deed,0', 'not-testable'],
  ])('%s: %s', (id, lines, outcome) => {
    const whole = `begun,x,y | ${lines} | done,x,y`
    expect(verdictOf(behaviour(id), facts(whole)).outcome).toBe(outcome)
  })
})

test('where no control comes to harm, nothing is shown by what does not', () => {
  const cells = ['dlopen', 'fork', 'clone'].map(
    (strategy, at): Cell => ({
      strategy,
      behaviour: 'hlt',
      outcome: at === 2 ? 'harmed' : 'contained',
      reason: 'It went well.',
      evidence: [],
      milliseconds: 1,
    }),
  )
  const outcomes = withControls([behaviour('hlt')], cells).map(({ outcome }) => outcome)
  expect(outcomes).toEqual(['not-testable', 'not-testable', 'harmed'])
})
