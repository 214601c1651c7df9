import { randomInt } from 'node:crypto'
import { ViolationError } from '../errors.ts'
import { addon } from '../host/addon.ts'
import { clearAwayLater } from '../host/clear-away.ts'
import { type Views, viewsOf } from '../memory/views.ts'
import { protocolDigest } from '../protocol/digest.ts'
import {
  CRASH,
  fixedBytes,
  LANE,
  LANE_BYTES,
  LIMITS,
  OFFSET,
  START,
  START_STATE,
} from '../protocol/protocol.ts'
import { Arena } from './arena.ts'
import type { LaneMemory } from './lane-memory.ts'
import { Ring } from './ring.ts'
import { mapShared, roundToPages, unmapShared } from './shared-buffer.ts'

/** Addresses that one channel may use. */
const WINDOW_BYTES = 4 * 2 ** 30

/** Where hosts map their channel: a range that neither the kernel nor the sanitizers give out by themselves. */
const ADDRESS_BASE = 0x2000_0000_0000
const ADDRESS_CHOICES = 8192

/** Until the first calls of a library; their memory is brought at once. */
const FIRST_REQUESTS = 8

/** No process has more. */
const MOST_ADDRESS = 2n ** 47n

const digest = protocolDigest()

export interface ChannelOptions {
  /** Longest time that the host stays awake without work, in milliseconds. */
  readonly spin: number
  /** How many lanes there are, and how many of them stay awake at all. */
  readonly lanes: number
  readonly awake: number
  /** What the host gives up, as it reads it. */
  readonly policy: Uint8Array
}

/** What the host said of its start. */
export interface StartReport {
  readonly state: number
  readonly step: number
  readonly error: number
}

/** What the signal handler of the host saw; every number is the fat thread's word. */
export interface CrashReport {
  readonly signal: number
  readonly code: number
  readonly address: bigint
  readonly frames: readonly bigint[]
  /** The system call that a `SIGSYS` is about. */
  readonly call: number
  /** Whether there was no memory left. */
  readonly exhausted: boolean
  /** The number of the lane whose thread it was; none for a thread of the library. */
  readonly lane: number | undefined
}

/** The memory that one incarnation of a fat thread shares with the program. */
export class Channel implements LaneMemory {
  readonly overtakes: boolean
  /** Of the fixed parts. */
  readonly descriptor: number
  /** Where the host has the channel's first byte. */
  readonly address: number
  readonly views: Views
  /** Of the first lane. */
  readonly ring: Ring
  readonly arena: Arena
  /** All lanes, the first one too. */
  readonly lanes: readonly LaneMemory[]
  readonly #buffer: SharedArrayBuffer
  #closed = false
  #open = true

  constructor(options: ChannelOptions) {
    const fixed = roundToPages(fixedBytes(options.lanes))
    this.descriptor = addon().createMemory('fat-thread-channel', fixed, false)
    addon().sealSize(this.descriptor)
    this.address = ADDRESS_BASE + randomInt(ADDRESS_CHOICES) * WINDOW_BYTES
    this.#buffer = mapShared(this.descriptor, 0, fixed)
    this.views = viewsOf(this.#buffer)
    this.ring = new Ring(this.#buffer, OFFSET.LANES)
    this.overtakes = options.lanes > 1
    this.arena = new Arena(this.address + fixed, WINDOW_BYTES - fixed, this.overtakes)
    this.lanes = Array.from({ length: options.lanes }, (_, index) => this.#lane(index))
    const { u8 } = this.views
    addon().touch(u8, OFFSET.START, OFFSET.POLICY + options.policy.length)
    addon().touch(u8, OFFSET.LANES, LANE.bytes + FIRST_REQUESTS * LIMITS.RESPONSE_BYTES)
    addon().touch(u8, OFFSET.LANES + OFFSET.REQUESTS, FIRST_REQUESTS * LIMITS.REQUEST_BYTES)
    this.#introduce(options)
  }

  #lane(index: number): LaneMemory {
    if (index === 0) return this
    const { views, address, arena } = this
    const ring = new Ring(this.#buffer, OFFSET.LANES + index * LANE_BYTES)
    return { views, address, arena, ring, overtakes: true }
  }

  #introduce({ spin, lanes, awake, policy }: ChannelOptions): void {
    const { u8, u32, u64 } = this.views
    u8.set(digest, OFFSET.START + START.at.digest)
    u8.set(policy, OFFSET.POLICY)
    u64[(OFFSET.START + START.at.address) / 8] = BigInt(this.address)
    u64[(OFFSET.START + START.at.bytes) / 8] = BigInt(this.#buffer.byteLength)
    u32[(OFFSET.START + START.at.program) / 4] = process.pid
    u32[(OFFSET.START + START.at.lanes) / 4] = lanes
    u32[(OFFSET.START + START.at.spin) / 4] = Math.round(spin * 1e6)
    u32[(OFFSET.START + START.at.awake) / 4] = awake
  }

  get closed(): boolean {
    return this.#closed
  }

  startReport(): StartReport {
    const word = (offset: number): number => this.views.u32[(OFFSET.START + offset) / 4] ?? 0
    return {
      state: word(START.at.state),
      step: word(START.at.step),
      error: word(START.at.error),
    }
  }

  /** Where the host has the code of its callbacks; `undefined` until it serves. */
  callbackCode(): number | undefined {
    if (this.startReport().state !== START_STATE.READY) return undefined
    const address = this.views.u64[(OFFSET.START + START.at.callbacks) / 8] as bigint
    if (address === 0n || address > MOST_ADDRESS)
      throw new ViolationError('the fat thread broke the protocol: it has no code of callbacks')
    return Number(address)
  }

  /** A private copy of the crash report, or `undefined` when there is none. */
  crashReport(): CrashReport | undefined {
    const copy = this.views.u8.slice(OFFSET.CRASH, OFFSET.CRASH + CRASH.bytes)
    const data = new DataView(copy.buffer)
    const signal = data.getUint32(CRASH.at.signal, true)
    if (signal === 0) return undefined
    const count = Math.min(data.getUint32(CRASH.at.frames, true), LIMITS.FRAMES)
    const lane = data.getUint32(CRASH.at.lane, true) - 1
    return {
      signal,
      code: data.getInt32(CRASH.at.code, true),
      address: data.getBigUint64(CRASH.at.address, true),
      call: data.getUint32(CRASH.at.call, true),
      exhausted: data.getUint32(CRASH.at.exhausted, true) !== 0,
      lane: lane in this.lanes ? lane : undefined,
      frames: Array.from({ length: count }, (_, index) =>
        data.getBigUint64(CRASH.at.frame + index * 8, true),
      ),
    }
  }

  /** Whoever starts the process has a descriptor of its own: the mapping is all that the program still needs. */
  handedOver(): void {
    if (this.#open) addon().closeMemory(this.descriptor)
    this.#open = false
  }

  /**
   * Takes the memory away from under all views; those that only the package has `later`, where others go on first.
   */
  close(later = false): void {
    if (this.#closed) return
    this.#closed = true
    this.arena.close()
    const buffer = this.#buffer
    if (later) clearAwayLater(() => unmapShared(buffer))
    else unmapShared(buffer)
    this.handedOver()
  }
}
