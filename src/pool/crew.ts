import type { FatThread } from '../fat-thread/fat-thread.ts'
import type { ProcessEnd } from '../fat-thread/life.ts'
import type { Library } from '../library.ts'
import { type Make, Member } from './member.ts'
import type { PoolSettings } from './options.ts'
import { Starts } from './starts.ts'

/** Milliseconds between two looks at a member's memory. */
const LOOK = 10

/** What the members' keeper is told. */
export interface CrewKeeper {
  /** A member may be free now, or another one may begin. */
  onFree(): void
  /** Nobody is left, and there is no use in waiting for somebody. */
  onBroken(): void
  /** There is one more, which has not begun to serve. */
  onMember(thread: FatThread): void
  /** One took the place of one that crashed. */
  onReplaced(thread: FatThread): void
}

/** The members of a pool: begins, replaces and ends them. Knows how much work there is, and not what it is. */
export class Crew {
  readonly #settings: PoolSettings
  readonly #make: Make
  readonly #keeper: CrewKeeper
  readonly #starts = new Starts()
  readonly #members = new Set<Member>()
  /** Those that are being closed. */
  readonly #leaving = new Map<Member, Promise<void>>()
  #most: number
  #retry: NodeJS.Timeout | undefined
  /** Crashed, and not replaced yet. */
  #lost = 0
  /** Nobody is begun who is not needed. */
  #closing = false
  #released = false
  #lastEnd: Error | undefined
  /** Places that are taken. */
  usage = 0

  constructor(settings: PoolSettings, make: Make, keeper: CrewKeeper) {
    this.#settings = settings
    this.#make = make
    this.#keeper = keeper
    this.#most = settings.maxThreads
  }

  get size(): number {
    return this.#members.size
  }

