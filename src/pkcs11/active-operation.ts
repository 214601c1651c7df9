/** An operation on data that comes in parts: active in its session until it is finished, or given up. */
import type { Frame } from './frame.ts'
import type { RunOptions } from './life.ts'
import type { Operation } from './operation.ts'
import { begin, cancel } from './operations/crypto.ts'
import type { Parts } from './parts.ts'
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
  /** Puts what the module wrote into the mechanism's parameter where the caller has it. */
  readonly back: () => void
  readonly options: RunOptions
}

export type StreamKind = 'encrypt' | 'decrypt' | 'digest' | 'sign' | 'verify'

const INIT = {
  encrypt: 'C_EncryptInit',
  decrypt: 'C_DecryptInit',
  digest: 'C_DigestInit',
  sign: 'C_SignInit',
  verify: 'C_VerifyInit',
} as const

/** An operation once it is to begin. */
export class Active {
  readonly #kind: StreamKind
  readonly #streaming: Streaming
  /** Has the mechanism's parameter: its module may write there at any time. */
  readonly #frame: Frame
  #placed: PlacedMechanism | undefined

  constructor(kind: StreamKind, streaming: Streaming) {
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
    this.#streaming.back()
    return result
  }

  /** Leaves no operation behind; what went wrong before is what counts. */
  async over(): Promise<void> {
    const { seat, options } = this.#streaming
    const { life, handle } = seat
    if (this.#placed !== undefined)
      await life.clearUp((frame) => cancel(frame, handle, this.#kind), {
        ...options,
        session: handle,
      })
    this.#frame.end()
  }
}

/** Begins an operation, and leaves none behind. */
export async function during<Outcome>(
  kind: StreamKind,
  streaming: Streaming,
  work: (active: Active) => Promise<Outcome>,
): Promise<Outcome> {
  const active = new Active(kind, streaming)
  try {
    await active.begin()
    return await work(active)
  } finally {
    await active.over()
  }
}

/** The same of one that gives parts. */
export async function* partsDuring<Part, Outcome>(
  kind: StreamKind,
  streaming: Streaming,
  work: (active: Active) => AsyncGenerator<Part, Outcome>,
): AsyncGenerator<Part, Outcome> {
  const active = new Active(kind, streaming)
  try {
    await active.begin()
    return yield* work(active)
  } finally {
    await active.over()
  }
}
