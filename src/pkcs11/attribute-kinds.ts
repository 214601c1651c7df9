/** What kind of value each attribute has; those that are not named here are bytes. */
import type { NameOf } from './names.ts'
import type { Ulong } from './words.ts'

const KINDS = {
  CKA_CLASS: 'CKO',
  CKA_CERTIFICATE_TYPE: 'CKC',
  CKA_KEY_TYPE: 'CKK',
  CKA_HW_FEATURE_TYPE: 'CKH',
  CKA_KEY_GEN_MECHANISM: 'CKM',
  CKA_MECHANISM_TYPE: 'CKM',
  CKA_NAME_HASH_ALGORITHM: 'CKM',
  CKA_PROFILE_ID: 'CKP',

  CKA_TOKEN: 'bool',
  CKA_PRIVATE: 'bool',
  CKA_TRUSTED: 'bool',
  CKA_SENSITIVE: 'bool',
  CKA_ENCRYPT: 'bool',
  CKA_DECRYPT: 'bool',
  CKA_WRAP: 'bool',
  CKA_UNWRAP: 'bool',
  CKA_SIGN: 'bool',
  CKA_SIGN_RECOVER: 'bool',
  CKA_VERIFY: 'bool',
  CKA_VERIFY_RECOVER: 'bool',
  CKA_DERIVE: 'bool',
  CKA_EXTRACTABLE: 'bool',
  CKA_LOCAL: 'bool',
  CKA_NEVER_EXTRACTABLE: 'bool',
  CKA_ALWAYS_SENSITIVE: 'bool',
  CKA_MODIFIABLE: 'bool',
  CKA_COPYABLE: 'bool',
  CKA_DESTROYABLE: 'bool',
  CKA_SECONDARY_AUTH: 'bool',
  CKA_ALWAYS_AUTHENTICATE: 'bool',
  CKA_WRAP_WITH_TRUSTED: 'bool',
  CKA_OTP_USER_FRIENDLY_MODE: 'bool',
  CKA_RESET_ON_INIT: 'bool',
  CKA_HAS_RESET: 'bool',
  CKA_COLOR: 'bool',
  CKA_X2RATCHET_ISALICE: 'bool',

  CKA_CERTIFICATE_CATEGORY: 'ulong',
  CKA_JAVA_MIDP_SECURITY_DOMAIN: 'ulong',
  CKA_MODULUS_BITS: 'ulong',
  CKA_PRIME_BITS: 'ulong',
  CKA_SUBPRIME_BITS: 'ulong',
  CKA_SUB_PRIME_BITS: 'ulong',
  CKA_VALUE_BITS: 'ulong',
  CKA_VALUE_LEN: 'ulong',
  CKA_AUTH_PIN_FLAGS: 'ulong',
  CKA_OTP_FORMAT: 'ulong',
  CKA_OTP_LENGTH: 'ulong',
  CKA_OTP_TIME_INTERVAL: 'ulong',
  CKA_OTP_CHALLENGE_REQUIREMENT: 'ulong',
  CKA_OTP_TIME_REQUIREMENT: 'ulong',
  CKA_OTP_COUNTER_REQUIREMENT: 'ulong',
  CKA_OTP_PIN_REQUIREMENT: 'ulong',
  CKA_PIXEL_X: 'ulong',
  CKA_PIXEL_Y: 'ulong',
  CKA_RESOLUTION: 'ulong',
  CKA_CHAR_ROWS: 'ulong',
  CKA_CHAR_COLUMNS: 'ulong',
  CKA_BITS_PER_PIXEL: 'ulong',
  CKA_X2RATCHET_BAGSIZE: 'ulong',

  CKA_LABEL: 'text',
  CKA_APPLICATION: 'text',
  CKA_URL: 'text',
  CKA_CHAR_SETS: 'text',
  CKA_ENCODING_METHODS: 'text',
  CKA_MIME_TYPES: 'text',
  CKA_OTP_USER_IDENTIFIER: 'text',
  CKA_OTP_SERVICE_IDENTIFIER: 'text',
  CKA_OTP_SERVICE_LOGO_TYPE: 'text',

  CKA_START_DATE: 'date',
  CKA_END_DATE: 'date',

  CKA_ALLOWED_MECHANISMS: 'mechanisms',
  CKA_WRAP_TEMPLATE: 'template',
  CKA_UNWRAP_TEMPLATE: 'template',
  CKA_DERIVE_TEMPLATE: 'template',
} as const

type Kinds = typeof KINDS

export type Kind = Kinds[keyof Kinds] | 'bytes'

export type AttributeName = NameOf<'CKA'>

export function kindOf(name: string): Kind {
  return Object.hasOwn(KINDS, name) ? KINDS[name as keyof Kinds] : 'bytes'
}

type KindOf<Name> = Name extends keyof Kinds ? Kinds[Name] : 'bytes'

/** Prefixes of kinds whose values have names. */
type Named = 'CKO' | 'CKC' | 'CKK' | 'CKH' | 'CKM' | 'CKP'

/** A value as it is read. */
export type AttributeValue<Name> = ReadValue<KindOf<Name>>

type ReadValue<K> = K extends Named
  ? NameOf<K> | Ulong
  : K extends 'bool'
    ? boolean
    : K extends 'ulong'
      ? Ulong
      : K extends 'text'
        ? string
        : K extends 'date'
          ? Date | null
          : K extends 'mechanisms'
            ? readonly (NameOf<'CKM'> | Ulong)[]
            : K extends 'template'
              ? Partial<Attributes>
              : Uint8Array<ArrayBuffer>

/** A value as it is given: bytes for any attribute, too. */
type GivenValue<Name> =
  KindOf<Name> extends 'bytes'
    ? Uint8Array | string
    : KindOf<Name> extends 'template'
      ? Template
      : AttributeValue<Name> | Uint8Array

/** All attributes, as they are read. */
export type Attributes = { readonly [Name in AttributeName]: AttributeValue<Name> }

/** Attributes by their names; those of a vendor by their numbers. */
export type Template = {
  readonly [Name in AttributeName]?: GivenValue<Name> | undefined
} & { readonly [vendor: number]: Uint8Array | string | boolean | number | undefined }
