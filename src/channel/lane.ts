import { releaseEventLoop } from '../host/events.ts'
import type { CallbackShape } from './callback-shape.ts'
import type { Strand } from './callbacks.ts'
import { Clock } from './clock.ts'
import type { Entrance, Leftover } from './entrance.ts'
import type { Invocation } from './invocation.ts'
import { Answers } from './lane/answers.ts'
import { FirstLook } from './lane/first-look.ts'
import type { LaneHome } from './lane/home.ts'
import { Limits } from './lane/limits.ts'
import { Nesting } from './lane/nesting.ts'
import { Posting } from './lane/posting.ts'
import { type AnyRequest, LaneState } from './lane/state.ts'
import { endless, Waits } from './lane/waits.ts'
import { Withdrawal } from './lane/withdrawal.ts'
import type { LaneMemory } from './lane-memory.ts'
import { type Caller, type Line, Pending } from './pending.ts'
import { Pump } from './pump.ts'
import type { CallOptions, Request } from './request.ts'

/**
 * One line of execution in a fat thread: requests go out in order, answers come back in order.
 * Requests beyond the ring's slots wait here.
 */
export class Lane implements Line, Entrance {
  readonly memory: LaneMemory
  /** The thread that serves it. */
  readonly strand: Strand
  readonly #state: LaneState
  readonly #clock: Clock
  readonly #pump: Pump
  readonly #posting: Posting
  readonly #answers: Answers
  readonly #firstLook: FirstLook
  readonly #waits: Waits
  readonly #nesting: Nesting
  readonly #withdrawal: Withdrawal

