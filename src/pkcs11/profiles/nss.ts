/** NSS softoken: its arithmetic, and the database that its parameters name. */
import { realpathSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { folder, type Needs, type Profile, present, together } from './profile.ts'

const NAME = 'nss'
/** `configdir='sql:/home/me/db'`, with or without quotes; without the kind of database it is `sql:`. */
const FOLDER = /(?:^|\s)configdir=(?:(['"])(.*?)\1|(\S*))/
const KIND = /^(sql|dbm|extern|rdb|multiaccess):/
const READ_ONLY = /(?:^|\s)flags=(?:(['"])[^'"]*\breadOnly\b|[^'"\s]*\breadOnly\b)/i

function database(parameters: string): Needs {
  const [, , quoted, plain] = FOLDER.exec(parameters) ?? []
  const path = (quoted ?? plain ?? '').replace(KIND, '')
  if (path === '') return {}
  if (!isAbsolute(path))
    throw new RangeError(`profile ${NAME}: configdir is ${path}; it must be an absolute path`)
  const read = [folder(NAME, 'configdir', path)]
  return READ_ONLY.test(parameters) ? { read } : { read, write: read }
}

/** Beside the module; its name differs between distributions. */
function arithmetic(module: string): string[] {
  const beside = dirname(present(module).map((path) => realpathSync(path))[0] ?? module)
  const [found] = present(join(beside, 'libfreeblpriv3.so'), join(beside, 'libfreebl3.so'))
  return [found ?? 'libfreeblpriv3.so']
}

export const nss: Profile = {
  name: NAME,
  files: /^libsoftokn3\.so/,
  needs: ({ module, parameters }) =>
    together(database(parameters), {
      read: ['/dev/urandom'],
      libraries: arithmetic(module),
      // Else it measures how quick the disk is, in a folder for temporary files.
      env: { NSS_SDB_USE_CACHE: 'no' },
    }),
}
