import type { CAC } from 'cac'
import { parsePrototype } from '../declaration/parse.ts'
import { type Denial, learn, type Permissions } from '../index.ts'
import { argumentsOf, resultText, timeoutOf } from './call.ts'
import { report } from './failure.ts'
import { columns, foreign, paint, print, printJson } from './output.ts'

interface LearnCommandOptions {
  readonly timeout?: unknown
  readonly json?: boolean
}

/** Below the options in the command's help. */
export const LEARN_HELP = {
  title: 'It runs',
  body: `  the call again and again, with more permissions each time, until it needs no more; then it drops
  those that the call can do without. What is printed is what open() takes as permissions, and
  beside it what was still denied. Arguments are read as those of \`call\`. A permission can be done
  without if the call returns the same without it as with all that it asked for, or a value of the
  same kind where that differs from run to run. For a workload of your own, and to say what counts as
  success, use learn() in code.

With --json:
  { "permissions": …, "denied": [ { "syscall", "path", … } ], "rounds": …, "result": … }

Exit status:
  0; 1 when the call failed with all that it asked for; 2 wrong usage.`,
}

export function addLearn(cli: CAC): void {
  cli
    .command('learn <library> <prototype> [...args]', 'Find the permissions that a call needs')
    .usage('learn LIBRARY PROTOTYPE [ARG...]')
    .option('--timeout <ms>', 'Milliseconds that each call may run')
    .example("  $ fat-threads learn libmine.so 'int import(const char *path)' /srv/data/in.csv")
    .action(learnCall)
}

async function learnCall(
  path: string,
  prototype: string,
  words: readonly string[],
  options: LearnCommandOptions,
): Promise<void> {
  const values = argumentsOf(parsePrototype(prototype), words)
  const timeout = timeoutOf(options)
  const { permissions, denied, rounds, result, error } = await learn(
    path,
    { it: prototype },
    ({ symbols }) => symbols.it(...values),
    {
      stdout: 'ignore',
      ...(timeout === undefined ? {} : { timeout }),
      onRound: (round, given) => process.stderr.write(`round ${round}: with ${summary(given)}\n`),
    },
  )
  if (options.json) printJson({ permissions, denied, rounds, result: result ?? null })
  else print(...describe(permissions, denied, result))
  if (error !== undefined) report(error)
}

function summary({ read = [], write = [], net, ipc, run }: Permissions): string {
  const parts = [
    read.length > 0 ? `${read.length} to read` : '',
    write.length > 0 ? `${write.length} to write` : '',
    net ? 'net' : '',
    ipc ? 'ipc' : '',
    run ? 'run' : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

function describe(permissions: Permissions, denied: readonly Denial[], result: unknown): string[] {
  const rows = new Map(
    denied.map(({ syscall, path = '' }) => [`${syscall} ${path}`, [syscall, foreign(path)]]),
  )
  return [
    JSON.stringify(permissions, null, 2),
    '',
    ...(result === undefined ? [] : [`${paint('bold', 'Result')}  ${foreign(resultText(result))}`]),
    `${paint('bold', 'Denied all the same')}  ${rows.size === 0 ? 'nothing' : rows.size}`,
    ...columns([...rows.values()]),
  ]
}
