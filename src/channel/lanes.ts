import type { HostProcess } from '../host/process.ts'
import { OPERATION } from '../protocol/protocol.ts'
import type { Leftover, MainEntrance } from './entrance.ts'
import type { LaneKeeper } from './lane/home.ts'
import { endless } from './lane/waits.ts'
import type { Lane } from './lane.ts'
import { type Line, Pending } from './pending.ts'
import { Queue } from './queue.ts'
import type { CallOptions, Request } from './request.ts'

type AnyRequest = Request<unknown, unknown>

/** Most calls that a lane has at a time, if it answers quickly. */
const MOST_AHEAD = 32
/** Milliseconds a call: below the first one a lane gets more at a time, above the second one a single one. */
const QUICK = 0.2
const SLOW = 1

/** How fast a lane answers. */
interface Pace {
  readonly lane: Lane
  /** Calls that it gets at a time. */
  ahead: number
  /** When it got the last ones, and how many. */
  since: number
  given: number
}

/** What all lanes of an incarnation have in common. */
interface LanesHome {
  readonly process: HostProcess
  readonly owner: object
  readonly keeper: LaneKeeper
}

/**
 * Several lanes that share the work. A request goes to a lane on which nothing is, or waits here until there is one:
 * so none waits behind one that blocks while another lane is free.
 *
 * What later requests stand on (a library, the functions bound in it, code for callbacks) goes to one lane at a time, in
 * order; those that stand on it wait for its answer, the others pass.
 */
export class Lanes implements Line, MainEntrance {
  readonly strand = undefined
  readonly #lanes: readonly Lane[]
  readonly #paces: readonly Pace[]
  readonly #process: HostProcess
  readonly #owner: object
  readonly #keeper: LaneKeeper
  readonly #waiting = new Queue<Pending>()
  /** Those that stand on what is not there yet, in order. */
  #held: Pending[] = []
  readonly #foundations = new Queue<Pending>()
  /** Where foundations are laid, while there are some without an answer. */
  #laying: Lane | undefined
  #unlaid = 0
  /** Functions that are being bound: how often each. */
  readonly #binding = new Map<number, number>()
  /** Libraries and code for callbacks under way. */
  #loading = 0
  #preparing = 0
  #dispatching = false
  /** Somebody has calls ahead, and another lane nothing to do. */
  #recheck: NodeJS.Timeout | undefined
  #stopped = false
  /** Those who wait until nothing is left to do. */
  #onIdle: (() => void)[] = []

