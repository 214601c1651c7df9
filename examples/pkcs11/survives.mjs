// A service that signs what it is sent, and survives that its module crashes.
//   node examples/pkcs11/survives.mjs
import { createServer, request } from 'node:http'
import { isCoded } from 'fat-threads/pkcs11'
import { PIN, withToken } from './token.mjs'

const { module, slot } = await withToken({ timeout: 5000 })
module.thread.on('crash', (error) => console.log(`crash: ${error.message}`))
module.thread.on('restart', () => console.log('restart'))

// A function as PIN: after a crash the session is opened and logged in again. What had begun is never done twice.
const session = await slot.open({ readWrite: true, pin: () => PIN })
await session.generateKey('CKM_GENERIC_SECRET_KEY_GEN', {
  CKA_VALUE_LEN: 32,
  CKA_TOKEN: true,
  CKA_SIGN: true,
  CKA_LABEL: 'service',
})

async function mac(data) {
  const [key] = await session.find({ CKA_CLASS: 'CKO_SECRET_KEY', CKA_LABEL: 'service' })
  return session.sign('CKM_SHA256_HMAC', key, data)
}

const server = createServer(async (asked, answer) => {
  const chunks = []
  for await (const chunk of asked) chunks.push(chunk)
  try {
    // On demand: a signal while the module works is as good as a fault of its own.
    if (asked.url === '/crash') process.kill(module.thread.pid, 'SIGSEGV')
    const signature = await mac(Buffer.concat(chunks))
    answer.end(Buffer.from(signature).toString('hex'))
  } catch (error) {
    answer.statusCode = 503
    answer.end(isCoded(error) ? `${error.ckr}: ${error.message}` : error.message)
  }
})

const ask = (path) =>
  new Promise((resolve, reject) => {
    const { port } = server.address()
    const asking = request({ port, path, method: 'POST' }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => resolve(`${path} ${answer.statusCode} ${text}`))
    })
    asking.on('error', reject)
    asking.end('what is to be signed')
  })

server.listen(0, async () => {
  for (const path of ['/sign', '/crash', '/sign', '/crash', '/sign']) console.log(await ask(path))
  server.close()
  await module.close()
})
