/** What modules of known kinds need: the permissions that they are opened with. */
import { basename } from 'node:path'
import { type Permissions, type Receipt, SandboxError } from '../../index.ts'
import { nss } from './nss.ts'
import { opencryptoki } from './opencryptoki.ts'
import { opensc } from './opensc.ts'
import { client, trust } from './p11-kit.ts'
import { type Needs, type Profile, together } from './profile.ts'
import { softhsm2 } from './softhsm2.ts'
import { tpm2 } from './tpm2.ts'

const ALL: readonly Profile[] = [softhsm2, opensc, nss, trust, client, tpm2, opencryptoki]

/** `auto` goes by the module's file name; `none` permits nothing but what the options do. */
export type ProfileName =
  | 'auto'
  | 'none'
  | 'softhsm2'
  | 'opensc'
  | 'nss'
  | 'p11-kit-trust'
  | 'p11-kit-client'
  | 'tpm2'
  | 'opencryptoki'

export interface Shelter {
  /** The profile's name, or `none`. */
  readonly profile: string
  /** What the options permit, and what the profile adds. */
  readonly permissions: Permissions
  /** To be loaded ahead of the module, in this order. */
  readonly libraries: readonly string[]
  /** @throws {SandboxError} where the module can't run as it is shut in */
  readonly check: (receipt: Receipt) => void
}

/** The profile that fits a module's file name. */
export function profileFor(module: string): Profile | undefined {
  const file = basename(module)
  return ALL.find(({ files }) => files.test(file))
}

function profileOf(name: unknown, module: string): Profile | undefined {
  if (name === undefined || name === 'auto') return profileFor(module)
  if (name === 'none') return undefined
  const found = ALL.find((profile) => profile.name === name)
  if (found !== undefined) return found
  const names = ['auto', 'none', ...ALL.map((profile) => profile.name)]
  throw new TypeError(
    `profile must be ${names.map((each) => `'${each}'`).join(' or ')}, not ${typeof name === 'string' ? `'${name}'` : typeof name}`,
  )
}

/**
 * How to shut a module in: the given permissions, and what its profile adds. What the given environment doesn't name,
 * such as SOFTHSM2_CONF, is taken from the program's.
 *
 * @throws {TypeError} for a profile that does not exist
 * @throws {RangeError} for what the profile needs and is not there
 */
export function shelterFor(
  module: string,
  name: unknown,
  given: Permissions = {},
  parameters = '',
): Shelter {
  const profile = profileOf(name, module)
  if (profile === undefined)
    return { profile: 'none', permissions: given, libraries: [], check: () => {} }
  const env = { ...process.env, ...given.env }
  const { libraries = [], ...permissions } = together(
    profile.needs({ module, env, parameters }),
    given,
  ) satisfies Needs
  return {
    profile: profile.name,
    permissions,
    libraries,
    check: (receipt) => {
      const why = profile.obstacle?.(receipt)
      if (why === undefined) return
      throw new SandboxError(
        `${module} can't run in this sandbox: ${why}. With sandbox: 'off' it runs in a process of its own`,
        [why],
      )
    },
  }
}