  constructor(lanes: readonly Lane[], { process, owner, keeper }: LanesHome) {
    this.#lanes = lanes
    this.#process = process
    this.#owner = owner
    this.#keeper = keeper
    this.#paces = lanes.map((lane) => ({ lane, ahead: 1, since: 0, given: 0 }))
    for (const pace of this.#paces) this.#heed(pace)
  }

  get inFlight(): number {
    return sum(this.#lanes.map(({ inFlight }) => inFlight))
  }

  get queued(): number {
    const here = this.#waiting.size + this.#held.length + this.#foundations.size
    return here + sum(this.#lanes.map(({ queued }) => queued))
  }

  get completed(): number {
    return sum(this.#lanes.map(({ completed }) => completed))
  }

  /** Work is handed out as soon as nothing is on a lane. */
  #heed(pace: Pace): void {
    pace.lane.whenQuiet(false, () => {
      this.#heed(pace)
      measure(pace)
      this.#dispatch()
      this.#checkIdle()
    })
  }

  run<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Promise<Output> {
    const lane = this.#laneFor(request as AnyRequest)
    if (lane !== undefined) return lane.run(request, input, options)
    let pending: Pending
    try {
      const kept = request.keep(input, this.#owner)
      pending = new Pending(request as AnyRequest, kept, options)
      if (pending.signal?.aborted) throw this.#keeper.abortError(pending)
    } catch (error) {
      return Promise.reject(error)
    }
    const promise = pending.promise()
    this.adopt(pending)
    return promise as Promise<Output>
  }

  runSync<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Output {
    const lane = this.#laneFor(request as AnyRequest)
    if (lane !== undefined) return lane.runSync(request, input, options)
    return this.post(request, input, options).block() as Output
  }

  post<Input, Output>(
    request: Request<Input, Output>,
    input: Input,
    options: CallOptions | undefined,
  ): Pending {
    const lane = this.#laneFor(request as AnyRequest)
    if (lane !== undefined) return lane.post(request, input, options)
    const pending = new Pending(request as AnyRequest, input, options, true)
    if (pending.signal?.aborted) pending.reject(this.#keeper.abortError(pending))
    else this.adopt(pending)
    return pending
  }

  begin(request: Request<undefined, unknown>, options: CallOptions | undefined): Pending {
    const pending = new Pending(request as AnyRequest, undefined, options)
    pending.lane = this
    this.found(pending)
    this.#foundations.put(pending)
    this.#dispatch()
    return pending
  }

  /** A request that others stand on, whatever lane it is on: until it has ended they wait. */
  found(pending: Pending): void {
    const { operation, binds } = pending.request
    if (!pending.open) return
    this.#note(operation, binds, 1)
    pending.over = () => {
      this.#note(operation, binds, -1)
      this.#release()
    }
  }

  #note(operation: number, binds: number | undefined, change: 1 | -1): void {
    if (operation === OPERATION.LOAD) this.#loading += change
    if (operation === OPERATION.PREPARE) this.#preparing += change
    if (binds === undefined) return
    const count = (this.#binding.get(binds) ?? 0) + change
    if (count > 0) this.#binding.set(binds, count)
    else this.#binding.delete(binds)
  }

  /** What waited for a foundation is next in line. */
  #release(): void {
    for (const pending of this.#held.reverse()) this.#waiting.putFirst(pending)
    this.#held = []
    this.#dispatch()
  }

  adopt(pending: Pending): void {
    pending.lane = this
    if (isFoundation(pending.request)) {
      this.found(pending)
      this.#foundations.put(pending)
    } else {
      this.#waiting.put(pending)
    }
    this.#dispatch()
  }

  /** A free lane for a request that need not wait. */
  #laneFor(request: AnyRequest): Lane | undefined {
    if (this.#stopped || this.#waiting.size > 0 || !this.#stands(request)) return undefined
    return this.#free()
  }

  /** The first one: those that are seldom needed sleep. */
  #free(): Lane | undefined {
    for (const lane of this.#lanes) if (lane.quiet) return lane
    return undefined
  }

  /** Whether all is there that a request stands on. */
  #stands({ operation, id, calls }: AnyRequest): boolean {
    switch (operation) {
      case OPERATION.CALL:
        return this.#preparing === 0 && !(this.#binding.size > 0 && this.#binding.has(id))
      case OPERATION.SERIES:
        return this.#preparing === 0 && !this.#isBinding(calls)
      case OPERATION.VARIABLE:
        return this.#loading === 0
      default:
        return true
    }
  }

  #isBinding(functions: ReadonlySet<number> | undefined): boolean {
    for (const id of this.#binding.keys()) if (functions?.has(id)) return true
    return false
  }

  #dispatch(): void {
    if (this.#dispatching) return
    this.#dispatching = true
    try {
      while (!this.#stopped && (this.#layNext() || this.#postNext()));
      this.#checkLater()
    } finally {
      this.#dispatching = false
    }
  }

  #layNext(): boolean {
    if (this.#foundations.size === 0) return false
    const lane = this.#laying ?? this.#free()
    const pending = this.#foundations.first
    if (lane === undefined || pending === undefined) return false
    this.#foundations.take()
    if (!pending.open) return true
    this.#laying = lane
    this.#unlaid++
    const { over } = pending
    pending.over = () => {
      if (--this.#unlaid === 0) this.#laying = undefined
      over?.()
    }
    lane.adopt(pending)
    return true
  }

  /** Gives a free lane what it can take; returns whether that changed anything. */
  #postNext(): boolean {
    const pace = this.#paces.find(({ lane }) => lane.quiet)
    if (pace === undefined) return false
    const first = this.#next()
    if (first === undefined) return this.#share(0, QUICK)
    if (this.#share(MOST_AHEAD, SLOW)) return true // they are older
    // The end of the process is the end of what runs beside it.
    const isLast = first.request.operation === OPERATION.CLOSE
    if (isLast && !this.#lanes.every(({ quiet }) => quiet)) return false
    const most = Math.min(pace.ahead, Math.ceil(this.#waiting.size / this.#lanes.length))
    pace.given = 0
    pace.since = performance.now()
    for (let next: Pending | undefined = first; next !== undefined; next = this.#next()) {
      if (pace.given > 0 && !mayGoAhead(next)) break
      this.#waiting.take()
      pace.lane.adopt(next)
      pace.given++
      if (pace.given >= most || !mayGoAhead(next)) break
    }
    return true
  }

  /** The next one in line that stands on what is there. */
  #next(): Pending | undefined {
    for (let next = this.#waiting.first; next !== undefined; next = this.#waiting.first) {
      if (next.open && this.#stands(next.request)) return next
      this.#waiting.take()
      if (next.open) this.#held.push(next)
    }
    return undefined
  }

  /** Takes back what waits on a lane that has been busy for so long: half of it where no other call waits. */
  #share(most: number, age: number): boolean {
    let now = 0
    for (const { lane, since } of this.#paces) {
      if (lane.behind === 0 || lane === this.#laying) continue
      now ||= performance.now()
      if (now - since < age) continue
      const taken = lane.withdraw(most || Math.ceil(lane.behind / 2))
      for (const pending of taken.reverse()) {
        pending.lane = this
        this.#waiting.putFirst(pending)
      }
      if (taken.length > 0) return true
    }
    return false
  }

  /** Whoever has nothing to do looks again soon. */
  #checkLater(): void {
    if (this.#recheck !== undefined || this.#stopped) return
    if (!this.#lanes.some(({ quiet }) => quiet)) return
    if (!this.#lanes.some((lane) => lane.behind > 0 && lane !== this.#laying)) return
    this.#recheck = setTimeout(() => {
      this.#recheck = undefined
      this.#dispatch()
    }, SLOW)
  }

  /** Resolves when nothing is in flight and nothing waits, or the process has ended. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle.push(resolve)
      this.#checkIdle()
    })
  }

  #checkIdle(): void {
    if (this.#onIdle.length === 0 || this.queued > 0) return
    if (this.#lanes.every(({ quiet }) => quiet)) this.#tellIdle()
  }

  #tellIdle(): void {
    for (const onIdle of this.#onIdle.splice(0)) onIdle()
  }

  abort(pending: Pending): void {
    pending.reject(this.#keeper.abortError(pending))
    this.#dispatch()
    this.#checkIdle()
  }

  runs(): boolean {
    return false
  }

  /** Blocks until something happens on any lane. */
  step(pending?: Pending): void {
    const lane = this.#lanes.find(({ awaits }) => !awaits)
    if (lane !== undefined) lane.step()
    else if (pending !== undefined) pending.reject(endless(pending.request.subject))
    else this.#lanes[0]?.step()
  }

  resume(): void {
    this.#lanes[0]?.resume()
  }

  /** The program waits for one lane: what has been answered on the others is taken. */
  hear(): number {
    let heard = 0
    for (const lane of this.#lanes) heard += lane.hear()
    // Timers don't run now.
    if (this.#recheck !== undefined) this.#dispatch()
    return heard
  }

  /** Before a blocking wait, which ends with any doorbell. */
  listen(): void {
    for (const lane of this.#lanes) lane.listen()
  }

  onRing(): number {
    let found = 0
    let asleep = false
    for (const lane of this.#lanes) {
      if (lane.sleepsOn()) asleep = true
      else found += lane.onRing()
    }
    if (asleep) this.#watch()
    return found
  }

  /** After a blocking wait, which may have woken any lane. */
  rehear(): void {
    this.onRing()
    for (const lane of this.#lanes) lane.pumpOn()
  }

  #watch(): void {
    try {
      this.#process.watch()
    } catch (error) {
      this.#keeper.retire(error as Error)
    }
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#recheck)
    for (const lane of this.#lanes) lane.stop()
  }

  rejectAll(reason: (pending: Pending) => Error): void {
    const here = [...this.#foundations.takeAll(), ...this.#held, ...this.#waiting.takeAll()]
    this.#held = []
    for (const pending of here) pending.reject(reason(pending))
    for (const lane of this.#lanes) lane.rejectAll(reason)
  }

  end(): Leftover {
    this.#stopped = true
    clearTimeout(this.#recheck)
    const ended = this.#lanes.map((lane) => lane.end())
    this.#tellIdle()
    const here = [...this.#foundations.takeAll(), ...this.#held, ...this.#waiting.takeAll()]
    return {
      begun: ended.flatMap(({ begun }) => begun),
      waiting: [...ended.flatMap(({ waiting }) => waiting), ...here].filter(({ open }) => open),
    }
  }
}

/** The next lot is as large as this one was quick. */
function measure(pace: Pace): void {
  if (pace.given === 0) return
  const each = (performance.now() - pace.since) / pace.given
  if (each < QUICK && pace.given >= pace.ahead) pace.ahead = Math.min(MOST_AHEAD, pace.ahead * 2)
  else if (each > SLOW) pace.ahead = 1
  pace.given = 0
}

function isFoundation({ operation, binds }: AnyRequest): boolean {
  return binds !== undefined || operation === OPERATION.LOAD || operation === OPERATION.PREPARE
}

/** Behind others: what the program blocks for, or may abort, has its turn on a free lane. */
function mayGoAhead({ blocking, signal, request }: Pending): boolean {
  return !blocking && signal === undefined && request.operation === OPERATION.CALL
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}
