import { type Block, heap } from './heap.ts'
import { copyBack, copyIn, pinnedOnes, release, type StandIn, use } from './stand-ins.ts'

/** Bytes of buffers that are brought up to date around each callback; larger ones wait for the end of the call. */
const MOST_UPDATED = 2 ** 16

/** What one call needs in the fat thread: memory for it, copies of buffers, and what comes back. */
export class Frame {
  /** The blocking call that goes on, if there is one. */
  static innermost: Frame | undefined

  readonly #heap = heap()
  readonly #blocks: Block[] = []
  readonly #standIns = new Set<StandIn>()
  /** Buffers that the library does not write, as far as it says. */
  readonly #constant = new Set<StandIn>()
  readonly #outs: (() => void)[] = []
  readonly #ends: (() => void)[] = []
  #outer: Frame | undefined
  #entered = false

  /** Whether the library was given a function of the program. */
  callsBack = false

  get isEmpty(): boolean {
    return this.#blocks.length === 0 && this.#standIns.size === 0
  }

  /** Room for so many bytes until the call is over; what was there before is still in it. */
  place(bytes: number): Block {
    const block = this.#heap.allocate(Math.max(bytes, 1))
    this.#blocks.push(block)
    return block
  }

  /** Lets the library see a buffer. */
  lend(standIn: StandIn, constant: boolean): void {
    if (!this.#standIns.has(standIn)) {
      this.#standIns.add(standIn)
      // A call around this one may have written it already.
      const isNewer = standIn.uses > 0 && standIn.length > MOST_UPDATED
      use(standIn)
      if (isNewer) copyBack([standIn])
      else copyIn(standIn)
    }
    if (constant) this.#constant.add(standIn)
    else this.#constant.delete(standIn)
  }

  /** Something to be done with what the library left, when the call was good. */
  out(work: () => void): void {
    this.#outs.push(work)
  }

  /** Something to be done when the call is over, however it ended. */
  atEnd(work: () => void): void {
    this.#ends.push(work)
  }

  begin(): void {
    for (const standIn of pinnedOnes()) copyIn(standIn)
  }

  /** The same for a call that blocks: functions of the program that C calls find it. */
  enter(): void {
    this.begin()
    this.#outer = Frame.innermost
    this.#entered = true
    Frame.innermost = this
  }

  /** Does a function of the program with its buffers as they are now, and the library's copies afterwards. */
  around<Output>(work: () => Output): Output {
    const standIns = [...pinnedOnes(), ...this.#standIns]
    const bytes = standIns.reduce((sum, { length }) => sum + length, 0)
    if (bytes === 0 || bytes > MOST_UPDATED) return work()
    copyBack(standIns)
    try {
      return work()
    } finally {
      for (const standIn of standIns) copyIn(standIn)
    }
  }

  finish(): void {
    copyBack([...pinnedOnes(), ...this.#written()])
    for (const work of this.#outs) work()
  }

  end(): void {
    if (this.#entered) Frame.innermost = this.#outer
    for (const work of this.#ends) work()
    for (const standIn of this.#standIns) release(standIn)
    if (this.#heap !== heap()) return
    for (const block of this.#blocks) this.#heap.free(block)
  }

  #written(): StandIn[] {
    return [...this.#standIns].filter((each) => !each.pinned && !this.#constant.has(each))
  }
}