  constructor(memory: LaneMemory, home: LaneHome, strand: Strand, depth: number) {
    this.memory = memory
    this.strand = strand
    const state = new LaneState(this, memory, home, strand, depth)
    this.#state = state
    const limits = new Limits(state)
    this.#clock = new Clock({
      running: () => {
        this.#answers.drain()
        return state.dead ? undefined : state.flight.oldest
      },
      expired: (pending) => state.keeper.expired(pending),
    })
    this.#pump = new Pump({
      ring: state.ring,
      process: state.process,
      spin: state.spin,
      idle: () => state.idle,
      dead: () => state.dead,
      drain: () => this.#answers.drain(),
      relook: () => {
        this.#posting.fill()
        this.#posting.ringHost()
        state.callbacks.hear()
      },
      retire: (error) => state.keeper.retire(error),
    })
    this.#posting = new Posting(state, this.#clock, this.#pump)
    this.#answers = new Answers(state, this.#posting, limits, this.#clock)
    this.#firstLook = new FirstLook(state, this.#posting, this.#answers)
    this.#waits = new Waits(state, this.#posting, this.#answers, limits, this.#pump)
    this.#nesting = new Nesting(state, this.#posting)
    this.#withdrawal = new Withdrawal(state)
  }

  get inFlight(): number {
    return this.#state.ring.inFlight - this.#state.standIns
  }

  get queued(): number {
    return this.#state.waiting.size
  }

  /** Answers so far. */
  get completed(): number {
    return this.#state.completed
  }

  /** Nothing is on it. */
  get quiet(): boolean {
    return this.#state.quiet
  }

  /** The request that runs. */
  get running(): Pending | undefined {
    return this.#state.flight.oldest
  }

  runs(pending: Pending): boolean {
    return this.running === pending
  }

  /** Makes a request; the promise ends with it. */
  run<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Promise<Output> {
    const firstLook = this.#firstLook
    if (!this.#state.ready || options?.signal !== undefined || firstLook.inRow)
      return this.#enqueue(request, input, options)
    try {
      const result = firstLook.try(request, input, options, false)
      if (!(result instanceof Pending)) {
        firstLook.count()
        return Promise.resolve(result)
      }
      this.#posting.wakeHost()
      this.#pump.go()
      return result.promise() as Promise<Output>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #enqueue<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Promise<Output> {
    const state = this.#state
    if (state.shut) return state.callbacks.lane().run(request, input, options)
    let kept = input
    if (!state.ready) {
      try {
        this.#nesting.requireDepth(request)
        kept = request.keep(input, state.owner)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    const pending = new Pending(request as AnyRequest, kept, options)
    if (pending.signal?.aborted) return Promise.reject(state.keeper.abortError(pending))
    const promise = pending.promise()
    if (state.ring.full && !this.#pump.asleep) this.#answers.makeRoom()
    if (!this.#posting.postNow(pending)) this.#posting.adopt(pending)
    return promise as Promise<Output>
  }

  /** Makes a request that its maker waits for later: awaited, or blocking. */
  begin(request: Request<undefined, unknown>, options: CallOptions | undefined): Pending {
    const pending = new Pending(request as AnyRequest, undefined, options)
    if (options?.gently === true) this.#posting.adoptGently(pending)
    else this.#posting.adopt(pending)
    return pending
  }

  /** Makes a request and blocks until it has ended. */
  runSync<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Output {
    const result = this.#state.ready
      ? this.#firstLook.try(request, input, options, true)
      : this.post(request, input, options)
    return result instanceof Pending ? (result.block() as Output) : result
  }

  /** Makes a request that its maker blocks for later. */
  post<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Pending {
    const { awaited, callbacks, keeper, shut } = this.#state
    if (shut) return callbacks.lane().post(request, input, options)
    this.#nesting.requireDepth(request)
    if (awaited !== undefined) throw endless(request.subject)
    const pending = new Pending(request as AnyRequest, input, options, true)
    if (pending.signal?.aborted) pending.reject(keeper.abortError(pending))
    else this.adopt(pending)
    return pending
  }

  /** Takes a request at the end of the line. */
  adopt(pending: Pending): void {
    this.#posting.adopt(pending)
  }

  /** Blocks until something happens on this lane, or a thread of the library calls back. */
  step(pending?: Pending): void {
    this.#waits.step(pending)
  }

  /** Goes on with what is in flight, after a blocking wait. */
  resume(): void {
    this.#waits.resume()
  }

  /** The same, when the program waited for another lane. */
  pumpOn(): void {
    this.#pump.go()
  }

  /** The host rang; returns how many answers there were. */
  onRing(): number {
    return this.#waits.onRing()
  }

  /** The program waits for another lane: takes what has been answered here meanwhile. */
  hear(): number {
    return this.#waits.hear()
  }

  /** The program is about to wait for any doorbell. */
  listen(): void {
    this.#waits.listen()
  }

  /** A doorbell has been rung: whether it was not the one of this lane, which sleeps on. */
  sleepsOn(): boolean {
    return this.#waits.sleepsOn()
  }

  /** Calls that wait behind the one that runs. */
  get behind(): number {
    return this.#withdrawal.behind
  }

  /** Takes calls back that wait behind the one that runs, the last ones, as far as the host has not begun them. */
  withdraw(most: number): Pending[] {
    return this.#withdrawal.take(most)
  }

  /** The callback that an inner lane serves. */
  get opened(): Invocation | undefined {
    return this.#state.opened
  }

  /** An inner lane is there for a callback. */
  open(invocation: Invocation): void {
    this.#nesting.open(invocation)
  }

  /**
   * Ends the callback: its result, or zeros where there is no shape.
   * @throws {TypeError} {RangeError} for a result that its type does not take
   */
  answer(shape: CallbackShape | undefined, value: unknown, flags: number, caller: Caller): void {
    this.#nesting.answer(shape, value, flags, caller)
  }

  /** Whether what runs here waits for the promise of a callback. */
  get awaits(): boolean {
    return this.#state.awaited !== undefined
  }

  /** The promise of a callback is kept. */
  goOn(): void {
    if (this.#state.awaited === undefined) return
    this.#state.awaited = undefined
    releaseEventLoop()
    this.#pump.go()
  }

  /** Does something as soon as nothing is on the lane; `now` where the program has to wait for that. */
  whenQuiet(now: boolean, work: () => void): void {
    if (!now) {
      this.#posting.whenQuiet(work)
      return
    }
    while (!this.quiet && !this.#state.stopped) this.step()
    work()
  }

  /** A request whose signal fired: taken out of the line, or the process has to go. */
  abort(pending: Pending): void {
    const { flight, keeper } = this.#state
    if (flight.includes(pending)) {
      keeper.aborted(pending)
      return
    }
    // It stays in the line, and is passed over when its turn comes.
    pending.reject(keeper.abortError(pending))
    this.#posting.fill()
  }

  /** Rejects all requests. One that runs goes on running. */
  rejectAll(reason: (pending: Pending) => Error): void {
    const { flight, waiting } = this.#state
    for (const pending of [...flight.all(), ...waiting.takeAll()]) pending.reject(reason(pending))
  }

  /** Posts nothing more and believes no more answers; what comes now waits for a successor. */
  stop(): void {
    this.#state.stop()
  }

  /** Ends the lane. What is left is for a successor, or to be rejected. */
  end(): Leftover {
    const state = this.#state
    // Answers that came before the end are answers.
    this.#answers.takeLast()
    state.stop()
    state.dead = true
    this.#pump.wakeUp()
    if (state.awaited !== undefined) releaseEventLoop()
    state.awaited = undefined
    this.#clock.stop()
    const flight = state.flight.all()
    const begun = state.ring.begun()
    const open = (pending: Pending): boolean => pending.open
    const next = flight[begun]
    if (begun === 0 && next !== undefined) next.attempts++
    for (const { request } of flight) request.look?.()
    const leftover = {
      begun: flight.slice(0, begun).filter(open),
      waiting: [...flight.slice(begun), ...state.waiting.takeAll()].filter(open),
    }
    state.flight.clear()
    this.#pump.rest()
    return leftover
  }
}
