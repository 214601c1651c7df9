/** Mechanisms as programs name them, with the parameters that the standard says. */
import { bytesOf } from './call-options.ts'
import { describe, wrongKind } from './complaint.ts'
import { type NameOf, nameOf, numberOf } from './names.ts'
import type { Structure, ValuesOf } from './structures/field.ts'
import type { Mechanism, Parameter, Structured } from './structures/mechanism.ts'
import * as parameters from './structures/parameters.ts'
import { isUlong, type Ulong } from './words.ts'

/** What each mechanism takes; one that is not named takes bytes, a number or nothing. */
const STRUCTURES = {
  CKM_RSA_PKCS_OAEP: parameters.RSA_PKCS_OAEP,
  CKM_RSA_PKCS_PSS: parameters.RSA_PKCS_PSS,
  CKM_SHA1_RSA_PKCS_PSS: parameters.RSA_PKCS_PSS,
  CKM_SHA224_RSA_PKCS_PSS: parameters.RSA_PKCS_PSS,
  CKM_SHA256_RSA_PKCS_PSS: parameters.RSA_PKCS_PSS,
  CKM_SHA384_RSA_PKCS_PSS: parameters.RSA_PKCS_PSS,
  CKM_SHA512_RSA_PKCS_PSS: parameters.RSA_PKCS_PSS,
  CKM_SHA3_224_RSA_PKCS_PSS: parameters.RSA_PKCS_PSS,
  CKM_SHA3_256_RSA_PKCS_PSS: parameters.RSA_PKCS_PSS,
  CKM_SHA3_384_RSA_PKCS_PSS: parameters.RSA_PKCS_PSS,
  CKM_SHA3_512_RSA_PKCS_PSS: parameters.RSA_PKCS_PSS,
  CKM_RSA_AES_KEY_WRAP: parameters.RSA_AES_KEY_WRAP,
  CKM_ECDH1_DERIVE: parameters.ECDH1_DERIVE,
  CKM_ECDH1_COFACTOR_DERIVE: parameters.ECDH1_DERIVE,
  CKM_ECMQV_DERIVE: parameters.ECMQV_DERIVE,
  CKM_ECDH_AES_KEY_WRAP: parameters.ECDH_AES_KEY_WRAP,
  CKM_EDDSA: parameters.EDDSA,
  CKM_XEDDSA: parameters.XEDDSA,
  CKM_X9_42_DH_DERIVE: parameters.X9_42_DH1_DERIVE,
  CKM_X9_42_DH_HYBRID_DERIVE: parameters.X9_42_DH2_DERIVE,
  CKM_X9_42_MQV_DERIVE: parameters.X9_42_MQV_DERIVE,
  CKM_KEA_KEY_DERIVE: parameters.KEA_DERIVE,
  CKM_RC2_CBC: parameters.RC2_CBC,
  CKM_RC2_CBC_PAD: parameters.RC2_CBC,
  CKM_RC2_MAC_GENERAL: parameters.RC2_MAC_GENERAL,
  CKM_RC5_ECB: parameters.RC5,
  CKM_RC5_MAC: parameters.RC5,
  CKM_RC5_CBC: parameters.RC5_CBC,
  CKM_RC5_CBC_PAD: parameters.RC5_CBC,
  CKM_RC5_MAC_GENERAL: parameters.RC5_MAC_GENERAL,
  CKM_AES_CTR: parameters.AES_CTR,
  CKM_CAMELLIA_CTR: parameters.AES_CTR,
  CKM_AES_GCM: parameters.GCM,
  CKM_AES_GMAC: parameters.GCM,
  CKM_AES_CCM: parameters.CCM,
  CKM_CHACHA20: parameters.CHACHA20,
  CKM_SALSA20: parameters.SALSA20,
  CKM_CHACHA20_POLY1305: parameters.SALSA20_CHACHA20_POLY1305,
  CKM_SALSA20_POLY1305: parameters.SALSA20_CHACHA20_POLY1305,
  CKM_DES_ECB_ENCRYPT_DATA: parameters.KEY_DERIVATION_STRING,
  CKM_DES3_ECB_ENCRYPT_DATA: parameters.KEY_DERIVATION_STRING,
  CKM_AES_ECB_ENCRYPT_DATA: parameters.KEY_DERIVATION_STRING,
  CKM_DES_CBC_ENCRYPT_DATA: parameters.DES_CBC_ENCRYPT_DATA,
  CKM_DES3_CBC_ENCRYPT_DATA: parameters.DES_CBC_ENCRYPT_DATA,
  CKM_AES_CBC_ENCRYPT_DATA: parameters.AES_CBC_ENCRYPT_DATA,
  CKM_CAMELLIA_ECB_ENCRYPT_DATA: parameters.KEY_DERIVATION_STRING,
  CKM_CAMELLIA_CBC_ENCRYPT_DATA: parameters.AES_CBC_ENCRYPT_DATA,
  CKM_ARIA_ECB_ENCRYPT_DATA: parameters.KEY_DERIVATION_STRING,
  CKM_ARIA_CBC_ENCRYPT_DATA: parameters.AES_CBC_ENCRYPT_DATA,
  CKM_SEED_ECB_ENCRYPT_DATA: parameters.KEY_DERIVATION_STRING,
  CKM_SEED_CBC_ENCRYPT_DATA: parameters.AES_CBC_ENCRYPT_DATA,
  CKM_CONCATENATE_BASE_AND_DATA: parameters.KEY_DERIVATION_STRING,
  CKM_CONCATENATE_DATA_AND_BASE: parameters.KEY_DERIVATION_STRING,
  CKM_XOR_BASE_AND_DATA: parameters.KEY_DERIVATION_STRING,
  CKM_PKCS5_PBKD2: parameters.PKCS5_PBKD2,
  CKM_PBE_SHA1_DES3_EDE_CBC: parameters.PBE,
  CKM_PBE_SHA1_DES2_EDE_CBC: parameters.PBE,
  CKM_PBA_SHA1_WITH_SHA1_HMAC: parameters.PBE,
  CKM_SSL3_MASTER_KEY_DERIVE: parameters.SSL3_MASTER_KEY_DERIVE,
  CKM_SSL3_MASTER_KEY_DERIVE_DH: parameters.SSL3_MASTER_KEY_DERIVE,
  CKM_SSL3_KEY_AND_MAC_DERIVE: parameters.SSL3_KEY_MAT,
  CKM_TLS_MASTER_KEY_DERIVE: parameters.SSL3_MASTER_KEY_DERIVE,
  CKM_TLS_MASTER_KEY_DERIVE_DH: parameters.SSL3_MASTER_KEY_DERIVE,
  CKM_TLS_KEY_AND_MAC_DERIVE: parameters.SSL3_KEY_MAT,
  CKM_TLS_PRF: parameters.TLS_PRF,
  CKM_TLS12_MASTER_KEY_DERIVE: parameters.TLS12_MASTER_KEY_DERIVE,
  CKM_TLS12_MASTER_KEY_DERIVE_DH: parameters.TLS12_MASTER_KEY_DERIVE,
  CKM_TLS12_KEY_AND_MAC_DERIVE: parameters.TLS12_KEY_MAT,
  CKM_TLS12_KEY_SAFE_DERIVE: parameters.TLS12_KEY_MAT,
  CKM_TLS_MAC: parameters.TLS_MAC,
  CKM_TLS_KDF: parameters.TLS_KDF,
  CKM_WTLS_MASTER_KEY_DERIVE: parameters.WTLS_MASTER_KEY_DERIVE,
  CKM_WTLS_MASTER_KEY_DERIVE_DH_ECC: parameters.WTLS_MASTER_KEY_DERIVE,
  CKM_WTLS_PRF: parameters.WTLS_PRF,
  CKM_WTLS_SERVER_KEY_AND_MAC_DERIVE: parameters.WTLS_KEY_MAT,
  CKM_WTLS_CLIENT_KEY_AND_MAC_DERIVE: parameters.WTLS_KEY_MAT,
  CKM_HKDF_DERIVE: parameters.HKDF,
  CKM_HKDF_DATA: parameters.HKDF,
  CKM_SP800_108_COUNTER_KDF: parameters.SP800_108_KDF,
  CKM_SP800_108_DOUBLE_PIPELINE_KDF: parameters.SP800_108_KDF,
  CKM_SP800_108_FEEDBACK_KDF: parameters.SP800_108_FEEDBACK_KDF,
  CKM_SKIPJACK_PRIVATE_WRAP: parameters.SKIPJACK_PRIVATE_WRAP,
  CKM_SKIPJACK_RELAYX: parameters.SKIPJACK_RELAYX,
  CKM_KEY_WRAP_SET_OAEP: parameters.KEY_WRAP_SET_OAEP,
  CKM_SECURID: parameters.OTP,
  CKM_HOTP: parameters.OTP,
  CKM_ACTI: parameters.OTP,
  CKM_DSA_PROBABILISTIC_PARAMETER_GEN: parameters.DSA_PARAMETER_GEN,
  CKM_DSA_SHAWE_TAYLOR_PARAMETER_GEN: parameters.DSA_PARAMETER_GEN,
  CKM_GOSTR3410_DERIVE: parameters.GOSTR3410_DERIVE,
  CKM_GOSTR3410_KEY_WRAP: parameters.GOSTR3410_KEY_WRAP,
  CKM_X3DH_INITIALIZE: parameters.X3DH_INITIATE,
  CKM_X3DH_RESPOND: parameters.X3DH_RESPOND,
  CKM_X2RATCHET_INITIALIZE: parameters.X2RATCHET_INITIALIZE,
  CKM_X2RATCHET_RESPOND: parameters.X2RATCHET_RESPOND,
} as const satisfies Partial<Record<NameOf<'CKM'>, Structure>>

