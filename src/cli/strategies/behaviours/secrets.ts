import type { Facts } from '../facts.ts'
import { type Behaviour, contained, harmed, succeeded, type Verdict } from '../verdict.ts'

const DATA = 'parent data'

function judgeDescriptors(facts: Facts): Verdict {
  const verdict = succeeded(
    facts,
    "The library found the program's descriptor and read what it leads to.",
    "No descriptor that the library has leads to the program's data.",
  )
  const waits = facts.after['waits'] === facts.before['waits']
  const evidence = [
    ['"parent data"', facts.answers[0] === 1 ? 'read' : 'not found'],
    ['printed by the library', facts.output.includes(DATA) ? 'yes' : 'no'],
    ['the file', waits ? 'still waits' : 'is O_NONBLOCK now'],
  ] as const
  if (verdict.outcome === 'contained' && !waits)
    return harmed("The library changed how the program's file is read.", evidence)
  if (verdict.outcome === 'harmed' && !facts.output.includes(DATA))
    return harmed(
      "The library read the program's data. Only its print-out is missing: nobody flushes the output of the second C library, which makes it look as if nothing had been found.",
      evidence,
    )
  return { ...verdict, evidence }
}

function judgeEnvironment(facts: Facts): Verdict {
  if (facts.before['secret'] !== 'there')
    return { outcome: 'not-testable', reason: 'The program has no such variable.', evidence: [] }
  return succeeded(
    facts,
    'The library read a variable of the program.',
    'The library found no variable of the program.',
  )
}

export const SECRETS: readonly Behaviour[] = [
  {
    id: 'descriptors',
    title: 'reads every descriptor',
    tried: `The article's scan: the program has a file with "${DATA}" open and did not mark it close-on-exec. The function rewinds and reads every descriptor up to 65535. The program is harmed if its data is read.`,
    libraries: ['reads-every-descriptor'],
    witness: 'file',
    judge: judgeDescriptors,
  },
  {
    id: 'memory',
    title: 'hunts for a secret in memory',
    tried:
      'The program has 32 random bytes in memory. The function looks for them in all memory that it can see; it is told them with each bit inverted, so that the request is not what it finds.',
    libraries: ['hunts-in-memory'],
    witness: 'secret',
    judge: (facts) =>
      succeeded(
        facts,
        'The secret is in the memory of the process that runs the function.',
        'The secret is nowhere in the memory of the process that runs the function.',
      ),
  },
  {
    id: 'environment',
    title: 'reads the environment',
    tried:
      'The program was started with a secret in its environment. The program is harmed if the function finds the variable, by getenv or in /proc/self/environ.',
    libraries: ['reads-the-environment'],
    witness: 'environment',
    judge: judgeEnvironment,
  },
]

/** What only a sandbox stops, wherever the library runs. */
export const OUTSIDE: readonly Behaviour[] = [
  {
    id: 'debugger',
    title: "reads the program's memory from outside",
    tried:
      'The function opens /proc/PID/mem of the program and reads at an address that it is told. The program is harmed if the bytes there are its secret.',
    libraries: ['reads-the-programs-memory'],
    witness: 'secret',
    judge: (facts) =>
      succeeded(
        facts,
        "A process of the same user reads the program's memory as a debugger does.",
        "The program's memory is out of reach.",
      ),
  },
  {
    id: 'kill',
    title: 'kills the program',
    tried: 'The function sends the program SIGKILL. The program is harmed if it dies.',
    libraries: ['kills-the-program'],
    witness: 'kill',
    judge: (facts) =>
      contained('The signal did not reach the program.', [
        ['kill', facts.answers[0] === 1 ? 'succeeded' : 'failed'],
      ]),
  },
  {
    id: 'file',
    title: 'reads a file of the user',
    tried: 'The function opens a file by its path. The user is harmed if it can be read.',
    libraries: ['reads-a-file'],
    witness: 'file',
    judge: (facts) =>
      succeeded(facts, 'The library reads what the user may read.', "The file can't be opened."),
  },
  {
    id: 'network',
    title: 'connects to a server',
    tried:
      'The program listens on this machine. The user is harmed if the function can connect to it: nothing that it has read has to stay where it is.',
    libraries: ['connects'],
    witness: 'network',
    judge: (facts) =>
      facts.before['server'] === 'listens'
        ? succeeded(facts, 'The library connects to a server.', 'No connection can be made.')
        : { outcome: 'not-testable', reason: 'No server can listen here.', evidence: [] },
  },
  {
    id: 'program',
    title: 'runs a program',
    tried: 'The function starts /bin/sh. The user is harmed if it runs.',
    libraries: ['runs-a-program'],
    judge: (facts) =>
      succeeded(
        facts,
        'The library runs any program of the machine.',
        'No program can be started.',
      ),
  },
]
