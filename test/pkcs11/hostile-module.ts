/** A module that hands its calls on to SoftHSM and misbehaves in the function that it is told, once. */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as ck from '../../src/pkcs11/constants/index.ts'
import { Cryptoki } from '../../src/pkcs11/cryptoki.ts'
import type { Frame } from '../../src/pkcs11/frame.ts'
import type { FunctionName } from '../../src/pkcs11/functions.ts'
import type { Life, RunOptions } from '../../src/pkcs11/life.ts'
import type { Steps } from '../../src/pkcs11/operation.ts'
import * as crypto from '../../src/pkcs11/operations/crypto.ts'
import * as general from '../../src/pkcs11/operations/general.ts'
import * as keys from '../../src/pkcs11/operations/keys.ts'
import * as objects from '../../src/pkcs11/operations/objects.ts'
import * as sessions from '../../src/pkcs11/operations/sessions.ts'
import * as slots from '../../src/pkcs11/operations/slots.ts'
import type { LoadingOptions } from '../../src/pkcs11/shelter.ts'
import type { Attribute } from '../../src/pkcs11/structures/attributes.ts'
import type { Ulong } from '../../src/pkcs11/words.ts'
import { fixture } from '../fixtures/build.ts'
import { SO_PIN, SOFTHSM, SoftHsm, USER_PIN } from '../support/softhsm.ts'

const RW = ck.CKF_RW_SESSION | ck.CKF_SERIAL_SESSION
const DATA = Buffer.alloc(64, 'data')
const P256 = Buffer.from('06082a8648ce3d030107', 'hex')
const IV = Buffer.alloc(16)

const ulong = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(value)
  return bytes
}
const attribute = (type: number, value: Uint8Array): Attribute => ({ type, value })
const flags = (...types: readonly number[]): Attribute[] =>
  types.map((type) => attribute(type, Buffer.of(1)))

/** What of the machine the module needs: SoftHSM's file and its dependencies, read by path. */
export class Forwarder implements Disposable {
  readonly path = fixture('forwards-to-a-module')
  readonly options: LoadingOptions
  readonly env: Readonly<Record<string, string>>
  readonly #softHsm = new SoftHsm()
  readonly #orders: string

  constructor() {
    const { permissions = {} } = this.#softHsm.options
    const [tokens = ''] = permissions.write ?? []
    this.#orders = `${tokens}/orders`
    this.env = {
      ...permissions.env,
      FORWARD_TO: SOFTHSM,
      MISBEHAVE_ONCE: this.#orders,
    }
    this.options = {
      profile: 'softhsm2',
      stdout: 'ignore',
      permissions: { read: ['/usr/lib', dirname(SOFTHSM)], env: this.env },
    }
  }

