/** The types of the methods: how each is called when it blocks; its other forms are made of that. */
import type {
  Handle,
  InitializationOptions,
  KeyPair,
  Mechanism,
  MechanismInfo,
  ModuleInfo,
  SessionInfo,
  SlotInfo,
  Template,
  TemplateResult,
  TokenInfo,
} from './types.ts'

/** Of what begins an operation with a key. */
type Begin = (session: Handle, mechanism: Mechanism, key: Handle) => void
/** Of what takes a part of a message. */
type Part = (session: Handle, inData: Buffer) => void
/** Of what writes into `outData`, and gives the part of it that it wrote. */
type Convert = (session: Handle, inData: Buffer, outData: Buffer) => Buffer
type Last = (session: Handle, outData: Buffer) => Buffer

interface FindObjects {
  /** So many handles, or fewer at the end. */
  (session: Handle, maxObjectCount: number): Handle[]
  /** The next one, or `null` at the end. */
  (session: Handle): Handle | null
}

/** Methods that have three forms. */
interface Three {
  C_Digest: Convert
  C_DigestFinal: Last
  C_Sign: Convert
  C_SignFinal: Last
  C_Verify: (session: Handle, inData: Buffer, signature: Buffer) => boolean
  C_VerifyFinal: (session: Handle, signature: Buffer) => boolean
  C_Encrypt: Convert
  C_EncryptFinal: Last
  C_Decrypt: Convert
  C_DecryptFinal: Last
  C_DigestEncryptUpdate: Convert
  C_DecryptDigestUpdate: Convert
  C_SignEncryptUpdate: Convert
  C_DecryptVerifyUpdate: Convert
  C_GenerateKey: (session: Handle, mechanism: Mechanism, template: Template) => Handle
  C_GenerateKeyPair: (
    session: Handle,
    mechanism: Mechanism,
    publicTmpl: Template,
    privateTmpl: Template,
  ) => KeyPair
  C_WrapKey: (
    session: Handle,
    mechanism: Mechanism,
    wrappingKey: Handle,
    key: Handle,
    wrappedKey: Buffer,
  ) => Buffer
  C_UnwrapKey: (
    session: Handle,
    mechanism: Mechanism,
    unwrappingKey: Handle,
    wrappedKey: Buffer,
    template: Template,
  ) => Handle
  C_DeriveKey: (session: Handle, mechanism: Mechanism, key: Handle, template: Template) => Handle
}

/** Methods that block, and nothing else. */
interface One {
  C_Initialize: (options?: InitializationOptions | null) => void
  C_Finalize: () => void
  C_GetInfo: () => ModuleInfo
  C_GetSlotList: (tokenPresent?: boolean) => Handle[]
  C_GetSlotInfo: (slot: Handle) => SlotInfo
  C_GetTokenInfo: (slot: Handle) => TokenInfo
  /** A slot where something happened, or `null` with `CKF_DONT_BLOCK`. */
  C_WaitForSlotEvent: (flags: number) => Handle | null
  /** Gives `undefined`, as in pkcs11js, whose types say `string` too. */
  C_InitToken: (slot: Handle, pin?: string, label?: string) => string
  C_InitPIN: (session: Handle, pin: string) => void
  C_SetPIN: (session: Handle, oldPin: string, newPin: string) => void
  C_GetMechanismList: (slot: Handle) => number[]
  C_GetMechanismInfo: (slot: Handle, mechanism: number) => MechanismInfo
  C_OpenSession: (slot: Handle, flags: number) => Handle
  C_CloseSession: (session: Handle) => void
  C_CloseAllSessions: (slot: Handle) => void
  C_GetSessionInfo: (session: Handle) => SessionInfo
  C_GetOperationState: (session: Handle) => Buffer
  /** A handle of zeros stands for no key. */
  C_SetOperationState: (
    session: Handle,
    state: Buffer,
    encryptionKey: Handle,
    authenticationKey: Handle,
  ) => void
  C_Login: (session: Handle, userType: number, pin: string) => void
  C_Logout: (session: Handle) => void
  C_CreateObject: (session: Handle, template: Template) => Handle
  C_CopyObject: (session: Handle, object: Handle, template: Template) => Handle
  C_DestroyObject: (session: Handle, object: Handle) => void
  C_GetObjectSize: (session: Handle, object: Handle) => number
  /** The template that it was given, with values. */
  C_GetAttributeValue: (session: Handle, object: Handle, template: Template) => TemplateResult
  C_SetAttributeValue: (session: Handle, object: Handle, template: Template) => void
  C_FindObjectsInit: (session: Handle, template: Template) => void
  C_FindObjects: FindObjects
  C_FindObjectsFinal: (session: Handle) => void
  C_DigestInit: (session: Handle, mechanism: Mechanism) => void
  C_DigestUpdate: Part
  C_DigestKey: (session: Handle, key: Handle) => void
  C_SignInit: Begin
  C_SignUpdate: Part
  C_SignRecoverInit: Begin
  C_SignRecover: Convert
  C_VerifyInit: Begin
  C_VerifyUpdate: Part
  C_VerifyRecoverInit: Begin
  C_VerifyRecover: (session: Handle, signature: Buffer, outData: Buffer) => Buffer
  C_EncryptInit: Begin
  C_EncryptUpdate: Convert
  C_DecryptInit: Begin
  C_DecryptUpdate: Convert
  C_SeedRandom: (session: Handle, seed: Buffer) => void
  /** The buffer that it was given, filled. */
  C_GenerateRandom: (session: Handle, buffer: Buffer) => Buffer
}

type Signature = (...given: never[]) => unknown

/** As in pkcs11js, whose callbacks get `null` for an error that there is not, and do not say so. */
type CallbackOf<S extends Signature> = (error: Error, value: ReturnType<S>) => void

type WithCallback<S extends Signature> = (
  ...given: [...given: Parameters<S>, callback: CallbackOf<S>]
) => void

type WithPromise<S extends Signature> = (...given: Parameters<S>) => Promise<ReturnType<S>>

type Callbacks = { [Name in keyof Three as `${Name}Callback`]: WithCallback<Three[Name]> }
type Promises = { [Name in keyof Three as `${Name}Async`]: WithPromise<Three[Name]> }

/** What of the module's functions a program can call. */
export type Pkcs11Methods = One & {
  [Name in keyof Three]: Three[Name] & WithCallback<Three[Name]>
} & Callbacks &
  Promises
