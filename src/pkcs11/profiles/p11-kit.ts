/** p11-kit: the system's certificates, and the client of a module that runs elsewhere. */
import { join } from 'node:path'
import { type Profile, present, required, socket, together } from './profile.ts'

const TRUST = 'p11-kit-trust'
const CLIENT = 'p11-kit-client'

/** Where distributions keep them; p11-kit is built with its own. */
const CERTIFICATES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/source',
  '/usr/share/pki/ca-trust-source',
  '/etc/ca-certificates/trust-source',
  '/usr/share/ca-certificates/trust-source',
]
/** `paths='/one:/other'` */
const PATHS = /(?:^|\s)paths=(['"]?)([^'"\s]*)\1/

export const trust: Profile = {
  name: TRUST,
  files: /^p11-kit-trust\.so/,
  needs: ({ parameters }) => {
    const named = PATHS.exec(parameters)?.[2]
    if (named === undefined) return { read: present(...CERTIFICATES) }
    const paths = named.split(':').filter((path) => path !== '')
    return { read: paths.map((path) => required(TRUST, 'paths', path)) }
  },
}

/** As the client itself finds its server. */
function address(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['P11_KIT_SERVER_ADDRESS']
  if (given !== undefined) return given
  const runtime = env['XDG_RUNTIME_DIR'] ?? `/run/user/${process.getuid?.() ?? 0}`
  return `unix:path=${join(runtime, 'p11-kit/pkcs11')}`
}

export const client: Profile = {
  name: CLIENT,
  files: /^p11-kit-client\.so/,
  needs: ({ env }) => {
    const server = address(env)
    const path = /^unix:path=(.+)$/.exec(server)?.[1]
    if (path === undefined)
      throw new RangeError(
        `profile ${CLIENT}: P11_KIT_SERVER_ADDRESS is ${server}; local sockets, unix:path=…, are all that is permitted`,
      )
    return together(socket(CLIENT, 'the address of the server', decodeURIComponent(path)), {
      env: { P11_KIT_SERVER_ADDRESS: server },
    })
  },
}
