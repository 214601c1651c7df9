import { getSystemErrorName } from 'node:util'
import type { CAC } from 'cac'
import type { Signature } from '../abi/types.ts'
import { parsePrototype } from '../declaration/parse.ts'
import { FatThread } from '../index.ts'
import { parseArgument, type Value } from './argument.ts'
import { UsageError } from './failure.ts'
import { foreign, print, printJson } from './output.ts'

interface CallCommandOptions {
  readonly timeout?: unknown
  readonly errno?: boolean
  readonly json?: boolean
}

interface Outcome {
  readonly result: unknown
  readonly errno: number
}

/** Below the options in the command's help. */
export const CALL_HELP = {
  title: 'An argument is read as the type of its parameter says',
  body: `  integers              5  -5  0xff  0b101  0o17
  float, double         1.5  -1e9  NaN  Infinity
  bool                  true  false
  const char *, char *  the text itself
  pointers to numbers   1,2,3
  all pointers          null
                        @FILE     the bytes of a file
                        hex:00ff  these bytes
                        zeros:64  so many bytes, all zero
                        text:abc  text, whatever it begins with
  Negative numbers need no --; other arguments that begin with a dash follow a --.

With --json:
  { "result": …, "errno": …, "written": { … } }
  errno is there with --errno. written is what pointers that aren't const lead to after the call,
  by parameter. 64-bit integers, pointers, NaN and the infinities are strings, bytes are "hex:…",
  and a void function's result is null. A failure is { "error": { "name", "code", "message", … } }.

Exit status:
  0; 1 failure; 2 wrong usage; 128 + n when the library died of signal n.`,
}

export function addCall(cli: CAC): void {
  cli
    .command('call <library> <prototype> [...args]', 'Call one function of a library')
    .usage('call LIBRARY PROTOTYPE [ARG...]')
    .option('--timeout <ms>', 'Milliseconds that the call may run')
    .option('--errno', 'Show errno after the call too')
    .example("  $ fat-threads call libc.so.6 'int abs(int x)' -5")
    .example("  $ fat-threads call libc.so.6 'size_t strlen(const char *s)' hello")
    .example("  $ fat-threads call ./libmine.so 'int sum(const int *v, int n)' 1,2,3 3 --json")
    .action(call)
}

async function call(
  path: string,
  prototype: string,
  words: readonly string[],
  options: CallCommandOptions,
): Promise<void> {
  const signature = parsePrototype(prototype)
  const values = argumentsOf(signature, words)
  const { result, errno } = await callOnce(path, prototype, values, options).catch(asUsage)
  if (options.json) {
    const written = writtenBy(signature, values)
    printJson({ result: result ?? null, ...(options.errno ? { errno } : {}), written })
    return
  }
  if (result !== undefined) print(foreign(resultText(result)))
  if (options.errno) print(`errno ${errno}${errno > 0 ? ` (${getSystemErrorName(-errno)})` : ''}`)
}

export function argumentsOf(
  { name, parameters, variadic }: Signature,
  words: readonly string[],
): Value[] {
  if (variadic && words.length > parameters.length)
    throw new UsageError(
      `${name}: values behind ... need a type each; a program gives them as ['double', 1.5], this command can't`,
    )
  if (words.length !== parameters.length) {
    const count = `${parameters.length} argument${parameters.length === 1 ? '' : 's'}`
    throw new UsageError(`${name} takes ${count}, not ${words.length}`)
  }
  return parameters.map(({ type }, index) =>
    parseArgument(words[index] ?? '', type, `${name}: ${labelOf(parameters, index)}`),
  )
}

/** The library has ended when this resolves: all that it printed was printed. */
async function callOnce(
  path: string,
  prototype: string,
  values: readonly Value[],
  options: CallCommandOptions,
): Promise<Outcome> {
  const thread = await FatThread.spawn({
    timeout: timeoutOf(options),
    restart: 'never',
    stdout: options.json ? 'pipe' : 'inherit',
  })
  thread.on('stdout', (bytes) => process.stderr.write(bytes))
  try {
    const { symbols } = await thread.load(path, { it: prototype })
    const fn = symbols.it.with({ errno: true })
    return await fn(...values)
  } finally {
    await thread.close()
  }
}

/** A wrong argument, which is thrown before anything is sent, is the user's. */
function asUsage(error: unknown): never {
  const typed = error instanceof TypeError || error instanceof RangeError
  throw typed ? new UsageError(error.message, { cause: error }) : error
}

export function timeoutOf({ timeout }: Pick<CallCommandOptions, 'timeout'>): number | undefined {
  if (timeout === undefined || typeof timeout === 'number') return timeout
  throw new UsageError(`--timeout takes one number of milliseconds, not ${timeout}`)
}

/** What pointers that aren't const point to now. */
function writtenBy({ parameters }: Signature, values: readonly Value[]): object {
  const entries = parameters.flatMap(({ type }, index) => {
    const value = values[index]
    const written = type.kind === 'pointer' && !type.const && value !== null
    return written ? [[labelOf(parameters, index), value] as const] : []
  })
  return Object.fromEntries(entries)
}

function labelOf(parameters: Signature['parameters'], index: number): string {
  return parameters[index]?.name ?? `argument ${index + 1}`
}

export function resultText(result: unknown): string {
  return typeof result === 'object' && result?.constructor === Object
    ? JSON.stringify(result)
    : String(result)
}
