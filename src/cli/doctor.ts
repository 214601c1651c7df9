import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import type { CAC } from 'cac'
import { FatThread, type Missing, type Receipt } from '../index.ts'
import { machineOf } from '../sandbox/machine.ts'
import { adviceFor, proofOf } from './doctor-advice.ts'
import { columns, paint, print, printJson } from './output.ts'

/** What `--json` prints. */
export interface Diagnosis {
  readonly machine: MachineFacts
  readonly enforced: readonly { readonly what: string; readonly proof: string }[]
  readonly missing: readonly (Missing & { readonly advice: string })[]
  /** Whether `sandbox: 'strict'` works here with default permissions. */
  readonly strict: boolean
}

interface MachineFacts {
  readonly kernel: string
  readonly root: boolean
  readonly container: boolean
  /** Its version; 0 where there is none. */
  readonly landlock: number
  readonly listener: boolean
  /** Settings of the kernel that matter here; `null` where it has no such setting. */
  readonly settings: Readonly<Record<string, string | null>>
}

/** Below the options in the command's help. */
export const DOCTOR_HELP = {
  title: 'It shows',
  body: `  what a fat thread with default options is shut in with on this machine, how that is known,
  what is missing, why, and what to change to get it. It starts one fat thread and loads nothing.

Exit status:
  0, also when something is missing; 1 when no fat thread can be started; 2 wrong usage.`,
}

const SETTINGS = {
  'user.max_user_namespaces': '/proc/sys/user/max_user_namespaces',
  'kernel.unprivileged_userns_clone': '/proc/sys/kernel/unprivileged_userns_clone',
  'kernel.apparmor_restrict_unprivileged_userns':
    '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
  'kernel.yama.ptrace_scope': '/proc/sys/kernel/yama/ptrace_scope',
}

export function addDoctor(cli: CAC): void {
  cli
    .command('doctor', 'Show what this machine can enforce, and how to get more')
    .usage('doctor')
    .example('  $ fat-threads doctor --json')
    .action(doctor)
}

async function doctor(options: { readonly json?: boolean }): Promise<void> {
  const thread = await FatThread.spawn()
  const { receipt } = thread
  await thread.close()
  const diagnosis = diagnose(receipt)
  if (options.json) printJson(diagnosis)
  else print(...describe(diagnosis))
}

function diagnose({ enforced, missing }: Receipt): Diagnosis {
  const { landlock, listener } = machineOf()
  const machine: MachineFacts = {
    kernel: release(),
    root: process.geteuid?.() === 0,
    container: ['/.dockerenv', '/run/.containerenv'].some((path) => existsSync(path)),
    landlock,
    listener,
    settings: Object.fromEntries(
      Object.entries(SETTINGS).map(([name, path]) => [name, settingOf(path)]),
    ),
  }
  return {
    machine,
    enforced: enforced.map((what) => ({ what, proof: proofOf(what) })),
    missing: missing.map((each) => ({ ...each, advice: adviceFor(each.what) })),
    strict: missing.length === 0,
  }
}

function settingOf(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim()
  } catch {
    return null
  }
}

function describe({ machine, enforced, missing, strict }: Diagnosis): string[] {
  const { kernel, root, container, landlock, listener, settings } = machine
  const known = Object.entries(settings).filter(([, value]) => value !== null)
  return [
    paint('bold', 'Machine'),
    ...columns([
      ['kernel', `Linux ${kernel}`],
      ['user', root ? 'root' : 'an ordinary user'],
      ['container', container ? 'it looks like one' : 'no sign of one'],
      ['Landlock', landlock === 0 ? 'none' : `version ${landlock}`],
      ['seccomp listener', listener ? 'yes' : 'no'],
      ...known.map(([name, value]) => [name, value ?? '']),
    ]),
    '',
    `${paint('bold', 'Enforced')}  ${enforced.length}`,
    ...columns(enforced.map(({ what, proof }) => [paint('green', what), proof])),
    '',
    `${paint('bold', 'Missing')}  ${missing.length === 0 ? 'nothing' : missing.length}`,
    ...missing.flatMap(({ what, why, feature, advice }) => [
      `  ${paint('yellow', what)}: ${why}`,
      `      it takes ${feature}; ${advice}`,
    ]),
    '',
    strict
      ? "sandbox: 'strict' works here."
      : "sandbox: 'strict' throws here; the default, 'best-effort', runs with what is enforced.",
  ]
}
