import { readFileSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { INTRODUCTION, MECHANISM, NAMESPACE, PROBE, UNTRIED } from '../protocol/protocol.ts'
import type { Bounds } from './limits.ts'
import { machineOf } from './machine.ts'
import type { Granted } from './permissions.ts'
import type { Policy } from './policy.ts'

/** What a fat thread was asked to enforce, what it enforces, and what is missing on this machine. */
export interface Receipt {
  /** The permissions and limits that were asked for, with the defaults of the limits. */
  readonly requested: { readonly permissions: Omit<Granted, 'links'>; readonly limits: Bounds }
  /** What holds, read back from the kernel where it tells. */
  readonly enforced: readonly string[]
  /** What does not, and why. */
  readonly missing: readonly Missing[]
}

export interface Missing {
  readonly what: string
  readonly why: string
  /** The kernel's feature that it takes. */
  readonly feature: string
}

/** What a host said of its start, and what the program knows of its process. */
export interface Facts {
  /** The host's first message. */
  readonly introduction: Uint8Array | undefined
  readonly namespaces: number
  readonly listening: boolean
  /** `/proc/PID/status`, or nothing where it can't be read. */
  readonly status: string
}

const ALWAYS = [
  'address-space',
  'descriptors',
  'environment',
  'session',
  'core-dumps',
  'ends-with-program',
  'stack',
] as const

const NAMESPACES = [
  ['user-namespace', NAMESPACE.USER],
  ['pid-namespace', NAMESPACE.PID],
  ['mount-namespace', NAMESPACE.MOUNT],
  ['net-namespace', NAMESPACE.NET],
  ['ipc-namespace', NAMESPACE.IPC],
  ['uts-namespace', NAMESPACE.UTS],
  ['cgroup-namespace', NAMESPACE.CGROUP],
] as const

/** The kernel's account of a process; empty where there is none. */
export function statusOf(pid: number | undefined): string {
  if (pid === undefined) return ''
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1')
  } catch {
    return ''
  }
}

interface Introduction {
  readonly outcomes: readonly number[]
  readonly landlock: number
  readonly probes: number
}

function read(introduction: Uint8Array | undefined): Introduction {
  const bytes = introduction?.slice() ?? new Uint8Array(INTRODUCTION.bytes).fill(0xff)
  const data = new DataView(bytes.buffer)
  const { outcomes, landlock, probes } = INTRODUCTION.at
  return {
    outcomes: Array.from({ length: MECHANISM.COUNT }, (_, index) =>
      data.getUint32(outcomes + index * 4, true),
    ),
    landlock: introduction === undefined ? 0 : data.getUint32(landlock, true),
    probes: data.getUint32(probes, true),
  }
}

class Account {
  readonly enforced: string[] = []
  readonly missing: Missing[] = []

  note(what: string, holds: boolean, feature: string, why: string): void {
    if (holds) this.enforced.push(what)
    else this.missing.push({ what, why, feature })
  }
}

/** The receipt of a process that has started. */
export function receiptOf(policy: Policy, facts: Facts): Receipt {
  const { links: _, ...permissions } = policy.granted
  const account = new Account()
  account.enforced.push(...ALWAYS)
  noteStatus(account, facts.status, 'NoNewPrivs', '1', 'no-new-privileges', 'prctl(2)')
  if (policy.sandboxed) noteSandbox(account, policy, facts)
  else noteOff(account)
  return {
    requested: { permissions, limits: policy.bounds },
    enforced: account.enforced,
    missing: account.missing,
  }
}

const OFF = [
  'capabilities',
  'system-calls',
  'files',
  'network',
  'processes',
  'signals',
  'memory',
  'threads',
]

function noteOff(account: Account): void {
  for (const what of OFF) account.note(what, false, 'none', "the option sandbox is 'off'")
}

function noteStatus(
  account: Account,
  status: string,
  field: string,
  wanted: string,
  what: string,
  feature: string,
): void {
  const found = new RegExp(`^${field}:\\s*(\\S+)$`, 'm').exec(status)?.[1]
  const why =
    found === undefined ? 'the kernel does not tell' : `the kernel says ${field} is ${found}`
  account.note(what, found === wanted, feature, why)
}

