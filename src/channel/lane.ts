import { type Failure, FatThreadError, NestingError, ViolationError } from '../errors.ts'
import { addon } from '../host/addon.ts'
import { type HostProcess, holdEventLoop, releaseEventLoop } from '../host/process.ts'
import type { Back, CopyBack } from '../memory/place.ts'
import { privateCopy } from '../memory/private-copy.ts'
import { LIMITS, OPERATION, REQUEST, RESPONSE, STATUS } from '../protocol/protocol.ts'
import type { CallbackShape } from './callback-shape.ts'
import type { Callbacks, Strand } from './callbacks.ts'
import { Clock, timeLeft } from './clock.ts'
import type { Entrance, Leftover } from './entrance.ts'
import { Flight } from './flight.ts'
import { Busy, Frame, reentered, Unprepared, Unreachable } from './frame.ts'
import type { Invocation } from './invocation.ts'
import { Keeping } from './keeping.ts'
import type { LaneMemory } from './lane-memory.ts'
import { type Caller, type Line, Pending } from './pending.ts'
import { Pump, RELOOK } from './pump.ts'
import { Queue } from './queue.ts'
import {
  type Answer,
  CALLED_BACK,
  type CallOptions,
  FollowUp,
  Later,
  Request,
  type Short,
} from './request.ts'

/** Looks for the answer before an asynchronous call gives up its turn: about a microsecond. */
const LOOKS = 100
/**
 * Calls in a row that are waited for at once; those behind them are posted together, which is faster for many.
 * Whether they are in a row is looked at after each eighth.
 */
const MOST_TRIPS = 24
const TRIPS_BETWEEN_LOOKS = 8
/** Answers taken before what waits is posted: the host works meanwhile. */
const PORTION = 32
/**
 * Behind so many requests, short calls are published in lots of so many: each request that is published alone waits for
 * a line of the host's cache.
 */
const LOT = 8

type AnyRequest = Request<unknown, unknown>

/** What a lane asks of the fat thread that it belongs to. */
export interface LaneKeeper {
  /** The process has to go; `pending` is the request that it is about, if any. */
  retire(reason: Error, pending?: Pending): void
  /** The process can't be reached: it ends just now, or gave up its socket. */
  unreachable(): void
  /** The limit of the running request is over. */
  expired(pending: Pending): void
  /** The signal of the running request fired. */
  aborted(pending: Pending): void
  abortError(pending: Pending): Error
}

/** What all lanes of an incarnation have in common. */
export interface LaneHome {
  readonly process: HostProcess
  /** Pointers of this incarnation know it by this. */
  readonly owner: object
  readonly keeper: LaneKeeper
  /** Whether it pays to stay awake. */
  readonly spin: boolean
  readonly callbacks: Callbacks
}

/**
 * One line of execution in a fat thread: requests go out in order, answers come back in order.
 * Requests beyond the ring's slots wait here.
 */
