import type { Facts } from '../facts.ts'
import {
  type Behaviour,
  contained,
  endOfCall,
  harmed,
  notTestable,
  type Verdict,
} from '../verdict.ts'

/** Milliseconds. */
const LIMIT = 300

/** What a program does at its own end must not be done by its copy. */
function judgeExit(facts: Facts): Verdict {
  const cleaned = facts.after['cleaned'] ?? 'unknown'
  const verdict = endOfCall(facts, 'The call returned, though it had called exit.')
  const evidence = [
    ...verdict.evidence,
    ["the program's exit handler", cleaned === '0' ? 'not run' : 'run'],
  ] as const
  if (verdict.outcome !== 'contained' || cleaned === '0') return { ...verdict, evidence }
  return harmed(
    "The program goes on, but its own exit handler was run by the library's process: what it cleans up is gone.",
    evidence,
  )
}

function judgeHeap({ answers, after }: Facts): Verdict {
  if (answers[0] !== 1) return notTestable('The library wrote nothing.')
  const allocates = after['allocates'] === 'yes'
  const evidence = [['the program allocates', allocates ? 'yes' : 'no']] as const
  return allocates
    ? contained('The heap that was overwritten is not that of the program.', evidence)
    : harmed('The program gets no more memory.', evidence)
}

export const ENDING: readonly Behaviour[] = [
  {
    id: 'hlt',
    title: 'executes hlt',
    tried:
      'The function executes hlt, an instruction that only the kernel may. The program is harmed if it does not live on.',
    libraries: ['executes-hlt'],
    judge: (facts) => endOfCall(facts, 'The call returned, as if hlt were allowed.'),
  },
  {
    id: 'exit',
    title: 'calls exit(0)',
    tried:
      'The function calls exit(0). The program is harmed if it ends, or if what it does at its own end was done though it goes on.',
    libraries: ['exits'],
    witness: 'exit',
    judge: judgeExit,
  },
  {
    id: 'loop',
    title: 'never returns',
    tried: `The function loops. The program is harmed if it can't go on after a time limit of ${LIMIT} ms.`,
    libraries: ['loops'],
    limit: LIMIT,
    judge: (facts) => endOfCall(facts, 'The call returned from an endless loop.'),
  },
  {
    id: 'heap',
    title: 'corrupts the heap',
    tried:
      'The function writes beyond its block of memory and returns. The program is harmed if it dies when it next allocates: far from the fault, where no handler of signals helps.',
    libraries: ['corrupts-the-heap'],
    witness: 'heap',
    judge: judgeHeap,
  },
]
