import { constants } from 'node:os'
import { CrashError, DeclarationError } from '../index.ts'

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'ERR_FAT_THREAD_USAGE'
}

const FAILURE = 1
const USAGE = 2
/** What shells add to the number of a signal. */
const SIGNAL = 128

/** cac's own class for a wrong command line is not exported. */
export function ownError(error: unknown): unknown {
  const wrongUsage = error instanceof Error && error.name === 'CACError'
  return wrongUsage ? new UsageError(error.message) : error
}

/** Says on standard error what went wrong, and sets the exit status. */
export function report(error: unknown, command?: string): void {
  const status = exitStatus(error)
  const lines = [`fat-threads: ${messageOf(error)}`]
  if (error instanceof CrashError) lines.push(...backtrace(error))
  if (status === USAGE) lines.push(`Try: fat-threads ${command ? `${command} ` : ''}--help`)
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exitCode = status
}

/** What `--json` shows of an error: its name, message and code, and what else it knows. */
export function errorJson(error: unknown): object {
  if (!(error instanceof Error)) return { name: 'Error', message: messageOf(error) }
  const { name, message } = error
  return Object.assign({ name, message }, error)
}

function exitStatus(error: unknown): number {
  if (error instanceof CrashError) return SIGNAL + signalNumber(error.signal)
  return error instanceof UsageError || error instanceof DeclarationError ? USAGE : FAILURE
}

function signalNumber(name: string): number {
  return (constants.signals as Readonly<Record<string, number>>)[name] ?? 0
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function backtrace(error: CrashError): string[] {
  return error.backtrace.map(({ address, module, symbol, offset = 0n }) => {
    const distance = `+0x${offset.toString(16)}`
    const place = symbol === undefined ? `0x${address.toString(16)}` : `${symbol}${distance}`
    if (module === undefined) return `  at ${place}`
    return `  at ${place} (${module}${symbol === undefined ? distance : ''})`
  })
}