  /** Does this in this function, the next time that it is called. */
  order(name: string, deed: string): void {
    writeFileSync(this.#orders, `${name} ${deed}`)
  }

  get hasObeyed(): boolean {
    return !existsSync(this.#orders)
  }

  forget(): void {
    rmSync(this.#orders, { force: true })
  }

  [Symbol.dispose](): void {
    this.#softHsm[Symbol.dispose]()
  }
}

type Operation<Args extends readonly unknown[], R> = (frame: Frame, ...args: Args) => Steps<R>

/** Somebody who works with a token, and begins anew when the module's process has ended. */
export class Worker {
  readonly cryptoki: Cryptoki
  limits: RunOptions = {}
  #life: Life | undefined
  slot: Ulong = 0
  session: Ulong = 0
  aes: Ulong = 0
  pair: keys.KeyPair = { publicKey: 0, privateKey: 0 }
  signature: Uint8Array = Buffer.alloc(0)

  constructor(cryptoki: Cryptoki) {
    this.cryptoki = cryptoki
  }

  /** With a token of its own. */
  static async start({ path, options }: Forwarder): Promise<Worker> {
    const worker = new Worker(await Cryptoki.load(path, options))
    await worker.cryptoki.initialize()
    const [empty = 0] = await worker.do(slots.getSlotList, true)
    await worker.do(slots.initToken, empty, SO_PIN, 'hostile')
    await worker.#open()
    await worker.do(sessions.login, worker.session, ck.CKU_SO, SO_PIN)
    await worker.do(sessions.initPin, worker.session, USER_PIN)
    await worker.do(sessions.logout, worker.session)
    await worker.#prepare()
    worker.#life = await worker.cryptoki.life()
    return worker
  }

  do<Args extends readonly unknown[], R>(operation: Operation<Args, R>, ...args: Args): Promise<R> {
    return this.cryptoki.run((frame) => operation(frame, ...args), this.limits)
  }

  /** In a new process: of what misbehaved before nothing is used on. */
  async begin(): Promise<void> {
    const life = await this.cryptoki.life()
    if (life !== this.#life) {
      this.#life = life
    } else {
      process.kill(this.cryptoki.library.thread.pid as number, 'SIGKILL')
      while (life.isAlive) await new Promise((resolve) => setTimeout(resolve, 2))
      this.#life = await this.cryptoki.life()
    }
    if (!this.cryptoki.isInitialized) await this.cryptoki.initialize({}, this.limits)
    await this.#open()
    await this.#prepare()
  }

  async #open(): Promise<void> {
    ;[this.slot = 0] = await this.do(slots.getSlotList, true)
    this.session = await this.do(sessions.openSession, this.slot, RW)
  }

  async #prepare(): Promise<void> {
    await this.do(sessions.login, this.session, ck.CKU_USER, USER_PIN)
    this.aes = await this.generateKey()
    this.pair = await this.generateKeyPair()
    this.signature = await this.sign()
  }

  generateKey(): Promise<Ulong> {
    return this.do(keys.generateKey, this.session, { mechanism: ck.CKM_AES_KEY_GEN }, [
      attribute(ck.CKA_VALUE_LEN, ulong(32)),
      ...flags(ck.CKA_ENCRYPT, ck.CKA_DECRYPT, ck.CKA_WRAP, ck.CKA_UNWRAP, ck.CKA_EXTRACTABLE),
    ])
  }

  generateKeyPair(): Promise<keys.KeyPair> {
    return this.do(
      keys.generateKeyPair,
      this.session,
      { mechanism: ck.CKM_EC_KEY_PAIR_GEN },
      [attribute(ck.CKA_EC_PARAMS, P256), ...flags(ck.CKA_VERIFY)],
      flags(ck.CKA_SIGN, ck.CKA_DERIVE),
    )
  }

  sign(): Promise<Uint8Array> {
    const mechanism = { mechanism: ck.CKM_ECDSA }
    const hash = DATA.subarray(0, 32)
    return this.do(crypto.whole, 'sign', this.session, mechanism, this.pair.privateKey, hash)
  }

  async encrypt(): Promise<Uint8Array> {
    const mechanism = { mechanism: ck.CKM_AES_CBC, parameter: IV }
    return await this.do(crypto.whole, 'encrypt', this.session, mechanism, this.aes, DATA)
  }
}

type Use = (worker: Worker) => Promise<unknown>

const AES = { mechanism: ck.CKM_AES_CBC, parameter: IV }
const SHA = { mechanism: ck.CKM_SHA256 }
const object = (worker: Worker): Promise<Ulong> =>
  worker.do(objects.createObject, worker.session, [
    attribute(ck.CKA_CLASS, ulong(ck.CKO_DATA)),
    attribute(ck.CKA_LABEL, Buffer.from('an object')),
    attribute(ck.CKA_VALUE, DATA),
  ])

const general_: Record<string, Use> = {
  C_Initialize: async ({ cryptoki, limits }) => {
    await cryptoki.finalize(limits)
    await cryptoki.initialize({}, limits)
  },
  C_Finalize: ({ cryptoki, limits }) => cryptoki.finalize(limits),
  C_GetInfo: (worker) => worker.do(general.getInfo),
  C_GetSlotList: (worker) => worker.do(slots.getSlotList, true),
  C_GetSlotInfo: (worker) => worker.do(slots.getSlotInfo, worker.slot),
  C_GetTokenInfo: (worker) => worker.do(slots.getTokenInfo, worker.slot),
  C_GetMechanismList: (worker) => worker.do(slots.getMechanismList, worker.slot),
  C_GetMechanismInfo: (worker) => worker.do(slots.getMechanismInfo, worker.slot, ck.CKM_RSA_PKCS),
  C_OpenSession: (worker) => worker.do(sessions.openSession, worker.slot, RW),
  C_CloseSession: (worker) => worker.do(sessions.closeSession, worker.session),
  C_GetSessionInfo: (worker) => worker.do(sessions.getSessionInfo, worker.session),
  C_Login: async (worker) => {
    await worker.do(sessions.logout, worker.session)
    await worker.do(sessions.login, worker.session, ck.CKU_USER, USER_PIN)
  },
  C_Logout: (worker) => worker.do(sessions.logout, worker.session),
  C_SetPIN: (worker) => worker.do(sessions.setPin, worker.session, USER_PIN, USER_PIN),
}

const ofObjects: Record<string, Use> = {
  C_CreateObject: object,
  C_DestroyObject: async (worker) =>
    worker.do(objects.destroyObject, worker.session, await object(worker)),
  C_GetObjectSize: (worker) => worker.do(objects.getObjectSize, worker.session, worker.aes),
  C_GetAttributeValue: (worker) =>
    worker.do(objects.getAttributeValue, worker.session, worker.aes, [
      ck.CKA_CLASS,
      ck.CKA_LABEL,
      ck.CKA_VALUE_LEN,
    ]),
  C_SetAttributeValue: (worker) =>
    worker.do(objects.setAttributeValue, worker.session, worker.aes, [
      attribute(ck.CKA_LABEL, Buffer.from('another')),
    ]),
  C_FindObjectsInit: (worker) => worker.do(objects.findAll, worker.session, []),
  C_FindObjects: (worker) => worker.do(objects.findAll, worker.session, []),
  C_FindObjectsFinal: (worker) => worker.do(objects.findAll, worker.session, []),
}

const encrypt: Use = (worker) => worker.encrypt()
const decrypt: Use = async (worker) => {
  const sealed = await worker.encrypt()
  return worker.do(crypto.whole, 'decrypt', worker.session, AES, worker.aes, sealed)
}
const encryptInParts: Use = async (worker) => {
  const { session } = worker
  await worker.do(crypto.begin, 'C_EncryptInit', session, AES, worker.aes)
  await worker.do(crypto.transform, 'C_EncryptUpdate', session, DATA)
  await worker.do(crypto.finish, 'C_EncryptFinal', session)
}
const digest: Use = (worker) =>
  worker.do(crypto.whole, 'digest', worker.session, SHA, undefined, DATA)
const digestInParts: Use = async (worker) => {
  await worker.do(crypto.begin, 'C_DigestInit', worker.session, SHA, undefined)
  await worker.do(crypto.feed, 'C_DigestUpdate', worker.session, DATA)
  return worker.do(crypto.finish, 'C_DigestFinal', worker.session)
}
const signInParts: Use = async (worker) => {
  const { session } = worker
  const key = await worker.do(
    keys.generateKey,
    session,
    { mechanism: ck.CKM_GENERIC_SECRET_KEY_GEN },
    [attribute(ck.CKA_VALUE_LEN, ulong(32)), ...flags(ck.CKA_SIGN)],
  )
  const mechanism = { mechanism: ck.CKM_SHA256_HMAC }
  await worker.do(crypto.begin, 'C_SignInit', session, mechanism, key)
  await worker.do(crypto.feed, 'C_SignUpdate', session, DATA)
  return worker.do(crypto.finish, 'C_SignFinal', session)
}
const verify: Use = (worker) => {
  const { session, pair, signature } = worker
  const mechanism = { mechanism: ck.CKM_ECDSA }
  const hash = DATA.subarray(0, 32)
  return worker.do(crypto.verify, session, mechanism, pair.publicKey, hash, signature)
}
const WRAP = { mechanism: ck.CKM_AES_KEY_WRAP }
const wrap = async (worker: Worker): Promise<Uint8Array> =>
  worker.do(keys.wrapKey, worker.session, WRAP, worker.aes, await worker.generateKey())

const ofKeys: Record<string, Use> = {
  C_EncryptInit: encrypt,
  C_Encrypt: encrypt,
  C_DecryptInit: decrypt,
  C_Decrypt: decrypt,
  C_DigestInit: digest,
  C_Digest: digest,
  C_DigestUpdate: digestInParts,
  C_DigestFinal: digestInParts,
  C_SignInit: (worker) => worker.sign(),
  C_Sign: (worker) => worker.sign(),
  C_VerifyInit: verify,
  C_Verify: verify,
  C_GenerateKey: (worker) => worker.generateKey(),
  C_GenerateKeyPair: (worker) => worker.generateKeyPair(),
  C_WrapKey: wrap,
  C_UnwrapKey: async (worker) =>
    worker.do(keys.unwrapKey, worker.session, WRAP, worker.aes, await wrap(worker), [
      attribute(ck.CKA_CLASS, ulong(ck.CKO_SECRET_KEY)),
      attribute(ck.CKA_KEY_TYPE, ulong(ck.CKK_AES)),
    ]),
  C_SeedRandom: (worker) => worker.do(crypto.feed, 'C_SeedRandom', worker.session, DATA),
  C_GenerateRandom: (worker) => worker.do(keys.generateRandom, worker.session, 32),
}

/** What comes by a function: SoftHSM refuses some in parts for some mechanisms, which is its own affair. */
export const USES: Readonly<Record<string, Use>> = {
  ...general_,
  ...ofObjects,
  ...ofKeys,
  C_EncryptUpdate: encryptInParts,
  C_EncryptFinal: encryptInParts,
  C_SignUpdate: signInParts,
  C_SignFinal: signInParts,
} satisfies Partial<Record<FunctionName, Use>>

/** Functions that say how long something is. */
export const SAYING: readonly string[] = [
  'C_GetSlotList',
  'C_GetMechanismList',
  'C_GetAttributeValue',
  'C_FindObjects',
  'C_Encrypt',
  'C_EncryptUpdate',
  'C_EncryptFinal',
  'C_Decrypt',
  'C_Digest',
  'C_DigestFinal',
  'C_Sign',
  'C_SignFinal',
  'C_WrapKey',
]
