/** Operations on data that comes in parts. */
import { bytesOf } from './call-options.ts'
import { Pkcs11Error } from './errors.ts'
import type { Frame } from './frame.ts'
import type { RunOptions } from './life.ts'
import { Pkcs11Object } from './object.ts'
import type { Operation } from './operation.ts'
import {
  begin,
  cancel,
  digestKey,
  type FeedFunction,
  feed,
  finish,
  transform,
  verifyFinal,
  type WholeOperation,
} from './operations/crypto.ts'
import { bytesIn, type Parts } from './parts.ts'
import type { Seat } from './seat.ts'
import type { Mechanism, PlacedMechanism } from './structures/mechanism.ts'
import type { Ulong } from './words.ts'

/** What all of them are given. */
export interface Streaming {
  readonly seat: Seat
  readonly mechanism: Mechanism
  /** Of digests there is none. */
  readonly key: Ulong | undefined
  readonly parts: Parts<unknown>
  readonly options: RunOptions
}

type Kind = Extract<WholeOperation, 'encrypt' | 'decrypt' | 'digest' | 'sign'> | 'verify'

const INIT = {
  encrypt: 'C_EncryptInit',
  decrypt: 'C_DecryptInit',
  digest: 'C_DigestInit',
  sign: 'C_SignInit',
  verify: 'C_VerifyInit',
} as const

/** An operation that is active in a session until it is finished, or given up. */
class Active {
  readonly #kind: Kind
  readonly #streaming: Streaming
  /** Has the mechanism's parameter: its module may write there at any time. */
  readonly #frame: Frame
  #placed: PlacedMechanism | undefined

  constructor(kind: Kind, streaming: Streaming) {
    this.#kind = kind
    this.#streaming = streaming
    this.#frame = streaming.seat.life.lease()
  }

  run<Result>(operation: Operation<Result>): Promise<Result> {
    const { seat, options } = this.#streaming
    return seat.life.run(operation, { ...options, session: seat.handle })
  }

  async begin(): Promise<void> {
    const { seat, mechanism, key } = this.#streaming
    this.#placed = await this.run(() =>
      begin(this.#frame, INIT[this.#kind], seat.handle, mechanism, key),
    )
  }

  /** Nothing more comes: what the module wrote into the parameter goes back to the caller. */
  async last<Result>(operation: Operation<Result>): Promise<Result> {
    const result = await this.run(operation)
    this.#placed?.back()
    this.#placed = undefined
    return result
  }

  /** Leaves no operation behind that the module has not ended by itself. */
  async giveUp(error: unknown): Promise<void> {
    const { seat } = this.#streaming
    if (this.#placed === undefined || error instanceof Pkcs11Error || !seat.life.serves) return
    await seat.life.run((frame) => cancel(frame, seat.handle, this.#kind), {
      session: seat.handle,
    })
  }

  end(): void {
    this.#frame.end()
  }
}

/** Begins an operation, and leaves none behind. */
async function* during<Part>(
  kind: Kind,
  streaming: Streaming,
  work: (active: Active) => AsyncGenerator<Part>,
): AsyncGenerator<Part> {
  const active = new Active(kind, streaming)
  let failure: unknown
  try {
    await active.begin()
    yield* work(active)
  } catch (error) {
    failure = error
    throw error
  } finally {
    await active.giveUp(failure).finally(() => active.end())
  }
}

export function cryptStream(
  kind: 'encrypt' | 'decrypt',
  streaming: Streaming,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { seat, parts } = streaming
  const [update, final] =
    kind === 'encrypt'
      ? (['C_EncryptUpdate', 'C_EncryptFinal'] as const)
      : (['C_DecryptUpdate', 'C_DecryptFinal'] as const)
  return during(kind, streaming, async function* (active) {
    for await (const part of bytesIn(parts, `${kind}Stream: parts`)) {
      const made = await active.run((frame) => transform(frame, update, seat.handle, part))
      if (made.length > 0) yield made
    }
    const last = await active.last((frame) => finish(frame, final, seat.handle))
    if (last.length > 0) yield last
  })
}

/** Parts may be keys, whose values go into the digest. */
export function digestStream(streaming: Streaming): Promise<Uint8Array<ArrayBuffer>> {
  const { seat, parts } = streaming
  return resultOf(
    during('digest', streaming, async function* (active) {
      for await (const part of parts) {
        if (part instanceof Pkcs11Object) {
          const key = part.in(seat.life, 'C_DigestKey')
          await active.run((frame) => digestKey(frame, seat.handle, key))
        } else {
          const bytes = bytesOf(part, 'digestStream: parts')
          await active.run((frame) => feed(frame, 'C_DigestUpdate', seat.handle, bytes))
        }
      }
      yield await active.last((frame) => finish(frame, 'C_DigestFinal', seat.handle))
    }),
  )
}

export function signStream(streaming: Streaming): Promise<Uint8Array<ArrayBuffer>> {
  const { seat } = streaming
  return resultOf(
    during('sign', streaming, async function* (active) {
      await feedAll(active, streaming, 'C_SignUpdate', 'signStream')
      yield await active.last((frame) => finish(frame, 'C_SignFinal', seat.handle))
    }),
  )
}

export function verifyStream(streaming: Streaming, signature: Uint8Array): Promise<boolean> {
  const { seat } = streaming
  return resultOf(
    during('verify', streaming, async function* (active) {
      await feedAll(active, streaming, 'C_VerifyUpdate', 'verifyStream')
      yield (await active.last((frame) => verifyFinal(frame, seat.handle, signature))) === 0
    }),
  )
}

async function feedAll(
  active: Active,
  { seat, parts }: Streaming,
  name: FeedFunction,
  where: string,
): Promise<void> {
  for await (const part of bytesIn(parts, `${where}: parts`))
    await active.run((frame) => feed(frame, name, seat.handle, part))
}

/** The one thing that a generator gives. */
async function resultOf<Result>(results: AsyncGenerator<Result>): Promise<Result> {
  let result: Result | undefined
  for await (const each of results) result = each
  return result as Result
}
