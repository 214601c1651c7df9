/** How a module is shut in: what the options permit, and what its profile adds. */
import { fileURLToPath } from 'node:url'
import { type OpenOptions, type Permissions, type Receipt, SandboxError } from '../index.ts'
import { wrongKind } from './complaint.ts'
import { type ProfileName, profileOf } from './profiles/index.ts'
import { together } from './profiles/profile.ts'

export interface LoadingOptions extends OpenOptions {
  /**
   * What such modules need from the machine is permitted, beside `permissions`. Default: `auto`, which goes by the
   * module's file name.
   */
  readonly profile?: ProfileName | undefined
  /** What `C_Initialize` will be given as text; profiles read paths in it. */
  readonly libraryParameters?: string | undefined
}

export interface Shelter {
  /** The profile's name, or `none`. */
  readonly profile: string
  readonly permissions: Permissions
  /** To be loaded ahead of `C_Initialize`, in this order. */
  readonly libraries: readonly string[]
  /** @throws {SandboxError} where the module can't run as it is shut in */
  readonly check: (receipt: Receipt) => void
}

/**
 * What the given environment doesn't name, such as SOFTHSM2_CONF, is taken from the program's.
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
  const needs = profile.needs({ module, env, parameters })
  const { libraries = [], ...permissions } = together(needs, given)
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

/** Options as `open` takes them. */
export function sheltered(
  module: string | URL,
  { profile, libraryParameters, ...options }: LoadingOptions,
): { readonly options: OpenOptions; readonly shelter: Shelter } {
  if (typeof module !== 'string' && !(module instanceof URL))
    throw wrongKind('open: path', 'a path or a URL', module)
  const path = module instanceof URL ? fileURLToPath(module) : module
  const shelter = shelterFor(path, profile, options.permissions, libraryParameters)
  return { options: { ...options, permissions: shelter.permissions }, shelter }
}
