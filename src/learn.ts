import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { CheckedAll } from './callable.ts'
import { FatThread } from './fat-thread/fat-thread.ts'
import { Library, type Prototypes } from './library.ts'
import { OPEN_OPTIONS, type OpenOptions } from './open.ts'
import { requireOptions } from './option-names.ts'
import type { Denial } from './sandbox/denials.ts'
import type { Permissions } from './sandbox/permissions.ts'
import { exactly, roughly } from './workload-result.ts'

export interface LearnOptions extends Omit<OpenOptions, 'permissions' | 'sandbox'> {
  /** How often the workload may run to find what it needs. Default: 20. */
  readonly rounds?: number | undefined
  /** Called before each run, with its number and what it is run with. */
  readonly onRound?: ((round: number, permissions: Permissions) => void) | undefined
}

export interface Learnt {
  /** The smallest that the workload succeeds with, as `open` takes it. */
  readonly permissions: Permissions
  /** What was denied in the last run all the same. */
  readonly denied: readonly Denial[]
  /** How often the workload ran. */
  readonly rounds: number
  /** What the workload gave in the last run. */
  readonly result: unknown
  /** Why it failed in the end, if it did: then the permissions are what it asked for so far. */
  readonly error: unknown
}

/** What is granted while learning: each is tried to be done without at the end. */
interface Grant {
  readonly kind: 'read' | 'write' | 'net' | 'ipc' | 'run'
  readonly path?: string
}

/** One run of the workload. */
interface Run {
  readonly denied: readonly Denial[]
  readonly result: unknown
  readonly error: unknown
  /** The library could not even be loaded. */
  readonly failedToLoad: boolean
}

/** Folders that open too much, and files that are of one process and no other. */
const TOO_MUCH =
  /^\/(?:|proc|sys|dev|root|home(?:\/[^/]+)?|etc|tmp|var|usr|bin|lib|lib64|opt|srv|mnt)$|^\/proc\//

const OF_PROCESSES = '/proc/'
const ACCESS = 3n
const O_CREAT = 0o100n
const FORKING = new Set(['fork', 'vfork', 'clone'])
const EXECUTING = new Set(['execve', 'execveat'])
const SHARING = new Set(['shmget', 'shmat', 'shmctl'])
const LOOKING = new Set([
  'access',
  'faccessat',
  'stat',
  'lstat',
  'newfstatat',
  'readlink',
  'statfs',
])
const CHANGING = new Set(
  `mkdir rmdir unlink rename link symlink chmod truncate creat utime utimes mkdirat unlinkat renameat
   renameat2 linkat symlinkat fchmodat utimensat`.split(/\s+/),
)

/**
 * Runs a workload again and again with growing permissions until it needs no more, then drops those that it
 * can do without. It starts with none, so the workload must stand being run often and being refused.
 * Environment variables are no system calls: they can't be learnt.
 *
 * C functions seldom throw: they return -1, or null. So what the workload returns counts too: without a permission it
 * has to be the same as with all of them. Where it differs from run to run, it has to be of the same kind: a pointer or
 * null, a number below, above or at zero.
 *
 * @param workload Gets the opened library; throws, or rejects, when it did not succeed.
 * @throws what `open` throws, where permissions don't help
 */
export async function learn<const D extends Prototypes>(
  library: string | URL,
  declarations: CheckedAll<D>,
  workload: (library: Library<D>) => unknown,
  options: LearnOptions = {},
): Promise<Learnt> {
  const { rounds: most = 20, onRound, ...rest } = options
  let rounds = 0
  requireOptions(rest, OPEN_OPTIONS)
  const run = async (grants: readonly Grant[]): Promise<Run> => {
    const permissions = permissionsOf(grants)
    rounds++
    onRound?.(rounds, permissions)
    const thread = new FatThread({ ...rest, permissions })
    let [result, error]: unknown[] = []
    let failedToLoad = true
    try {
      const opened = await Library.load(thread, library, declarations as D, rest, 'shared')
      failedToLoad = false
      result = await workload(opened as Library<D>)
    } catch (thrown) {
      error = thrown ?? new Error('the workload failed')
    }
    const denied = [...thread.denials]
    await thread.close()
    return { denied, result, error, failedToLoad }
  }

  let grants: readonly Grant[] = []
  let last = await run(grants)
  while (rounds < most) {
    const more = newGrants(grants, last.denied)
    if (more.length === 0) break
    grants = [...grants, ...more]
    last = await run(grants)
  }
  if (last.failedToLoad) throw last.error
  if (last.error === undefined && grants.length > 0) {
    const again = await run(grants)
    const same = exactly(again.result) === exactly(last.result) ? exactly : roughly
    const { result } = last
    // Later ones first: what a file led to is often needed no more without it.
    for (const grant of [...grants].reverse()) {
      const fewer = grants.filter((each) => each !== grant)
      const tried = await run(fewer)
      if (tried.error !== undefined || same(tried.result) !== same(result)) continue
      grants = fewer
      last = tried
    }
  }
  const { denied, result, error } = last
  return { permissions: permissionsOf(grants), denied, rounds, result, error }
}

function permissionsOf(grants: readonly Grant[]): Permissions {
  const paths = (kind: Grant['kind']): string[] =>
    grants.flatMap((grant) => (grant.kind === kind && grant.path !== undefined ? [grant.path] : []))
  const has = (kind: Grant['kind']): boolean => grants.some((grant) => grant.kind === kind)
  const [read, write] = [paths('read'), paths('write')]
  return {
    ...(read.length > 0 ? { read } : {}),
    ...(write.length > 0 ? { write } : {}),
    ...(has('net') ? { net: true } : {}),
    ...(has('ipc') ? { ipc: true } : {}),
    ...(has('run') ? { run: true } : {}),
  }
}

function newGrants(known: readonly Grant[], denied: readonly Denial[]): Grant[] {
  const found: Grant[] = []
  for (const grant of denied.flatMap(grantsFor)) {
    const same = (other: Grant): boolean => other.kind === grant.kind && other.path === grant.path
    if (!known.some(same) && !found.some(same)) found.push(grant)
  }
  return found
}

/** What would have let the call through; nothing where nothing can. */
function grantsFor({ syscall, args, path }: Denial): Grant[] {
  if (syscall === 'socket') return [{ kind: 'net' }]
  if (SHARING.has(syscall)) return [{ kind: 'ipc' }]
  if (FORKING.has(syscall)) return [{ kind: 'run' }]
  if (path === undefined) return []
  const full = resolve('/', path)
  if (EXECUTING.has(syscall)) return [{ kind: 'run' }, ...pathGrant('read', full)]
  if (LOOKING.has(syscall)) return pathGrant('read', full)
  if (CHANGING.has(syscall)) return pathGrant('write', dirname(full))
  if (syscall !== 'open' && syscall !== 'openat') return []
  const flags = args[syscall === 'open' ? 1 : 2] ?? 0n
  const access = flags & ACCESS
  const target = (flags & O_CREAT) !== 0n && !existsSync(full) ? dirname(full) : full
  return [
    ...(access === 1n ? [] : pathGrant('read', existsSync(full) ? full : target)),
    ...(access === 0n ? [] : pathGrant('write', target)),
  ]
}

/** Of what is there, and does not open half the machine. */
function pathGrant(kind: 'read' | 'write', path: string): Grant[] {
  if (!existsSync(path) || path.startsWith(OF_PROCESSES)) return []
  if (TOO_MUCH.test(path) && statSync(path).isDirectory()) return []
  return [{ kind, path }]
}
