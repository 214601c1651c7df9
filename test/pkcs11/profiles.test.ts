/** What profiles make of configurations; `modules/` shows that real modules run with it. */
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import { profileFor } from '../../src/pkcs11/profiles/index.ts'
import { shelterFor } from '../../src/pkcs11/shelter.ts'
import { Scratch } from '../support/scratch.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

/** A folder of the scratch folder. */
function folder(name: string): string {
  mkdirSync(scratch.path(name), { recursive: true })
  return scratch.path(name)
}

/** A socket on which somebody listens until the test is over. */
async function listening(name: string): Promise<AsyncDisposable & { readonly path: string }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(scratch.path(name), resolve))
  return {
    path: scratch.path(name),
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

test.each([
  ['/usr/lib/softhsm/libsofthsm2.so', 'softhsm2'],
  ['opensc-pkcs11.so', 'opensc'],
  ['/usr/lib/x86_64-linux-gnu/pkcs11/onepin-opensc-pkcs11.so', 'opensc'],
  ['/usr/lib/firefox/libsoftokn3.so', 'nss'],
  ['p11-kit-trust.so', 'p11-kit-trust'],
  ['/usr/lib/pkcs11/p11-kit-client.so', 'p11-kit-client'],
  ['/usr/lib/x86_64-linux-gnu/libtpm2_pkcs11.so.1', 'tpm2'],
  ['/usr/lib/pkcs11/PKCS11_API.so', 'opencryptoki'],
  ['/opt/vendor/libvendor.so', undefined],
  ['/opt/libsofthsm2.so/libvendor.so', undefined],
])('%s is %s', (module, name) => {
  expect(profileFor(module)?.name).toBe(name)
})

describe('the option', () => {
  test('none: what the options permit, and nothing else', () => {
    const given = { read: ['/etc/hostname'] }
    const { profile, permissions, libraries } = shelterFor('libsofthsm2.so', 'none', given)
    expect({ profile, permissions, libraries }).toEqual({
      profile: 'none',
      permissions: given,
      libraries: [],
    })
  })

  test('a module that nobody knows has no profile', () => {
    expect(shelterFor('libvendor.so', undefined)).toMatchObject({ profile: 'none' })
  })

  test('a name that does not exist', () => {
    expect(() => shelterFor('libvendor.so', 'softhsm')).toThrow(
      new TypeError(
        "profile must be 'auto' or 'none' or 'softhsm2' or 'opensc' or 'nss' or 'p11-kit-trust' or 'p11-kit-client' or 'tpm2' or 'opencryptoki', not 'softhsm'",
      ),
    )
    expect(() => shelterFor('libvendor.so', 7)).toThrow(TypeError)
  })
})

describe('softhsm2', () => {
  const configured = (text: string): string => scratch.write('softhsm2.conf', text)
  const shelter = (SOFTHSM2_CONF: string) =>
    shelterFor('/opt/my-softhsm.so', 'softhsm2', { env: { SOFTHSM2_CONF } })

  test('the configuration, and the tokens that it names', () => {
    const tokens = folder('tokens')
    const path = configured(
      `# a comment\n directories.tokendir =  ${tokens}  \nlog.level = ERROR\n`,
    )
    expect(shelter(path).permissions).toEqual({
      read: [path, tokens],
      write: [tokens],
      net: false,
      ipc: false,
      ids: false,
      run: false,
      env: { SOFTHSM2_CONF: path },
    })
  })

  test("takes the program's variable where the options have none", () => {
    const before = process.env['SOFTHSM2_CONF']
    process.env['SOFTHSM2_CONF'] = configured(`directories.tokendir = ${folder('tokens')}`)
    try {
      const { permissions } = shelterFor('libsofthsm2.so', 'auto', { env: { TZ: 'UTC' } })
      expect(permissions.env).toEqual({
        SOFTHSM2_CONF: scratch.path('softhsm2.conf'),
        TZ: 'UTC',
      })
    } finally {
      if (before === undefined) delete process.env['SOFTHSM2_CONF']
      else process.env['SOFTHSM2_CONF'] = before
    }
  })

  test('adds to what the options permit', () => {
    const path = configured(`directories.tokendir = ${folder('tokens')}`)
    const given = { read: ['/etc/hostname'], net: true, env: { SOFTHSM2_CONF: path } }
    expect(shelterFor('libsofthsm2.so', 'auto', given).permissions).toMatchObject({
      read: [path, scratch.path('tokens'), '/etc/hostname'],
      net: true,
    })
  })

  test.each([
    ['', /directories\.tokendir of .* is missing/],
    ['directories.tokendir = tokens', /is tokens; it must be an absolute path/],
    ['directories.tokendir = /nowhere/at/all', /is \/nowhere\/at\/all, which does not exist/],
    ['directories.tokendir = /etc/passwd', /is \/etc\/passwd, which is no folder/],
  ])('a configuration of %j', (text, message) => {
    expect(() => shelter(configured(text))).toThrow(RangeError)
    expect(() => shelter(configured(text))).toThrow(message)
  })

  test('no configuration', () => {
    expect(() => shelter('/nowhere/softhsm2.conf')).toThrow(
      'profile softhsm2: SOFTHSM2_CONF is /nowhere/softhsm2.conf, which does not exist',
    )
  })
})

describe('nss', () => {
  const shelter = (parameters: string) => shelterFor('libsoftokn3.so', 'auto', {}, parameters)

  test.each([
    (path: string) => `configdir='sql:${path}' certPrefix='' keyPrefix=''`,
    (path: string) => `configdir="${path}"`,
    (path: string) => `flags=FIPS configdir=sql:${path}`,
  ])('the database of %o', (parameters) => {
    const path = folder('nss')
    expect(shelter(parameters(path))).toMatchObject({
      permissions: { read: [path, '/dev/urandom'], write: [path] },
      libraries: [expect.stringMatching(/libfreebl/)],
    })
  })

  test('a database that is only read', () => {
    const path = folder('nss')
    const { permissions } = shelter(`configdir='${path}' flags='readOnly,noRootInit'`)
    expect(permissions).toMatchObject({ read: [path, '/dev/urandom'], write: [] })
  })

  test('no database', () => {
    for (const parameters of ['', "configdir='' flags=noCertDB,noModDB"])
      expect(shelter(parameters).permissions).toMatchObject({ read: ['/dev/urandom'], write: [] })
  })

  test('a database that is not there, or is somewhere', () => {
    expect(() => shelter("configdir='sql:/nowhere/nss'")).toThrow(/nowhere.* does not exist/)
    expect(() => shelter("configdir='sql:nss'")).toThrow(/absolute/)
  })
})

describe('opensc', () => {
  test('the socket of pcscd', async () => {
    await using socket = await listening('pcscd.comm')
    const env = { PCSCLITE_CSOCK_NAME: socket.path }
    expect(shelterFor('opensc-pkcs11.so', 'auto', { env })).toMatchObject({
      permissions: {
        net: true,
        read: expect.arrayContaining([scratch.folder]),
        write: [socket.path],
        env,
      },
      libraries: ['libpcsclite.so.1'],
    })
  })

  test('no pcscd', () => {
    const env = { PCSCLITE_CSOCK_NAME: scratch.path('nobody') }
    expect(() => shelterFor('opensc-pkcs11.so', 'auto', { env })).toThrow(
      /the socket of pcscd is .*nobody, where nobody listens; start its daemon first/,
    )
  })
})

describe('p11-kit', () => {
  test("the client's server", async () => {
    await using socket = await listening('a server')
    const P11_KIT_SERVER_ADDRESS = `unix:path=${scratch.folder}/a%20server`
    const { permissions } = shelterFor('p11-kit-client.so', 'auto', {
      env: { P11_KIT_SERVER_ADDRESS },
    })
    expect(permissions).toMatchObject({
      net: true,
      read: [scratch.folder],
      write: [socket.path],
      env: { P11_KIT_SERVER_ADDRESS },
    })
  })

  test('a server elsewhere', () => {
    const env = { P11_KIT_SERVER_ADDRESS: 'vsock:cid=3;port=4711' }
    expect(() => shelterFor('p11-kit-client.so', 'auto', { env })).toThrow(/local sockets/)
  })

  test('certificates that are named', () => {
    const path = scratch.write('ca.pem', '')
    const { permissions } = shelterFor('p11-kit-trust.so', 'auto', {}, `paths='${path}'`)
    expect(permissions.read).toEqual([path])
    expect(() => shelterFor('p11-kit-trust.so', 'auto', {}, "paths='/nowhere'")).toThrow(/paths/)
  })
})

describe('tpm2', () => {
  const shelter = (tcti: string) =>
    shelterFor('libtpm2_pkcs11.so.1', 'auto', {
      env: { TPM2_PKCS11_TCTI: tcti, TPM2_PKCS11_STORE: folder('store') },
    })

  test('a socket', async () => {
    await using socket = await listening('tpm')
    expect(shelter(`swtpm:path=${socket.path}`)).toMatchObject({
      permissions: {
        net: true,
        read: [scratch.folder, scratch.path('store')],
        write: [socket.path, scratch.path('store')],
      },
      libraries: ['libtss2-tcti-swtpm.so.0'],
    })
  })

  test('a device', () => {
    expect(shelter('device:/dev/null')).toMatchObject({
      permissions: { net: false, read: expect.arrayContaining(['/dev/null']) },
      libraries: ['libtss2-tcti-device.so.0'],
    })
    expect(() => shelter('device:/dev/tpm-of-nobody')).toThrow(/the TPM is .* does not exist/)
  })

  test('a port', () => {
    expect(shelter('mssim:host=localhost,port=2321').permissions).toMatchObject({ net: true })
  })
})
