/** A crash: who is rejected, who goes on, in what order, and who hears of it. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  ClosedError,
  CrashError,
  ExitError,
  type ExitInfo,
  FatThread,
  type FatThreadOptions,
  type Library,
  TimeoutError,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { numbers } from '../support/numbers.ts'
import { until } from '../support/until.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const DECLARATIONS = {
  add: 'int add(int a, int b)',
  sleep: 'int sleep_for(int milliseconds)',
  count: 'int count_calls(void)',
  crash: 'int crash(void)',
  crashAfter: 'int crash_after(int milliseconds)',
  leave: 'int leave(int status)',
  say: 'int say(const char *text)',
  sayLate: 'int say_late(const char *text)',
  complain: 'int complain(const char *text)',
  processId: 'int process_id(void)',
} as const

let thread: FatThread
let library: Library<typeof DECLARATIONS>

const spawn = async (options: FatThreadOptions = {}): Promise<void> => {
  thread = await FatThread.spawn(options)
  library = await thread.load(fixture('obeys'), DECLARATIONS)
}

afterEach(() => thread.close())

describe('order', () => {
  beforeEach(() => spawn())

  test('10,000 calls in flight: each gets its own result, in the order of the calls', async () => {
    const ended: number[] = []
    const results = numbers(10_000).map(async (index) => {
      const sum = await library.symbols.add(index, 1)
      ended.push(index)
      return sum
    })
    expect(await Promise.all(results)).toEqual(numbers(10_000).map((index) => index + 1))
    expect(ended).toEqual(numbers(10_000))
  })

  test('10,000 calls in flight run one after the other, in the order of the calls', async () => {
    expect(await Promise.all(numbers(10_000).map(() => library.symbols.count()))).toEqual(
      numbers(10_000).map((index) => index + 1),
    )
  })

  test('a blocking call waits for those that were made before it', async () => {
    const { count, sleep } = library.symbols
    const slow = sleep(100)
    const before = numbers(300).map(() => count())
    expect(count.sync()).toBe(301)
    const after = numbers(10).map(() => count())
    expect(await Promise.all(before)).toEqual(numbers(300).map((index) => index + 1))
    expect(await Promise.all(after)).toEqual(numbers(10).map((index) => index + 302))
    expect(await slow).toBe(100)
  })

  test('blocking calls between awaited ones, at random', async () => {
    const { count } = library.symbols
    const results: Promise<void>[] = []
    const counts = async (wanted: number): Promise<void> => expect(await count()).toBe(wanted)
    for (let index = 0; index < 2000; index++) {
      if ((index * 7919) % 13 === 0) expect(count.sync()).toBe(index + 1)
      else results.push(counts(index + 1))
    }
    await Promise.all(results)
  })

  test('calls that are made when another one ends', async () => {
    let left = 1000
    const chain = async (): Promise<void> => {
      while (left-- > 0) await library.symbols.count()
    }
    await Promise.all(numbers(20).map(chain))
    expect(await library.symbols.count()).toBe(1001)
  })
})

describe('a crash', () => {
  beforeEach(() => spawn())

  test.each(WAYS)('rejects the call with all that is known (%s)', async (way) => {
    const pid = thread.pid
    const error = await failureOf(() => call(library.symbols.crash, way))
    expect(error).toBeInstanceOf(CrashError)
    expect(error).toMatchObject({
      code: 'ERR_FAT_THREAD_CRASHED',
      signal: 'SIGSEGV',
      address: 0n,
      module: fixture('obeys'),
      symbol: 'crash',
      call: 'crash',
      library: fixture('obeys'),
      pid,
    })
    expect(await library.symbols.add(1, 2)).toBe(3)
    expect(thread.pid).not.toBe(pid)
    expect(thread.stats()).toMatchObject({ restarts: 1, state: 'running', inFlight: 0, queued: 0 })
  })

  test.each([0, 1, 255])('exit(%d) is an ExitError', async (status) => {
    for (const way of WAYS) {
      const error = await failureOf(() => call(library.symbols.leave, way, [status]))
      expect(error).toBeInstanceOf(ExitError)
      expect(error).toMatchObject({
        code: 'ERR_FAT_THREAD_EXITED',
        exitCode: status,
        call: 'leave',
      })
    }
  })

  test('rejects the running call alone: those behind it go on in the new process, once each', async () => {
    const { count, crashAfter } = library.symbols
    expect(await count()).toBe(1)
    const crash = crashAfter(30)
    const behind = numbers(1000).map(() => count())
    expect(await failureOf(() => crash)).toBeInstanceOf(CrashError)
    // A call that was executed in the old process and again in the new one would leave a gap.
    expect(await Promise.all(behind)).toEqual(numbers(1000).map((index) => index + 1))
    expect(await count()).toBe(1001)
  })

  test('in the middle of a batch: everything before it has its result, everything after goes on', async () => {
    const { count, crash } = library.symbols
    const before = numbers(200).map(() => count())
    const crashed = crash()
    const after = numbers(200).map(() => count())
    expect(await Promise.all(before)).toEqual(numbers(200).map((index) => index + 1))
    expect(await failureOf(() => crashed)).toBeInstanceOf(CrashError)
    expect(await Promise.all(after)).toEqual(numbers(200).map((index) => index + 1))
  })

  test('takes no result along that was there before it', async () => {
    const { add, crash } = library.symbols
    for (let round = 0; round < 30; round++) {
      const results = await Promise.allSettled([
        add(round, 1),
        add(round, 2),
        crash(),
        add(round, 3),
      ])
      const [first, second, crashed, last] = results
      expect(first).toEqual({ status: 'fulfilled', value: round + 1 })
      expect(second).toEqual({ status: 'fulfilled', value: round + 2 })
      expect(crashed).toMatchObject({ status: 'rejected', reason: { call: 'crash' } })
      expect(last).toEqual({ status: 'fulfilled', value: round + 3 })
    }
  })

  test('again and again in one batch', async () => {
    const { add, crash } = library.symbols
    const results = numbers(300).map((index) => (index % 30 === 7 ? crash() : add(index, 0)))
    for (const [index, result] of (await Promise.allSettled(results)).entries()) {
      if (index % 30 === 7)
        expect((result as PromiseRejectedResult).reason).toBeInstanceOf(CrashError)
      else expect(result).toEqual({ status: 'fulfilled', value: index })
    }
    await until(() => thread.stats().restarts === 10)
  })

  test('while a blocking call waits behind it: the blocking call goes on too', async () => {
    const { count, crashAfter } = library.symbols
    const crash = crashAfter(50)
    expect(count.sync()).toBe(1)
    expect(await failureOf(() => crash)).toBeInstanceOf(CrashError)
  })

  test('every library of the fat thread is there again', async () => {
    const other = await thread.load(fixture('echoes'), { echo: 'int echo_int32(int value)' })
    const late = library.func('int add(int, int)')
    await failureOf(() => library.symbols.crash())
    expect(await other.symbols.echo(5)).toBe(5)
    expect(await late(1, 2)).toBe(3)
  })

  test('by a signal from outside, with nothing in flight', async () => {
    const crashes: unknown[] = []
    thread.on('crash', (error) => crashes.push(error))
    expect(await library.symbols.add(1, 2)).toBe(3)
    const pid = thread.pid as number
    process.kill(pid, 'SIGKILL')
    await until(() => crashes.length > 0)
    expect(crashes[0]).toMatchObject({ signal: 'SIGKILL', call: undefined, pid })
    expect(await library.symbols.add(1, 2)).toBe(3)
  })
})

describe('events', () => {
  beforeEach(() => spawn({ stdout: 'pipe', stderr: 'pipe' }))

  test('crash, exit and restart come once each; the state follows', async () => {
    const seen: string[] = []
    const infos: ExitInfo[] = []
    const errors: unknown[] = []
    thread.on('crash', (error) => {
      seen.push('crash')
      errors.push(error)
    })
    thread.on('restart', () => seen.push(`restart ${thread.state}`))
    thread.on('exit', (info) => {
      seen.push('exit')
      infos.push(info)
    })
    const pid = thread.pid as number
    const error = await failureOf(() => library.symbols.crash())
    await until(() => seen.length >= 3)
    expect(seen.sort()).toEqual(['crash', 'exit', 'restart running'])
    expect(infos).toEqual([{ pid, exitCode: undefined, signal: 'SIGSEGV' }])
    expect(errors[0]).toMatchObject({ signal: 'SIGSEGV', call: 'crash', message: error.message })
  })

  test('an exit says its status', async () => {
    const infos: ExitInfo[] = []
    thread.on('exit', (info) => infos.push(info))
    const pid = thread.pid as number
    await failureOf(() => library.symbols.leave(3))
    await until(() => infos.length > 0)
    expect(infos).toEqual([{ pid, exitCode: 3, signal: undefined }])
  })

  test('a time-out is no crash; its process exits all the same', async () => {
    const seen: string[] = []
    for (const name of ['crash', 'violation', 'exit'] as const)
      thread.on(name, () => seen.push(name))
    const error = await failureOf(() => library.symbols.sleep.with({ timeout: 50 })(60_000))
    expect(error).toBeInstanceOf(TimeoutError)
    await until(() => seen.length > 0)
    expect(seen).toEqual(['exit'])
  })

  test('close: an exit and no crash', async () => {
    const seen: string[] = []
    for (const name of ['crash', 'violation', 'exit', 'restart'] as const)
      thread.on(name, () => seen.push(name))
    await thread.close()
    await until(() => seen.length > 0)
    expect(seen).toEqual(['exit'])
  })

  test('come after a blocking call, not inside it', async () => {
    let crashed = false
    thread.on('crash', () => {
      crashed = true
    })
    expect(await failureOf(() => call(library.symbols.crash, 'awaited'))).toBeInstanceOf(CrashError)
    await until(() => crashed)
    crashed = false
    expect(() => library.symbols.crash.sync()).toThrow(CrashError)
    expect(crashed).toBe(false)
    await until(() => crashed)
  })

  test('stdout and stderr bring what the library writes, whole and in order', async () => {
    const said: Buffer[] = []
    const complained: Buffer[] = []
    thread.on('stdout', (bytes) => said.push(bytes))
    thread.on('stderr', (bytes) => complained.push(bytes))
    for (const index of numbers(100)) await library.symbols.say(`line ${index}\n`)
    await library.symbols.complain('a complaint\n')
    const wanted = numbers(100)
      .map((index) => `line ${index}\n`)
      .join('')
    await until(() => Buffer.concat(said).length >= wanted.length && complained.length > 0)
    expect(Buffer.concat(said).toString()).toBe(wanted)
    expect(Buffer.concat(complained).toString()).toBe('a complaint\n')
    expect(said[0]).toBeInstanceOf(Buffer)
  })

  test('what was written before a crash is not lost', async () => {
    const said: Buffer[] = []
    const complained: Buffer[] = []
    thread.on('stdout', (bytes) => said.push(bytes))
    thread.on('stderr', (bytes) => complained.push(bytes))
    library.symbols.sayLate.sync('a whole line\n')
    library.symbols.complain.sync('last words')
    await failureOf(() => library.symbols.crash())
    await until(() => said.length > 0 && complained.length > 0)
    expect(Buffer.concat(said).toString()).toBe('a whole line\n')
    expect(Buffer.concat(complained).toString()).toBe('last words')
  })

  test('what a library still holds when it is closed comes too', async () => {
    const said: Buffer[] = []
    thread.on('stdout', (bytes) => said.push(bytes))
    await library.symbols.sayLate('no end of line')
    await thread.close()
    await until(() => said.length > 0)
    expect(Buffer.concat(said).toString()).toBe('no end of line')
  })

  test('a listener that throws ends nothing of the fat thread', async () => {
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    try {
      const thrown = new Promise((resolve) => process.once('uncaughtException', resolve))
      thread.once('crash', () => {
        throw new Error('in a listener')
      })
      await failureOf(() => library.symbols.crash())
      expect(await thrown).toMatchObject({ message: 'in a listener' })
    } finally {
      for (const each of others) process.on('uncaughtException', each)
    }
    expect(await library.symbols.add(1, 2)).toBe(3)
  })
})

describe("stdout: 'ignore'", () => {
  test('brings nothing and harms nothing', async () => {
    await spawn({ stdout: 'ignore', stderr: 'ignore' })
    let heard = 0
    thread.on('stdout', () => heard++)
    await library.symbols.say('nobody hears this\n')
    expect(await library.symbols.add(1, 2)).toBe(3)
    expect(heard).toBe(0)
  })
})

describe("restart: 'never'", () => {
  beforeEach(() => spawn({ restart: 'never' }))

  test('the crash is the end: those behind it are rejected, and so is what comes later', async () => {
    const { add, crashAfter } = library.symbols
    const crash = crashAfter(30)
    const behind = numbers(300).map((index) => add(index, 0))
    expect(await failureOf(() => crash)).toBeInstanceOf(CrashError)
    for (const result of await Promise.allSettled(behind))
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(ClosedError)
    expect(thread.state).toBe('closed')
    expect(thread.pid).toBeUndefined()
    for (const way of WAYS)
      expect(await failureOf(() => call(add, way, [1, 2]))).toBeInstanceOf(ClosedError)
    expect(await failureOf(() => thread.load(fixture('echoes')))).toBeInstanceOf(ClosedError)
    await library.close()
  })

  test('the events come: crash and exit, no restart', async () => {
    const seen: string[] = []
    for (const name of ['crash', 'restart', 'exit'] as const) thread.on(name, () => seen.push(name))
    await failureOf(() => library.symbols.crash())
    await until(() => seen.length >= 2)
    expect(seen.sort()).toEqual(['crash', 'exit'])
  })

  test('a time-out is the end too', async () => {
    const error = await failureOf(() => library.symbols.sleep.with({ timeout: 50 })(60_000))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(thread.state).toBe('closed')
  })
})

/** A process's numbers, from the outermost namespace on. */
function namesOf(pid: number | undefined): number[] {
  const [, numbers = ''] = /^NSpid:(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return numbers.trim().split(/\s+/).map(Number)
}

describe('state', () => {
  beforeEach(() => spawn())

  test('goes from running over restarting to running', async () => {
    expect(thread.state).toBe('running')
    const states: string[] = []
    thread.on('crash', () => states.push(thread.state))
    thread.on('restart', () => states.push(thread.state))
    await failureOf(() => library.symbols.crash())
    await until(() => states.length === 2)
    expect(states).toEqual(['restarting', 'running'])
  })

  test('stats count', async () => {
    const before = thread.stats()
    await Promise.all(numbers(100).map((index) => library.symbols.add(index, 0)))
    const { completed, inFlight, queued, residentMemory, processorTime, pid } = thread.stats()
    expect(completed).toBe(before.completed + 100)
    expect({ inFlight, queued }).toEqual({ inFlight: 0, queued: 0 })
    expect(residentMemory).toBeGreaterThan(100_000)
    expect(processorTime).toBeLessThan(process.uptime())
    // Inside it may have another number, in a namespace of its own.
    expect(namesOf(pid)).toContain(await library.symbols.processId())
  })

  test('stats tell what waits', async () => {
    const calls = [
      library.symbols.sleep(100),
      ...numbers(1000).map((index) => library.symbols.add(index, 0)),
    ]
    const { inFlight, queued } = thread.stats()
    expect(inFlight).toBeGreaterThan(0)
    expect(inFlight + queued).toBe(1001)
    await Promise.all(calls)
  })
})
