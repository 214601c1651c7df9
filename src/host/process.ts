import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { addon, EVENT, type Handle, PROCESS_STATE } from './addon.ts'
import { clearAwayLater } from './clear-away.ts'
import { connect, disconnect, newConnection } from './events.ts'
import { executable } from './executable.ts'
import { type OutputSource, passInTurns, passNoMore } from './output-turns.ts'

/** How a process ended, from the kernel. */
export type End =
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'exit'; readonly exitCode: number }
  | { readonly kind: 'failed'; readonly error: string }

/** Bytes of one standard stream, and how many more were dropped because nobody took them. */
export interface Output {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Uint8Array
  readonly dropped: number
}

/** What a process tells whoever started it. Called from the event loop. */
export interface ProcessListener {
  onRing(): void
  /** The host introduced itself while nobody had asked for a doorbell. */
  onMet(): void
  /** The process gave up its doorbell, and has not ended. */
  onHangup(): void
  onOutput(output: Output): void
  onDenied(denied: DeniedCalls): void
  /** Returns whether something goes on at once in its place, which has the processors first. */
  onEnd(end: End): boolean
}

export interface SpawnOptions {
  /** Whether the filter has a listener, which hands files over by name. */
  readonly provides: boolean
  readonly channel: number
  readonly captureOutput: boolean
  readonly captureErrors: boolean
  readonly stackBytes: number
  /** That it shall have of its own, as flags of `clone`. */
  readonly namespaces: number
  readonly filesPermitted: boolean
  readonly mostThreads: number
}

/** System calls that were denied, as `DENIAL` records, and how many more there were. */
export interface DeniedCalls {
  readonly records: Uint8Array
  readonly dropped: number
}

const signalNames = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name]),
)
signalNames.set(constants.signals.SIGABRT, 'SIGABRT') // not its alias SIGIOT
signalNames.set(constants.signals.SIGIO, 'SIGIO')
signalNames.set(constants.signals.SIGCHLD, 'SIGCHLD')

export function signalName(number: number): string {
  return signalNames.get(number) ?? `signal ${number}`
}

/**
 * A process that ends closes its socket a moment before it has ended, which a busy kernel stretches:
 * so many milliseconds until a closed socket counts as given up.
 */
export const HANGUP_GRACE = 1000
/** So many milliseconds it mostly takes at most. */
const ENDING = 10

/** Bytes of one stream that are passed on at a time. */
const PORTION = 64 * 1024

const STREAMS = ['stdout', 'stderr'] as const

/** One host process: its end, its standard streams and its doorbells. */
export class HostProcess implements OutputSource {
  readonly #id = newConnection()
  readonly #handle: Handle
  readonly #listener: ProcessListener
  /** Whether it opens files by a name that it is given. */
  readonly provides: boolean
  #end: End | undefined
  /** It has ended; its output may not have been passed on. */
  #over = false
  /** When it lost its doorbell. */
  #lost: number | undefined

  constructor(options: SpawnOptions, listener: ProcessListener) {
    this.#listener = listener
    this.provides = options.provides
    this.#handle = addon().spawn(
      this.#id,
      executable('host'),
      executable('first'),
      options.channel,
      options.captureOutput,
      options.captureErrors,
      options.stackBytes,
      options.namespaces,
      options.filesPermitted,
      options.mostThreads,
    )
    connect(this.#id, this)
  }

