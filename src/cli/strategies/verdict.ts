/** From facts to an outcome and a sentence. Nothing here knows which strategy it judges. */
import type { End, Facts } from './facts.ts'

export const OUTCOMES = ['contained', 'harmed', 'not-applicable', 'not-testable'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What was observed, as name and value: the same in each run on one machine. */
export type Evidence = readonly (readonly [what: string, value: string])[]

export interface Verdict {
  readonly outcome: Outcome
  /** One sentence. */
  readonly reason: string
  readonly evidence: Evidence
}

export interface Behaviour {
  readonly id: string
  readonly title: string
  /** A sentence: what the library does, and what counts as harm. */
  readonly tried: string
  /** Names of the libraries, in `native/laboratory/deeds/`; each is loaded and called once, in this order. */
  readonly libraries: readonly string[]
  /** What the program looks at, before and after, in `native/laboratory/witnesses/`; none where its life is all. */
  readonly witness?: string
  /** How long a strategy waits for a call, or for the library to load, in milliseconds, where one may never end. */
  readonly limit?: number
  readonly loadLimit?: number
  /** How long the program goes on after the library was unloaded, in milliseconds. */
  readonly linger?: number
  /** Strategies of which at least one must come to harm, or nothing is shown; `dlopen` where it isn't said. */
  readonly controls?: readonly string[]
  /** Of facts whose program lives and whose library was loaded, unless `takesRefusal`. */
  readonly judge: (facts: Facts) => Verdict
  /** A library that can't be loaded is what is looked for. */
  readonly takesRefusal?: boolean
}

export const contained = (reason: string, evidence: Evidence = []): Verdict => ({
  outcome: 'contained',
  reason,
  evidence,
})

export const harmed = (reason: string, evidence: Evidence = []): Verdict => ({
  outcome: 'harmed',
  reason,
  evidence,
})

export const notTestable = (reason: string, evidence: Evidence = []): Verdict => ({
  outcome: 'not-testable',
  reason,
  evidence,
})

/** What holds for every behaviour: the program must live, and the library must have been loaded. */
export function verdictOf(behaviour: Behaviour, facts: Facts): Verdict {
  if (!facts.begun) return notTestable(`The trial never began: ${endText(facts.end)}.`)
  if (!facts.done) return programLost(facts.end)
  if (facts.refused !== undefined && behaviour.takesRefusal !== true)
    return notTestable(`The library can't be loaded this way: ${facts.refused}.`)
  return behaviour.judge(facts)
}

function programLost(end: End): Verdict {
  const evidence: Evidence = [['the program', endText(end)]]
  if (end.kind === 'hung')
    return harmed('The program hangs, and nobody is left to end it.', evidence)
  if (end.kind === 'signalled') return harmed(`The program dies of ${end.signal}.`, evidence)
  return end.code === 0
    ? harmed('The program is gone, with status 0, as if all had gone well.', evidence)
    : harmed(`The program is gone, with status ${end.code}.`, evidence)
}

function endText(end: End): string {
  if (end.kind === 'hung') return 'still there at its time limit'
  return end.kind === 'signalled' ? `ended by ${end.signal}` : `exited with status ${end.code}`
}

/** For deeds that must not return: how the call ended, while the program lives. */
export function endOfCall({ ended }: Facts, otherwise: string): Verdict {
  const [how] = ended
  if (how === undefined) return harmed(otherwise)
  return contained(`The call ${how}; the program knows it and goes on.`, [['the call', how]])
}

/** For something of the program that must be the same afterwards. */
export function unchanged(facts: Facts, name: string, what: string, harm: string): Verdict {
  const before = facts.before[name] ?? 'unknown'
  const after = facts.after[name] ?? 'unknown'
  const evidence: Evidence = [
    [`${what} before`, before],
    [`${what} after`, after],
  ]
  if (facts.after[name] === undefined) return notTestable('The program could not look.', evidence)
  return before === after
    ? contained(`In the program ${what} is as it was.`, evidence)
    : harmed(harm, evidence)
}

/** For deeds that return 1 where they succeed. */
export function succeeded(facts: Facts, harm: string, failure: string): Verdict {
  const [answer] = facts.answers
  if (answer === undefined) {
    const [how = 'never returned'] = facts.ended
    return contained(`The attempt came to nothing: the call ${how}, and the program goes on.`, [
      ['the call', how],
    ])
  }
  const evidence: Evidence = [['the library', answer === 1 ? 'succeeded' : 'failed']]
  return answer === 1 ? harmed(harm, evidence) : contained(failure, evidence)
}
