import { holdEventLoop, releaseEventLoop } from '../host/events.ts'
import type { HostProcess } from '../host/process.ts'
import { Forecast } from './forecast.ts'
import { Patience } from './patience.ts'
import type { Ring } from './ring.ts'

/** Stays awake for so many milliseconds before it sleeps until the doorbell. */
const AWAKE = 0.05
/** The same where the program could do nothing else meanwhile. */
const AWAKE_BLOCKING = 0.1
const AWAKE_LEAST = 0.002
/** Within so many milliseconds a process that was woken is at work, on a slow virtual machine too. */
const WAKING = 0.15
/** Looks again after so many milliseconds, whatever the doorbells say: a library may have spoilt them. */
export const RELOOK = 100

/** What a pump asks of its lane. */
interface PumpHome {
  readonly ring: Ring
  readonly process: HostProcess
  /** Whether it pays to stay awake. */
  readonly spin: boolean
  /** Nobody waits for anything: the event loop may end. */
  idle(): boolean
  /** Nothing comes any more. */
  dead(): boolean
  /** Takes what has been answered; returns how much that was. */
  drain(): number
  /** It slept long enough: whatever may have been missed is looked for. */
  relook(): void
  /** The fat thread broke the protocol, or can't be waited for. */
  retire(error: Error): void
}

/** A host that had to be woken is given more time, and what is learned of it says nothing of one that was awake. */
class Watch {
  readonly #awake: Patience
  readonly #woken: Patience

  constructor(most: number) {
    this.#awake = new Patience(AWAKE_LEAST, most)
    this.#woken = new Patience(AWAKE_LEAST, most + WAKING)
  }

  of(woken: boolean): Patience {
    return woken ? this.#woken : this.#awake
  }
}

/** Goes on with asynchronous requests: a few turns of the event loop awake, then asleep until the doorbell. */
export class Pump {
  readonly #home: PumpHome
  readonly #turns = new Watch(AWAKE)
  readonly #blocks = new Watch(AWAKE_BLOCKING)
  readonly #forecast = new Forecast()
  /** When the program began to block, in milliseconds of `performance.now()`; or 0. */
  #since = 0
  /** It slept until shortly before the answer was expected. */
  #slept = false
  /** The host slept when it was last asked, and has not answered since. */
  #woken = false
  /** The next turn. */
  #immediate: NodeJS.Immediate | undefined
  #asleep = false
  #timer: NodeJS.Timeout | undefined

  constructor(home: PumpHome) {
    this.#home = home
  }

  /** It waits for the doorbell. */
  get asleep(): boolean {
    return this.#asleep
  }

  /** The host had to be woken for what is waited for. */
  hostWoken(): void {
    this.#woken = true
  }

  go(): void {
    if (this.#immediate === undefined && !this.#asleep && !this.#home.idle()) this.#turn()
  }

  /** Where nothing is left to wait for, the next turn would only keep the event loop from ending. */
  rest(): void {
    if (this.#immediate === undefined || !this.#home.idle()) return
    clearImmediate(this.#immediate)
    this.#immediate = undefined
  }

  /** Apart from `go`, which each call asks: what its turns share is made whenever it is entered. */
  #turn(): void {
    const home = this.#home
    let quietSince = performance.now()
    let patience = this.#turns.of(this.#woken)
    let awake = patience.milliseconds
    const turn = (): void => {
      const now = performance.now()
      if (!home.idle() && home.drain() > 0) {
        quietSince = now
        this.#woken = false
        patience.paid()
        patience = this.#turns.of(false)
        awake = patience.milliseconds
      }
      this.#immediate = undefined
      if (home.idle()) return
      if (home.spin && now - quietSince < awake) {
        this.#immediate = setImmediate(turn)
      } else {
        patience.failed()
        this.#sleep()
      }
    }
    this.#immediate = setImmediate(turn)
  }

  wakeUp(): void {
    if (!this.#asleep) return
    this.#asleep = false
    clearTimeout(this.#timer)
    releaseEventLoop()
    if (!this.#home.dead()) this.#home.ring.wakeUp()
  }

  /** Blocks awake for as long as that has paid lately; returns whether an answer came. */
  spin(): boolean {
    const { ring } = this.#home
    const now = performance.now()
    if (this.#since === 0) this.#since = now
    if (this.#slept) {
      this.#slept = false
      const expected = ring.spin(this.#forecast.awake(now - this.#since))
      this.#forecast.tried(expected)
      if (expected) this.answered(false)
      return expected
    }
    const patience = this.#blocks.of(this.#woken)
    this.#woken = false
    const found = ring.spin(patience.milliseconds)
    if (found) patience.paid()
    else patience.failed()
    return found
  }

  /** How long the program may sleep while it blocks, in milliseconds; unless an answer is expected, `most`. */
  sleepAtMost(most: number): number {
    if (this.#since === 0) return most
    const expected = this.#forecast.sleep(performance.now() - this.#since)
    if (expected === undefined || expected >= most) return most
    this.#slept = true
    return expected
  }

  /** What the program blocked for is there; `rung` says that it slept until then. */
  answered(rung: boolean): void {
    if (this.#since === 0) return
    this.#forecast.took(performance.now() - this.#since, rung)
    this.#since = 0
    this.#slept = false
  }

  /** The program blocks no more. */
  goOn(): void {
    this.#since = 0
    this.#slept = false
    this.rest()
  }

  #sleep(): void {
    const { ring, process } = this.#home
    this.#attempt(() => ring.checkWaiting())
    if (this.#home.dead()) return
    if (!ring.fallAsleep()) {
      this.go()
      return
    }
    this.#asleep = true
    holdEventLoop()
    this.#attempt(() => process.watch())
    this.#timer = setTimeout(() => {
      this.wakeUp()
      this.#home.relook()
      this.go()
    }, RELOOK)
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#home.retire(error as Error)
    }
  }
}
