import {
  NAMESPACE,
  POLICY,
  POLICY_FLAG,
  POLICY_TEXT,
  LIMITS as PROTOCOL,
} from '../protocol/protocol.ts'
import type { Program } from './bpf.ts'
import { compileFilter } from './filter.ts'
import { type Bounds, boundsOf } from './limits.ts'
import { machineOf } from './machine.ts'
import { type Granted, grantedOf } from './permissions.ts'
import type { Grants } from './rules.ts'
import { type SystemCalls, systemCalls } from './syscalls.ts'

/** What a fat thread is shut in with. */
export interface Policy {
  /** Whether there is more than a process of its own. */
  readonly sandboxed: boolean
  readonly granted: Granted
  readonly bounds: Bounds
  /** Denied calls are asked about, and libraries handed over by name. */
  readonly listener: boolean
  /** Namespaces to try, as flags of `clone`. */
  readonly namespaces: number
  /** As it stands in the channel. */
  readonly bytes: Uint8Array
}

const NO_LIMIT = 0xffff_ffff_ffff_ffffn
const filters = new Map<string, Program>()

/** Most fat threads of a program have one of a few policies: the last ones, by what they were made of. */
const MOST_KEPT = 16
const kept = new Map<string, Policy>()

/** Where nothing is asked for. */
const standards: { sandboxed?: Policy; free?: Policy } = {}

/** Throws `TypeError` and `RangeError` for wrong permissions and limits. */
export function policyOf(permissions: unknown, limits: unknown, sandboxed: boolean): Policy {
  if (permissions === undefined && limits === undefined) {
    const standard = sandboxed ? 'sandboxed' : 'free'
    standards[standard] ??= policyOf({}, {}, sandboxed)
    return standards[standard]
  }
  const granted = grantedOf(permissions)
  const bounds = boundsOf(limits)
  const key = JSON.stringify([granted, bounds, sandboxed])
  let policy = kept.get(key)
  if (policy === undefined) {
    policy = make(granted, bounds, sandboxed)
    if (kept.size === MOST_KEPT) kept.clear()
    kept.set(key, policy)
  }
  return policy
}

function make(granted: Granted, bounds: Bounds, sandboxed: boolean): Policy {
  if (!sandboxed) {
    const bytes = write(0, undefined, bounds, granted, false)
    return { sandboxed, granted, bounds, listener: false, namespaces: 0, bytes }
  }
  const machine = machineOf()
  const { listener } = machine
  const files = granted.read.length + granted.write.length > 0
  const filter = filterFor(systemCalls(), {
    files,
    write: granted.write.length > 0,
    net: granted.net,
    ipc: granted.ipc,
    run: granted.run,
    listener,
  })
  const flags =
    POLICY_FLAG.SANDBOX |
    POLICY_FLAG.LANDLOCK |
    (listener ? POLICY_FLAG.LISTENER : 0) |
    (granted.net ? POLICY_FLAG.NETWORK : 0) |
    (granted.run ? POLICY_FLAG.RUN : 0)
  const { USER, PID, MOUNT, IPC, UTS, CGROUP, NET } = NAMESPACE
  // A library that can't be handed over is opened through /proc, which a root directory of its own has not.
  const tree = listener ? MOUNT : 0
  const machines = (granted.net ? 0 : NET) | (granted.ipc ? 0 : IPC)
  const numbers = granted.ids ? 0 : USER | PID
  const namespaces = numbers | tree | UTS | CGROUP | machines
  const bytes = write(flags, filter, bounds, granted, files)
  return { sandboxed, granted, bounds, listener, namespaces, bytes }
}

/** Many fat threads have the same one. */
function filterFor(calls: SystemCalls, grants: Grants): Program {
  const key = JSON.stringify(grants)
  let filter = filters.get(key)
  if (filter === undefined) {
    filter = compileFilter(calls, grants)
    filters.set(key, filter)
  }
  return filter
}

interface Text {
  readonly kind: number
  readonly bytes: Buffer
}

const HEAD = 8
const rounded = (bytes: number): number => Math.ceil(bytes / 8) * 8

function write(
  flags: number,
  filter: Program | undefined,
  bounds: Bounds,
  granted: Granted,
  writes: boolean,
): Uint8Array {
  const texts = textsOf(granted)
  const textBytes = texts.reduce((sum, { bytes }) => sum + rounded(HEAD + bytes.length), 0)
  const filterBytes = filter?.bytes.length ?? 0
  const patches = filter?.patches ?? []
  const total = POLICY.bytes + filterBytes + patches.length * 8 + textBytes
  if (total > PROTOCOL.POLICY_BYTES)
    throw new RangeError(
      `permissions: paths and environment are ${textBytes} bytes, ${total - PROTOCOL.POLICY_BYTES} too many; name a folder instead of its files`,
    )
  const policy = new Uint8Array(total)
  const data = new DataView(policy.buffer)
  const long = (offset: number, value: number | undefined): void =>
    data.setBigUint64(offset, value === undefined ? NO_LIMIT : BigInt(value), true)
  data.setUint32(POLICY.at.flags, flags, true)
  data.setUint32(POLICY.at.instructions, filter?.instructions ?? 0, true)
  data.setUint32(POLICY.at.patches, patches.length, true)
  data.setUint32(POLICY.at.texts, textBytes, true)
  long(POLICY.at.memory, bounds.memory)
  long(POLICY.at.cpuTime, bounds.cpuTime)
  long(POLICY.at.openFiles, bounds.openFiles)
  long(POLICY.at.fileSize, writes ? bounds.fileSize : 0)
  let at: number = POLICY.bytes
  if (filter !== undefined) policy.set(filter.bytes, at)
  at += filterBytes
  for (const [instruction, patch] of patches) {
    data.setUint32(at, instruction, true)
    data.setUint32(at + 4, patch, true)
    at += 8
  }
  for (const { kind, bytes } of texts) {
    data.setUint32(at, kind, true)
    data.setUint32(at + 4, bytes.length, true)
    policy.set(bytes, at + HEAD)
    at += rounded(HEAD + bytes.length)
  }
  return policy
}

/** A path that may be read and written is one text; shorter ones first, so that a folder comes before what is in it. */
function textsOf({ read, write: written, env, links }: Granted): Text[] {
  const kinds = new Map<string, number>()
  for (const path of read) kinds.set(path, POLICY_TEXT.READ)
  for (const path of written) kinds.set(path, (kinds.get(path) ?? 0) | POLICY_TEXT.WRITE)
  const paths = [...kinds].sort(([one], [other]) => one.length - other.length)
  return [
    ...paths.map(([path, kind]) => ({ kind, bytes: Buffer.from(`${path}\0`) })),
    ...links.map(([name, path]) => ({
      kind: POLICY_TEXT.LINK,
      bytes: Buffer.from(`${name}\0${path}\0`),
    })),
    ...Object.entries(env).map(([name, value]) => ({
      kind: POLICY_TEXT.ENVIRONMENT,
      bytes: Buffer.from(`${name}=${value}\0`),
    })),
  ]
}
