/** openCryptoki: the memory that its daemon shares, its socket, its locks, its tokens, and the libraries of its slots. */
import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { folder, type Profile, present, required, socket, together } from './profile.ts'

const NAME = 'opencryptoki'
/** The module looks for it by this name. */
const SOCKET = '/var/run/pkcsslotd.socket'

export const opencryptoki: Profile = {
  name: NAME,
  files: /^(libopencryptoki|PKCS11_API)\.so/,
  needs: ({ module }) => {
    const locks = folder(NAME, 'the folder of locks', '/var/lock/opencryptoki')
    const tokens = folder(NAME, 'the folder of tokens', '/var/lib/opencryptoki')
    const memory = folder(NAME, 'the folder of shared memory', '/dev/shm')
    const daemon = present('/usr/sbin/pkcsslotd', '/sbin/pkcsslotd')
    const file = realpathSync(required(NAME, 'the path of the module', module))
    const libraries = dirname(dirname(file))
    return together(socket(NAME, 'the socket of pkcsslotd', SOCKET), {
      ipc: true,
      read: [
        ...[locks, tokens, memory, libraries, ...daemon],
        ...present('/etc/group', '/etc/passwd', '/etc/nsswitch.conf', '/etc/ld.so.cache'),
      ],
      write: [locks, tokens, memory],
    })
  },
  obstacle: ({ enforced }) =>
    enforced.includes('user-namespace')
      ? "openCryptoki insists that its daemon's socket belongs to the group pkcs11, and in the user namespace of the sandbox no group has its own number"
      : undefined,
}
