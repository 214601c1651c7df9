import { AsyncLocalStorage } from 'node:async_hooks'
import { FatThreadError, ViolationError } from '../errors.ts'
import type { CallbackHome } from '../memory/callback.ts'
import { type Views, viewsOf } from '../memory/views.ts'
import {
  ANSWER_MUTE,
  INNER_LANE_BYTES,
  innerLanes,
  LANE,
  LIMITS,
  OPERATION,
  REQUEST,
  RESPONSE,
  STATUS,
} from '../protocol/protocol.ts'
import type { Extent } from './arena.ts'
import type { CallbackShape } from './callback-shape.ts'
import { CallbackSlots, type Slot } from './callback-slots.ts'
import type { Channel } from './channel.ts'
import type { Entrance, MainEntrance } from './entrance.ts'
import { runSteps, runStepsSync, type Steps } from './follow.ts'
import { blame, Invocation } from './invocation.ts'
import type { LaneHome } from './lane/home.ts'
import { Lane } from './lane.ts'
import type { LaneMemory } from './lane-memory.ts'
import { Lanes } from './lanes.ts'
import type { Caller, Pending } from './pending.ts'
import type { CallOptions, Request } from './request.ts'
import { Ring } from './ring.ts'

/** Milliseconds between two warnings. */
const QUIET = 100
/** Looks in a row that find threads calling back. */
const MOST_ROUNDS = 64

/** What callbacks need from above. */
export interface CallbackKeeper {
  /** Where callbacks are registered that last. */
  readonly home: CallbackHome
  shapeOf(type: object, label: string): CallbackShape
  /** C called what is not there any more. */
  warn(error: FatThreadError): void
  /** A callback failed that no call is to blame for. */
  onError(error: unknown): void
}

/** Calls and callbacks of one thread: its inner lanes, from the outermost on. */
export interface Strand {
  /** The first one's place among all. */
  readonly first: number
  readonly deepest: number
  readonly lanes: Lane[]
  /** It is the library's: it serves no lane of its own. */
  readonly outside: boolean
}

/** Which callback the code that runs now belongs to, beyond `await` too. */
const context = new AsyncLocalStorage<Invocation>()

/** A thread of the library: no request is behind what it calls back. */
class Outsider implements Caller {
  readonly blocking = false
  readonly muted = false
  readonly memory: LaneMemory
  readonly strand: Strand
  readonly #callbacks: Callbacks
  kept: Extent[] | undefined
  invocation: Invocation | undefined

  constructor(callbacks: Callbacks, memory: LaneMemory, strand: Strand) {
    this.#callbacks = callbacks
    this.memory = memory
    this.strand = strand
  }

  fail(error: unknown): void {
    this.#callbacks.onError(error)
  }
}

/** What the functions of one incarnation call back. */
export class Callbacks {
  readonly #channel: Channel
  readonly #home: LaneHome
  readonly #keeper: CallbackKeeper
  /** The code that C calls. */
  readonly slots: CallbackSlots
  /** Of the threads that serve a lane. */
  #strands: readonly Strand[] = []
  #threads: Outsider[] = []
  #area: { readonly extent: Extent; readonly views: Views } | undefined
  #outermost: (MainEntrance & Entrance) | undefined
  /** Where there are several lanes. */
  #several: Lanes | undefined
  /** Those lanes; none where there is one. */
  beside: readonly Lane[] = []
  /** The one whose function is on the stack. */
  #current: Invocation | undefined
  /** Those whose promises are open. */
  readonly #waiting = new Set<Invocation>()
  /** A doorbell was asked for. */
  #armed = false
  #ended = false
  #warned = 0
  /** Callbacks so far. */
  count = 0
  /** Where a request goes now; `undefined` where `find` has to be asked. */
  front: Entrance | undefined

  constructor(channel: Channel, home: Omit<LaneHome, 'callbacks'>, keeper: CallbackKeeper) {
    this.#channel = channel
    this.#home = { ...home, callbacks: this }
    this.#keeper = keeper
    this.slots = new CallbackSlots(keeper, {
      owner: home.owner,
      code: () => channel.callbackCode(),
      lanes: () => this.#open().extent.address,
      begin: (request) => this.begin(request, undefined),
    })
  }