function noteSandbox(account: Account, policy: Policy, facts: Facts): void {
  const { granted } = policy
  const { namespaces, listening } = facts
  const { outcomes, landlock, probes } = read(facts.introduction)
  const outcome = (mechanism: number): number => outcomes[mechanism] ?? UNTRIED
  const worked = (mechanism: number): boolean => outcome(mechanism) === 0
  const because = (mechanism: number): string => errnoText(outcome(mechanism))

  noteStatus(account, facts.status, 'CapEff', '0'.repeat(16), 'capabilities', 'capset(2)')
  noteStatus(account, facts.status, 'Seccomp', '2', 'system-calls', 'seccomp(2)')
  for (const what of ['processes', 'signals', 'file-metadata-changes'])
    account.note(what, worked(MECHANISM.FILTER), 'seccomp(2)', because(MECHANISM.FILTER))
  account.note('network', worked(MECHANISM.FILTER), 'seccomp(2)', because(MECHANISM.FILTER))
  account.note(
    'denial-reports',
    listening,
    'seccomp user notification',
    machineOf().listenerWhy ?? 'the listener did not arrive',
  )

  const tree = (namespaces & NAMESPACE.MOUNT) !== 0 && worked(MECHANISM.TREE)
  const shut = worked(MECHANISM.LANDLOCK) && (probes & PROBE.OPENED_ROOT) === 0
  const files = granted.read.length + granted.write.length > 0
  const wholeTree = [...granted.read, ...granted.write].includes('/')
  const restricted = (worked(MECHANISM.LANDLOCK) && (shut || wholeTree)) || tree
  account.note(
    'files',
    restricted || (!files && listening),
    'Landlock, or a mount namespace',
    files
      ? 'a permitted path opens all paths: nothing but Landlock or a mount namespace tells them apart'
      : 'neither Landlock nor a mount namespace nor a listener',
  )
  account.note(
    'file-metadata',
    tree || !files,
    'mount namespace',
    'stat(2) sees files outside of the permitted ones: Landlock does not cover it',
  )
  account.note(
    'landlock',
    worked(MECHANISM.LANDLOCK),
    'Landlock (Linux 5.13)',
    because(MECHANISM.LANDLOCK),
  )
  if (worked(MECHANISM.LANDLOCK)) noteLandlock(account, landlock)

  for (const [what, flag] of NAMESPACES) {
    if (isGivenUp(flag, granted)) continue
    account.note(what, (namespaces & flag) !== 0, ...withoutNamespace(policy, flag))
  }
  if (namespaces & NAMESPACE.MOUNT)
    account.note('root-directory', tree, 'mount namespace', because(MECHANISM.TREE))

  noteLimits(account, policy, outcomes, listening)
}

/** Permissions that leave a namespace out. */
function isGivenUp(flag: number, { net, ipc, ids }: Granted): boolean {
  if (flag === NAMESPACE.NET) return net
  if (flag === NAMESPACE.IPC) return ipc
  return ids && (flag === NAMESPACE.USER || flag === NAMESPACE.PID)
}

/** What a namespace needs that is not there, and why it is not. */
function withoutNamespace(policy: Policy, flag: number): [feature: string, why: string] {
  if ((policy.namespaces & flag) === 0)
    return [
      'seccomp user notification',
      'libraries are opened through /proc where they can not be handed over',
    ]
  if (policy.granted.ids)
    return [
      'CAP_SYS_ADMIN',
      'only root can make one without a user namespace, which `ids` leaves out',
    ]
  return ['user namespaces', 'the kernel or its configuration does not allow this user to make one']
}

const LANDLOCK_RIGHTS = [
  ['landlock-refer', 2, 'Linux 5.19'],
  ['landlock-truncate', 3, 'Linux 6.2'],
  ['landlock-tcp', 4, 'Linux 6.7'],
  ['landlock-devices', 5, 'Linux 6.10'],
  ['landlock-signals', 6, 'Linux 6.12'],
  ['landlock-sockets', 6, 'Linux 6.12'],
] as const

function noteLandlock(account: Account, version: number): void {
  for (const [what, since, kernel] of LANDLOCK_RIGHTS)
    account.note(what, version >= since, kernel, `this kernel's Landlock is version ${version}`)
}

function noteLimits(
  account: Account,
  { bounds, granted }: Policy,
  outcomes: readonly number[],
  listening: boolean,
): void {
  const limits = [
    ['memory', MECHANISM.MEMORY],
    ['openFiles', MECHANISM.OPEN_FILES],
    ['fileSize', MECHANISM.FILE_SIZE],
    ...(bounds.cpuTime === undefined ? [] : [['cpuTime', MECHANISM.CPU_TIME] as const]),
  ] as const
  for (const [what, mechanism] of limits) {
    const outcome = outcomes[mechanism] ?? UNTRIED
    account.note(what, outcome === 0, 'setrlimit(2)', errnoText(outcome))
  }
  account.note(
    'threads',
    listening,
    'seccomp user notification',
    'nobody counts them: new threads are bounded by the address space alone',
  )
  // One process can't fill more than it can map; only a group of them can.
  account.note(
    'resident-memory',
    !granted.run && outcomes[MECHANISM.MEMORY] === 0,
    'a delegated cgroup (version 2) with the memory controller',
    granted.run
      ? 'each process that it starts has the limit for itself'
      : 'the limit of the address space is missing',
  )
}

function errnoText(outcome: number): string {
  if (outcome === UNTRIED) return 'it was not tried'
  if (outcome === 0 || outcome > 4095) return 'it did not take effect'
  return getSystemErrorName(-outcome)
}
