import type { Facts } from '../facts.ts'
import {
  type Behaviour,
  contained,
  endOfCall,
  harmed,
  notTestable,
  type Verdict,
} from '../verdict.ts'

const COPIES = 20

function judgeName({ answers }: Facts): Verdict {
  const [first, second] = answers
  if (first === undefined || second === undefined) return notTestable('A library gave no answer.')
  const whose = (answer: number, own: number): string =>
    answer === own ? 'its own' : "the program's"
  const evidence = [
    ['the first library calls', whose(first, 1)],
    ['the second library calls', whose(second, 2)],
  ] as const
  return first === 1 && second === 2
    ? contained('Each library calls its own function.', evidence)
    : harmed(
        "A library that calls its own function reaches the program's function of the same name.",
        evidence,
      )
}

function judgeCrypto(facts: Facts): Verdict {
  const [answer] = facts.answers
  if (answer === undefined) return endOfCall(facts, 'The library gave no answer.')
  const evidence = [['it calls', answer === 1 ? 'its own libcrypto' : 'another OpenSSL']] as const
  if (answer === -1) return notTestable('libcrypto.so.3 was not loaded with the library.')
  return answer === 1
    ? contained('The library reaches the libcrypto that it was linked against.', evidence)
    : harmed(
        "The library was linked against the system's libcrypto and reaches the program's OpenSSL: another version, with other structures.",
        evidence,
      )
}

/** Copies are independent where each begins to count at 1. */
function judgeCopies(wanted: number): (facts: Facts) => Verdict {
  return ({ answers, refused }) => {
    const independent = answers.filter((answer) => answer === 1).length
    const evidence = [
      ['independent copies', `${independent} of ${wanted}`],
      ...(refused === undefined ? [] : [['then', refused.replace(/^\S+: /, '')] as const]),
    ] as const
    if (independent === wanted)
      return contained(`${wanted} copies, each with variables of its own.`, evidence)
    return refused === undefined
      ? harmed('Loaded again it is the same library: all share one set of variables.', evidence)
      : harmed(`After ${independent} copies there are no more.`, evidence)
  }
}

function judgeOutput({ output, answers }: Facts): Verdict {
  const arrived = output.includes('a line of the library')
  const evidence = [
    ['puts', answers[0] === 1 ? 'succeeded' : 'failed'],
    ['the line', arrived ? 'arrived' : 'never arrived'],
  ] as const
  return arrived
    ? contained('What the library printed arrived.', evidence)
    : harmed(
        "What the library printed is lost: the program's C library flushes its own streams at the end, and not those of the other.",
        evidence,
      )
}

export const NAMES: readonly Behaviour[] = [
  {
    id: 'name',
    title: 'defines a name that others define',
    tried:
      "Two libraries and the program define uv_version. Each library calls its own; harm is if it reaches another's.",
    libraries: ['defines-a-name-first', 'defines-a-name-second'],
    judge: judgeName,
  },
  {
    id: 'libcrypto',
    title: 'is linked against libcrypto',
    tried:
      "The library is linked against the system's libcrypto.so.3; the program exports functions of OpenSSL itself, as Node does. Harm is if the library reaches the program's.",
    libraries: ['needs-libcrypto'],
    judge: judgeCrypto,
  },
  {
    id: 'copies',
    title: 'is wanted twice',
    tried:
      'The library is loaded twice, and should be two: it counts its calls in a variable. Harm is if the second copy goes on where the first one was.',
    libraries: ['counts', 'counts'],
    takesRefusal: true,
    judge: judgeCopies(2),
  },
  {
    id: 'many',
    title: `is wanted ${COPIES} times`,
    tried: `The same with ${COPIES} copies at once: more than the sixteen namespaces that glibc has.`,
    libraries: Array.from({ length: COPIES }, () => 'counts'),
    takesRefusal: true,
    judge: judgeCopies(COPIES),
  },
  {
    id: 'output',
    title: 'prints a line',
    tried:
      'The function prints a line by puts; standard output is a pipe. Harm is if the line has not arrived when the program has ended.',
    libraries: ['prints-a-line'],
    // One C library in a process flushes its streams.
    controls: ['dlmopen'],
    judge: judgeOutput,
  },
]