export class Lane implements Line, Entrance {
  readonly memory: LaneMemory
  /** The thread that serves it. */
  readonly strand: Strand
  /** The callback that an inner lane is there for now. */
  opened: Invocation | undefined
  readonly #channel: LaneMemory
  readonly #depth: number
  readonly #callbacks: Callbacks
  readonly #process: HostProcess
  readonly #keeper: LaneKeeper
  readonly #spin: boolean
  readonly #frame: Frame
  readonly #answer: { -readonly [Key in keyof Answer]: Answer[Key] }
  readonly #flight = new Flight()
  /** Calls that were answered at once since the program waited for any. */
  #trips = 0
  readonly #endRow = (): void => {
    this.#trips = 0
  }
  /** What is laid is published behind the running code at the latest. */
  #showsLater = false
  readonly #showLate = (): void => {
    this.#showsLater = false
    this.#show()
  }
  readonly #waiting = new Queue<Pending>()
  #stopped = false
  #dead = false
  /** An inner lane whose callback is over. */
  #shut = false
  /** The host is not woken just now. */
  #gentle = false
  /** No callback of what is called here has a lane. */
  readonly #last: boolean
  /** None of these: requests go out at once. */
  #plain = true
  /** A callback of the request that runs is on the stack. */
  #calling = false
  /** A callback of the request that runs, whose promise is open. */
  #awaited: Invocation | undefined
  #afterwards: (() => void) | undefined
  readonly #clock: Clock
  readonly #pump: Pump
  /** Answers so far. */
  completed = 0
  /** In the places of requests that were taken back. */
  #standIns = 0
  readonly #passedBy = new Request<unknown, unknown>({
    operation: OPERATION.PING,
    read: () => {
      this.#standIns--
      this.completed--
    },
  })

  constructor(memory: LaneMemory, home: LaneHome, strand: Strand, depth: number) {
    const { process, owner, keeper, spin, callbacks } = home
    this.memory = memory
    this.strand = strand
    this.#channel = memory
    this.#depth = depth
    this.#callbacks = callbacks
    this.#process = process
    this.#keeper = keeper
    this.#spin = spin
    this.#last = depth === strand.deepest
    this.#setShut(depth > 0)
    this.#frame = new Frame(memory, callbacks, owner, process)
    this.#clock = new Clock({
      running: () => {
        this.#drain()
        return this.#dead ? undefined : this.#flight.oldest
      },
      expired: (pending) => this.#keeper.expired(pending),
    })
    this.#pump = new Pump({
      ring: memory.ring,
      process,
      spin,
      idle: () => this.#idle,
      dead: () => this.#dead,
      drain: () => this.#drain(),
      relook: () => {
        this.#fill()
        this.#ringHost()
        this.#callbacks.hear()
      },
      retire: (error) => this.#keeper.retire(error),
    })
    this.#answer = {
      views: memory.views,
      owner,
      status: 0,
      errno: 0,
      length: 0,
      value: 0,
      roomOffset: 0,
      room: 0,
    }
  }

  get inFlight(): number {
    return this.#channel.ring.inFlight - this.#standIns
  }

  get queued(): number {
    return this.#waiting.size
  }

  /** Nothing is on it. */
  get quiet(): boolean {
    return this.#flight.size === 0 && this.#waiting.size === 0
  }

  get #ready(): boolean {
    return this.#flight.size === 0 && this.#waiting.size === 0 && this.#plain
  }

  runs(pending: Pending): boolean {
    return this.#flight.oldest === pending
  }

  /** Makes a request; the promise ends with it. */
  run<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Promise<Output> {
    if (!this.#ready || options?.signal !== undefined || this.#trips >= MOST_TRIPS)
      return this.#enqueue(request, input, options)
    try {
      const result = this.#try(request, input, options, LOOKS, false)
      if (!(result instanceof Pending)) {
        if (++this.#trips % TRIPS_BETWEEN_LOOKS === 0) queueMicrotask(this.#endRow)
        return Promise.resolve(result)
      }
      this.#wakeHost()
      this.#pump.go()
      return result.promise() as Promise<Output>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Makes a request that its maker waits for later: awaited, or blocking. */
  begin(request: Request<undefined, void>, options: CallOptions | undefined): Pending {
    const pending = new Pending(request as AnyRequest, undefined, options)
    if (options?.gently !== true) {
      this.adopt(pending)
      return pending
    }
    this.#gentle = true
    try {
      this.adopt(pending)
    } finally {
      this.#gentle = false
      queueMicrotask(() => this.#wakeHost())
    }
    return pending
  }

  /** Makes a request and blocks until it has ended. */
  runSync<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Output {
    const result = this.#ready
      ? this.#try(request, input, options, LOOKS, true)
      : this.post(request, input, options)
    return result instanceof Pending ? (result.block() as Output) : result
  }

  /** Makes a request that its maker blocks for later. */
  post<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Pending {
    if (this.#shut) return this.#callbacks.lane().post(request, input, options)
    this.#requireDepth(request)
    if (this.#awaited !== undefined) throw endless(request.subject)
    const pending = new Pending(request as AnyRequest, input, options, true)
    if (pending.signal?.aborted) pending.reject(this.#keeper.abortError(pending))
    else this.adopt(pending)
    return pending
  }

  /** Posts a request when nothing else is on the lane, and looks for its answer. */
  #try<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
    looks: number,
    blocking: boolean,
  ): Output | Pending {
    const { short } = request
    if (short === undefined || this.#channel.arena.hasGrants || !short.fits(input))
      return this.#tryLong(request, input, options, looks, blocking)
    if (this.#frame.isWriting) throw reentered()
    short.fill(input, this.#answer.owner)
    const response = this.#trip(short.block, this.#spin ? looks : 0)
    if (response === 0)
      return this.#flyBare(new Pending(request as AnyRequest, input, options, blocking))
    const result = this.#believe(short.take, response)
    if (result !== CALLED_BACK) {
      this.completed++
      return result
    }
    this.#channel.ring.unread()
    return this.#flyBare(new Pending(request as AnyRequest, input, options, blocking))
  }

  #trip(block: Int32Array, looks: number): number {
    try {
      return this.#channel.ring.trip(block, looks)
    } catch (error) {
      this.#keeper.retire(error as Error)
      throw error
    }
  }

  #believe<Output>(
    take: Short<unknown, Output>['take'],
    response: number,
  ): Output | typeof CALLED_BACK {
    try {
      return take(this.#channel.views, response, this.#answer.owner)
    } catch (error) {
      if (error instanceof ViolationError) this.#keeper.retire(error)
      throw error
    }
  }

  #tryLong<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
    looks: number,
    blocking: boolean,
  ): Output | Pending {
    const pending = new Pending(request as AnyRequest, input, options, blocking)
    try {
      this.#post(pending)
    } catch (error) {
      if (!mayWait(error)) throw error
      this.adopt(pending)
      return pending
    }
    this.#fly(pending)
    if (this.#spin && this.#channel.ring.look(looks)) this.#drain()
    return pending.open ? pending : (pending.take() as Output)
  }

  /** Takes a request at the end of the line. */
  adopt(pending: Pending): void {
    pending.lane = this
    this.#waiting.put(pending)
    this.#fill()
    this.#pump.go()
  }

  /** Blocks until something happens on this lane, or a thread of the library calls back. */
  step(pending?: Pending): void {
    const { ring } = this.#channel
    this.#pump.wakeUp()
    this.#show()
    if (this.#stopped) {
      // Whatever is answered now counts for nothing: only the end of the process is awaited.
      this.#process.wait(RELOOK)
      return
    }
    if (this.#drain() > 0) return
    if (this.#awaited !== undefined && pending !== undefined) {
      pending.reject(endless(pending.request.subject))
      return
    }
    if (this.#callbacks.hear() > 0) return
    this.#wakeHost()
    if (this.#spin && ring.inFlight > 0 && this.#pump.spin()) {
      this.#drain()
      return
    }
    if (!ring.fallAsleep()) return
    if (!this.#callbacks.fallAsleep()) {
      ring.wakeUp()
      return
    }
    const most = Math.ceil(Math.max(0, Math.min(this.#leftAround(), RELOOK)))
    const sleep = this.#spin ? this.#pump.sleepAtMost(most) : most
    const event = this.#process.wait(sleep, this.#channel.views.u8, ring.lane)
    if (this.#dead) return
    ring.wakeUp()
    if (this.#drain() > 0) {
      this.#pump.answered(event)
      return
    }
    this.#checkWaiting()
    this.#checkLimits()
    if (!event && sleep === most) this.#ringHost()
  }

  /** This lane, those that it is an inner lane of, and those beside it. */
  *#around(): Generator<Lane> {
    for (let lane: Lane | undefined = this; lane !== undefined; lane = lane.opened?.outer)
      yield lane
    yield* this.#callbacks.beside
  }

  /** Milliseconds until the first limit of what runs here, or goes on meanwhile. */
  #leftAround(): number {
    let left = Number.POSITIVE_INFINITY
    for (const lane of this.#around()) {
      const { oldest } = lane.#flight
      if (oldest !== undefined) left = Math.min(left, timeLeft(oldest))
    }
    return left
  }

  /** Timers don't run while the program blocks. */
  #checkLimits(): void {
    for (const lane of this.#around()) {
      const { oldest } = lane.#flight
      if (oldest !== undefined && timeLeft(oldest) <= 0) lane.#keeper.expired(oldest)
    }
  }

  /** Goes on with what is in flight, after a blocking wait. */
  resume(): void {
    this.#pump.goOn()
    this.#callbacks.rehear()
    this.#pump.go()
  }

  /** The same, when the program waited for another lane. */
  pumpOn(): void {
    this.#pump.go()
  }

  /** The host rang; returns how many answers there were. */
  onRing(): number {
    if (this.#dead || !this.#pump.asleep) return 0
    this.#pump.wakeUp()
    const settled = this.#drain()
    this.#pump.go()
    return settled
  }

  /** Calls that wait behind the one that runs. */
  get behind(): number {
    return Math.max(0, this.#flight.size - this.#standIns - 1)
  }

  /** Takes calls back that wait behind the one that runs, the last ones, as far as the host has not begun them. */
  withdraw(most: number): Pending[] {
    const taken: Pending[] = []
    for (let index = this.#flight.size - 1; index > 0 && taken.length < most; index--) {
      const pending = this.#flight.at(index) as Pending
      if (!pending.open || pending.request.operation !== OPERATION.CALL) continue
      if (!this.#channel.ring.withdraw(index, pending.head)) break
      this.#flight.replace(index, this.#standIn(pending))
      taken.unshift(pending)
    }
    return taken
  }

  /** Has what was made for a request that was taken back, until the host has passed it by. */
  #standIn(pending: Pending): Pending {
    const { told, extents, slots } = pending
    const standIn = new Pending(this.#passedBy, undefined, undefined)
    standIn.lane = this
    standIn.told = told
    standIn.extents = extents
    standIn.slots = slots
    pending.extents = undefined
    pending.slots = undefined
    standIn.settle(false, undefined)
    this.#standIns++
    return standIn
  }

  /** Whether what runs here waits for the promise of a callback. */
  get awaits(): boolean {
    return this.#awaited !== undefined
  }

  /** The program waits for another lane: takes what has been answered here meanwhile. */
  hear(): number {
    if (this.#dead || this.#calling || this.#flight.size === 0 || !this.#channel.ring.ready())
      return 0
    this.#pump.wakeUp()
    const settled = this.#drain()
    this.#pump.go()
    return settled
  }

  /** The program is about to wait for any doorbell. */
  listen(): void {
    if (!this.#dead && this.#flight.size > 0) this.#channel.ring.sleep()
  }

  /** A doorbell has been rung: whether it was not the one of this lane, which sleeps on. */
  sleepsOn(): boolean {
    if (this.#dead || !this.#pump.asleep) return false
    const { ring } = this.#channel
    return ring.sleeping && !ring.ready()
  }

  /** An inner lane is there for a callback. */
  open(invocation: Invocation): void {
    this.opened = invocation
    this.#setShut(false)
  }

  /**
   * Ends the callback: its result, or zeros where there is no shape.
   * @throws {TypeError} {RangeError} for a result that its type does not take
   */
  answer(shape: CallbackShape | undefined, value: unknown, flags: number, caller: Caller): void {
    if (this.#stopped) return
    const frame = this.#frame
    frame.open(OPERATION.ANSWER, flags, 1)
    try {
      if (shape === undefined) frame.clear()
      else
        shape.encode(value, shape.points ? new Keeping(frame, this.#channel.arena, caller) : frame)
      if (shape?.points) frame.publish()
      else frame.publishBare()
    } catch (error) {
      frame.abandon()
      throw error
    }
    this.#channel.ring.skip()
    this.#setShut(this.#depth > 0)
    this.#wakeHost()
  }

  /** Does something as soon as nothing is on the lane; `now` where the program has to wait for that. */
  whenQuiet(now: boolean, work: () => void): void {
    if (!now) {
      this.#afterwards = work
      return
    }
    while (!this.quiet && !this.#stopped) this.step()
    work()
  }

  /** The promise of a callback is kept. */
  goOn(): void {
    if (this.#awaited === undefined) return
    this.#awaited = undefined
    releaseEventLoop()
    this.#pump.go()
  }

  /** Posts nothing more and believes no more answers; what comes now waits for a successor. */
  stop(): void {
    this.#stopped = true
    this.#plain = false
  }

  #setShut(shut: boolean): void {
    this.#shut = shut
    this.#plain = !(shut || this.#last || this.#stopped)
  }

  /** Calls and callbacks don't nest deeper than there are lanes. */
  #requireDepth({ operation, subject }: Pick<AnyRequest, 'operation' | 'subject'>): void {
    if (!this.#last || (operation !== OPERATION.CALL && operation !== OPERATION.SERIES)) return
    throw new NestingError(
      `${subject.call}: calls and callbacks are nested ${this.#depth} deep, which is the most`,
      this.#depth,
      subject,
    )
  }

  /** Ends the lane. What is left is for a successor, or to be rejected. */
  end(): Leftover {
    // Answers that came before the end are answers.
    this.#settleAnswered(Number.POSITIVE_INFINITY, false)
    this.stop()
    this.#dead = true
    this.#pump.wakeUp()
    if (this.#awaited !== undefined) releaseEventLoop()
    this.#awaited = undefined
    this.#clock.stop()
    const flight = this.#flight.all()
    const begun = this.#channel.ring.begun()
    const open = (pending: Pending): boolean => pending.open
    const next = flight[begun]
    if (begun === 0 && next !== undefined) next.attempts++
    for (const { request } of flight) request.look?.()
    const leftover = {
      begun: flight.slice(0, begun).filter(open),
      waiting: [...flight.slice(begun), ...this.#waiting.takeAll()].filter(open),
    }
    this.#flight.clear()
    return leftover
  }

  /** Rejects all requests. One that runs goes on running. */
  rejectAll(reason: (pending: Pending) => Error): void {
    for (const pending of [...this.#flight.all(), ...this.#waiting.takeAll()])
      pending.reject(reason(pending))
  }

  /** A request whose signal fired: taken out of the line, or the process has to go. */
  abort(pending: Pending): void {
    if (this.#flight.includes(pending)) {
      this.#keeper.aborted(pending)
      return
    }
    // It stays in the line, and is passed over when its turn comes.
    pending.reject(this.#keeper.abortError(pending))
    this.#fill()
  }

  #enqueue<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Promise<Output> {
    if (this.#shut) return this.#callbacks.lane().run(request, input, options)
    let kept = input
    if (!this.#ready) {
      try {
        this.#requireDepth(request)
        kept = request.keep(input, this.#frame.owner)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    const pending = new Pending(request as AnyRequest, kept, options)
    if (pending.signal?.aborted) return Promise.reject(this.#keeper.abortError(pending))
    const promise = pending.promise()
    if (this.#channel.ring.full) this.#makeRoom()
    if (this.#isNext(pending) && this.#postBare(pending)) {
      this.#showSoon()
      this.#pump.go()
    } else {
      this.adopt(pending)
    }
    return promise as Promise<Output>
  }

  /** Whether it need not wait for its turn to be posted. */
  #isNext({ signal }: Pending): boolean {
    const { ring } = this.#channel
    return this.#waiting.size === 0 && signal === undefined && !ring.full && !this.#stopped
  }

  /**
   * Posts a call that is no more than words, if it is that; its maker shows it.
   * Its words may be wrong: then it has ended.
   */
  #postBare(pending: Pending): boolean {
    const { request, input } = pending
    const { short } = request
    const { arena, ring } = this.#channel
    if (short === undefined || arena.hasGrants || !short.fits(input)) return false
    try {
      if (this.#frame.isWriting) throw reentered()
      short.fill(input, this.#answer.owner)
    } catch (error) {
      pending.reject(error)
      return true
    }
    try {
      ring.lay(short.block, short.block.length)
    } catch (error) {
      this.#keeper.retire(error as Error)
      pending.reject(error)
      return true
    }
    this.#flyBare(pending)
    return true
  }

  /** In lots where the host has work; never later than behind the running code. */
  #showSoon(): void {
    const { laid } = this.#channel.ring
    if (laid >= LOT || this.#flight.size - laid < LOT) {
      this.#show()
    } else if (!this.#showsLater) {
      this.#showsLater = true
      queueMicrotask(this.#showLate)
    }
  }

  /** Publishes what is laid. */
  #show(): void {
    if (this.#channel.ring.laid === 0) return
    this.#channel.ring.show()
    this.#wakeHost()
  }

  /** Takes answers while requests are made, so that fewer have to wait. Runs no code of the caller: no callback. */
  #makeRoom(): void {
    if (this.#dead || this.#calling || this.#pump.asleep) return
    this.#settleAnswered(PORTION, false)
    this.#fill()
  }

  /** Writes and publishes in the next slot, behind what the host has to be asked first. */
  #post(pending: Pending): void {
    for (let first = this.#write(pending); first !== undefined; first = this.#write(pending)) {
      const asked = new Pending(first, undefined, undefined)
      this.#post(asked)
      this.#fly(asked)
      if (this.#channel.ring.full) throw new Busy(undefined)
    }
  }

  #write(pending: Pending): AnyRequest | undefined {
    const { request, input } = pending
    const frame = this.#frame
    frame.open(request.operation, request.id, request.words)
    try {
      pending.back = request.write(frame, input)
      frame.publish()
    } catch (error) {
      frame.abandon()
      if (error instanceof Unprepared) return error.request
      if (error instanceof ViolationError) this.#keeper.retire(error)
      if (error instanceof Unreachable) {
        this.stop()
        this.#keeper.unreachable()
      }
      throw error
    }
    pending.bare = false
    pending.extents = frame.extents
    pending.told = frame.told
    pending.head = frame.head
    pending.slots = frame.slots
    if (pending.slots !== undefined) for (const slot of pending.slots) slot.pending = pending
    pending.room = frame.room
    pending.roomOffset = frame.roomOffset
    return undefined
  }

  /** After requests were published: a host that is awake sees them by itself. */
  #wakeHost(): void {
    if (this.#gentle || this.#dead || !this.#channel.ring.hostSleeps()) return
    this.#ringHost()
    this.#pump.hostWoken()
  }

  #ringHost(): void {
    addon().ring(this.#channel.views.u8, this.#channel.ring.lane)
  }

  /** Notes a request that was just published. */
  #fly(pending: Pending): Pending {
    pending.lane = this
    this.#flight.put(pending)
    if (this.#flight.size === 1) this.#clock.start(pending)
    return pending
  }

  /** Notes a request that was posted as the block of its function. */
  #flyBare(pending: Pending): Pending {
    const { block } = pending.request.short as Short<unknown, unknown>
    pending.bare = true
    pending.head = block[REQUEST.at.operation / 4] as number
    return this.#fly(pending)
  }

  /** Posts what waits, as far as the ring has slots. */
  #fill(): void {
    const before = this.#flight.size
    this.#postWaiting()
    this.#channel.ring.show()
    if (this.#flight.size > before) this.#wakeHost()
    if (this.#afterwards === undefined || !this.quiet) return
    const work = this.#afterwards
    this.#afterwards = undefined
    work()
  }

  #postWaiting(): void {
    const { ring } = this.#channel
    for (let pending = this.#waiting.first; pending !== undefined; pending = this.#waiting.first) {
      if (ring.full || this.#stopped) return
      // One that may be aborted goes out only when it is next to run: then aborted means never begun.
      if (pending.signal !== undefined && pending.open && ring.inFlight > 0) return
      this.#waiting.take()
      if (!pending.open) continue
      if (this.#postBare(pending)) continue
      try {
        this.#post(pending)
        this.#fly(pending)
      } catch (error) {
        if (!mayWait(error)) {
          pending.reject(error)
          continue
        }
        this.#waiting.putFirst(pending)
        this.#tellGrants()
        return
      }
    }
  }

  /** The socket is full: the host takes what is in it when a request tells of it. */
  #tellGrants(): void {
    const frame = this.#frame
    if (this.#stopped || !frame.owesGrants || this.#channel.ring.full) return
    frame.publishGrants(OPERATION.PING)
    this.#fly(new Pending(TELL, undefined, undefined))
  }

  /** Reads the oldest answer. */
  #read(pending: Pending): unknown {
    const { request, input, back, extents } = pending
    const { ring, views } = this.#channel
    const answer = this.#answer
    const at = ring.oldestResponse
    answer.status = views.u32[(at + RESPONSE.at.status) >> 2] as number
    answer.errno = views.i32[(at + RESPONSE.at.error) >> 2] as number
    answer.length = views.u32[(at + RESPONSE.at.length) >> 2] as number
    answer.value = at + RESPONSE.at.value
    answer.roomOffset = pending.roomOffset
    answer.room = pending.room
    let result: unknown
    let copies: readonly DataView[] | undefined
    try {
      if (answer.status === STATUS.CUT_OFF) throw cutOff(request.subject)
      result = request.read(answer, input)
      copies = back?.copies.map(copyOf)
    } finally {
      this.completed++
      ring.consume()
      if (pending.told !== 0) this.#channel.arena.take(pending.told)
      if (extents !== undefined) this.#frame.free(extents)
      if (pending.slots !== undefined) this.#callbacks.slots.giveBack(pending.slots)
      if (pending.kept !== undefined) this.#channel.arena.freeAll(pending.kept)
      pending.slots = undefined
      pending.kept = undefined
    }
    // From here on code of the caller may run, and call on this lane.
    const found = result instanceof Later ? result.work() : result
    return back === undefined ? found : finish(back, copies as readonly DataView[], found)
  }

  /** Settles what has been answered and posts what waits; returns how many were settled. */
  #drain(): number {
    let settled = 0
    for (let portion = PORTION; portion === PORTION && settled < LIMITS.SLOTS; settled += portion) {
      portion = this.#settleAnswered(PORTION, true)
      if (portion > 0) this.#fill()
    }
    return settled
  }

  #settleAnswered(most: number, callingBack: boolean): number {
    const { ring } = this.#channel
    let settled = 0
    let there = ring.there(most)
    while (there > 0 && this.#flight.size > 0 && !this.#stopped) {
      const pending = this.#flight.oldest as Pending
      if (this.#awaited !== undefined) {
        this.#keeper.retire(early(), pending)
        break
      }
      if (pending.bare ? !this.#settleBare(pending) : !this.#settle(pending)) {
        if (!callingBack) break
        settled++
        this.#callBack(pending)
        there = ring.there(most - settled)
        continue
      }
      there--
      settled++
      const next = this.#flight.oldest
      if (next !== undefined) this.#clock.start(next)
    }
    return settled
  }

  #callsBack(): boolean {
    const { ring, views } = this.#channel
    return views.u32[(ring.oldestResponse + RESPONSE.at.status) >> 2] === STATUS.CALLBACK
  }

  /** The request that runs calls back, and goes on when it is answered. */
  #callBack(pending: Pending): void {
    try {
      if (pending.timeout !== undefined || this.opened !== undefined) this.#checkLimits()
      if (this.#stopped) return
      const { strand, memory } = this
      this.#calling = true
      const invocation = this.#callbacks.invoke(pending, memory, strand, this.#depth, this)
      if (invocation?.open !== true) return
      this.#awaited = invocation
      holdEventLoop()
    } catch (error) {
      this.#keeper.retire(error as Error, pending)
    } finally {
      this.#calling = false
    }
  }

  /** The oldest one, which was posted as no more than words; returns false if it calls back. */
  #settleBare(pending: Pending): boolean {
    const { ring, arena } = this.#channel
    const { take } = pending.request.short as Short<unknown, unknown>
    let failed = false
    let outcome: unknown
    try {
      outcome = this.#believe(take, ring.oldestResponse)
      if (outcome === CALLED_BACK) return false
    } catch (error) {
      failed = true
      outcome = error
    }
    this.#flight.shift()
    this.completed++
    ring.consume()
    if (pending.kept !== undefined) {
      arena.freeAll(pending.kept)
      pending.kept = undefined
    }
    pending.settle(failed, outcome)
    return true
  }

  /** The oldest one; returns false if it calls back. */
  #settle(pending: Pending): boolean {
    if (this.#callsBack()) return false
    this.#flight.shift()
    try {
      const result = this.#read(pending)
      if (result instanceof FollowUp) {
        pending.request = result.request as AnyRequest
        pending.input = undefined
        this.#waiting.putFirst(pending)
      } else {
        pending.settle(false, result)
      }
    } catch (error) {
      if (error instanceof ViolationError) this.#keeper.retire(error)
      pending.settle(true, error)
    }
    return true
  }

  /** Nobody waits for anything: the event loop may end. */
  get #idle(): boolean {
    if (this.#dead || this.#awaited !== undefined) return true
    return this.#flight.size === 0 && this.#waiting.size === 0
  }

  #checkWaiting(): void {
    try {
      this.#channel.ring.checkWaiting()
    } catch (error) {
      this.#keeper.retire(error as Error)
    }
  }
}

function early(): ViolationError {
  return new ViolationError(
    'the fat thread broke the protocol: it went on without waiting for its callback',
  )
}

/** What it waits for needs the event loop, which it stops. */
export function endless(subject: Failure): FatThreadError {
  return new FatThreadError(
    `${subject.call ?? 'the call'} would wait for ever: before it, a call waits for the promise of its callback`,
    subject,
  )
}

/** A request that only tells of grants. */
const TELL = new Request<unknown, unknown>({ operation: OPERATION.PING, read: () => undefined })

function cutOff(subject: Failure): ViolationError {
  return new ViolationError('the fat thread closed its end of the channel', {}, subject)
}

/** The request is in order; it is the fat thread that can't take it now. */
function mayWait(error: unknown): boolean {
  return error instanceof Busy || error instanceof Unreachable
}

/** A brief copy has its memory until the next one is made. */
function copyOf(
  { place, length, brief }: CopyBack,
  _: number,
  { length: copies }: readonly CopyBack[],
): DataView {
  return privateCopy(place, length, brief && copies === 1)
}

function finish({ copies, finish }: Back, found: readonly DataView[], result: unknown): unknown {
  for (const [index, { into }] of copies.entries()) into(found[index] as DataView)
  return finish === undefined ? result : finish(result)
}
