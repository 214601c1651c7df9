import type { FunctionType } from './abi/types.ts'
import { Callbacks } from './channel/callbacks.ts'
import { Channel } from './channel/channel.ts'
import type { Leftover, MainEntrance } from './channel/entrance.ts'
import type { LaneKeeper } from './channel/lane/home.ts'
import type { Pending } from './channel/pending.ts'
import { Request } from './channel/request.ts'
import type { Demand, Evidence } from './crash/cause.ts'
import type { LoadedModule } from './crash/symbolize.ts'
import { ViolationError } from './errors.ts'
import { type DeniedCalls, type End, HostProcess, type Output } from './host/process.ts'
import type { LoadPlan } from './loader/load-plan.ts'
import type { CallbackHome } from './memory/callback.ts'
import { shapeOf } from './message/callback-shape.ts'
import { cleanText } from './message/clean-text.ts'
import { load } from './message/load.ts'
import type { Settings } from './options.ts'
import { OPERATION } from './protocol/protocol.ts'
import { learnAnswers } from './sandbox/answers.ts'
import { type Facts, statusOf } from './sandbox/receipt.ts'

const LAST_WORDS_BYTES = 2048
/** Doorbells in a row that brought nothing, before the fat thread is retired. */
const EMPTY_RINGS = 1000

const CALLS: ReadonlySet<number> = new Set([OPERATION.CALL, OPERATION.SERIES])

/** Why the program ended a process, and the request that it is about. */
export interface Retirement {
  readonly reason: (pending: Pending | undefined) => Error
  readonly pending: Pending | undefined
}

/** What an incarnation tells the fat thread that it belongs to. */
export interface IncarnationKeeper {
  onOutput(output: Output): void
  onDenied(incarnation: Incarnation, denied: DeniedCalls): void
  onHangup(incarnation: Incarnation): void
  /** It is shut in, and waits for a first request. */
  onMet?(): void
  /** Returns whether a successor is under way, which has the processors first. */
  onEnd(incarnation: Incarnation, leftover: Leftover, evidence: Evidence): boolean
  /** C called a callback that is not there any more. */
  onStaleCallback(error: Error): void
  /** A callback failed that no call is to blame for. */
  onCallbackError(error: unknown): void
  readonly callbacks: CallbackHome
}

/** One life of a fat thread: a process, its channel and its lanes. */
export class Incarnation {
  /** Pointers of this life know it by this. */
  readonly owner = {}
  readonly channel: Channel
  /** One lane, or several that share the work. */
  readonly lane: MainEntrance
  readonly callbacks: Callbacks
  readonly process: HostProcess
  readonly modules: LoadedModule[] = []
  /** Its libraries are loaded and their functions bound. */
  ready = false
  /** It said that it serves before anything was asked of it. */
  met = false
  /** Why the program ended it, if it did. */
  retirement: Retirement | undefined
  readonly #keeper: LaneKeeper
  #lastWords = ''
  #concealed = false
  #preparations = 0
  #prepared = 0
  #onReady: (() => void) | undefined
  readonly #demand: Demand
  #emptyRings = 0
  #answers = 0

