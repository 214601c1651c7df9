/** The ends that deeds have: in-process, where they must do harm, and in a fat thread, where they must not. */
import { expect } from 'vitest'
import {
  CrashError,
  ExitError,
  FatThreadError,
  LoadError,
  TimeoutError,
  ViolationError,
} from '../../src/index.ts'
import type { Ended } from './control.ts'
import { stopwatch } from './stopwatch.ts'

/** The time limit of every call; deeds that never end are killed then. */
export const LIMIT = 1000
/** When a promise counts as one that stays open, in milliseconds. */
const FOR_EVER = 10_000

/** How a call settled. */
export interface Settled {
  readonly value?: unknown
  readonly error?: unknown
  /** Milliseconds from the call to its end, by the stopwatch and by the clock. */
  readonly elapsed: number
  readonly passed: number
}

/** What the deed does to a program that loads the library into itself. */
export interface Harm {
  readonly text: string
  readonly shown: (ended: Ended) => boolean
}

/** Line ends and tabs command nothing. */
const CONTROL_CHARACTERS = /[^\P{Cc}\t\n]/u

/** What must become of the deed in a fat thread. */
export interface Outcome {
  readonly text: string
  readonly check: (settled: Settled) => void
}

export const dies = (signal: NodeJS.Signals): Harm => ({
  text: `dies of ${signal}`,
  shown: (ended) => ended.signal === signal,
})

export const exits = (code: number): Harm => ({
  text: `exits with ${code}, and what it was doing is lost`,
  shown: (ended) => ended.begun && ended.code === code && ended.reported === undefined,
})

export const hangs: Harm = { text: 'hangs', shown: (ended) => ended.hung }

/** Any end but the right one. */
export const breaks: Harm = {
  text: 'breaks',
  shown: (ended) => ended.begun && (ended.hung || ended.signal !== null || ended.code !== 0),
}

export const reports = (text: string, expected: (value: unknown) => boolean): Harm => ({
  text,
  shown: (ended) => ended.reported !== undefined && expected(ended.reported),
})

export interface CrashExpectation {
  readonly address?: bigint
  /** The function of the library where it happened. */
  readonly symbol?: string
  /** What the process said last. */
  readonly lastWords?: RegExp
}

/** K, by a signal. Where a function is expected, so are the fault's place and its module. */
export const crash = (signal: string | RegExp, expected: CrashExpectation = {}): Outcome => ({
  text: `crash by ${signal}`,
  check: ({ error }) => {
    expect(error).toBeInstanceOf(CrashError)
    const crashed = error as CrashError
    expect(crashed).toMatchObject({ code: 'ERR_FAT_THREAD_CRASHED' })
    expect(crashed.signal).toMatch(signal)
    if (expected.address !== undefined) expect(crashed.address).toBe(expected.address)
    if (expected.symbol !== undefined) {
      expect(crashed.symbol).toBe(expected.symbol)
      expect(crashed.module).toMatch(/\.so$/)
      expect(typeof crashed.offset).toBe('bigint')
      expect(crashed.backtrace.length).toBeGreaterThan(0)
    }
    if (expected.lastWords !== undefined) expect(crashed.lastWords).toMatch(expected.lastWords)
  },
})

/** K, by leaving: 0 is no success either. */
export const exit = (code: number): Outcome => ({
  text: `exit with ${code}`,
  check: ({ error }) => {
    expect(error).toBeInstanceOf(ExitError)
    expect(error).toMatchObject({ code: 'ERR_FAT_THREAD_EXITED', exitCode: code })
  },
})

/** T */
export const timeout = (limit = LIMIT): Outcome => ({
  text: 'time-out',
  check: ({ error, elapsed, passed }) => {
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ code: 'ERR_FAT_THREAD_TIMEOUT', timeout: limit })
    expect(passed).toBeGreaterThanOrEqual(limit * 0.9)
    expect(elapsed).toBeLessThan(limit + 2 * LIMIT)
  },
})

/** R */
export const violation: Outcome = {
  text: 'violation',
  check: ({ error }) => {
    expect(error).toBeInstanceOf(ViolationError)
    expect(error).toMatchObject({ code: 'ERR_FAT_THREAD_VIOLATION' })
  },
}

/** L */
export const refused: Outcome = {
  text: 'refused',
  check: ({ error, elapsed }) => {
    expect(error).toBeInstanceOf(LoadError)
    expect(error).toMatchObject({ code: 'ERR_FAT_THREAD_LOAD' })
    expect(elapsed).toBeLessThan(LIMIT * 3)
  },
}

/** OK */
export const gives = (value: unknown): Outcome => ({
  text: `result ${value}`,
  check: ({ value: given, error }) => {
    expect(error).toBeUndefined()
    expect(given).toBe(value)
  },
})

/** The library harms itself alone: an error of ours or a value of the declared type, within so many milliseconds. */
export const boundedBy = (most: number): Outcome => ({
  text: 'typed end',
  check: ({ error, value, elapsed }) => {
    if (error !== undefined) expect(error).toBeInstanceOf(FatThreadError)
    else expect(['number', 'string', 'object']).toContain(value === null ? 'object' : typeof value)
    expect(elapsed).toBeLessThan(most)
  },
})

export const bounded = boundedBy(LIMIT * 3)

/** A result that is a whole JavaScript string, whatever the bytes were. */
export const text = (expected: RegExp): Outcome => ({
  text: 'clean text',
  check: ({ value, error }) => {
    expect(error).toBeUndefined()
    expect(value).toMatch(expected)
    expect(Buffer.from(value as string).toString()).toBe(value)
  },
})

/** Nothing in the error is fit to command a terminal. */
export const clean = (outcome: Outcome): Outcome => ({
  text: `${outcome.text}, cleaned`,
  check: (settled) => {
    outcome.check(settled)
    const { message, lastWords, symbol, module, backtrace } = settled.error as Partial<CrashError>
    const names = (backtrace ?? []).flatMap((frame) => [frame.symbol, frame.module])
    for (const said of [message, lastWords, symbol, module, ...names])
      expect(said ?? '').not.toMatch(CONTROL_CHARACTERS)
  },
})

/** Several outcomes are right. */
export const either = (...outcomes: readonly Outcome[]): Outcome => ({
  text: outcomes.map((outcome) => outcome.text).join(' or '),
  check: (settled) => {
    const refusals = outcomes.map((outcome) => {
      try {
        outcome.check(settled)
        return undefined
      } catch (refusal) {
        return refusal
      }
    })
    if (!refusals.includes(undefined)) throw refusals[0]
  },
})

/** Waits for an end of whatever kind; only a promise that stays open is a failure here. */
export async function settle(call: () => unknown): Promise<Settled> {
  const start = performance.now()
  const elapsed = stopwatch()
  const times = (): { elapsed: number; passed: number } => ({
    elapsed: elapsed(),
    passed: performance.now() - start,
  })
  let timer: NodeJS.Timeout | undefined
  const never = new Promise<never>((_, reject) => {
    const wait = (): void => {
      const left = FOR_EVER - elapsed()
      if (left <= 0) reject(new StaysOpen())
      else timer = setTimeout(wait, left)
    }
    wait()
  })
  try {
    return { value: await Promise.race([call(), never]), ...times() }
  } catch (error) {
    if (error instanceof StaysOpen) throw error
    return { error, ...times() }
  } finally {
    clearTimeout(timer)
  }
}

class StaysOpen extends Error {
  override readonly name = 'StaysOpen'
  override readonly message = `not settled after ${FOR_EVER} ms`
}
