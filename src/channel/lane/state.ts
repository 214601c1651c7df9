import type { HostProcess } from '../../host/process.ts'
import type { Views } from '../../memory/views.ts'
import type { Arena } from '../arena.ts'
import type { Callbacks, Strand } from '../callbacks.ts'
import { Flight } from '../flight.ts'
import { Frame } from '../frame.ts'
import type { Invocation } from '../invocation.ts'
import type { Lane } from '../lane.ts'
import type { LaneMemory } from '../lane-memory.ts'
import type { Pending } from '../pending.ts'
import { Queue } from '../queue.ts'
import type { Request } from '../request.ts'
import type { Ring } from '../ring.ts'
import type { LaneHome, LaneKeeper } from './home.ts'

export type AnyRequest = Request<unknown, unknown>

/** What the parts of a lane share: where it is, what is on it, and whether it may go on. */
export class LaneState {
  /** As the requests on it know it. */
  readonly lane: Lane
  readonly memory: LaneMemory
  readonly ring: Ring
  readonly views: Views
  readonly arena: Arena
  /** The thread that serves it. */
  readonly strand: Strand
  readonly depth: number
  /** No callback of what is called here has a lane. */
  readonly last: boolean
  readonly callbacks: Callbacks
  readonly process: HostProcess
  readonly owner: object
  readonly keeper: LaneKeeper
  readonly spin: boolean
  readonly frame: Frame
  readonly flight = new Flight()
  /** Requests beyond the ring's slots. */
  readonly waiting = new Queue<Pending>()
  /** Nothing is posted any more, and no answer believed. */
  stopped = false
  /** The process has ended. */
  dead = false
  /** An inner lane whose callback is over. */
  shut = false
  /** None of these, nor the last lane: requests go out at once. */
  plain = true
  /** The callback that an inner lane serves. */
  opened: Invocation | undefined
  /** A callback of the request that runs is on the stack. */
  calling = false
  /** A callback of the request that runs, whose promise is open. */
  awaited: Invocation | undefined
  /** Answers so far. */
  completed = 0
  /** In the places of requests that were taken back. */
  standIns = 0

  constructor(lane: Lane, memory: LaneMemory, home: LaneHome, strand: Strand, depth: number) {
    const { process, owner, keeper, spin, callbacks } = home
    this.lane = lane
    this.memory = memory
    this.ring = memory.ring
    this.views = memory.views
    this.arena = memory.arena
    this.strand = strand
    this.depth = depth
    this.last = depth === strand.deepest
    this.callbacks = callbacks
    this.process = process
    this.owner = owner
    this.keeper = keeper
    this.spin = spin
    this.frame = new Frame(memory, callbacks, owner, process)
    this.setShut(depth > 0)
  }

  /** Nothing is on it. */
  get quiet(): boolean {
    return this.flight.size === 0 && this.waiting.size === 0
  }

  /** A request goes out at once and is the one that runs. */
  get ready(): boolean {
    return this.flight.size === 0 && this.waiting.size === 0 && this.plain
  }

  /** Nobody waits for anything: the event loop may end. */
  get idle(): boolean {
    return this.dead || this.awaited !== undefined || this.quiet
  }

  setShut(shut: boolean): void {
    this.shut = shut
    this.plain = !(shut || this.last || this.stopped)
  }

  stop(): void {
    this.stopped = true
    this.plain = false
  }
}