  constructor(settings: Settings, laneKeeper: LaneKeeper, keeper: IncarnationKeeper) {
    const { policy } = settings
    if (policy.listener) learnAnswers()
    const { spin, lanes, awake } = settings
    this.#demand = { lanes, stack: policy.bounds.stack, memory: policy.bounds.memory }
    this.channel = new Channel({ spin, lanes, awake, policy: policy.bytes })
    try {
      this.process = new HostProcess(
        {
          channel: this.channel.descriptor,
          captureOutput: settings.stdout !== 'ignore',
          captureErrors: settings.stderr !== 'ignore',
          provides: policy.listener,
          stackBytes: policy.bounds.stack,
          namespaces: policy.namespaces,
          filesPermitted: policy.granted.read.length + policy.granted.write.length > 0,
          mostThreads: policy.bounds.threads + lanes - 1,
        },
        {
          onRing: () => this.#onRing(),
          onMet: () => {
            this.met = true
            keeper.onMet?.()
          },
          onHangup: () => keeper.onHangup(this),
          onOutput: (output) => {
            if (output.stream === 'stderr') this.#remember(output.bytes)
            keeper.onOutput(output)
          },
          onDenied: (denied) => keeper.onDenied(this, denied),
          onEnd: (end) => {
            const leftover = this.#end()
            let goesOn = false
            try {
              goesOn = keeper.onEnd(this, leftover, this.#evidence(end, leftover))
            } finally {
              this.channel.close(goesOn)
            }
            return goesOn
          },
        },
      )
    } catch (error) {
      this.channel.close()
      throw error
    }
    this.channel.handedOver()
    const { owner, process } = this
    this.callbacks = new Callbacks(
      this.channel,
      { process, owner, keeper: laneKeeper, spin: settings.spin > 0 },
      {
        // A spare's are those of whoever adopts it.
        get home() {
          return keeper.callbacks
        },
        shapeOf: (type, label) => shapeOf(type as FunctionType, label),
        warn: (error) => keeper.onStaleCallback(error),
        onError: (error) => keeper.onCallbackError(error),
      },
    )
    this.lane = this.callbacks.openLanes()
    this.#keeper = laneKeeper
  }

  /** It answered more than what it takes to be ready. */
  get served(): boolean {
    return this.lane.completed > this.#prepared
  }

  /** Rings that bring nothing, without end, are no rings of a host. */
  #onRing(): void {
    const found = this.lane.onRing() + this.callbacks.onRing()
    const answers = this.lane.completed
    if (found > 0 || answers !== this.#answers) this.#emptyRings = 0
    else this.#emptyRings++
    this.#answers = answers
    if (this.#emptyRings <= EMPTY_RINGS) return
    this.#keeper.retire(
      new ViolationError('the fat thread broke the protocol: it rang without end'),
    )
  }

  /** Ends the process, for that reason. */
  retire(retirement: Retirement): void {
    if (this.process.ended) return
    this.retirement ??= retirement
    this.lane.stop()
    this.callbacks.stop()
    this.process.kill()
  }

  /** Loads a library; what is asked of it afterwards may follow at once. */
  load(number: number, plan: LoadPlan, timeout: number): Pending {
    // Noted with the answer: a call right behind it may crash before a promise is continued.
    const note = (modules: LoadedModule[]): void => {
      this.modules.push(...modules)
    }
    const message = load(number, plan, note)
    return this.prepare(message, timeout)
  }

  /** Makes one of the requests that it takes to be ready. */
  prepare(message: Request<undefined, void>, timeout: number, gently = false): Pending {
    this.#preparations++
    const counted = new Request<undefined, void>({
      ...message,
      read: (answer, input) => {
        message.read(answer, input)
        this.#prepared++
        this.#checkReady()
      },
    })
    return this.callbacks.begin(counted, { timeout, gently })
  }

  /** All of them were made: `onReady` is called with the last answer. */
  whenReady(onReady: () => void): void {
    this.#onReady = onReady
    this.#checkReady()
  }

  #checkReady(): void {
    if (this.#onReady === undefined || this.#prepared < this.#preparations) return
    const onReady = this.#onReady
    this.#onReady = undefined
    onReady()
  }

  #end(): Leftover {
    // What callbacks asked for can't go on without the call that called back.
    const { begun, waiting } = this.lane.end()
    return { begun: [...this.callbacks.end(), ...begun], waiting }
  }

  /** Read before the channel goes. */
  #evidence(end: End, { begun }: Leftover): Evidence {
    return {
      end,
      // It has said that it is there before its lanes begin, which may fail.
      served: this.lane.completed > 0 || (this.met && begun.length > 0),
      start: this.channel.startReport(),
      demand: this.#demand,
      crash: this.channel.crashReport(),
      modules: this.modules,
      several: new Set(begun.map(({ lane }) => lane?.strand)).size > 1,
      lastWords: this.#concealed ? '' : this.#lastLine(),
    }
  }

  /** Of requests on several lanes, the one that the crash is about: its thread said so. */
  culprit({ begun }: Leftover, { crash }: Evidence): Pending | undefined {
    const number = crash?.lane
    if (number === undefined) return undefined
    return begun.findLast(({ lane }) => this.callbacks.serves(lane?.strand, number))
  }

  /**
   * Whether it was fit to serve: all was ready, or a call had begun. With several lanes a call doesn't wait for what
   * it does not need.
   */
  wasFit({ begun }: Leftover): boolean {
    return this.ready || begun.some(({ request }) => CALLS.has(request.operation))
  }

  /** What the sandbox's receipt is written from, once the process serves. */
  facts(): Facts {
    const { namespaces, listening, pid, introduction } = this.process
    return { introduction, namespaces, listening, status: statusOf(pid) }
  }

  /** It was given what is to be in no error: its last words may repeat that. */
  conceal(): void {
    this.#concealed = true
  }

  #remember(bytes: Uint8Array): void {
    const tail = Buffer.from(bytes.subarray(-LAST_WORDS_BYTES)).toString('utf8')
    this.#lastWords = (this.#lastWords + tail).slice(-LAST_WORDS_BYTES)
  }

  #lastLine(): string {
    const lines = this.#lastWords.split('\n').map(cleanText)
    return lines.findLast((line) => line !== '') ?? ''
  }
}
