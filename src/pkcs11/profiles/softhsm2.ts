/** SoftHSM 2: its configuration, and the folder of tokens that is named there. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { folder, type Profile, present, required } from './profile.ts'

const NAME = 'softhsm2'
const STANDARD = '/etc/softhsm/softhsm2.conf'
const TOKENS = /^\s*directories\.tokendir\s*=\s*(.*?)\s*$/m

/** SoftHSM itself looks for them in this order. */
function configuration(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['SOFTHSM2_CONF']
  if (given !== undefined) return required(NAME, 'SOFTHSM2_CONF', given)
  const [own] = present(join(homedir(), '.config/softhsm2/softhsm2.conf'), STANDARD)
  return own ?? required(NAME, 'the configuration, where SOFTHSM2_CONF names none,', STANDARD)
}

function tokensOf(path: string): string {
  const what = `directories.tokendir of ${path}`
  const named = TOKENS.exec(readFileSync(path, 'utf8'))?.[1]
  if (named === undefined) throw new RangeError(`profile ${NAME}: ${what} is missing`)
  if (!isAbsolute(named))
    throw new RangeError(`profile ${NAME}: ${what} is ${named}; it must be an absolute path`)
  return folder(NAME, what, named)
}

export const softhsm2: Profile = {
  name: NAME,
  files: /^libsofthsm2\.so/,
  needs: ({ env }) => {
    const path = configuration(env)
    const tokens = tokensOf(path)
    return { read: [path, tokens], write: [tokens], env: { SOFTHSM2_CONF: path } }
  },
}
