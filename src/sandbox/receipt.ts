/** What a fat thread was asked to enforce, what it enforces, and what is missing on this machine. */
export interface Receipt {
  /** The permissions and limits that were asked for. */
  readonly requested: { readonly permissions: Permissions; readonly limits: Limits }
  /** What holds. */
  readonly enforced: readonly string[]
  /** What does not, and why. */
  readonly missing: readonly Missing[]
}

export interface Missing {
  readonly what: string
  readonly why: string
}

/** What a library may reach; nothing unless it is named. */
export interface Permissions {
  readonly read?: readonly string[] | undefined
  readonly write?: readonly string[] | undefined
  readonly net?: boolean | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly run?: boolean | undefined
}

/** What a library may use up. Bytes, seconds of processor time, counts. */
export interface Limits {
  readonly memory?: number | undefined
  readonly cpuTime?: number | undefined
  readonly openFiles?: number | undefined
  readonly fileSize?: number | undefined
  readonly threads?: number | undefined
  /** Of the thread that runs the calls. Default: 8 MiB. */
  readonly stack?: number | undefined
}

const ENFORCED = [
  'address-space',
  'descriptors',
  'environment',
  'session',
  'core-dumps',
  'no-new-privileges',
  'ends-with-program',
  'stack',
] as const

const NOT_BUILT = 'the system-call and file-system sandbox is not part of this version'

const MISSING: readonly string[] = ['files', 'network', 'processes', 'signals', 'memory', 'cpuTime']

/** The receipt of this version, which isolates a process and filters nothing. */
export function makeReceipt(permissions: Permissions, limits: Limits): Receipt {
  return {
    requested: { permissions, limits },
    enforced: [...ENFORCED],
    missing: MISSING.map((what) => ({ what, why: NOT_BUILT })),
  }
}
