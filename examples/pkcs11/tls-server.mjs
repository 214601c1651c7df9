// An HTTPS server whose private key is in a token. Node's own TLS wants the key itself, or an engine of OpenSSL inside
// the process; so the handshake is in tls13.mjs, and the one signature that it takes is made in the fat thread.
//   node examples/pkcs11/tls-server.mjs [PORT]     serves until it is stopped
//   node examples/pkcs11/tls-server.mjs            makes a request of its own, and ends
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { P256, selfSigned, signatureOf } from './certificate.mjs'
import { TlsConnection } from './tls13.mjs'
import { PIN, withToken } from './token.mjs'

const ECDSA_P256_SHA256 = 0x0403

const { module, slot } = await withToken()
// A function as PIN: the session is opened and logged in again should the module crash.
const session = await slot.open({ readWrite: true, pin: () => PIN })
const { publicKey } = await session.generateKeyPair('CKM_EC_KEY_PAIR_GEN', {
  public: { CKA_EC_PARAMS: P256, CKA_TOKEN: true, CKA_VERIFY: true, CKA_LABEL: 'server' },
  private: { CKA_TOKEN: true, CKA_SENSITIVE: true, CKA_SIGN: true, CKA_LABEL: 'server' },
})
const { CKA_EC_POINT: point } = await session.get(publicKey, ['CKA_EC_POINT'])

/** The key is found each time: it is on the token, and so outlives the module's process. */
async function sign(bytes) {
  const hash = createHash('sha256').update(bytes).digest()
  const [key] = await session.find({ CKA_CLASS: 'CKO_PRIVATE_KEY', CKA_LABEL: 'server' })
  return signatureOf(Buffer.from(await session.sign('CKM_ECDSA', key, hash)))
}

const certificate = await selfSigned(Buffer.from(point), sign)
const identity = { certificates: [certificate], scheme: ECDSA_P256_SHA256, sign }

const http = createHttpServer((_request, response) => response.end('signed by a token\n'))
const server = createServer((socket) => {
  const connection = new TlsConnection(socket, identity)
  connection.on('error', (error) => console.error(`connection: ${error.message}`))
  http.emit('connection', connection)
})

const port = Number(process.argv[2] ?? 0)
server.listen(port, 'localhost', async () => {
  const address = `https://localhost:${server.address().port}/`
  const pem = `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`
  console.log(`${address} with\n${pem}`)
  if (port !== 0) return
  console.log(await get(address, pem))
  // The module's process dies, and the server goes on. A handshake that had begun would fail: it is never done twice.
  process.kill(module.thread.pid, 'SIGSEGV')
  await once(module.thread, 'restart')
  console.log(await get(address, pem))
  server.close()
  await module.close()
})

/** What a client says that trusts this certificate and no other. */
function get(address, ca) {
  return new Promise((resolve, reject) => {
    const asking = request(address, { ca, agent: false }, (response) => {
      const { authorized } = response.socket
      const protocol = response.socket.getProtocol()
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve(`${protocol}, authorized: ${authorized}: ${text.trim()}`))
    })
    asking.on('error', reject)
    asking.end()
  })
}
