// The server's side of TLS 1.3 (RFC 8446), as much of it as it takes to serve today's clients with a key that is
// somewhere else: TLS_AES_128_GCM_SHA256, X25519 or P-256, no client certificates, no resumption, no early data.
// Node's own TLS wants the private key, or a name that an engine inside the process knows.
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { Duplex } from 'node:stream'

const RECORD = { CHANGE: 20, ALERT: 21, HANDSHAKE: 22, DATA: 23 }
const MESSAGE = {
  CLIENT: 1,
  SERVER: 2,
  EXTENSIONS: 8,
  CERTIFICATE: 11,
  VERIFY: 15,
  FINISHED: 20,
  UPDATE: 24,
}
const EXTENSION = { SIGNATURES: 13, VERSIONS: 43, KEY_SHARE: 51 }
const ALERT = {
  CLOSE: 0,
  UNEXPECTED: 10,
  BAD_RECORD: 20,
  TOO_LONG: 22,
  FAILURE: 40,
  DECODE: 50,
  DECRYPT: 51,
  VERSION: 70,
  INTERNAL: 80,
}
const VERSION = 0x0304
const SUITE = 0x1301
const X25519 = 0x001d
const P256 = 0x0017
const MOST_TEXT = 2 ** 14
const TAG = 16
/** X25519 keys in DER, without the 32 bytes themselves. */
const X25519_DER = Buffer.from('302a300506032b656e032100', 'hex')

class TlsError extends Error {
  constructor(alert, message) {
    super(message)
    this.alert = alert
  }
}

const sha256 = (...parts) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()
const hmac = (key, ...parts) =>
  parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest()
const number = (value, bytes) => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntBE(value, 0, bytes)
  return buffer
}
/** Bytes with their length before them. */
const vector = (bytes, ...parts) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([number(body.length, bytes), body])
}
const message = (type, ...parts) => Buffer.concat([number(type, 1), vector(3, ...parts)])
const extension = (type, ...parts) => Buffer.concat([number(type, 2), vector(2, ...parts)])

/** HKDF-Expand-Label, for up to 32 bytes. */
function expand(secret, label, context, length) {
  const info = Buffer.concat([
    number(length, 2),
    vector(1, Buffer.from(`tls13 ${label}`)),
    vector(1, context),
    number(1, 1),
  ])
  return hmac(secret, info).subarray(0, length)
}
const NOTHING = Buffer.alloc(0)
const ZEROS = Buffer.alloc(32)
const derive = (secret, label, transcript) => expand(secret, label, transcript, 32)

/** Takes bytes apart; what is cut off is an error of the other side. */
class Reader {
  #bytes
  #at = 0

  constructor(bytes) {
    this.#bytes = bytes
  }

  get isAtEnd() {
    return this.#at === this.#bytes.length
  }

