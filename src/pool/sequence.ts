import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, wrongKind } from '../call/complaint.ts'
import { type Abortable, forget, heed } from '../channel/heed.ts'
import { AbortError, ClosedError, type Failure, TimeoutError } from '../errors.ts'
import type { Library } from '../library.ts'
import { optionNames, requireOptions } from '../option-names.ts'
import { timeoutOf } from '../options.ts'
import type { Member } from './member.ts'
import type { Work } from './waiting-line.ts'

/** How a sequence of calls may end early. */
export interface RunOptions {
  /** Ends the sequence; the process is killed if it has begun. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds that the sequence may run, without the time that it waits; then its process is killed. */
  readonly timeout?: number | undefined
}

const NAME = 'the sequence'
const RUN_OPTIONS = optionNames<RunOptions>('run', { signal: true, timeout: true })

/** The sequences that the code which runs is part of, beyond `await` too. */
const around = new AsyncLocalStorage<readonly Running[]>()

/** The member that the code which asks has for itself, if it is one of those. */
export function keptBy(isOurs: (member: Member) => boolean): Member | undefined {
  return around.getStore()?.find(({ over, member }) => !over && isOurs(member))?.member
}

/** A sequence of calls as work; `kill` ends its member. */
export function sequence(
  steps: (library: Library) => unknown,
  options: RunOptions,
  path: string,
  kill: (member: Member) => void,
): Work {
  if (typeof steps !== 'function') throw wrongKind('run: sequence', 'a function', steps)
  const { signal, timeout } = checked(options)
  return {
    alone: true,
    signal,
    name: NAME,
    subject: { library: path },
    keep() {},
    run: (member) => new Running(member, { signal, timeout }, path, kill).run(steps),
  }
}

function checked(options: RunOptions): RunOptions {
  if (typeof options !== 'object' || options === null)
    throw wrongKind('run: options', 'an object', options)
  requireOptions(options, [RUN_OPTIONS])
  const { signal } = options
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError(`run: signal must be an AbortSignal, not ${describe(signal)}`)
  return { signal, timeout: timeoutOf(options.timeout) }
}

/** A sequence that has begun. */
class Running implements Abortable {
  readonly member: Member
  over = false
  readonly #options: RunOptions
  readonly #path: string
  readonly #kill: (member: Member) => void
  #stop: (error: Error) => void = () => {}

  constructor(member: Member, options: RunOptions, path: string, kill: (member: Member) => void) {
    this.member = member
    this.#options = options
    this.#path = path
    this.#kill = kill
  }

  async run(steps: (library: Library) => unknown): Promise<unknown> {
    const { signal, timeout } = this.#options
    const { thread } = this.member
    const answered = thread.life.answered
    const stopped = new Promise<never>((_, reject) => {
      this.#stop = (error) => {
        reject(error)
        this.#kill(this.member)
      }
    })
    const timer =
      timeout === undefined ? undefined : setTimeout(() => this.#expire(timeout), timeout)
    if (signal !== undefined) heed(signal, this)
    const { onLeave } = this.member
    this.member.onLeave = () => {
      this.#stop(new ClosedError('the pool is closed', this.#subject()))
      onLeave?.() // of a sequence around this one
    }
    try {
      return await Promise.race([this.#all(steps), stopped])
    } finally {
      this.over = true
      clearTimeout(timer)
      this.member.onLeave = onLeave
      if (signal !== undefined) forget(signal, this)
      this.member.calls += Math.max(1, thread.life.answered - answered)
    }
  }

  /** What it began and did not wait for is part of it. */
  async #all(steps: (library: Library) => unknown): Promise<unknown> {
    const { library, thread } = this.member
    try {
      return await around.run([this, ...(around.getStore() ?? [])], () => steps(library))
    } finally {
      await thread.life.quiet()
    }
  }

  abort(): void {
    const cause = this.#options.signal?.reason
    this.#stop(
      new AbortError(`${NAME} was aborted; its process was killed`, { ...this.#subject(), cause }),
    )
  }

  #expire(timeout: number): void {
    const message = `${NAME} ran longer than ${timeout} ms; its process was killed`
    this.#stop(new TimeoutError(message, timeout, this.#subject()))
  }

  #subject(): Failure {
    return { library: this.#path, pid: this.member.thread.pid }
  }
}