  get members(): readonly Member[] {
    return [...this.#members]
  }

  /** A sequence has it for itself. */
  keeps(member: Member): boolean {
    return member.held && this.#members.has(member)
  }

  /** There may be one more. */
  get mayGrow(): boolean {
    return this.#members.size < this.#most
  }

  get threads(): FatThread[] {
    return [...this.#members].map(({ thread }) => thread)
  }

  get starts(): Starts {
    return this.#starts
  }

  /** Places of those that are about to serve. */
  get coming(): number {
    let starting = 0
    for (const { ready, held } of this.#members) if (!ready && !held) starting++
    return starting * this.#settings.lanes
  }

  /** How the last process ended that ended by itself. */
  get lastEnd(): Error | undefined {
    return this.#lastEnd
  }

  /** Nobody will come any more. */
  get exhausted(): boolean {
    return this.#most === 0
  }

  /** Nobody is there, and nobody may begin just now. */
  get hopeless(): boolean {
    if (this.#members.size > 0) return false
    return this.exhausted || (this.#starts.broken && this.#starts.left > 0)
  }

  /** Opens those that are there from the start, all at once; one where there are none, to see that it can be done. */
  async begin(): Promise<Library> {
    const members = Array.from({ length: Math.max(1, this.#settings.minThreads) }, () =>
      this.#enlist(),
    )
    await Promise.all(members.map((member) => member.open()))
    const [first] = members as [Member]
    if (this.#settings.minThreads === 0) await this.#retire(first)
    return first.library
  }

  /** The least busy one that can take more; `alone` wants one that does nothing. */
  free(alone: boolean): Member | undefined {
    let best: Member | undefined
    for (const member of this.#members) {
      if (!member.ready || member.held || member.worn || member.thread.state === 'closed') continue
      const { running } = member
      if (running === 0) return member
      if (alone || running >= this.#settings.lanes) continue
      if (best === undefined || running < best.running) best = member
    }
    return best
  }

  /** One for whoever blocks: the least busy one, or one more where there may be one. */
  forBlocking(): Member | undefined {
    const member = this.free(false) ?? this.#openSync() ?? this.#leastBusy()
    if (member?.loaded === false) member.openSync()
    return member
  }

  /** One that whoever blocks may wait for. */
  #leastBusy(): Member | undefined {
    let best: Member | undefined
    for (const member of this.#members) {
      if (member.held || member.worn) continue
      if (best === undefined || member.running < best.running) best = member
    }
    return best
  }

  /** The one in whose callback the code runs that asks. */
  inside(): Member | undefined {
    for (const member of this.#members)
      if (member.running > 0 && member.thread.life.callsBack) return member
    return undefined
  }

  /** Begins as many as so much waiting work needs, and not fewer than there have to be. */
  grow(waiting: number): void {
    const { minThreads, lanes } = this.#settings
    const size = this.#members.size
    if (waiting === 0) this.#stopRetrying()
    const missing = this.#closing ? 0 : minThreads - size
    if (waiting === 0 && missing <= 0) return
    const wanted = Math.max(missing, Math.ceil((waiting - this.coming) / lanes))
    const room = Math.min(wanted, this.#most - size)
    if (room <= 0) return
    if (!this.#starts.doubtful) {
      for (let count = 0; count < room; count++) this.#open()
      return
    }
    // One after the other, and not at once.
    if (this.coming > 0) return
    const { left } = this.#starts
    if (left === 0) this.#open()
    else if (waiting > 0) this.#retryIn(left)
  }

  #retryIn(milliseconds: number): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      this.#keeper.onFree()
    }, Math.ceil(milliseconds))
  }

  /** Nobody waits for it; it must not keep the program alive. */
  #stopRetrying(): void {
    clearTimeout(this.#retry)
    this.#retry = undefined
  }

  #open(): void {
    let member: Member
    try {
      member = this.#enlist()
    } catch (error) {
      this.#starts.failed(error as Error, performance.now())
      this.#onFailure()
      return
    }
    member.open().then(
      () => this.#onOpened(member),
      (error) => {
        if (!this.#members.has(member)) return
        this.#starts.failed(error as Error, member.begun)
        this.terminate(member)
        this.#onFailure()
      },
    )
  }

  /** One more, blocking; `undefined` where there is no room for it now. */
  #openSync(): Member | undefined {
    if (this.#members.size >= this.#most || this.#starts.left > 0) return undefined
    const begun = performance.now()
    let member: Member | undefined
    try {
      member = this.#enlist()
      member.openSync()
    } catch (error) {
      this.#starts.failed(error as Error, begun)
      if (member !== undefined) this.terminate(member)
      throw error
    }
    this.#onOpened(member)
    return member
  }

  #enlist(): Member {
    const member = new Member(this.#make)
    const { thread } = member
    this.#members.add(member)
    thread.life.onProcessEnd = (end) => this.#onProcessEnd(member, end)
    thread.on('restart', () => {
      member.ready = member.loaded
      this.#keeper.onFree()
    })
    // Whoever has its thread may have closed it.
    thread.on('exit', () => {
      if (thread.state !== 'closed' || member.held || !member.loaded) return
      if (!this.#members.has(member)) return
      this.#leaveBehind(member)
      this.#onFailure()
    })
    this.#keeper.onMember(thread)
    return member
  }

  #onOpened(member: Member): void {
    if (!this.#members.has(member)) return
    if (this.#lost > 0) {
      this.#lost--
      this.#keeper.onReplaced(member.thread)
    }
    this.#onIdle(member)
    this.#keeper.onFree()
  }

  #onProcessEnd(member: Member, { useful, error }: ProcessEnd): void {
    // Of one that is being opened, `open` tells.
    if (!member.loaded || !this.#members.has(member)) return
    this.#lastEnd = error
    if (!useful) this.#starts.failed(error, member.begun)
    member.renewed()
    // Whoever has it for himself may still bring it back.
    if (!member.held) this.#leaveBehind(member)
    this.#onFailure()
  }

  /** One whose process has ended without a successor is no member any more. */
  #leaveBehind(member: Member): boolean {
    if (member.thread.state !== 'closed' && member.thread.life.current !== undefined) return false
    this.terminate(member)
    this.#lost++
    if (this.#settings.mortal) this.#most--
    return true
  }

  #onFailure(): void {
    if (this.hopeless) this.#keeper.onBroken()
    else this.#keeper.onFree()
  }

  take(member: Member, alone: boolean): void {
    member.running++
    member.held = alone
    this.usage += alone ? this.#settings.lanes : 1
  }

  /** It has ended what it was taken for; `served` says whether that came to a good end. */
  release(member: Member, alone: boolean, served: boolean): void {
    member.running--
    if (alone) member.held = false
    this.usage -= alone ? this.#settings.lanes : 1
    if (served) this.#starts.served(member.begun)
    if (!this.#members.has(member) || this.#leaveBehind(member)) return
    if (member.calls >= this.#settings.maxCalls || this.#isLarge(member)) member.worn = true
    if (member.running > 0) return
    if (member.worn) void this.#retire(member)
    else this.#onIdle(member)
  }

  #onIdle(member: Member): void {
    member.idleSince = performance.now()
    if (this.#members.size > this.#settings.minThreads)
      this.#checkIdleIn(member, this.#settings.idleTimeout)
  }

  /** One timer for all the times that it becomes idle. */
  #checkIdleIn(member: Member, milliseconds: number): void {
    if (milliseconds === Infinity) return
    member.idleTimer ??= setTimeout(() => {
      member.idleTimer = undefined
      if (member.running > 0 || this.#members.size <= this.#settings.minThreads) return
      const left = this.#settings.idleTimeout - (performance.now() - member.idleSince)
      if (left > 0) this.#checkIdleIn(member, Math.ceil(left))
      else void this.#retire(member)
    }, milliseconds).unref()
  }

  /** Looking costs a system call or three, so that it is not done after each of many short calls. */
  #isLarge(member: Member): boolean {
    const { maxMemory } = this.#settings
    if (maxMemory === Infinity) return false
    const now = performance.now()
    if (now - member.lookedAt >= LOOK) {
      member.lookedAt = now
      return (member.thread.life.residentMemory ?? 0) > maxMemory
    }
    member.lookTimer ??= setTimeout(() => {
      member.lookTimer = undefined
      // One that is busy is looked at afterwards.
      if (member.running > 0 || !this.#members.has(member) || !this.#isLarge(member)) return
      void this.#retire(member)
      this.#keeper.onFree()
    }, LOOK).unref()
    return false
  }

  /** Lets destructors run; what is needed in its place begins with the next look at what waits. */
  #retire(member: Member): Promise<void> {
    return this.#leave(member, member.thread.close())
  }

  /** Ends a member at once. */
  terminate(member: Member): void {
    void this.#leave(member, member.thread.terminate())
  }

  async #leave(member: Member, ended: Promise<void>): Promise<void> {
    if (!this.#members.delete(member)) return
    member.stopTimers()
    member.onLeave?.()
    this.#leaving.set(member, ended)
    await ended
    this.#leaving.delete(member)
  }

  /** From now on nobody is begun who is not needed. */
  startClosing(): void {
    this.#closing = true
  }

  /** Ends all members, and resolves when they are gone. */
  async end(gently: boolean): Promise<void> {
    this.#closing = true
    this.#most = 0
    this.#stopRetrying()
    for (const member of this.#members) {
      if (gently) void this.#retire(member)
      else this.terminate(member)
    }
    if (!gently) for (const { thread } of this.#leaving.keys()) void thread.terminate()
    await Promise.all(this.#leaving.values())
    if (this.#released) return
    this.#released = true
    this.#make.plan.release()
  }
}
