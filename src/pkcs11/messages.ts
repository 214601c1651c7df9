/** Many messages with one key, each with a parameter of its own: version 3. */
import { type Bytes, bytesOf, type CallOptions, runOptionsOf } from './call-options.ts'
import { CKF_END_OF_MESSAGE } from './constants/index.ts'
import type { Frame } from './frame.ts'
import type { RunOptions } from './life.ts'
import { parameterOf } from './mechanism-input.ts'
import type { Limits } from './module-functions.ts'
import type { Operation } from './operation.ts'
import { begin } from './operations/crypto.ts'
import * as messages from './operations/messages.ts'
import { bytesIn, type Parts, requireParts, withLast } from './parts.ts'
import type { Seat } from './seat.ts'
import type { Mechanism, Parameter } from './structures/mechanism.ts'
import type { Ulong } from './words.ts'

export interface MessageOptions extends CallOptions {
  /** What is authenticated with the message and not part of it. */
  readonly associatedData?: Bytes | undefined
}

/** Bytes, or a structure that `parameter` makes; what the module writes there goes back into its values. */
export type MessageParameter = Parameter

type Result = Uint8Array<ArrayBuffer>

const NO_BYTES = new Uint8Array(0)

/** What is active in a session until it is closed. */
class MessageOperation implements AsyncDisposable {
  readonly #seat: Seat
  readonly #kind: messages.MessageKind
  /** Has the mechanism's parameter. */
  readonly #frame: Frame
  #closed = false

  /** @internal */
  constructor(seat: Seat, kind: messages.MessageKind) {
    this.#seat = seat
    this.#kind = kind
    this.#frame = seat.life.lease()
  }

  /** @internal */
  async begin(mechanism: Mechanism, key: Ulong, limits: Limits): Promise<void> {
    const { handle, life } = this.#seat
    try {
      await life.run(
        () => begin(this.#frame, `C_Message${this.#kind}Init`, handle, mechanism, key),
        { ...limits, session: handle },
      )
    } catch (error) {
      this.#closed = true
      this.#frame.end()
      throw error
    }
  }

  /** Nothing more comes with this key. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const { handle, life } = this.#seat
    try {
      if (!life.serves) return
      await life.run((frame) => messages.messageFinal(frame, this.#kind, handle), {
        session: handle,
      })
    } finally {
      this.#frame.end()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  protected get handle(): Ulong {
    return this.#seat.handle
  }

  protected run<Output>(operation: Operation<Output>, options: RunOptions): Promise<Output> {
    const { handle, life } = this.#seat
    return life.run(operation, { ...options, session: handle })
  }

  protected lease(): Frame {
    return this.#seat.life.lease()
  }

  /** Memory for what a message's parts have in common. */
  protected async during<Output>(work: (frame: Frame) => Promise<Output>): Promise<Output> {
    const frame = this.lease()
    try {
      return await work(frame)
    } finally {
      frame.end()
    }
  }
}

/** Encrypts or decrypts messages. */
export class MessageCipher extends MessageOperation {
  readonly #kind: 'Encrypt' | 'Decrypt'

  /** @internal Use `session.encryptMessages`. */
  constructor(seat: Seat, kind: 'Encrypt' | 'Decrypt') {
    super(seat, kind)
    this.#kind = kind
  }

