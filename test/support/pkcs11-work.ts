/** What programs do with a token: the same on each real module. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { expect } from 'vitest'
import type { Session } from '../../src/pkcs11/index.ts'

const P256 = Buffer.from('06082a8648ce3d030107', 'hex')

const HEAD_OF_P256 = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')
const WORDS = Buffer.from('what is to be signed')

/** The public key of a pair in the form that Node has it; modules wrap the point in an OCTET STRING, or don't. */
function publicKeyOf(point: Uint8Array) {
  const bare = point.length === 65 ? point : point.subarray(2)
  const key = Buffer.concat([HEAD_OF_P256, bare])
  return createPublicKey({ key, format: 'der', type: 'spki' })
}

/** A pair for P-256 is made and found; what it signs, the token and Node believe, and nothing else. */
export async function signsWithP256(
  session: Session,
  options: { readonly token?: boolean; readonly label?: string } = {},
): Promise<void> {
  const { token = false, label = 'made by a test' } = options
  const id = Buffer.from(label)
  const { publicKey, privateKey } = await session.generateKeyPair('CKM_EC_KEY_PAIR_GEN', {
    public: {
      CKA_TOKEN: token,
      CKA_LABEL: label,
      CKA_ID: id,
      CKA_VERIFY: true,
      CKA_EC_PARAMS: P256,
    },
    private: {
      CKA_TOKEN: token,
      CKA_PRIVATE: true,
      CKA_SENSITIVE: true,
      CKA_LABEL: label,
      CKA_ID: id,
      CKA_SIGN: true,
    },
  })
  const hash = createHash('sha256').update(WORDS).digest()
  const signature = await session.sign('CKM_ECDSA', privateKey, hash)
  expect(signature).toHaveLength(64)
  const spoilt = Buffer.from(signature)
  spoilt[5] = (spoilt[5] ?? 0) ^ 1
  expect(await session.verify('CKM_ECDSA', publicKey, hash, signature)).toBe(true)
  expect(await session.verify('CKM_ECDSA', publicKey, hash, spoilt)).toBe(false)

  const { CKA_EC_POINT: point } = await session.get(publicKey, ['CKA_EC_POINT'])
  const key = { key: publicKeyOf(point as Uint8Array), dsaEncoding: 'ieee-p1363' } as const
  expect(verify('sha256', WORDS, key, signature)).toBe(true)

  const found = await session.find(
    { CKA_CLASS: 'CKO_PRIVATE_KEY', CKA_ID: id },
    { attributes: ['CKA_LABEL', 'CKA_KEY_TYPE', 'CKA_SENSITIVE', 'CKA_VALUE'] },
  )
  expect(found.map(({ attributes }) => attributes)).toEqual([
    { CKA_LABEL: label, CKA_KEY_TYPE: 'CKK_EC', CKA_SENSITIVE: true, CKA_VALUE: undefined },
  ])
}