  /** 0 until it has started. */
  get pid(): number {
    return addon().inspect(this.#handle)[1]
  }

  get ended(): boolean {
    return this.#end !== undefined
  }

  /** Seconds of processor time that it has used; `undefined` before its start and after its end. */
  get usedTime(): number | undefined {
    const seconds = addon().usedTime(this.#handle)
    return Number.isNaN(seconds) ? undefined : seconds
  }

  /** The same of many in one step, `NaN` for `undefined`: to ask for one after the other costs the program more. */
  static usedTimes(processes: readonly HostProcess[], seconds: Float64Array): void {
    const handles = processes.map((process) => process.#handle)
    addon().usedTimes(handles, seconds)
  }

  /** Those that it really has of its own. */
  get namespaces(): number {
    return addon().inspect(this.#handle)[5]
  }

  /** What the host said before it loaded anything: an `INTRODUCTION`. */
  get introduction(): Uint8Array | undefined {
    return addon().introduction(this.#handle)
  }

  /** Whether denied calls are heard of. */
  get listening(): boolean {
    return addon().inspect(this.#handle)[6] !== 0
  }

  /** Files that the process may ask for by name; returns the first one's number. */
  provide(descriptors: readonly number[]): number {
    return addon().provide(this.#handle, descriptors)
  }

  /** Passes on what has been denied so far. */
  takeDenials(): void {
    if (this.#end !== undefined) return
    const taken = addon().takeDenials(this.#handle)
    if (taken !== undefined) this.#listener.onDenied({ records: taken[0], dropped: taken[1] })
  }

  /** Asks for one `onRing`; there is none any more from a process that lost its doorbell. */
  watch(): void {
    if (this.#lost === undefined) addon().watch(this.#handle)
  }

  /**
   * Blocks until something happens, at most so many milliseconds; for a lane, its offset in a view of the channel.
   * Returns whether anything did.
   */
  wait(milliseconds: number, view?: Uint8Array, lane?: number): boolean {
    const events = addon().wait(this.#handle, Math.min(milliseconds, 0x7fffffff), view, lane)
    if (events === EVENT.ENDED) this.#endNow()
    else if (events === EVENT.HANGUP && this.#lostFor() > HANGUP_GRACE) this.#listener.onHangup()
    return events !== 0
  }

  /** Wakes it if it sleeps on the lane at that offset of a view; `apart` on another processor than this one. */
  ring(view: Uint8Array, lane: number, apart: boolean): void {
    addon().ring(this.#handle, view, lane, apart)
  }

  /** Sends one message through the socket. Throws when the process does not take it. */
  send(descriptors: readonly number[], message: Uint8Array): void {
    addon().send(this.#handle, descriptors, message)
  }

  /** Sends SIGKILL; `onEnd` follows. */
  kill(): void {
    if (this.#end === undefined) addon().kill(this.#handle)
  }

  /** @internal */
  dispatch(events: number): void {
    if (this.#end !== undefined) return
    if (events & EVENT.DENIAL) this.takeDenials()
    if (events & EVENT.MET) this.#listener.onMet()
    if (events & EVENT.ENDED) this.#over = true
    else if (events & EVENT.HANGUP) this.#loseDoorbell()
    else if (events & EVENT.RING) this.#listener.onRing()
    if (events & (EVENT.OUTPUT | EVENT.ENDED)) passInTurns(this)
  }

  /** The program waits for the end: nothing of it is left for later turns. */
  #endNow(): void {
    if (this.#end !== undefined) return
    this.#over = true
    passNoMore(this)
    while (this.#end === undefined) this.passOn(2 * PORTION)
  }

  passOn(most: number): number {
    if (this.#end !== undefined) return 0
    let passed = 0
    let rest = false
    for (const [index, stream] of STREAMS.entries()) {
      const wanted = Math.min(PORTION, most - passed)
      const taken = this.#pass(index as 0 | 1, stream, wanted)
      passed += taken
      if (taken === wanted) rest = true
    }
    // Nobody prints any more, and all of it is passed on: now it may end.
    if (this.#over && !rest) this.#finish()
    return passed
  }

  /** What was answered is answered; there is no doorbell any more. */
  #loseDoorbell(): void {
    if (this.#lost !== undefined) return
    this.#lostFor()
    // Mostly it ends just now, and what it answered is seen then.
    setTimeout(() => {
      if (this.#end !== undefined || this.#over) return
      setTimeout(() => this.#hangUp(), HANGUP_GRACE).unref()
      this.#listener.onRing()
    }, ENDING).unref()
  }

  /** Milliseconds since the doorbell was lost, which is now if it was not known before. */
  #lostFor(): number {
    this.#lost ??= performance.now()
    return performance.now() - this.#lost
  }

  #hangUp(): void {
    // One that has ended may still have output that is passed on.
    if (this.#end === undefined && !this.#over) this.#listener.onHangup()
  }

  #pass(index: 0 | 1, stream: Output['stream'], most: number): number {
    const taken = addon().takeOutput(this.#handle, index, most)
    if (taken === undefined) return 0
    const [bytes, dropped] = taken
    this.#listener.onOutput({ stream, bytes, dropped })
    return bytes.length
  }

  #finish(): void {
    this.takeDenials()
    if (this.#end !== undefined) return
    const [state, , error, signal, exitCode] = addon().inspect(this.#handle)
    if (state === PROCESS_STATE.FAILED)
      this.#end = { kind: 'failed', error: getSystemErrorName(-error) }
    else if (signal !== 0) this.#end = { kind: 'signal', signal: signalName(signal) }
    else this.#end = { kind: 'exit', exitCode }
    disconnect(this.#id)
    const handle = this.#handle
    let goesOn = false
    try {
      goesOn = this.#listener.onEnd(this.#end)
    } finally {
      if (goesOn) clearAwayLater(() => addon().close(handle))
      else addon().close(handle)
    }
  }
}
