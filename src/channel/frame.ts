import { FatThreadError } from '../errors.ts'
import { addon } from '../host/addon.ts'
import { Callback } from '../memory/callback.ts'
import { NotYet, type Place, type Target } from '../memory/place.ts'
import { type Views, viewsOf } from '../memory/views.ts'
import { LIMITS, REQUEST } from '../protocol/protocol.ts'
import type { Extent } from './arena.ts'
import type { Slot } from './callback-slots.ts'
import type { Callbacks } from './callbacks.ts'
import type { LaneMemory } from './lane-memory.ts'
import type { Request } from './request.ts'

const ALIGNMENT = 16

/** The process has ended or gave up its socket: the request may go on in another one. */
export class Unreachable extends NotYet {
  constructor(cause: unknown) {
    super('the fat thread is gone', { cause })
  }
}

/** The socket holds as much as it can: the request has to wait until the host has taken some. */
export class Busy extends NotYet {
  constructor(cause: unknown) {
    super('the fat thread has not taken what was sent before', { cause })
  }
}

/** The host has to be asked for something first, on the same lane. */
export class Unprepared extends NotYet {
  readonly request: Request<unknown, unknown>

  constructor(request: Request<unknown, unknown>) {
    super('the fat thread has to make callbacks first')
    this.request = request
  }
}

/** What is being written has the slot that another request would take. */
export function reentered(): FatThreadError {
  return new FatThreadError('a getter of an argument made a call on the same fat thread')
}

const GONE = new Set<unknown>(['EPIPE', 'ECONNRESET', 'ENOTCONN', 'EBADF'])

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** How descriptors reach the host. */
export interface Courier {
  /** Sends a message with descriptors. */
  send(descriptors: readonly number[], message: Uint8Array): void
  /** Whether the host opens files by a name that it is given; then none are sent. */
  readonly provides: boolean
  /** Files that the host may open by name; returns the first one's number. */
  provide(descriptors: readonly number[]): number
}

/** Offset of a request's words in the private block. */
const WORDS = REQUEST.at.words
/** The operation, and above it the room for a text result. */
const OPERATION_AND_ROOM = REQUEST.at.operation / 4
const ROOM_SHIFT = 8 * (REQUEST.at.room - REQUEST.at.operation)

/**
 * The request that is being written. Its words stand in private memory until it is published;
 * bytes that they point to go behind them in the slot, or beyond it where they don't fit.
 */
export class Frame implements Target {
  readonly views: Views = viewsOf(new ArrayBuffer(LIMITS.REQUEST_BYTES))
  readonly words = WORDS
  readonly owner: object
  readonly #channel: LaneMemory
  readonly #callbacks: Callbacks
  readonly #courier: Courier
  /** Offset of the slot in the channel, in bytes. */
  #slot = 0
  #cursor = 0
  #count = 0
  /** Bytes of the last extent that are taken. */
  #used = 0
  /** The number of the last grant that was sent here and that no request has told of, or 0. */
  #granted = 0
  #writing = false
  /** The number of the last grant that the request told of, or 0. */
  told = 0
  /** The operation as it was published, with the room beside it. */
  get head(): number {
    return this.views.i32[OPERATION_AND_ROOM] as number
  }
  /** What was placed beyond the slot; freed when the request is over. */
  extents: Extent[] | undefined
  /** Callbacks that were made for it; given back when the request is over. */
  slots: Slot[] | undefined

  constructor(channel: LaneMemory, callbacks: Callbacks, owner: object, courier: Courier) {
    this.#channel = channel
    this.#callbacks = callbacks
    this.#courier = courier
    this.owner = owner
  }

  /** Whether a request is being written. */
  get isWriting(): boolean {
    return this.#writing
  }

