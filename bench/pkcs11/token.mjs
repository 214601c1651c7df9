// A token of SoftHSM 2 in a folder of its own, which ends with the program.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Unavailable } from '../harness/unavailable.mjs'

export const MODULE = '/usr/lib/softhsm/libsofthsm2.so'
export const SO_PIN = '87654321'
export const PIN = '1234'

/** Its configuration is in the environment from then on: modules in this process and fat threads find it there. */
export function makeFolder() {
  if (!existsSync(MODULE)) throw new Unavailable(`${MODULE} is missing: apt-get install softhsm2`)
  const folder = mkdtempSync(join(tmpdir(), 'fat-threads-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const tokens = join(folder, 'tokens')
  mkdirSync(tokens)
  const configuration = join(folder, 'softhsm2.conf')
  writeFileSync(configuration, `directories.tokendir = ${tokens}\nlog.level = ERROR\n`)
  process.env.SOFTHSM2_CONF = configuration
  return folder
}
