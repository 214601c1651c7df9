// Signs a document with a key that never leaves its token, and checks the signature without it.
//   node examples/pkcs11/sign.mjs [FILE]
import { createHash, createPublicKey, verify } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PIN, withToken } from './token.mjs'

const document = process.argv[2] ?? fileURLToPath(import.meta.url)
const { module, slot } = await withToken()
const session = await slot.open({ readWrite: true, pin: PIN })

const { publicKey, privateKey } = await session.generateKeyPair('CKM_RSA_PKCS_KEY_PAIR_GEN', {
  public: {
    CKA_MODULUS_BITS: 2048,
    CKA_PUBLIC_EXPONENT: Buffer.from([1, 0, 1]),
    CKA_VERIFY: true,
  },
  private: { CKA_TOKEN: true, CKA_SENSITIVE: true, CKA_SIGN: true, CKA_LABEL: 'documents' },
})

// The document is hashed here, whatever its size; only the hash goes to the token, inside of what PKCS #1 wants
// around it.
const hash = createHash('sha256')
for await (const chunk of createReadStream(document)) hash.update(chunk)
const SHA256 = Buffer.from('3031300d060960864801650304020105000420', 'hex')
const info = Buffer.concat([SHA256, hash.digest()])
const signature = await session.sign('CKM_RSA_PKCS', privateKey, info)
console.log(`signature of ${document}:\n${Buffer.from(signature).toString('base64')}`)

const { CKA_MODULUS: n, CKA_PUBLIC_EXPONENT: e } = await session.get(publicKey, [
  'CKA_MODULUS',
  'CKA_PUBLIC_EXPONENT',
])
const base64url = (bytes) => Buffer.from(bytes).toString('base64url')
const key = createPublicKey({
  key: { kty: 'RSA', n: base64url(n), e: base64url(e) },
  format: 'jwk',
})
const chunks = []
for await (const chunk of createReadStream(document)) chunks.push(chunk)
console.log('good:', verify('sha256', Buffer.concat(chunks), key, signature))

// What a thief of this process's memory would find of the key:
const { CKA_PRIVATE_EXPONENT: secret } = await session.get(privateKey, ['CKA_PRIVATE_EXPONENT'])
console.log('private exponent:', secret)
await module.close()