  /** Begins a request of so many words in the channel's next slot. */
  open(operation: number, id: number, words: number): void {
    if (this.#writing) throw reentered()
    this.#writing = true
    const { i32 } = this.views
    i32[OPERATION_AND_ROOM] = operation
    i32[REQUEST.at.function / 4] = id
    this.#slot = this.#channel.ring.nextRequest
    this.#cursor = WORDS + words * 8
    this.#count = this.#cursor / 4
    this.extents = undefined
    this.slots = undefined
  }

  callback(type: object, label: string, run: unknown): number {
    if (run instanceof Callback) return this.#callbacks.slots.address(run, this)
    const slot = this.#callbacks.slots.take(type, label, run as CallableFunction, this)
    this.slots ??= []
    this.slots.push(slot)
    return slot.address
  }

  place(bytes: number): Place {
    const start = Math.ceil(this.#cursor / ALIGNMENT) * ALIGNMENT
    if (start + bytes <= LIMITS.REQUEST_BYTES) {
      this.#cursor = start + bytes
      const offset = this.#slot + start
      const { u8, data } = this.#channel.views
      return { bytes: u8, data, offset, address: this.#channel.address + offset }
    }
    const begin = Math.ceil(this.#used / ALIGNMENT) * ALIGNMENT
    const last = this.extents?.at(-1)
    const fits = last !== undefined && begin + bytes <= last.bytes
    const extent = fits ? last : this.#extend(bytes)
    const offset = fits ? begin : 0
    this.#used = offset + bytes
    return placeIn(extent, offset)
  }

  #extend(bytes: number): Extent {
    const extent = this.#channel.arena.allocate(bytes)
    this.extents ??= []
    this.extents.push(extent)
    return extent
  }

  /** Room that lasts until it is given back, or the process ends: for what the library keeps. */
  lasting(bytes: number): { readonly place: Place; readonly free: () => void } {
    const { arena } = this.#channel
    const extent = arena.allocate(bytes, true)
    return { place: placeIn(extent, 0), free: () => arena.free(extent, true) }
  }

  /** A word of the request, as a number or an address. */
  word(index: number, value: number | bigint): void {
    this.views.u64[WORDS / 8 + index] = BigInt(value)
  }

  /** The first word is nothing. */
  clear(): void {
    this.views.f64[WORDS / 8] = 0
  }

  /** Files for the host to open by name: the first one's number, or `undefined` where they are sent instead. */
  provide(descriptors: readonly number[]): number | undefined {
    return this.#courier.provides ? this.#courier.provide(descriptors) : undefined
  }

  /** Sends the objects of a library, which the request is about; they are not closed. */
  send(library: number, descriptors: readonly number[]): void {
    this.#sendGrants()
    this.#try(descriptors, new Uint8Array(new BigUint64Array([BigInt(library), 0n]).buffer))
  }

  #try(descriptors: readonly number[], message: Uint8Array): void {
    try {
      this.#courier.send(descriptors, message)
    } catch (cause) {
      // Too many descriptors of this user are under way: a library can bring that about for a while.
      if (codeOf(cause) === 'EAGAIN' || codeOf(cause) === 'ETOOMANYREFS') throw new Busy(cause)
      if (GONE.has(codeOf(cause))) throw new Unreachable(cause)
      throw new FatThreadError('descriptors could not be sent to the fat thread', { cause })
    }
  }

  /** Hands the request to the host. */
  publish(): void {
    this.#sendGrants()
    this.#publish()
  }

  /** Forgets the request that was being written. */
  abandon(): void {
    this.#writing = false
    this.free(this.extents)
    this.#callbacks.slots.giveBack(this.slots)
    this.slots = undefined
  }

  /** Hands over a request that is no more than its words; other requests have to tell of what was granted. */
  publishBare(): void {
    this.#publish()
  }

  /** Whether grants wait in the socket that no request has told of. */
  get owesGrants(): boolean {
    return this.#granted > 0
  }

  /** Publishes a request that only tells of the grants that were sent. */
  publishGrants(operation: number): void {
    this.open(operation, 0, 0)
    this.#publish()
  }

  #publish(): void {
    const { arena, overtakes } = this.#channel
    const { i32 } = this.views
    // A text result may be written behind all that was placed.
    i32[OPERATION_AND_ROOM] = (i32[OPERATION_AND_ROOM] as number) | (this.#cursor << ROOM_SHIFT)
    const told = overtakes ? arena.untaken : this.#granted
    i32[REQUEST.at.grants / 4] = told
    this.told = told
    this.#granted = 0
    this.#writing = false
    this.#channel.ring.publish(i32, this.#count)
  }

  #sendGrants(): void {
    const grants = this.#channel.arena.takeGrants()
    for (let next = grants[0]; next !== undefined; next = grants[0]) {
      const { address, bytes, descriptor } = next
      const message = new BigUint64Array([BigInt(address), BigInt(bytes)])
      try {
        this.#try(descriptor === undefined ? [] : [descriptor], new Uint8Array(message.buffer))
      } catch (error) {
        this.#channel.arena.putBack(grants)
        throw error
      }
      grants.shift()
      this.#granted = this.#channel.arena.count()
      if (descriptor !== undefined) addon().closeMemory(descriptor)
    }
  }

  /** Offset of the room for a text result in the channel, in bytes. */
  get roomOffset(): number {
    return this.#slot + this.#cursor
  }

  /** Bytes of that room. */
  get room(): number {
    return LIMITS.REQUEST_BYTES - this.#cursor
  }

  /** Gives back what a request placed beyond its slot. */
  free(extents: readonly Extent[] | undefined): void {
    if (extents !== undefined) for (const extent of extents) this.#channel.arena.free(extent)
  }
}

/** A place in memory that was granted. */
export function placeIn(extent: Extent, offset: number): Place {
  const { buffer, bytes, address } = extent
  return {
    bytes: new Uint8Array(buffer, 0, bytes),
    data: new DataView(buffer, 0, bytes),
    offset,
    address: address + offset,
  }
}
