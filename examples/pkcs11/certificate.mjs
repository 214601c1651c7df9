// A certificate in DER that a key of a token signs for itself, and what goes with it.
import { randomBytes } from 'node:crypto'

function length(bytes) {
  if (bytes < 0x80) return Buffer.from([bytes])
  const digits = Buffer.from(bytes.toString(16).padStart(bytes > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([0x80 | digits.length]), digits])
}

function der(tag, ...parts) {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), length(body.length), body])
}

const sequence = (...parts) => der(0x30, ...parts)
const bits = (bytes) => der(0x03, Buffer.from([0]), bytes)
const text = (value) => der(0x0c, Buffer.from(value))
const time = (date) => der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`))

/** A positive number, without zeros that mean nothing. */
function integer(bytes) {
  let from = 0
  while (from < bytes.length - 1 && bytes[from] === 0) from++
  const digits = bytes.subarray(from)
  return der(0x02, ...(digits[0] & 0x80 ? [Buffer.from([0])] : []), digits)
}

const OID = {
  ecPublicKey: Buffer.from('06072a8648ce3d0201', 'hex'),
  prime256v1: Buffer.from('06082a8648ce3d030107', 'hex'),
  ecdsaWithSHA256: Buffer.from('06082a8648ce3d040302', 'hex'),
  commonName: Buffer.from('0603550403', 'hex'),
  subjectAltName: Buffer.from('0603551d11', 'hex'),
}

/** CKA_EC_PARAMS of P-256. */
export const P256 = OID.prime256v1

/** An ECDSA signature as PKCS #11 gives it (two numbers of one length), as everybody else has it. */
export function signatureOf(raw) {
  const half = raw.length / 2
  return sequence(integer(raw.subarray(0, half)), integer(raw.subarray(half)))
}

/**
 * For `localhost`, good for a day. `point` is CKA_EC_POINT of a P-256 key, `sign` gives an ECDSA signature with
 * SHA-256 in DER.
 */
export async function selfSigned(point, sign) {
  const name = sequence(der(0x31, sequence(OID.commonName, text('localhost'))))
  const key = sequence(sequence(OID.ecPublicKey, OID.prime256v1), bits(uncompressed(point)))
  const algorithm = sequence(OID.ecdsaWithSHA256)
  const names = sequence(der(0x82, Buffer.from('localhost')))
  const now = Date.now()
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(new Date(now - 60_000)), time(new Date(now + 86_400_000))),
    name,
    key,
    der(0xa3, sequence(sequence(OID.subjectAltName, der(0x04, names)))),
  )
  return sequence(body, algorithm, bits(await sign(body)))
}

/** PKCS #11 wraps the point in an OCTET STRING; some modules don't. */
function uncompressed(point) {
  return point.length === 67 && point[0] === 0x04 && point[1] === 65 ? point.subarray(2) : point
}
