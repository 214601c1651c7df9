import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { inspect } from 'node:util'

/** What a library may reach; nothing unless it is named. The words are Deno's. */
export interface Permissions {
  /** Files and folders that may be read, with all that is below them. They must exist. */
  readonly read?: readonly string[] | undefined
  /** Files and folders that may be written, with all that is below them. Reading them is a permission of its own. */
  readonly write?: readonly string[] | undefined
  /** Internet and local sockets. */
  readonly net?: boolean | undefined
  /** The environment, which is empty but for these. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** System V shared memory of the machine, which programs that belong together find by a number. */
  readonly ipc?: boolean | undefined
  /**
   * Users, groups and processes have the machine's numbers, which daemons compare: no user and no process namespace.
   * Without those only root can make the other ones.
   */
  readonly ids?: boolean | undefined
  /** Starting programs: they run under the same permissions, and need `read` for what they are loaded from. */
  readonly run?: boolean | undefined
}

/** Checked, with every path as it is after all links. */
export interface Granted {
  readonly read: readonly string[]
  readonly write: readonly string[]
  readonly net: boolean
  readonly env: Readonly<Record<string, string>>
  readonly ipc: boolean
  readonly ids: boolean
  readonly run: boolean
  /** Names that were given for paths behind links: name, path. */
  readonly links: readonly (readonly [string, string])[]
}

interface NamedPath {
  readonly name: string
  readonly path: string
}

const NAMES = ['read', 'write', 'net', 'env', 'ipc', 'ids', 'run']

/**
 * @throws {TypeError} for a permission that does not exist or is of another type
 * @throws {RangeError} for a path that does not exist
 */
export function grantedOf(permissions: unknown): Granted {
  const given = objectOf('permissions', permissions ?? {})
  requireNames('permissions', given, NAMES)
  const read = pathsOf('permissions.read', given['read'])
  const write = pathsOf('permissions.write', given['write'])
  return {
    read: uniquePaths(read),
    write: uniquePaths(write),
    links: [...read, ...write]
      .filter(({ name, path }) => name !== path)
      .map(({ name, path }) => [name, path]),
    net: flagOf('permissions.net', given['net']),
    env: environmentOf(given['env']),
    ipc: flagOf('permissions.ipc', given['ipc']),
    ids: flagOf('permissions.ids', given['ids']),
    run: flagOf('permissions.run', given['run']),
  }
}

export function objectOf(name: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new TypeError(`${name} must be an object, not ${inspect(value)}`)
}

/** A misspelt permission must not look as if it were given, nor a misspelt limit as if it held. */
export function requireNames(what: string, given: object, names: readonly string[]): void {
  for (const name of Object.keys(given))
    if (!names.includes(name))
      throw new TypeError(`${what}.${name} does not exist; there are ${names.join(', ')}`)
}

const uniquePaths = (named: readonly NamedPath[]): string[] => [
  ...new Set(named.map(({ path }) => path)),
]

function pathsOf(name: string, value: unknown): NamedPath[] {
  if (value === undefined) return []
  if (!Array.isArray(value))
    throw new TypeError(`${name} must be an array of paths, not ${inspect(value)}`)
  return value.map((path, index) => pathOf(`${name}[${index}]`, path))
}

function pathOf(name: string, path: unknown): NamedPath {
  if (typeof path !== 'string') throw new TypeError(`${name} must be a path, not ${inspect(path)}`)
  if (path === '' || path.includes('\0'))
    throw new TypeError(`${name} is no path: ${inspect(path)}`)
  try {
    return { name: resolve(path), path: realpathSync(resolve(path)) }
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'is out of reach'
    throw new RangeError(`${name}: ${path} ${why}; name what exists when the library is opened`, {
      cause,
    })
  }
}

function flagOf(name: string, value: unknown): boolean {
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  throw new TypeError(`${name} must be true or false, not ${inspect(value)}`)
}

function environmentOf(value: unknown): Record<string, string> {
  const given = objectOf('permissions.env', value ?? {})
  for (const [name, text] of Object.entries(given)) {
    if (typeof text !== 'string')
      throw new TypeError(`permissions.env.${name} must be a text, not ${inspect(text)}`)
    if (name === '' || name.includes('=') || `${name}${text}`.includes('\0'))
      throw new TypeError(`permissions.env: ${inspect(name)} can't be in an environment`)
  }
  return given as Record<string, string>
}
