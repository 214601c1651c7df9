import { readFileSync } from 'node:fs'
import type { CAC } from 'cac'
import { Module, type ProfileName } from '../../pkcs11/index.ts'
import { timeoutOf } from '../call.ts'
import { UsageError } from '../failure.ts'
import { print, printJson } from '../output.ts'
import { surveyOf } from './survey.ts'
import { describe } from './text.ts'

interface Pkcs11CommandOptions {
  readonly profile?: unknown
  readonly parameters?: unknown
  readonly read?: unknown
  readonly write?: unknown
  readonly net?: boolean
  readonly sandbox?: unknown
  readonly token?: unknown
  readonly pinFile?: unknown
  readonly pinEnv?: unknown
  readonly timeout?: unknown
  readonly json?: boolean
}

/** Below the options in the command's help. */
export const PKCS11_HELP = {
  title: 'It shows',
  body: `  the slots of a PKCS #11 module, their tokens, what those can do, and the objects on them: without
  a PIN the public ones. The module runs in a fat thread. Of some modules it is known what they
  need (softhsm2, opensc, nss, p11-kit-trust, p11-kit-client, tpm2, opencryptoki): --profile names
  one where the file's name does not, 'none' asks for none. Variables such as SOFTHSM2_CONF are
  taken from the environment. For other modules, --read, --write and --net permit what they need.

  A PIN is never an argument, which everybody on the machine could read. --pin-file takes the first
  line of a file, or of standard input (-); --pin-env the value of a variable.

With --json:
  { "path", "module": { … }, "slots": [ { "id", "token": { … } or null, "mechanisms": [ … ],
    "loggedIn", "objects": [ { "CKA_CLASS", "CKA_LABEL", … } ], "error" } ] }

Exit status:
  0; 1 failure; 2 wrong usage; 128 + n when the module died of signal n.`,
}

export function addPkcs11(cli: CAC): void {
  cli
    .command('pkcs11 <module>', 'Show the slots, tokens and objects of a PKCS #11 module')
    .usage('pkcs11 MODULE')
    .option('--profile <name>', "What is known of such modules (default: by the file's name)")
    .option('--parameters <text>', "What the module is told, such as NSS's configdir='sql:/path'")
    .option('--token <label>', 'Only the token with this label')
    .option('--pin-file <file>', 'Log in, with the first line of a file as PIN')
    .option('--pin-env <name>', 'Log in, with the value of a variable as PIN')
    .option('--read <paths>', 'Files and folders that it may read, with : between them')
    .option('--write <paths>', 'Files and folders that it may write, likewise')
    .option('--net', 'It may open sockets')
    .option('--sandbox <mode>', 'strict, best-effort (default) or off')
    .option('--timeout <ms>', 'Milliseconds that each of its functions may run (default: 60000)')
    .example('  $ fat-threads pkcs11 /usr/lib/softhsm/libsofthsm2.so')
    .example('  $ fat-threads pkcs11 opensc-pkcs11.so --token Work --pin-file - --json')
    .action(pkcs11)
}

/** Nobody waits for a module that hangs. */
const LIMIT = 60_000

function limitOf(options: Pkcs11CommandOptions): number {
  return timeoutOf(options) ?? LIMIT
}

async function pkcs11(path: string, options: Pkcs11CommandOptions): Promise<void> {
  const pin = pinOf(options)
  const timeout = limitOf(options)
  const module = await opened(path, options, timeout)
  try {
    const label = textOf('token', options.token)
    const survey = await surveyOf(module, { label, pin, timeout })
    if (options.json) printJson(survey)
    else print(...describe(survey))
  } finally {
    await module.close()
  }
}

async function opened(
  path: string,
  options: Pkcs11CommandOptions,
  timeout: number,
): Promise<Module> {
  const { net = false } = options
  try {
    return await Module.open(path, {
      profile: textOf('profile', options.profile) as ProfileName | undefined,
      libraryParameters: textOf('parameters', options.parameters),
      permissions: {
        read: pathsOf('read', options.read),
        write: pathsOf('write', options.write),
        net,
      },
      sandbox: textOf('sandbox', options.sandbox) as 'strict' | undefined,
      timeout,
      // Standard output is for the survey.
      stdout: 'ignore',
    })
  } catch (error) {
    // An option that is none, or a path that is not there.
    const isUsage = error instanceof TypeError || error instanceof RangeError
    throw isUsage ? new UsageError(error.message, { cause: error }) : error
  }
}

/** cac reads what looks like a number as one, and gives an option that stands there twice as an array. */
function textOf(name: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw new UsageError(`--${name} takes one value`)
}

function pathsOf(name: string, value: unknown): string[] {
  return (textOf(name, value) ?? '').split(':').filter((path) => path !== '')
}

function pinOf({ pinFile, pinEnv }: Pkcs11CommandOptions): string | undefined {
  const file = textOf('pin-file', pinFile)
  const variable = textOf('pin-env', pinEnv)
  if (file !== undefined && variable !== undefined)
    throw new UsageError('--pin-file and --pin-env are two ways to one PIN; use one of them')
  if (variable !== undefined) return variableOf(variable)
  return file === undefined ? undefined : firstLineOf(file)
}

function variableOf(name: string): string {
  const value = process.env[name]
  if (value !== undefined && value !== '') return value
  throw new UsageError(`--pin-env: the variable ${name} is not set`)
}

function firstLineOf(file: string): string {
  try {
    const [line = ''] = readFileSync(file === '-' ? 0 : file, 'utf8').split('\n')
    return line.replace(/\r$/, '')
  } catch (cause) {
    throw new UsageError(`--pin-file: ${(cause as Error).message}`, { cause })
  }
}
