/** OpenSC: its configuration, and the daemon that has the readers. */
import { type Profile, present, required, socket, together } from './profile.ts'

const NAME = 'opensc'
const SOCKET = '/run/pcscd/pcscd.comm'

export const opensc: Profile = {
  name: NAME,
  files: /^(onepin-)?opensc-pkcs11\.so/,
  needs: ({ env }) => {
    const given = env['PCSCLITE_CSOCK_NAME']
    const configured = env['OPENSC_CONF']
    const own =
      configured === undefined
        ? present('/etc/opensc/opensc.conf')
        : [required(NAME, 'OPENSC_CONF', configured)]
    return together(socket(NAME, 'the socket of pcscd', given ?? SOCKET), {
      read: own,
      // OpenSC says on standard error that it knows no home where it has none.
      env: {
        HOME: '/',
        ...(given === undefined ? {} : { PCSCLITE_CSOCK_NAME: given }),
        ...(configured === undefined ? {} : { OPENSC_CONF: configured }),
      },
      libraries: ['libpcsclite.so.1'],
    })
  },
}