type Structures = typeof STRUCTURES

/** Structures by C's names, for mechanisms of a vendor, and messages. */
const BY_NAME = {
  ...Object.fromEntries(Object.values(parameters).map((each) => [each.name, each])),
} as Readonly<Record<string, Structure>>

type AllStructures = (typeof parameters)[keyof typeof parameters]

export type StructureName = AllStructures['name']

/** Mechanisms whose parameter is a structure, with its members. */
type Typed = {
  [Name in keyof Structures]: {
    readonly mechanism: Name
    readonly parameter?: ValuesOf<Structures[Name]> | Uint8Array | undefined
  }
}[keyof Structures]

/** Mechanisms whose parameter is bytes, such as an IV, a number, or a structure that `parameterOf` makes. */
interface Untyped {
  readonly mechanism: Exclude<NameOf<'CKM'>, keyof Structures> | Ulong
  readonly parameter?: Uint8Array | Ulong | CParameter | null | undefined
}

/** A mechanism: its name or number, alone or with its parameter. */
export type MechanismInput = NameOf<'CKM'> | Ulong | Typed | Untyped

/** A C structure as a parameter. */
export class CParameter implements Structured {
  readonly structure: Structure
  readonly values: object

  /** @internal Use `parameter`. */
  constructor(structure: Structure, values: object) {
    this.structure = structure
    this.values = values
  }
}

