/** tpm2-pkcs11: its store, and the way to the TPM. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { folder, type Needs, type Profile, present, required, socket, together } from './profile.ts'

const NAME = 'tpm2'
const PASSED = [
  'TPM2_PKCS11_BACKEND',
  'TPM2_PKCS11_LOG_LEVEL',
  'TPM2_PKCS11_OWNER_AUTH',
  'TPM2_PKCS11_ESAPI_MANAGE_FLAGS',
  'TSS2_LOG',
]

type Environment = Readonly<Record<string, string | undefined>>

function store(env: Environment): string {
  const given = env['TPM2_PKCS11_STORE']
  if (given !== undefined) return folder(NAME, 'TPM2_PKCS11_STORE', given)
  const own = join(homedir(), '.tpm2_pkcs11')
  const [found] = present('/etc/tpm2_pkcs11', own)
  return found ?? folder(NAME, 'the store', own)
}

/** `swtpm:path=/run/tpm`, `device:/dev/tpmrm0`, `mssim:host=localhost,port=2321`, `tabrmd:bus_name=…` */
function transport(tcti: string): Needs {
  const [kind = '', ...rest] = tcti.split(':')
  const details = rest.join(':')
  const libraries = [`libtss2-tcti-${kind}.so.0`]
  if (kind === 'device') {
    const device = required(NAME, 'the TPM', details === '' ? '/dev/tpmrm0' : details)
    return { libraries, read: [device], write: [device] }
  }
  const path = /(?:^|,)path=([^,]+)/.exec(details)?.[1]
  if (path !== undefined) {
    // A TPM in software has a second socket, for what the machine's board does.
    const both = { libraries, write: present(`${path}.ctrl`) }
    return together(both, socket(NAME, "the TPM's socket", path))
  }
  if (kind === 'tabrmd')
    return together({ libraries }, socket(NAME, "D-Bus's socket", '/run/dbus/system_bus_socket'))
  return { libraries, net: true }
}

/** What the TPM's libraries would try. */
function found(): string {
  const [device] = present('/dev/tpmrm0', '/dev/tpm0')
  if (device !== undefined) return `device:${device}`
  throw new RangeError(
    `profile ${NAME}: there is neither /dev/tpmrm0 nor /dev/tpm0; TPM2_PKCS11_TCTI says where the TPM is`,
  )
}

export const tpm2: Profile = {
  name: NAME,
  files: /^libtpm2_pkcs11\.so/,
  needs: ({ env }) => {
    const tcti = env['TPM2_PKCS11_TCTI'] ?? found()
    const path = store(env)
    const passed = PASSED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))
    return together(transport(tcti), {
      read: [path],
      write: [path],
      env: {
        TPM2_PKCS11_TCTI: tcti,
        TPM2_PKCS11_STORE: path,
        TPM2_PKCS11_BACKEND: 'esysdb',
        ...Object.fromEntries(passed),
      },
    })
  },
}
