/** A session with a token: all that is done with keys and objects. */
import type { Streaming } from './active-operation.ts'
import type { AttributeName, Template } from './attribute-kinds.ts'
import { readValue, templateOf, typeOf } from './attribute-values.ts'
import { type Bytes, bytesOf, type CallOptions, runOptionsOf } from './call-options.ts'
import { wrongKind } from './complaint.ts'
import { CKR_SESSION_CLOSED, CKR_SESSION_HANDLE_INVALID } from './constants/index.ts'
import type { Cryptoki } from './cryptoki.ts'
import {
  type DualKind,
  DualStream,
  digestEnd,
  type End,
  type Pair,
  signEnd,
  verifyEnd,
} from './dual-streams.ts'
import { moduleClosed, Pkcs11Error } from './errors.ts'
import type { Frame } from './frame.ts'
import type { Life } from './life.ts'
import { type LoginOptions, requirePin } from './login.ts'
import { type MechanismInput, mechanismOf } from './mechanism-input.ts'
import { MessageCipher, MessageSigner, MessageVerifier } from './messages.ts'
import { type Found, Pkcs11Object, requireObject } from './object.ts'
import { mapped, type Operation, type Steps } from './operation.ts'
import * as crypto from './operations/crypto.ts'
import * as keys from './operations/keys.ts'
import * as objects from './operations/objects.ts'
import * as sessions from './operations/sessions.ts'
import type { Pin } from './operations/slots.ts'
import type { Parts } from './parts.ts'
import {
  isReopened,
  loginOperation,
  type Seat,
  type SessionOptions,
  takeSeat,
  takeSeatSync,
} from './seat.ts'
import { type Asked, streamings } from './stream-input.ts'
import { cryptStream, digestStream, signStream, verifyStream } from './streams.ts'
import { type SessionInfo, sessionInfoOf } from './token-info.ts'
import { type Twin, twin } from './twin.ts'
import type { Ulong } from './words.ts'

export interface FindOptions<Name extends AttributeName | number> extends CallOptions {
  /** Read with the objects: see `attributes` of each. */
  readonly attributes?: readonly Name[] | undefined
  /** No more than so many. */
  readonly limit?: number | undefined
}

export interface KeyPairTemplates {
  readonly public?: Template | undefined
  readonly private?: Template | undefined
}

export interface KeyPair {
  readonly publicKey: Pkcs11Object
  readonly privateKey: Pkcs11Object
}

type Key = Pkcs11Object<never> | Pkcs11Object<AttributeName | number>
type Result = Uint8Array<ArrayBuffer>

/** Of a search that goes on while its results are used. */
const OBJECTS_AT_ONCE = 64

export class Session implements AsyncDisposable, Disposable {
  readonly #cryptoki: Cryptoki
  readonly #options: SessionOptions
  #seat: Seat
  #reopening: Promise<Seat> | undefined
  #closed = false

  /** @internal Use `slot.open`. */
  constructor(cryptoki: Cryptoki, options: SessionOptions, seat: Seat) {
    this.#cryptoki = cryptoki
    this.#options = options
    this.#seat = seat
  }

  /** The number that the module knows it by; another one after a restart. */
  get handle(): Ulong {
    return this.#seat.handle
  }