/**
 * A structure of the standard as the parameter of a vendor's mechanism, or of a message:
 * `parameter('CK_GCM_PARAMS', { iv })`.
 */
export function parameter<const Name extends StructureName>(
  name: Name,
  values: ValuesOf<Extract<AllStructures, { readonly name: Name }>>,
): CParameter {
  const structure = BY_NAME[name]
  if (structure === undefined) throw new TypeError(`parameter: there is no structure ${name}`)
  return new CParameter(structure, values as object)
}

/** @param where For messages. */
export function mechanismOf(input: unknown, where: string): Mechanism {
  if (typeof input !== 'object' || input === null) return { mechanism: numberFor(input, where) }
  const { mechanism: named, parameter: given } = input as { mechanism: unknown; parameter: unknown }
  const mechanism = numberFor(named, where)
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given))
    return { mechanism, parameter: bytesOf(given, where) }
  if (isPlain(given)) return { mechanism, parameter: given }
  const name = typeof mechanism === 'number' ? nameOf('CKM', mechanism) : String(mechanism)
  const structure = Object.hasOwn(STRUCTURES, name)
    ? STRUCTURES[name as keyof Structures]
    : undefined
  if (structure === undefined)
    throw wrongKind(`${where}: the parameter of ${name}`, 'bytes, a number or nothing', given)
  if (typeof given !== 'object' || given === null)
    throw wrongKind(`${where}: the parameter of ${name}`, 'an object, bytes or nothing', given)
  return { mechanism, parameter: { structure, values: given } }
}

/** The parameter of a message. @param where For messages. */
export function parameterOf(given: unknown, where: string): Parameter {
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) return bytesOf(given, where)
  if (isPlain(given)) return given
  throw wrongKind(`${where}: parameter`, 'what parameter() makes, bytes, a number or null', given)
}

function isPlain(given: unknown): given is Parameter {
  return given === undefined || given === null || given instanceof CParameter || isUlong(given)
}

function numberFor(named: unknown, where: string): Ulong {
  const number = typeof named === 'string' ? numberOf('CKM', named) : named
  if (isUlong(number)) return number
  const what = typeof named === 'string' ? named : describe(named)
  throw new TypeError(`${where}: there is no mechanism ${what}`)
}
