/** openCryptoki: the memory that its daemon shares, its socket, its locks, its tokens, and the libraries of its slots. */
import { existsSync, realpathSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { folder, namesIn, type Profile, present, required, socket, together } from './profile.ts'

const NAME = 'opencryptoki'
/** The module looks for it by this name. */
const SOCKET = '/var/run/pkcsslotd.socket'

export const opencryptoki: Profile = {
  name: NAME,
  files: /^(libopencryptoki|PKCS11_API)\.so/,
  needs: ({ module, isShutIn }) => {
    const locks = folder(NAME, 'the folder of locks', '/var/lock/opencryptoki')
    const tokens = folder(NAME, 'the folder of tokens', '/var/lib/opencryptoki')
    const memory = folder(NAME, 'the folder of shared memory', '/dev/shm')
    const daemon = present('/usr/sbin/pkcsslotd', '/sbin/pkcsslotd')
    const file = realpathSync(required(NAME, 'the path of the module', module))
    const libraries = dirname(dirname(file))
    if (isShutIn) requireLocks(locks)
    return together(socket(NAME, 'the socket of pkcsslotd', SOCKET), {
      ipc: true,
      // It wants its daemon's socket to belong to the group pkcs11, and tells the daemon its process.
      ids: true,
      read: [
        ...[locks, tokens, memory, libraries, ...daemon],
        '/dev/urandom',
        ...present('/etc/group', '/etc/passwd', '/etc/nsswitch.conf', '/etc/ld.so.cache'),
      ],
      write: [locks, tokens, memory],
    })
  },
}

/**
 * Who uses a token first after the machine has begun makes its lock and gives that to the group pkcs11, which nobody
 * may who is shut in.
 */
function requireLocks(locks: string): void {
  const { username } = userInfo()
  const hasLock = (token: string): boolean =>
    ['', username].some((owner) => existsSync(join(locks, token, owner, `LCK..${token}`)))
  if (namesIn(NAME, 'the folder of locks', locks).some(hasLock)) return
  throw new RangeError(
    `profile ${NAME}: no token has a lock in ${locks} yet; the command pkcsconf -t makes them`,
  )
}