  async crypt(
    parameter: MessageParameter,
    data: Bytes,
    options: MessageOptions = {},
  ): Promise<Result> {
    const given = parameterOf(parameter, 'crypt')
    const limits = runOptionsOf(options, 'crypt', ['associatedData'])
    const bytes = bytesOf(data, 'crypt: data')
    const associated = bytesOf(options.associatedData ?? NO_BYTES, 'crypt: associatedData')
    return this.run(
      (frame) => messages.cryptMessage(frame, this.#kind, this.handle, given, associated, bytes),
      limits,
    )
  }

  /** One message that comes in parts. */
  async *cryptStream(
    parameter: MessageParameter,
    parts: Parts,
    options: MessageOptions = {},
  ): AsyncGenerator<Result> {
    const given = parameterOf(parameter, 'cryptStream')
    const limits = runOptionsOf(options, 'cryptStream', ['associatedData'])
    const associated = bytesOf(options.associatedData ?? NO_BYTES, 'cryptStream: associatedData')
    const all = withLast(bytesIn(requireParts(parts, 'cryptStream: parts'), 'cryptStream: parts'))
    const kept = this.lease()
    try {
      const placed = await this.run(
        () => messages.cryptMessageBegin(kept, this.#kind, this.handle, given, associated),
        limits,
      )
      for await (const [part, isLast] of all) {
        const flags = isLast ? CKF_END_OF_MESSAGE : 0
        const made = await this.run(
          (frame) => messages.cryptMessageNext(frame, this.#kind, this.handle, placed, part, flags),
          limits,
        )
        if (made.length > 0) yield made
      }
    } finally {
      kept.end()
    }
  }
}

export class MessageSigner extends MessageOperation {
  /** @internal Use `session.signMessages`. */
  constructor(seat: Seat) {
    super(seat, 'Sign')
  }

  async sign(parameter: MessageParameter, data: Bytes, options: CallOptions = {}): Promise<Result> {
    const given = parameterOf(parameter, 'sign')
    const limits = runOptionsOf(options, 'sign')
    const bytes = bytesOf(data, 'sign: data')
    return this.run((frame) => messages.signMessage(frame, this.handle, given, bytes), limits)
  }

  /** One message that comes in parts. */
  async signStream(
    parameter: MessageParameter,
    parts: Parts,
    options: CallOptions = {},
  ): Promise<Result> {
    const given = parameterOf(parameter, 'signStream')
    const limits = runOptionsOf(options, 'signStream')
    const { handle } = this
    const all = withLast(bytesIn(requireParts(parts, 'signStream: parts'), 'signStream: parts'))
    return this.during(async (kept) => {
      const placed = await this.run(
        () => messages.messageBegin(kept, 'Sign', handle, given),
        limits,
      )
      let signature: Result = new Uint8Array(0)
      for await (const [part, isLast] of all) {
        if (!isLast)
          await this.run(
            (frame) => messages.messageNext(frame, 'Sign', handle, placed, part),
            limits,
          )
        else
          signature = await this.run(
            (frame) => messages.signMessageLast(frame, handle, placed, part),
            limits,
          )
      }
      return signature
    })
  }
}

export class MessageVerifier extends MessageOperation {
  /** @internal Use `session.verifyMessages`. */
  constructor(seat: Seat) {
    super(seat, 'Verify')
  }

  async verify(
    parameter: MessageParameter,
    data: Bytes,
    signature: Bytes,
    options: CallOptions = {},
  ): Promise<boolean> {
    const given = parameterOf(parameter, 'verify')
    const limits = runOptionsOf(options, 'verify')
    const bytes = bytesOf(data, 'verify: data')
    const signed = bytesOf(signature, 'verify: signature')
    const rv = await this.run(
      (frame) => messages.verifyMessage(frame, this.handle, given, bytes, signed),
      limits,
    )
    return rv === 0
  }

  /** One message that comes in parts. */
  async verifyStream(
    parameter: MessageParameter,
    parts: Parts,
    signature: Bytes,
    options: CallOptions = {},
  ): Promise<boolean> {
    const given = parameterOf(parameter, 'verifyStream')
    const limits = runOptionsOf(options, 'verifyStream')
    const { handle } = this
    const signed = bytesOf(signature, 'verifyStream: signature')
    const all = withLast(bytesIn(requireParts(parts, 'verifyStream: parts'), 'verifyStream: parts'))
    return this.during(async (kept) => {
      const placed = await this.run(
        () => messages.messageBegin(kept, 'Verify', handle, given),
        limits,
      )
      let rv = 0
      for await (const [part, isLast] of all) {
        if (!isLast)
          await this.run(
            (frame) => messages.messageNext(frame, 'Verify', handle, placed, part),
            limits,
          )
        else
          rv = await this.run(
            (frame) => messages.verifyMessageLast(frame, handle, placed, part, signed),
            limits,
          )
      }
      return rv === 0
    })
  }
}
