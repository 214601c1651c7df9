/** Code that C can call: pieces of the host, lent to functions of the program. */
import { ClosedError, FatThreadError } from '../errors.ts'
import type { Callback } from '../memory/callback.ts'
import { Pointer } from '../memory/pointer.ts'
import { LIMITS, OPERATION, STATUS } from '../protocol/protocol.ts'
import type { CallbackShape } from './callback-shape.ts'
import type { CallbackKeeper } from './callbacks.ts'
import { Busy, type Frame, Unprepared } from './frame.ts'
import type { Pending } from './pending.ts'
import { Queue } from './queue.ts'
import { Request } from './request.ts'

/** Callbacks of one type that are made at a time: so many uses pass before the code of one is used again. */
const BATCH = 32

/** Code that C can call, and what it stands for now. */
export class Slot {
  readonly id: number
  readonly address: number
  readonly pool: Pool
  readonly batch: Batch
  shape: CallbackShape
  run: CallableFunction | undefined
  /** The request that it is for; none for one that lasts until it is released. */
  pending: Pending | undefined
  lasts = false

  constructor(id: number, address: number, pool: Pool, batch: Batch, shape: CallbackShape) {
    this.id = id
    this.address = address
    this.pool = pool
    this.batch = batch
    this.shape = shape
  }
}

/** Callbacks of one type; what was used last comes last. */
interface Pool {
  readonly free: Queue<Slot>
}

/** Callbacks that the host makes at once. */
interface Batch {
  readonly request: Request<undefined, void>
  /** The host has made them. */
  ready: boolean
  /** Requests on these are behind their making. */
  readonly lanes: Set<Frame>
}

/** Where the pieces of code come from. */
export interface CodeSource {
  /** The incarnation that has them. */
  readonly owner: object
  /** Where the first one stands in the host; `undefined` before the host said so. */
  code(): number | undefined
  /** The address of the inner lanes, which are made by then. */
  lanes(): number
  /** Asks the host outside of a request. */
  begin(request: Request<undefined, void>): void
}

/** The pieces of code of one incarnation. */
export class CallbackSlots {
  readonly #keeper: CallbackKeeper
  readonly #source: CodeSource
  readonly #slots: Slot[] = []
  readonly #pools = new Map<string, Pool>()
  readonly #registered = new Map<Callback, Slot>()

  constructor(keeper: CallbackKeeper, source: CodeSource) {
    this.#keeper = keeper
    this.#source = source
  }

  /** What the host calls by that number; `undefined` where there never was one. */
  at(id: number): Slot | undefined {
    return this.#slots[id]
  }

  /**
   * Code for a function until `giveBack`.
   * @throws {Unprepared} if the host has to make it first
   */
  take(type: object, label: string, run: CallableFunction, frame: Frame): Slot {
    const shape = this.#keeper.shapeOf(type, label)
    const { free } = this.#pool(shape)
    if (free.size === 0) this.#grow(shape)
    const slot = free.first as Slot
    requireReady(slot.batch, frame)
    free.take()
    slot.shape = shape
    slot.run = run
    return slot
  }

  /** Where C finds a callback that lasts. Throws as `take`. */
  address(callback: Callback, frame: Frame): number {
    const slot = this.#lasting(callback)
    requireReady(slot.batch, frame)
    return slot.address
  }

  /** The same, for code that is not part of a request: what the host has to be asked for is on its way. */
  pointer(callback: Callback): Pointer {
    const { address, batch } = this.#lasting(callback)
    // A request may be on its way on one lane, and this pointer be used on another.
    if (!batch.ready) this.#source.begin(batch.request)
    const isValid = (): boolean => !callback.released
    return new Pointer(BigInt(address), this.#source.owner, isValid, 'the callback was released')
  }

  /** C gets zeros from now on. */
  release(callback: Callback): void {
    const slot = this.#registered.get(callback)
    if (slot === undefined) return
    this.#registered.delete(callback)
    this.giveBack([slot])
  }

  #lasting(callback: Callback): Slot {
    if (callback.released) throw new ClosedError(`${callback.label} was released`)
    if (callback.home !== this.#keeper.home)
      throw new ClosedError(`${callback.label} is a callback of another fat thread`)
    let slot = this.#registered.get(callback)
    if (slot === undefined) {
      const shape = this.#keeper.shapeOf(callback.type, callback.label)
      const { free } = this.#pool(shape)
      if (free.size === 0) this.#grow(shape)
      slot = free.take() as Slot
      slot.shape = shape
      slot.run = callback.run
      slot.lasts = true
      this.#registered.set(callback, slot)
    }
    return slot
  }

  giveBack(slots: readonly Slot[] | undefined): void {
    if (slots === undefined) return
    for (const slot of slots) {
      slot.run = undefined
      slot.pending = undefined
      slot.lasts = false
      slot.pool.free.put(slot)
    }
  }

  #pool({ key }: CallbackShape): Pool {
    let pool = this.#pools.get(key)
    if (pool === undefined) {
      pool = { free: new Queue() }
      this.#pools.set(key, pool)
    }
    return pool
  }

  /** Not all at once to the first type: there may be many. */
  #grow(shape: CallbackShape): void {
    const first = this.#slots.length
    const left = LIMITS.CALLBACKS - first
    if (left === 0)
      throw new FatThreadError(
        `${shape.label}: this fat thread has ${LIMITS.CALLBACKS} callbacks, the most there may be`,
      )
    const code = this.#source.code()
    if (code === undefined) throw new Busy(undefined)
    const count = Math.max(1, Math.min(BATCH, left >> 4))
    const batch: Batch = {
      request: prepare(this.#source.lanes(), first, count, shape, () => {
        batch.ready = true
        batch.lanes.clear()
      }),
      ready: false,
      lanes: new Set(),
    }
    const pool = this.#pool(shape)
    for (let id = first; id < first + count; id++) {
      const slot = new Slot(id, code + id * LIMITS.CALLBACK_BYTES, pool, batch, shape)
      this.#slots.push(slot)
      pool.free.put(slot)
    }
  }
}

function requireReady(batch: Batch, frame: Frame): void {
  if (batch.ready || batch.lanes.has(frame)) return
  batch.lanes.add(frame)
  throw new Unprepared(batch.request as Request<unknown, unknown>)
}

/** Makes `count` callbacks from `first` on. */
function prepare(
  lanes: number,
  first: number,
  count: number,
  { types, label }: CallbackShape,
  onReady: () => void,
): Request<undefined, void> {
  return new Request<undefined, void>({
    operation: OPERATION.PREPARE,
    words: 5,
    write(frame) {
      const place = frame.place(types.byteLength)
      place.bytes.set(
        new Uint8Array(types.buffer, types.byteOffset, types.byteLength),
        place.offset,
      )
      frame.word(0, lanes)
      frame.word(1, first)
      frame.word(2, count)
      frame.word(3, place.address)
      frame.word(4, types.length)
      return undefined
    },
    read(answer) {
      if (answer.status !== STATUS.OK)
        throw new FatThreadError(`${label}: the fat thread has no memory left for callbacks`)
      onReady()
    },
  })
}