  take(length) {
    if (this.#at + length > this.#bytes.length)
      throw new TlsError(ALERT.DECODE, 'a message is cut off')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  number(bytes) {
    return this.take(bytes).readUIntBE(0, bytes)
  }

  vector(bytes) {
    return new Reader(this.take(this.number(bytes)))
  }

  rest() {
    return this.take(this.#bytes.length - this.#at)
  }

  numbers(bytes) {
    const found = []
    while (!this.isAtEnd) found.push(this.number(bytes))
    return found
  }
}

/** The keys of one direction. */
class Direction {
  #secret
  #key
  #iv
  #sequence = 0n

  constructor(secret) {
    this.#use(secret)
  }

  #use(secret) {
    this.#secret = secret
    this.#key = expand(secret, 'key', NOTHING, 16)
    this.#iv = expand(secret, 'iv', NOTHING, 12)
    this.#sequence = 0n
  }

  update() {
    this.#use(derive(this.#secret, 'traffic upd', NOTHING))
  }

  finished(transcript) {
    return hmac(derive(this.#secret, 'finished', NOTHING), transcript)
  }

  #nonce() {
    const nonce = Buffer.from(this.#iv)
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ this.#sequence++, 4)
    return nonce
  }

  seal(type, text) {
    const header = Buffer.concat([
      number(RECORD.DATA, 1),
      number(0x0303, 2),
      number(text.length + 1 + TAG, 2),
    ])
    const cipher = createCipheriv('aes-128-gcm', this.#key, this.#nonce()).setAAD(header)
    return Buffer.concat([
      header,
      cipher.update(text),
      cipher.update(number(type, 1)),
      cipher.final(),
      cipher.getAuthTag(),
    ])
  }

  open(header, sealed) {
    if (sealed.length < TAG + 1) throw new TlsError(ALERT.DECODE, 'a record is too short')
    const decipher = createDecipheriv('aes-128-gcm', this.#key, this.#nonce()).setAAD(header)
    decipher.setAuthTag(sealed.subarray(-TAG))
    const inner = decipher.update(sealed.subarray(0, -TAG))
    try {
      decipher.final()
    } catch {
      throw new TlsError(ALERT.BAD_RECORD, 'a record is not authentic')
    }
    let end = inner.length
    while (end > 0 && inner[end - 1] === 0) end--
    if (end === 0) throw new TlsError(ALERT.UNEXPECTED, 'a record has no type')
    return { type: inner[end - 1], body: inner.subarray(0, end - 1) }
  }
}

function helloOf(body) {
  const reader = new Reader(body)
  reader.take(2 + 32) // a version that says nothing, and randomness
  const session = reader.vector(1).rest()
  const suites = reader.vector(2).numbers(2)
  reader.vector(1) // compression
  const extensions = new Map()
  for (const list = reader.vector(2); !list.isAtEnd; )
    extensions.set(list.number(2), list.vector(2))
  return { session, suites, extensions }
}

/** A common secret with the first share that is known here: what to answer, and what both know then. */
function agree(shares) {
  for (const list = shares.vector(2); !list.isAtEnd; ) {
    const group = list.number(2)
    const theirs = list.vector(2).rest()
    if (group === X25519) {
      const { publicKey, privateKey } = generateKeyPairSync('x25519')
      const key = createPublicKey({
        key: Buffer.concat([X25519_DER, theirs]),
        format: 'der',
        type: 'spki',
      })
      const secret = diffieHellman({ privateKey, publicKey: key })
      return {
        group,
        secret,
        ours: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
      }
    }
    if (group === P256) {
      const own = createECDH('prime256v1')
      const ours = own.generateKeys()
      return { group, ours, secret: own.computeSecret(theirs) }
    }
  }
  throw new TlsError(ALERT.FAILURE, 'no group in common')
}

/**
 * One connection: what is written goes out encrypted. `identity` is `{ certificates, scheme, sign }`: DER, the
 * number of the signature scheme, and an async function that signs bytes with the key of the first certificate.
 */
export class TlsConnection extends Duplex {
  #socket
  #identity
  #received = NOTHING
  #handshake = NOTHING
  #transcript = createHash('sha256')
  #read
  #write
  #next
  #state = 'hello'
  #work = Promise.resolve()
  #waiting

  constructor(socket, identity) {
    super()
    this.#socket = socket
    this.#identity = identity
    socket.on('data', (bytes) => {
      this.#work = this.#work.then(() => this.#take(bytes)).catch((error) => this.#fail(error))
    })
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  _read() {
    this.#socket.resume()
  }

  _write(chunk, _encoding, done) {
    if (this.#state !== 'open') {
      this.#waiting = () => this._write(chunk, _encoding, done)
      return
    }
    const records = []
    for (let at = 0; at < chunk.length; at += MOST_TEXT)
      records.push(this.#write.seal(RECORD.DATA, chunk.subarray(at, at + MOST_TEXT)))
    this.#socket.write(Buffer.concat(records), done)
  }

  _final(done) {
    if (this.#write !== undefined) this.#alert(1, ALERT.CLOSE)
    this.#socket.end(done)
  }

  _destroy(error, done) {
    this.#socket.destroy()
    done(error)
  }

  #alert(level, description) {
    const body = Buffer.from([level, description])
    const plain = Buffer.concat([number(RECORD.ALERT, 1), number(0x0303, 2), vector(2, body)])
    this.#socket.write(this.#write?.seal(RECORD.ALERT, body) ?? plain)
  }

  #fail(error) {
    if (this.destroyed) return
    this.#alert(2, error.alert ?? ALERT.INTERNAL)
    this.destroy(error)
  }

  async #take(bytes) {
    this.#received = Buffer.concat([this.#received, bytes])
    while (this.#received.length >= 5) {
      const length = this.#received.readUInt16BE(3)
      if (length > MOST_TEXT + 256) throw new TlsError(ALERT.TOO_LONG, 'a record is too long')
      if (this.#received.length < 5 + length) return
      const header = this.#received.subarray(0, 5)
      const body = this.#received.subarray(5, 5 + length)
      this.#received = this.#received.subarray(5 + length)
      await this.#record(header, body)
    }
  }

  async #record(header, body) {
    // Middle boxes want to see it; it means nothing.
    if (header[0] === RECORD.CHANGE) return
    const isSealed = header[0] === RECORD.DATA
    if (isSealed !== (this.#read !== undefined))
      throw new TlsError(ALERT.UNEXPECTED, 'a record out of turn')
    const opened = isSealed ? this.#read.open(header, body) : { type: header[0], body }
    if (opened.type === RECORD.HANDSHAKE) await this.#messages(opened.body)
    else if (opened.type === RECORD.DATA && this.#state === 'open') {
      if (!this.push(opened.body)) this.#socket.pause()
    } else if (opened.type === RECORD.ALERT) this.#heard(opened.body)
    else throw new TlsError(ALERT.UNEXPECTED, 'a record of another kind')
  }

  #heard(body) {
    if (body[1] === ALERT.CLOSE) this.push(null)
    else this.destroy(new TlsError(body[1], `the client says alert ${body[1]}`))
  }

  async #messages(bytes) {
    this.#handshake = Buffer.concat([this.#handshake, bytes])
    while (this.#handshake.length >= 4) {
      const length = this.#handshake.readUIntBE(1, 3)
      if (length > 2 ** 16) throw new TlsError(ALERT.DECODE, 'a message is too long')
      if (this.#handshake.length < 4 + length) return
      const whole = this.#handshake.subarray(0, 4 + length)
      this.#handshake = this.#handshake.subarray(4 + length)
      await this.#message(whole)
    }
  }

  async #message(whole) {
    const body = whole.subarray(4)
    if (this.#state === 'hello' && whole[0] === MESSAGE.CLIENT)
      await this.#answer(whole, helloOf(body))
    else if (this.#state === 'finish' && whole[0] === MESSAGE.FINISHED) this.#finish(body)
    else if (this.#state === 'open' && whole[0] === MESSAGE.UPDATE) this.#update(body)
    else throw new TlsError(ALERT.UNEXPECTED, `a message ${whole[0]} out of turn`)
  }

  #add(part) {
    this.#transcript.update(part)
    return part
  }

  #soFar() {
    return this.#transcript.copy().digest()
  }

  async #answer(whole, { session, suites, extensions }) {
    const { certificates, scheme, sign } = this.#identity
    const versions = extensions.get(EXTENSION.VERSIONS)?.vector(1).numbers(2) ?? []
    if (!versions.includes(VERSION))
      throw new TlsError(ALERT.VERSION, 'the client does not speak TLS 1.3')
    const schemes = extensions.get(EXTENSION.SIGNATURES)?.vector(2).numbers(2) ?? []
    const shares = extensions.get(EXTENSION.KEY_SHARE)
    if (!suites.includes(SUITE) || !schemes.includes(scheme) || shares === undefined)
      throw new TlsError(ALERT.FAILURE, 'no cipher suite or signature scheme in common')
    const { group, ours, secret } = agree(shares)
    this.#add(whole)
    const hello = message(
      MESSAGE.SERVER,
      number(0x0303, 2),
      randomBytes(32),
      vector(1, session),
      number(SUITE, 2),
      number(0, 1),
      vector(
        2,
        extension(EXTENSION.VERSIONS, number(VERSION, 2)),
        extension(EXTENSION.KEY_SHARE, number(group, 2), vector(2, ours)),
      ),
    )
    this.#add(hello)

    const early = hmac(ZEROS, ZEROS)
    const agreed = hmac(derive(early, 'derived', sha256()), secret)
    const before = this.#soFar()
    const handshake = new Direction(derive(agreed, 's hs traffic', before))
    this.#read = new Direction(derive(agreed, 'c hs traffic', before))
    const master = hmac(derive(agreed, 'derived', sha256()), ZEROS)

    const entries = certificates.map((certificate) =>
      Buffer.concat([vector(3, certificate), vector(2)]),
    )
    const first = [
      this.#add(message(MESSAGE.EXTENSIONS, vector(2))),
      this.#add(message(MESSAGE.CERTIFICATE, vector(1), vector(3, ...entries))),
    ]
    // The only thing that takes the private key; the token makes it.
    const signed = Buffer.concat([
      Buffer.alloc(64, ' '),
      Buffer.from('TLS 1.3, server CertificateVerify\0'),
      this.#soFar(),
    ])
    const signature = await sign(signed)
    const verify = this.#add(message(MESSAGE.VERIFY, number(scheme, 2), vector(2, signature)))
    const finished = this.#add(message(MESSAGE.FINISHED, handshake.finished(this.#soFar())))

    this.#socket.write(
      Buffer.concat([
        ...[number(RECORD.HANDSHAKE, 1), number(0x0303, 2), vector(2, hello)],
        ...[number(RECORD.CHANGE, 1), number(0x0303, 2), vector(2, number(1, 1))],
        handshake.seal(RECORD.HANDSHAKE, Buffer.concat([...first, verify, finished])),
      ]),
    )
    const after = this.#soFar()
    this.#write = new Direction(derive(master, 's ap traffic', after))
    this.#next = new Direction(derive(master, 'c ap traffic', after))
    this.#state = 'finish'
  }

  #finish(theirs) {
    const expected = this.#read.finished(this.#soFar())
    if (theirs.length !== expected.length || !timingSafeEqual(theirs, expected))
      throw new TlsError(ALERT.DECRYPT, "the client's Finished is wrong")
    this.#read = this.#next
    this.#state = 'open'
    this.emit('secure')
    this.#waiting?.()
  }

  #update(body) {
    this.#read.update()
    if (body[0] !== 1) return
    this.#socket.write(this.#write.seal(RECORD.HANDSHAKE, message(MESSAGE.UPDATE, number(0, 1))))
    this.#write.update()
  }
}