  readonly info: Twin<[options?: CallOptions], SessionInfo> = this.#twin('info', 0, ({ handle }) =>
    mapped((frame) => sessions.getSessionInfo(frame, handle), sessionInfoOf),
  )

  /** Logs the program in with the token, in all of its sessions. A PIN of null is typed into the device. */
  readonly login: Twin<[pin: Pin, options?: LoginOptions], void> = this.#twin(
    'login',
    1,
    ({ handle }, pin, options) => loginOperation(handle, pin, options),
  )

  readonly logout: Twin<[options?: CallOptions], void> = this.#twin(
    'logout',
    0,
    ({ handle }) =>
      (frame) =>
        sessions.logout(frame, handle),
  )

  /** Sets the user's PIN, as the security officer. */
  readonly initPin: Twin<[pin: Pin, options?: CallOptions], void> = this.#twin(
    'initPin',
    1,
    ({ handle }, pin) => {
      const checked = requirePin(pin, 'initPin')
      return (frame) => sessions.initPin(frame, handle, checked)
    },
  )

  readonly setPin: Twin<[oldPin: Pin, newPin: Pin, options?: CallOptions], void> = this.#twin(
    'setPin',
    2,
    ({ handle }, oldPin, newPin) => {
      const checked = [requirePin(oldPin, 'setPin'), requirePin(newPin, 'setPin')] as const
      return (frame) => sessions.setPin(frame, handle, ...checked)
    },
  )

  /**
   * Objects whose attributes are those of the template; all of them without one. The search is over when it resolves.
   */
  readonly find: {
    <const Name extends AttributeName | number = never>(
      template?: Template,
      options?: FindOptions<Name>,
    ): Promise<Pkcs11Object<Name>[]>
    /** The same, blocking. */
    sync<const Name extends AttributeName | number = never>(
      template?: Template,
      options?: FindOptions<Name>,
    ): Pkcs11Object<Name>[]
  } = this.#twin(
    'find',
    1,
    ({ handle, life }, template: Template = {}, options: FindOptions<never> = {}) => {
      const attributes = templateOf(template, 'find')
      const { attributes: names = [], limit } = options
      const types = names.map((name) => typeOf(name, 'find'))
      return function* (frame) {
        const found = yield* objects.findAll(frame, handle, attributes, limit)
        return yield* withAttributes(frame, { handle, life }, found, names, types)
      }
    },
  ) as Session['find']

  /**
   * The same, a few at a time: for tokens with more objects than a program wants to hold. The search goes on until the
   * loop ends; meanwhile the session searches for nothing else.
   */
  async *search<const Name extends AttributeName | number = never>(
    template: Template = {},
    options: FindOptions<Name> = {},
  ): AsyncGenerator<Pkcs11Object<Name>> {
    const attributes = templateOf(template, 'search')
    const { attributes: names = [], limit = Number.POSITIVE_INFINITY } = options
    const types = names.map((name) => typeOf(name, 'search'))
    const limits = runOptionsOf(options, 'search')
    const { handle, life } = await this.seat('search')
    const run = <Output>(operation: Operation<Output>): Promise<Output> =>
      life.run(operation, { ...limits, session: handle })
    await run((frame) => objects.findObjectsInit(frame, handle, attributes))
    try {
      for (let found = 0; found < limit; ) {
        const most = Math.min(OBJECTS_AT_ONCE, limit - found)
        const some = await run(function* (frame) {
          const handles = yield* objects.findObjects(frame, handle, most)
          return yield* withAttributes(frame, { handle, life }, handles, names as never[], types)
        })
        if (some.length === 0) break
        found += some.length
        yield* some as unknown as Pkcs11Object<Name>[]
      }
    } finally {
      if (life.serves)
        await life.run((frame) => objects.findObjectsFinal(frame, handle), { session: handle })
    }
  }

  /** Attributes of an object; `undefined` for what it has not, or does not tell. */
  readonly get: {
    <const Name extends AttributeName | number>(
      object: Key,
      names: readonly Name[],
      options?: CallOptions,
    ): Promise<Found<Name>>
    /** The same, blocking. */
    sync<const Name extends AttributeName | number>(
      object: Key,
      names: readonly Name[],
      options?: CallOptions,
    ): Found<Name>
  } = this.#twin('get', 2, ({ handle, life }, object: Key, names: readonly never[]) => {
    const target = handleOf(object, life, 'get: object', 'C_GetAttributeValue')
    if (!Array.isArray(names)) throw wrongKind('get: names', 'an array of attributes', names)
    const types = names.map((name) => typeOf(name, 'get'))
    return function* (frame) {
      const { values } = yield* objects.getAttributeValue(frame, handle, target, types)
      return foundOf(names, values)
    }
  }) as Session['get']

  /** Changes attributes of an object. */
  readonly set: Twin<[object: Key, template: Template, options?: CallOptions], void> = this.#twin(
    'set',
    2,
    ({ handle, life }, object, template) => {
      const target = handleOf(object, life, 'set: object', 'C_SetAttributeValue')
      const attributes = templateOf(template, 'set')
      return (frame) => objects.setAttributeValue(frame, handle, target, attributes)
    },
  )

  readonly create: Twin<[template: Template, options?: CallOptions], Pkcs11Object> = this.#twin(
    'create',
    1,
    ({ handle, life }, template) => {
      const attributes = templateOf(template, 'create')
      return mapped((frame) => objects.createObject(frame, handle, attributes), objectIn(life))
    },
  )

  readonly copy: Twin<[object: Key, template?: Template, options?: CallOptions], Pkcs11Object> =
    this.#twin('copy', 2, ({ handle, life }, object, template = {}) => {
      const target = handleOf(object, life, 'copy: object', 'C_CopyObject')
      const attributes = templateOf(template, 'copy')
      return mapped(
        (frame) => objects.copyObject(frame, handle, target, attributes),
        objectIn(life),
      )
    })

  readonly destroy: Twin<[object: Key, options?: CallOptions], void> = this.#twin(
    'destroy',
    1,
    ({ handle, life }, object) => {
      const target = handleOf(object, life, 'destroy: object', 'C_DestroyObject')
      return (frame) => objects.destroyObject(frame, handle, target)
    },
  )

  /** Bytes that an object takes in the token. */
  readonly size: Twin<[object: Key, options?: CallOptions], number> = this.#twin(
    'size',
    1,
    ({ handle, life }, object) => {
      const target = handleOf(object, life, 'size: object', 'C_GetObjectSize')
      return mapped((frame) => objects.getObjectSize(frame, handle, target), Number)
    },
  )

  readonly generateKey: Twin<
    [mechanism: MechanismInput, template?: Template, options?: CallOptions],
    Pkcs11Object
  > = this.#twin('generateKey', 2, ({ handle, life }, mechanism, template = {}) => {
    const checked = mechanismOf(mechanism, 'generateKey')
    const attributes = templateOf(template, 'generateKey')
    return mapped((frame) => keys.generateKey(frame, handle, checked, attributes), objectIn(life))
  })

  readonly generateKeyPair: Twin<
    [mechanism: MechanismInput, templates?: KeyPairTemplates, options?: CallOptions],
    KeyPair
  > = this.#twin('generateKeyPair', 2, ({ handle, life }, mechanism, templates = {}) => {
    const checked = mechanismOf(mechanism, 'generateKeyPair')
    const publicTemplate = templateOf(templates.public ?? {}, 'generateKeyPair: public')
    const privateTemplate = templateOf(templates.private ?? {}, 'generateKeyPair: private')
    const object = objectIn(life)
    return mapped(
      (frame) => keys.generateKeyPair(frame, handle, checked, publicTemplate, privateTemplate),
      ({ publicKey, privateKey }) => ({
        publicKey: object(publicKey),
        privateKey: object(privateKey),
      }),
    )
  })

  readonly deriveKey: Twin<
    [mechanism: MechanismInput, baseKey: Key, template?: Template, options?: CallOptions],
    Pkcs11Object
  > = this.#twin('deriveKey', 3, ({ handle, life }, mechanism, baseKey, template = {}) => {
    const checked = mechanismOf(mechanism, 'deriveKey')
    const base = handleOf(baseKey, life, 'deriveKey: baseKey', 'C_DeriveKey')
    const attributes = templateOf(template, 'deriveKey')
    return mapped(
      (frame) => keys.deriveKey(frame, handle, checked, base, attributes),
      objectIn(life),
    )
  })

  readonly wrapKey: Twin<
    [mechanism: MechanismInput, wrappingKey: Key, key: Key, options?: CallOptions],
    Result
  > = this.#twin('wrapKey', 3, ({ handle, life }, mechanism, wrappingKey, key) => {
    const checked = mechanismOf(mechanism, 'wrapKey')
    const wrapping = handleOf(wrappingKey, life, 'wrapKey: wrappingKey', 'C_WrapKey')
    const wrapped = handleOf(key, life, 'wrapKey: key', 'C_WrapKey')
    return (frame) => keys.wrapKey(frame, handle, checked, wrapping, wrapped)
  })

  readonly unwrapKey: Twin<
    [
      mechanism: MechanismInput,
      unwrappingKey: Key,
      wrapped: Bytes,
      template?: Template,
      options?: CallOptions,
    ],
    Pkcs11Object
  > = this.#twin(
    'unwrapKey',
    4,
    ({ handle, life }, mechanism, unwrappingKey, wrapped, template = {}) => {
      const checked = mechanismOf(mechanism, 'unwrapKey')
      const unwrapping = handleOf(unwrappingKey, life, 'unwrapKey: unwrappingKey', 'C_UnwrapKey')
      const bytes = bytesOf(wrapped, 'unwrapKey: wrapped')
      const attributes = templateOf(template, 'unwrapKey')
      return mapped(
        (frame) => keys.unwrapKey(frame, handle, checked, unwrapping, bytes, attributes),
        objectIn(life),
      )
    },
  )

  readonly encrypt = this.#whole('encrypt', 'C_EncryptInit')
  readonly decrypt = this.#whole('decrypt', 'C_DecryptInit')
  readonly sign = this.#whole('sign', 'C_SignInit')
  readonly signRecover = this.#whole('signRecover', 'C_SignRecoverInit')
  /** The data that a signature holds. */
  readonly verifyRecover = this.#whole('verifyRecover', 'C_VerifyRecoverInit')

  readonly digest: Twin<[mechanism: MechanismInput, data: Bytes, options?: CallOptions], Result> =
    this.#twin('digest', 2, ({ handle }, mechanism, data) => {
      const checked = mechanismOf(mechanism, 'digest')
      const bytes = bytesOf(data, 'digest: data')
      return (frame) => crypto.whole(frame, 'digest', handle, checked, undefined, bytes)
    })

  /** Whether the signature is one; what else fails is an error. */
  readonly verify: Twin<
    [mechanism: MechanismInput, key: Key, data: Bytes, signature: Bytes, options?: CallOptions],
    boolean
  > = this.#twin('verify', 4, ({ handle, life }, mechanism, key, data, signature) => {
    const checked = mechanismOf(mechanism, 'verify')
    const target = handleOf(key, life, 'verify: key', 'C_VerifyInit')
    const signed = bytesOf(data, 'verify: data')
    const bytes = bytesOf(signature, 'verify: signature')
    return (frame) => crypto.verify(frame, handle, checked, target, signed, bytes)
  })

  /** Encrypts data that comes in parts. Meanwhile the session encrypts nothing else. */
  encryptStream(
    mechanism: MechanismInput,
    key: Key,
    parts: Parts,
    options?: CallOptions,
  ): AsyncGenerator<Result> {
    const asked = { mechanism, key: ['key', key] } as const
    return cryptStream('encrypt', this.#streaming('encryptStream', asked, parts, options))
  }

  decryptStream(
    mechanism: MechanismInput,
    key: Key,
    parts: Parts,
    options?: CallOptions,
  ): AsyncGenerator<Result> {
    const asked = { mechanism, key: ['key', key] } as const
    return cryptStream('decrypt', this.#streaming('decryptStream', asked, parts, options))
  }

  /** Parts may be keys: their values go into the digest. */
  async digestStream(
    mechanism: MechanismInput,
    parts: Parts<Bytes | Pkcs11Object>,
    options?: CallOptions,
  ): Promise<Result> {
    return digestStream(await this.#streaming('digestStream', { mechanism }, parts, options)())
  }

  async signStream(
    mechanism: MechanismInput,
    key: Key,
    parts: Parts,
    options?: CallOptions,
  ): Promise<Result> {
    const asked = { mechanism, key: ['key', key] } as const
    return signStream(await this.#streaming('signStream', asked, parts, options)())
  }

  async verifyStream(
    mechanism: MechanismInput,
    key: Key,
    parts: Parts,
    signature: Bytes,
    options?: CallOptions,
  ): Promise<boolean> {
    const bytes = bytesOf(signature, 'verifyStream: signature')
    const asked = { mechanism, key: ['key', key] } as const
    return verifyStream(await this.#streaming('verifyStream', asked, parts, options)(), bytes)
  }

  /** Encrypts data that comes in parts and digests it: the digest is the stream's `outcome`. */
  digestEncryptStream(
    digest: MechanismInput,
    mechanism: MechanismInput,
    key: Key,
    parts: Parts,
    options?: CallOptions,
  ): DualStream<Result> {
    const asked = [{ mechanism, key: ['key', key] }, { mechanism: digest }] as const
    return this.#dual('digestEncrypt', asked, parts, options, digestEnd)
  }

  /** Decrypts data that comes in parts and digests what comes of it. */
  decryptDigestStream(
    mechanism: MechanismInput,
    key: Key,
    digest: MechanismInput,
    parts: Parts,
    options?: CallOptions,
  ): DualStream<Result> {
    const asked = [{ mechanism, key: ['key', key] }, { mechanism: digest }] as const
    return this.#dual('decryptDigest', asked, parts, options, digestEnd)
  }

  /** Encrypts data that comes in parts and signs it: the signature is the stream's `outcome`. */
  signEncryptStream(
    sign: MechanismInput,
    signKey: Key,
    mechanism: MechanismInput,
    key: Key,
    parts: Parts,
    options?: CallOptions,
  ): DualStream<Result> {
    const signing = { mechanism: sign, key: ['signKey', signKey] } as const
    const asked = [{ mechanism, key: ['key', key] }, signing] as const
    return this.#dual('signEncrypt', asked, parts, options, signEnd)
  }

  /** Decrypts data that comes in parts and verifies what comes of it: `outcome` is whether it was signed so. */
  decryptVerifyStream(
    mechanism: MechanismInput,
    key: Key,
    verify: MechanismInput,
    verifyKey: Key,
    parts: Parts,
    signature: Bytes,
    options?: CallOptions,
  ): DualStream<boolean> {
    const bytes = bytesOf(signature, 'decryptVerifyStream: signature')
    const verifying = { mechanism: verify, key: ['verifyKey', verifyKey] } as const
    const asked = [{ mechanism, key: ['key', key] }, verifying] as const
    return this.#dual('decryptVerify', asked, parts, options, verifyEnd(bytes))
  }

  /** Encrypts many messages with one key. Of version 3, as those below. */
  encryptMessages(
    mechanism: MechanismInput,
    key: Key,
    options?: CallOptions,
  ): Promise<MessageCipher> {
    return this.#messages((seat) => new MessageCipher(seat, 'Encrypt'), mechanism, key, options)
  }

  decryptMessages(
    mechanism: MechanismInput,
    key: Key,
    options?: CallOptions,
  ): Promise<MessageCipher> {
    return this.#messages((seat) => new MessageCipher(seat, 'Decrypt'), mechanism, key, options)
  }

  signMessages(mechanism: MechanismInput, key: Key, options?: CallOptions): Promise<MessageSigner> {
    return this.#messages((seat) => new MessageSigner(seat), mechanism, key, options)
  }

  verifyMessages(
    mechanism: MechanismInput,
    key: Key,
    options?: CallOptions,
  ): Promise<MessageVerifier> {
    return this.#messages((seat) => new MessageVerifier(seat), mechanism, key, options)
  }

  readonly random: Twin<[bytes: number, options?: CallOptions], Result> = this.#twin(
    'random',
    1,
    ({ handle }, bytes) => {
      if (!Number.isSafeInteger(bytes) || bytes < 0)
        throw wrongKind('random: bytes', 'a whole number from 0 on', bytes)
      return (frame) => keys.generateRandom(frame, handle, bytes)
    },
  )

  readonly seedRandom: Twin<[seed: Bytes, options?: CallOptions], void> = this.#twin(
    'seedRandom',
    1,
    ({ handle }, seed) => {
      const bytes = bytesOf(seed, 'seedRandom: seed')
      return (frame) => crypto.feed(frame, 'C_SeedRandom', handle, bytes)
    },
  )

  /** The state of the operations that are active, for `setOperationState` of this or another session. */
  readonly getOperationState: Twin<[options?: CallOptions], Result> = this.#twin(
    'getOperationState',
    0,
    ({ handle }) =>
      (frame) =>
        sessions.getOperationState(frame, handle),
  )

  readonly setOperationState: Twin<
    [state: Bytes, encryptionKey?: Key, authenticationKey?: Key, options?: CallOptions],
    void
  > = this.#twin(
    'setOperationState',
    3,
    ({ handle, life }, state, encryptionKey, authenticationKey) => {
      const bytes = bytesOf(state, 'setOperationState: state')
      const keyOf = (key: Key | undefined): Ulong =>
        key === undefined ? 0 : handleOf(key, life, 'setOperationState: key', 'C_SetOperationState')
      const both = [keyOf(encryptionKey), keyOf(authenticationKey)] as const
      return (frame) => sessions.setOperationState(frame, handle, bytes, ...both)
    },
  )

  /** Of version 1, where functions ran beside the program: modules say `CKR_FUNCTION_NOT_PARALLEL`. */
  readonly getFunctionStatus: Twin<[options?: CallOptions], void> = this.#twin(
    'getFunctionStatus',
    0,
    ({ handle }) =>
      (frame) =>
        sessions.getFunctionStatus(frame, handle),
  )

  /** The same. */
  readonly cancelFunction: Twin<[options?: CallOptions], void> = this.#twin(
    'cancelFunction',
    0,
    ({ handle }) =>
      (frame) =>
        sessions.cancelFunction(frame, handle),
  )

  /** Ends active operations: flags such as `CKF_SIGN`. Of version 3. */
  readonly cancel: Twin<[flags: Ulong, options?: CallOptions], void> = this.#twin(
    'cancel',
    1,
    ({ handle }, flags) =>
      (frame) =>
        sessions.sessionCancel(frame, handle, flags),
  )

  /** Closes it behind what it does; of a process that has ended, nothing is left to close. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const { life, handle } = this.#seat
    if (!life.serves) return
    await life.run((frame) => sessions.closeSession(frame, handle), { session: handle })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** As `close`, blocking. */
  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    const { life, handle } = this.#seat
    if (life.serves) life.runSync((frame) => sessions.closeSession(frame, handle))
  }

  /** @internal Where it is now: opened anew after a restart, if its options say how. */
  seat(method: string): Seat | Promise<Seat> {
    this.#requireOpen(method)
    if (this.#seat.life.isAlive) return this.#seat
    this.#requireReopen(method)
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = undefined
    })
    return this.#reopening
  }

  #seatSync(method: string): Seat {
    this.#requireOpen(method)
    if (this.#seat.life.isAlive) return this.#seat
    this.#requireReopen(method)
    const { slot, token } = this.#seat
    this.#seat = takeSeatSync(this.#cryptoki, slot, this.#options, token)
    return this.#seat
  }

  async #reopen(): Promise<Seat> {
    const { slot, token } = this.#seat
    const seat = await takeSeat(this.#cryptoki, slot, this.#options, token)
    // A blocking call may have been quicker.
    if (!this.#seat.life.isAlive) this.#seat = seat
    return this.#seat
  }

  /** Arguments are checked at once, whenever the stream begins. */
  #streaming(
    where: string,
    asked: Asked,
    parts: unknown,
    options: CallOptions | undefined,
  ): () => Promise<Streaming> {
    const [seen] = streamings(where, [asked], parts, options)
    return async () => seen(await this.seat(where))
  }

  #dual<Outcome>(
    kind: DualKind,
    asked: readonly [cipher: Asked, other: Asked],
    parts: unknown,
    options: CallOptions | undefined,
    end: End<Outcome>,
  ): DualStream<Outcome> {
    const where = `${kind}Stream`
    const [cipher, other] = streamings(where, asked, parts, options)
    const pair = async (): Promise<Pair> => {
      const seat = await this.seat(where)
      return { cipher: cipher(seat), other: other(seat) }
    }
    return new DualStream(kind, pair, end)
  }

  async #messages<Operation extends MessageCipher | MessageSigner | MessageVerifier>(
    make: (seat: Seat) => Operation,
    mechanism: MechanismInput,
    key: Key,
    options: CallOptions | undefined,
  ): Promise<Operation> {
    const limits = runOptionsOf(options, 'messages')
    const checked = mechanismOf(mechanism, 'messages')
    const seat = await this.seat('messages')
    const handle = handleOf(key, seat.life, 'messages: key', 'C_MessageInit')
    const operation = make(seat)
    await operation.begin(checked, handle, limits)
    return operation
  }

  #requireOpen(method: string): void {
    if (this.#closed) throw new Pkcs11Error(method, CKR_SESSION_CLOSED, 'the session was closed')
  }

  #requireReopen(method: string): void {
    if (this.#seat.life.isShut) throw moduleClosed(method)
    if (isReopened(this.#options)) return
    throw new Pkcs11Error(
      method,
      CKR_SESSION_HANDLE_INVALID,
      'the process that the session was in has ended',
    )
  }

  #whole(
    kind: Exclude<crypto.WholeOperation, 'digest'>,
    method: string,
  ): Twin<[mechanism: MechanismInput, key: Key, data: Bytes, options?: CallOptions], Result> {
    return this.#twin(kind, 3, ({ handle, life }, mechanism, key, data) => {
      const checked = mechanismOf(mechanism, kind)
      const target = handleOf(key, life, `${kind}: key`, method)
      const bytes = bytesOf(data, `${kind}: data`)
      return (frame) => crypto.whole(frame, kind, handle, checked, target, bytes)
    })
  }

  /** @param at Where the options of the call stand, behind its arguments. */
  #twin<Arguments extends readonly unknown[], Output>(
    name: string,
    at: number,
    make: (seat: Seat, ...given: Arguments) => Operation<Output>,
  ): Twin<Arguments, Output> {
    return twin(
      async (...given: Arguments) => {
        const options = runOptionsOf(given[at], name)
        const found = this.seat(name)
        const seat = found instanceof Promise ? await found : found
        const operation = make(seat, ...given)
        return seat.life.run(operation, { ...options, session: seat.handle })
      },
      (...given: Arguments) => {
        const options = runOptionsOf(given[at], name)
        const seat = this.#seatSync(name)
        return seat.life.runSync(make(seat, ...given), { ...options, session: seat.handle })
      },
    )
  }
}

function objectIn(life: Life): (handle: Ulong) => Pkcs11Object {
  return (handle) => new Pkcs11Object(handle, life, {})
}

function handleOf(object: unknown, life: Life, where: string, method: string): Ulong {
  return requireObject(object, where).in(life, method)
}

/** Objects that were found, with what was asked for. */
function* withAttributes(
  frame: Frame,
  { handle, life }: Pick<Seat, 'handle' | 'life'>,
  found: readonly Ulong[],
  names: readonly never[],
  types: readonly Ulong[],
): Steps<Pkcs11Object<never>[]> {
  if (types.length === 0) return found.map((object) => new Pkcs11Object(object, life, {}))
  const read = yield* objects.attributesOfAll(frame, handle, found, types)
  return found.flatMap((object, index) => {
    const values = read[index]?.values
    return values === undefined ? [] : [new Pkcs11Object(object, life, foundOf(names, values))]
  })
}

function foundOf(
  names: readonly (string | number)[],
  values: objects.AttributeValues['values'],
): Found<never> {
  return Object.fromEntries(
    names.map((name, index) => [name, readValue(name, values[index] ?? null)]),
  )
}
