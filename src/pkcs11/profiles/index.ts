/** Kinds of modules that are known by name. */
import { basename } from 'node:path'
import { nss } from './nss.ts'
import { opencryptoki } from './opencryptoki.ts'
import { opensc } from './opensc.ts'
import { client, trust } from './p11-kit.ts'
import type { Profile } from './profile.ts'
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

/** The profile that fits a module's file name. */
export function profileFor(module: string): Profile | undefined {
  const file = basename(module)
  return ALL.find(({ files }) => files.test(file))
}

/**
 * The profile that an option names, if any.
 * @throws {TypeError} for one that does not exist
 */
export function profileOf(name: unknown, module: string): Profile | undefined {
  if (name === undefined || name === 'auto') return profileFor(module)
  if (name === 'none') return undefined
  const found = ALL.find((profile) => profile.name === name)
  if (found !== undefined) return found
  const names = ['auto', 'none', ...ALL.map((profile) => profile.name)]
  const given = typeof name === 'string' ? `'${name}'` : typeof name
  throw new TypeError(
    `profile must be ${names.map((each) => `'${each}'`).join(' or ')}, not ${given}`,
  )
}
