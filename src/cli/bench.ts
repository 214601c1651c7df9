import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CAC } from 'cac'
import { UsageError } from './failure.ts'

interface BenchOptions {
  readonly rounds?: unknown
  readonly save?: unknown
  readonly quick?: boolean
  readonly list?: boolean
  readonly json?: boolean
}

/** Below the options in the command's help. */
export const BENCH_HELP = {
  title: 'It shows',
  body: `  fat threads beside what else calls native code or runs work elsewhere: koffi, node:ffi, worker
  threads, forked processes, pools of them, and the limits of the machine in C. What is not
  installed here, such as koffi or a C compiler, leaves a row out, and the row says why.

  Each MEASURE is one of those that --list names; all of them take some minutes.

Exit status:
  0; 1 when something that was measured failed; 2 wrong usage.`,
}

const FOLDER = new URL('../../bench/', import.meta.url)

export function addBench(cli: CAC): void {
  cli
    .command('bench [...measures]', 'Measure fat threads beside their alternatives')
    .usage('bench [MEASURE…]')
    .option('--rounds <number>', 'How often each subject has its turn')
    .option('--quick', 'Short turns and few of them: shows that it works, not how fast')
    .option('--save <folder>', 'Keep the run there: its numbers, pictures and a page')
    .option('--list', 'The names of the measures')
    .example('  $ fat-threads bench sync-call awaited-call')
    .action(bench)
}

async function bench(measures: readonly string[], options: BenchOptions): Promise<void> {
  const words = [...measures, ...wordsOf(options)]
  await check(words)
  const child = spawn(process.execPath, [fileURLToPath(new URL('run.mjs', FOLDER)), ...words], {
    stdio: 'inherit',
  })
  const [status] = await once(child, 'exit')
  process.exitCode = typeof status === 'number' ? status : 1
}

function wordsOf({ rounds, save, quick, list, json }: BenchOptions): string[] {
  return [
    ...Object.entries({ rounds, save }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}=${String(value)}`],
    ),
    ...Object.entries({ quick, list, json }).flatMap(([name, is]) => (is ? [`--${name}`] : [])),
  ]
}

/** Says what is wrong before anything is measured, as other commands do. */
async function check(words: readonly string[]): Promise<void> {
  const { parseOptions } = await import(new URL('options.mjs', FOLDER).href)
  const { MEASURES } = await import(new URL('measures/index.mjs', FOLDER).href)
  try {
    parseOptions(words, MEASURES)
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
