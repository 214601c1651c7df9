import { getSystemErrorName } from 'node:util'
import type { CrashReport, StartReport } from '../channel/channel.ts'
import {
  CrashError,
  ExitError,
  type FatThreadError,
  type FatThreadErrorOptions,
  type Frame,
  StartError,
} from '../errors.ts'
import { type End, signalName } from '../host/process.ts'
import { START_STATE, START_STEP } from '../protocol/protocol.ts'
import { type LoadedModule, symbolize } from './symbolize.ts'

/** What a process was begun with, as far as it may be why it could not begin. Bytes. */
export interface Demand {
  readonly lanes: number
  readonly stack: number
  readonly memory: number
}

/** All that is known about the end of a process. */
export interface Evidence {
  readonly end: End
  /** It had answered, or was at work: what its start report says now is of no account. */
  readonly served: boolean
  readonly start: StartReport
  readonly demand: Demand
  readonly crash: CrashReport | undefined
  readonly modules: readonly LoadedModule[]
  /** Calls ran on several lanes: only the report can say whose deed it was. */
  readonly several: boolean
  /** The last line of standard error, cleaned; empty when there was none. */
  readonly lastWords: string
}

/** Signals whose report says an address that the fault is about. */
const FAULTS = new Set(['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP'])

/** `/usr/include/asm-generic/errno.h`; Node has no name for it. */
const ETOOMANYREFS = 109

/** The typed error for the end of a process, for one of the requests that it took along. */
export function causeOf(evidence: Evidence, subject: FatThreadErrorOptions): FatThreadError {
  const { end, served, start } = evidence
  if (end.kind === 'failed')
    return new StartError(`the host process can't be started: ${end.error}`, subject)
  if (!served && start.state !== START_STATE.READY) return startError(evidence, subject)
  return end.kind === 'exit'
    ? exitError(evidence, end.exitCode, subject)
    : crashError(evidence, end.signal, subject)
}

/** The error for a call that did nothing wrong: another one ended the process, for a reason of its own. */
export function beside(error: Error, subject: FatThreadErrorOptions): CrashError {
  const crash = error instanceof CrashError ? error : undefined
  return new CrashError(
    `${whose(subject)} ended with its process: ${error.message}`,
    {
      signal: crash?.signal ?? 'SIGKILL',
      address: crash?.address,
      backtrace: crash?.backtrace,
      lastWords: crash?.lastWords,
      limit: crash?.limit,
    },
    { ...subject, cause: error },
  )
}

function startError(
  { end, start, demand }: Evidence,
  subject: FatThreadErrorOptions,
): FatThreadError {
  if (start.state === START_STATE.STRANGER)
    return new StartError(
      "the host was built from another version of the protocol; run `npm run build` in the package's folder",
      subject,
    )
  if (start.state === START_STATE.FAILED) {
    const step =
      Object.entries(START_STEP).find(([, number]) => number === start.step)?.[0] ?? 'UNKNOWN'
    if (start.error === ETOOMANYREFS)
      return new StartError(
        'the kernel lets this user have no more descriptors under way in sockets (ETOOMANYREFS): ' +
          'end the process that sends them, or raise `ulimit -n`',
        subject,
      )
    const error =
      start.error > 0 && start.error < 4096 ? getSystemErrorName(-start.error) : start.error
    const why = step === 'LANES' ? `; ${lanesAdvice(demand)}` : ''
    return new StartError(
      `the host failed at its start: ${step.toLowerCase()} (${error})${why}`,
      subject,
    )
  }
  const how =
    end.kind === 'signal' ? end.signal : end.kind === 'exit' ? `status ${end.exitCode}` : end.error
  return new StartError(`the host ended before it could serve: ${how}`, subject)
}

const MIB = 2 ** 20
/** Address space of a process beside the stacks of its lanes. */
const ROOM_BESIDE = 64 * MIB

/** Threads can't be had: there is no room for their stacks, or the machine has no more of them for this user. */
function lanesAdvice({ lanes, stack, memory }: Demand): string {
  const wanted = lanes * stack + ROOM_BESIDE
  if (wanted <= memory)
    return 'no more threads are to be had here: lower `threads`, or raise the limits of the user (`ulimit -u`) or the container (`pids.max`)'
  const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`
  return (
    `${lanes} lanes with ${mib(stack)} of stack each don't fit into limits.memory, ${mib(memory)}: ` +
    `raise that to ${mib(wanted)} or more, or lower \`threads\` or limits.stack`
  )
}

function exitError(
  { several }: Evidence,
  exitCode: number,
  subject: FatThreadErrorOptions,
): ExitError {
  const how = several ? 'ended with its process, which left' : 'ended its process'
  return new ExitError(`${whose(subject)} ${how} with exit status ${exitCode}`, exitCode, subject)
}

function crashError(evidence: Evidence, ended: string, subject: FatThreadErrorOptions): CrashError {
  const { crash, modules, several, lastWords } = evidence
  // The report is the fat thread's word: it only adds to what the kernel says. When the unwinder
  // took too long, the alarm ended the process instead of the signal that is in the report.
  const reported = crash === undefined ? undefined : signalName(crash.signal)
  const trusted = reported !== undefined && (reported === ended || ended === 'SIGALRM')
  const signal = trusted ? reported : ended
  const backtrace = trusted ? frames(crash?.frames ?? [], modules) : []
  const address =
    trusted && crash !== undefined && crash.code > 0 && FAULTS.has(signal)
      ? crash.address
      : undefined
  const limit = limitOf(signal, trusted && crash?.exhausted === true)
  const words = signal === 'SIGABRT' && lastWords !== '' ? lastWords : undefined
  const message = [
    `${whose(subject)} ${several && crash?.lane === undefined ? 'ended with its process' : 'crashed'}: ${signal}`,
    address === undefined ? '' : ` at 0x${address.toString(16)}`,
    backtrace[0] === undefined ? '' : ` in ${frameText(backtrace[0])}`,
    words === undefined ? '' : `: ${words}`,
    limit === undefined ? '' : `; it had reached limits.${limit}`,
    signal === 'SIGSYS' ? ' (a system call that is forbidden on pain of death)' : '',
    signal === 'SIGKILL' ? ' (killed from outside, or out of memory)' : '',
  ].join('')
  return new CrashError(message, { signal, address, backtrace, lastWords: words, limit }, subject)
}

/** A library that gets no memory seldom says so: it stumbles over the null pointer, or gives up. */
function limitOf(signal: string, exhausted: boolean): CrashError['limit'] {
  if (signal === 'SIGXCPU') return 'cpuTime'
  if (signal === 'SIGXFSZ') return 'fileSize'
  return exhausted ? 'memory' : undefined
}

function frames(addresses: readonly bigint[], modules: readonly LoadedModule[]): Frame[] {
  return addresses.map((address, index) =>
    symbolize(address, modules, { returnAddress: index > 0 }),
  )
}

function frameText({ address, module, symbol, offset }: Frame): string {
  const name = module?.slice(module.lastIndexOf('/') + 1)
  const distance = offset === undefined ? '' : `+0x${offset.toString(16)}`
  if (symbol !== undefined) return `${symbol}${distance} (${name})`
  return name === undefined ? `0x${address.toString(16)}` : `${name}${distance}`
}

function whose({ call, library }: FatThreadErrorOptions): string {
  const name = library?.slice(library.lastIndexOf('/') + 1)
  if (call !== undefined) return name === undefined ? call : `${call} of ${name}`
  return name ?? 'the fat thread'
}