  /** The lanes for requests that come from no callback. */
  openLanes(): MainEntrance {
    this.#strands = this.#channel.lanes.map((_, index) => ({
      first: index * LIMITS.DEPTH,
      deepest: LIMITS.DEPTH,
      lanes: [],
      outside: false,
    }))
    const lanes = this.#channel.lanes.map(
      (memory, index) => new Lane(memory, this.#home, this.#strands[index] as Strand, 0),
    )
    const [only, ...others] = lanes as [Lane, ...Lane[]]
    if (others.length > 0) {
      this.#several = new Lanes(lanes, this.#home)
      this.beside = lanes
    }
    this.#outermost = this.#several ?? only
    this.front = this.#outermost
    return this.#outermost
  }

  /** Whether that thread serves the lane of that number. */
  serves(strand: object | undefined, lane: number): boolean {
    return strand === this.#strands[lane]
  }

  /** The ring whose doorbell is that of all threads. */
  get #doorbell(): Ring | undefined {
    return this.#threads[0]?.memory.ring
  }

  /** Callbacks of threads that are under way. */
  get outside(): number {
    return this.#threads.filter(({ invocation }) => invocation?.open).length
  }

  /** Where a request goes that the running code makes, while a promise of a callback is open. */
  find(): Entrance {
    for (let each = context.getStore(); each !== undefined; each = each.around)
      if (each.callbacks === this && each.open) return each.lane
    return this.#outermost as Entrance
  }

  /** Whether the code that runs belongs to a callback. */
  get inside(): boolean {
    return (this.front ?? this.find()) !== this.#outermost
  }

  /** Where a request goes that must not wait for the end of what runs; that of another thread may. */
  lane(): Entrance {
    const lane = this.front ?? this.find()
    return lane instanceof Lane && lane.strand.outside ? (this.#outermost as Entrance) : lane
  }

  /** Makes a request there that later ones stand on, wherever they are made. */
  begin(request: Request<undefined, unknown>, options: CallOptions | undefined): Pending {
    const lane = this.lane()
    const pending = lane.begin(request, options)
    if (lane instanceof Lane) this.#several?.found(pending)
    return pending
  }

  /** The memory of all inner lanes, from the first callback on. */
  #open(): { readonly extent: Extent; readonly views: Views } {
    if (this.#area !== undefined) return this.#area
    const lanes = this.#strands.length
    const extent = this.#channel.arena.allocate(innerLanes(lanes) * INNER_LANE_BYTES, true)
    this.#area = { extent, views: viewsOf(extent.buffer) }
    const listen = new Int32Array(REQUEST.at.words / 4)
    listen[REQUEST.at.operation / 4] = OPERATION.LISTEN
    this.#threads = Array.from({ length: LIMITS.THREADS }, (_, index) => {
      const first = lanes * LIMITS.DEPTH + index * (1 + LIMITS.THREAD_DEPTH)
      const memory = this.#memory(first)
      memory.ring.publish(listen, listen.length)
      return new Outsider(this, memory, {
        first: first + 1,
        deepest: LIMITS.THREAD_DEPTH,
        lanes: [],
        outside: true,
      })
    })
    this.#listen()
    return this.#area
  }

  #memory(place: number): LaneMemory {
    const { extent, views } = this.#open()
    const ring = new Ring(extent.buffer, place * INNER_LANE_BYTES, 'inner')
    const { arena } = this.#channel
    return { views, address: extent.address, ring, arena, overtakes: true }
  }

  #inner(strand: Strand, depth: number): Lane {
    let lane = strand.lanes[depth - 1]
    if (lane === undefined) {
      const memory = this.#memory(strand.first + depth - 1)
      lane = new Lane(memory, this.#home, strand, depth)
      strand.lanes[depth - 1] = lane
    }
    return lane
  }

  /**
   * The oldest request of a lane calls back. Runs what it calls; the invocation that is returned is open
   * if that gave a promise.
   * @throws {ViolationError} if nothing of the kind was ever there
   */
  invoke(
    caller: Caller,
    { ring, views }: LaneMemory,
    strand: Strand,
    depth: number,
    outer: Lane | undefined,
  ): Invocation | undefined {
    const at = ring.oldestResponse
    const id = views.u32[(at + RESPONSE.at.length) >> 2] as number
    const slot = this.slots.at(id)
    if (slot === undefined || depth >= strand.deepest)
      throw new ViolationError(
        `the fat thread broke the protocol: it called back ${slot === undefined ? `number ${id}, which there never was` : 'too deep'}`,
      )
    this.count++
    const inner = this.#inner(strand, depth + 1)
    const { shape, run } = slot
    const isStale = run === undefined || !(slot.lasts || slot.pending?.lane?.runs(slot.pending))
    if (isStale || blame(slot, caller, outer).muted) {
      ring.reopen()
      if (isStale) this.#warn(slot)
      inner.answer(undefined, undefined, isStale ? 0 : ANSWER_MUTE, caller)
      return undefined
    }
    const far = inner.memory.views
    const farAt = (strand.first + depth) * INNER_LANE_BYTES + LANE.at.words
    const values = shape.decode(views, at + RESPONSE.at.value, far, farAt, this.#home.owner)
    ring.reopen()
    const around = this.#current ?? (this.#waiting.size === 0 ? undefined : context.getStore())
    const invocation = new Invocation(this, inner, slot, caller, outer, around)
    inner.open(invocation)
    if (shape.fetch === undefined) this.#run(invocation, run, values)
    else this.#fetch(invocation, run, shape.fetch(values, this.#home.owner))
    return invocation
  }

  #fetch(invocation: Invocation, run: CallableFunction, steps: Steps<unknown[]>): void {
    const { lane } = invocation
    if (invocation.blocking) {
      try {
        this.#run(invocation, run, runStepsSync(lane, steps))
      } catch (error) {
        this.#fail(invocation, error)
      }
      return
    }
    this.#wait(invocation)
    runSteps(lane, steps).then(
      (values) => {
        if (!invocation.open) return
        this.#run(invocation, run, values)
      },
      (error) => this.#fail(invocation, error),
    )
  }

  #run(invocation: Invocation, run: CallableFunction, values: unknown[]): void {
    const { blocking, slot } = invocation
    const before = this.#current
    this.#current = invocation
    this.front = invocation.lane
    try {
      const result: unknown = blocking
        ? run(...values)
        : context.run(invocation, run as (...all: unknown[]) => unknown, ...values)
      if (!isPromise(result)) {
        this.#finish(invocation, result)
      } else if (blocking) {
        result.then(ignore, ignore)
        throw new TypeError(
          `${slot.shape.label} gave a promise, which a blocking call can't wait for: call without .sync`,
        )
      } else {
        this.#waitFor(invocation, result)
      }
    } catch (error) {
      this.#fail(invocation, error)
    } finally {
      this.#current = before
      this.#face()
    }
  }

  #waitFor(invocation: Invocation, promise: PromiseLike<unknown>): void {
    this.#wait(invocation)
    Promise.resolve(promise).then(
      (value) => {
        if (!invocation.open) return
        try {
          this.#finish(invocation, value)
        } catch (error) {
          this.#fail(invocation, error)
        }
      },
      (error) => this.#fail(invocation, error),
    )
  }

  #wait(invocation: Invocation): void {
    invocation.waits = true
    this.#waiting.add(invocation)
    this.#face()
  }

  /** Its answer is under way. */
  #end(invocation: Invocation): void {
    invocation.open = false
    if (!invocation.waits) return
    invocation.waits = false
    this.#waiting.delete(invocation)
    this.#face()
    if (invocation.outer !== undefined) invocation.outer.goOn()
    else this.hear()
  }

  #face(): void {
    if (this.#current !== undefined) this.front = this.#current.lane
    else this.front = this.#waiting.size > 0 ? undefined : this.#outermost
  }

  /** Throws what is wrong with the result. */
  #finish(invocation: Invocation, value: unknown): void {
    const { lane, slot, caller } = invocation
    if (!lane.quiet) {
      this.#whenQuiet(invocation, () => {
        try {
          this.#finish(invocation, value)
        } catch (error) {
          this.#fail(invocation, error)
        }
      })
      return
    }
    lane.answer(slot.shape, value, caller.muted ? ANSWER_MUTE : 0, caller)
    this.#end(invocation)
  }

  #fail(invocation: Invocation, error: unknown): void {
    if (!invocation.open) return
    const { lane, caller, blamed } = invocation
    blamed.fail(error)
    const answer = (): void => {
      lane.answer(undefined, undefined, ANSWER_MUTE, caller)
      this.#end(invocation)
    }
    if (lane.quiet) answer()
    else this.#whenQuiet(invocation, answer)
  }

  /** What a callback began is over before the callback is. */
  #whenQuiet(invocation: Invocation, work: () => void): void {
    const { lane, blocking } = invocation
    if (!blocking) this.#wait(invocation)
    lane.whenQuiet(blocking, () => {
      if (invocation.open) work()
    })
  }

  #warn({ shape, id }: Slot): void {
    const now = performance.now()
    if (now - this.#warned < QUIET && this.#warned > 0) return
    this.#warned = now
    this.#keeper.warn(
      new FatThreadError(
        `C called ${shape.label}, callback ${id}, after it was released or its call was over: it got zeros`,
      ),
    )
  }

  /** @internal */
  onError(error: unknown): void {
    this.#keeper.onError(error)
  }

  /** Asks for a doorbell when a thread of the library calls back: before the last look. */
  #listen(): void {
    if (this.#ended) return
    this.#doorbell?.sleep()
    if (this.#armed) return
    this.#armed = true
    this.#home.process.watch()
  }

  /** Runs what threads of the library call; returns how many did. */
  hear(): number {
    let heard = this.#several?.hear() ?? 0
    for (let round = 0; round < MOST_ROUNDS; round++) {
      let found = 0
      for (const outsider of this.#threads) found += this.#hearOne(outsider)
      if (found === 0) return heard
      heard += found
      this.#listen()
    }
    // They go on and on: everybody else has a turn.
    setImmediate(() => this.hear())
    return heard
  }

  /** After a blocking wait, which takes what the doorbell said. */
  rehear(): void {
    this.#several?.rehear()
    if (this.#threads.length === 0 || (this.#armed && this.#doorbell?.sleeping)) return
    this.onRing()
  }

  #hearOne(outsider: Outsider): number {
    const { memory, strand, invocation } = outsider
    const { ring, views } = memory
    if (this.#ended || !ring.ready()) return 0
    try {
      const status = views.u32[(ring.oldestResponse + RESPONSE.at.status) >> 2]
      if (invocation?.open || status !== STATUS.CALLBACK)
        throw new ViolationError(
          'the fat thread broke the protocol: a thread answered what nobody asked it',
        )
      this.#channel.arena.freeAll(outsider.kept)
      outsider.kept = undefined
      outsider.invocation = this.invoke(outsider, memory, strand, 0, undefined)
      return 1
    } catch (error) {
      this.#home.keeper.retire(error as Error)
      return 0
    }
  }

  /** Before a blocking wait, which has the doorbell for itself: whether there is nothing to hear. */
  fallAsleep(): boolean {
    if (this.#threads.length === 0 && this.#several === undefined) return true
    this.#armed = false
    this.#doorbell?.sleep()
    this.#several?.listen()
    return this.hear() === 0
  }

  /** The host rang; returns how many answers and callbacks there were. */
  onRing(): number {
    this.#armed = false
    if (this.#threads.length === 0) return 0
    this.#listen()
    let found = this.hear()
    for (const lane of this.#lanes()) found += lane.onRing()
    return found
  }

  /** All inner lanes. */
  #lanes(): Lane[] {
    const threads = this.#threads.map(({ strand }) => strand)
    return [...this.#strands, ...threads].flatMap(({ lanes }) => lanes)
  }

  stop(): void {
    for (const lane of this.#lanes()) lane.stop()
  }

  rejectAll(reason: (pending: Pending) => Error): void {
    for (const lane of this.#lanes()) lane.rejectAll(reason)
  }

  /** The process has ended; returns the requests that callbacks had made. */
  end(): Pending[] {
    this.#ended = true
    const left = this.#lanes().flatMap((lane) => {
      const { begun, waiting } = lane.end()
      if (lane.opened !== undefined) lane.opened.open = false
      return [...begun, ...waiting]
    })
    this.#waiting.clear()
    return left
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' &&
      value !== null &&
      typeof (value as { then?: unknown }).then === 'function')
  )
}

function ignore(): void {}
