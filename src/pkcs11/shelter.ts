/** How a module is shut in: what the options permit, and what its profile adds. */
import { fileURLToPath } from 'node:url'
import type { OpenOptions, Permissions } from '../index.ts'
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

const NAMES: Readonly<Record<keyof LoadingOptions, true>> = {
  profile: true,
  libraryParameters: true,
  permissions: true,
  limits: true,
  sandbox: true,
  timeout: true,
  restart: true,
  threads: true,
  spin: true,
  spares: true,
  stdout: true,
  stderr: true,
  integrity: true,
  searchPaths: true,
  byPath: true,
  global: true,
  lazy: true,
  deep: true,
}
export const LOADING_OPTIONS = Object.keys(NAMES)

export interface Shelter {
  /** The profile's name, or `none`. */
  readonly profile: string
  readonly permissions: Permissions
  /** To be loaded ahead of `C_Initialize`, in this order. */
  readonly libraries: readonly string[]
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
  isShutIn = true,
): Shelter {
  const profile = profileOf(name, module)
  if (profile === undefined) return { profile: 'none', permissions: given, libraries: [] }
  const env = { ...process.env, ...given.env }
  const needs = profile.needs({ module, env, parameters, isShutIn })
  const { libraries = [], ...permissions } = together(needs, given)
  return {
    profile: profile.name,
    permissions,
    libraries,
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
  const { permissions, sandbox } = options
  const isShutIn = sandbox !== 'off'
  const shelter = shelterFor(path, profile, permissions, libraryParameters, isShutIn)
  return { options: { ...options, permissions: shelter.permissions }, shelter }
}
