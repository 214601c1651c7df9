/** What a module of a known kind needs from the machine, beside its own file. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Permissions } from '../../index.ts'

/** What a profile is worked out from. */
export interface Surroundings {
  /** The module's file, as it was given. */
  readonly module: string
  /** The environment that the options give; behind it, the program's. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** What `C_Initialize` is given as text, such as NSS's `configdir='sql:/…'`. */
  readonly parameters: string
  /** Whether there is a sandbox; without one it may do what the program may. */
  readonly isShutIn: boolean
}

export interface Needs extends Permissions {
  /** Libraries that the module loads by itself. Loaded ahead of it, they are found without a file system. */
  readonly libraries?: readonly string[]
}

export interface Profile {
  /** As the option names it. */
  readonly name: string
  /** File names that such modules have. */
  readonly files: RegExp
  /** @throws {RangeError} for what is not there or can't be read */
  readonly needs: (surroundings: Surroundings) => Needs
}

/** Those that are there. */
export const present = (...paths: readonly (string | undefined)[]): string[] =>
  paths.filter((path): path is string => path !== undefined && existsSync(path))

/** A path that must be there. */
export function required(profile: string, what: string, path: string): string {
  try {
    statSync(path)
    return path
  } catch (cause) {
    throw outOfReach(profile, what, path, cause)
  }
}

function outOfReach(profile: string, what: string, path: string, cause: unknown): RangeError {
  const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  const why = isMissing ? 'does not exist' : 'is out of reach'
  return new RangeError(`profile ${profile}: ${what} is ${path}, which ${why}`, { cause })
}

/**
 * A local socket. Its folder is permitted and not only the socket, since a daemon that starts again makes another one;
 * kernels that guard sockets want the permission to write to it.
 */
export function socket(profile: string, what: string, path: string): Permissions {
  if (!existsSync(path))
    throw new RangeError(
      `profile ${profile}: ${what} is ${path}, where nobody listens; start its daemon first`,
    )
  return { net: true, read: [dirname(path)], write: [path] }
}

/** Several permissions in one. */
export function together(...all: readonly Needs[]): Needs {
  const every = <T>(pick: (needs: Needs) => readonly T[] | undefined): T[] => [
    ...new Set(all.flatMap((needs) => pick(needs) ?? [])),
  ]
  const some = (pick: (needs: Needs) => boolean | undefined): boolean => all.some(pick)
  return {
    read: every(({ read }) => read),
    write: every(({ write }) => write),
    net: some(({ net }) => net),
    ipc: some(({ ipc }) => ipc),
    ids: some(({ ids }) => ids),
    run: some(({ run }) => run),
    env: Object.assign({}, ...all.map(({ env }) => env)),
    libraries: every(({ libraries }) => libraries),
  }
}

/** A folder with all that is in it. */
export function folder(profile: string, what: string, path: string): string {
  if (statSync(required(profile, what, path)).isDirectory()) return path
  throw new RangeError(`profile ${profile}: ${what} is ${path}, which is no folder`)
}

/** What is in a folder. */
export function namesIn(profile: string, what: string, path: string): string[] {
  try {
    return readdirSync(path)
  } catch (cause) {
    throw outOfReach(profile, what, path, cause)
  }
}
