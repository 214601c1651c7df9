/** A library that prints without end: the program takes what there is, and goes on with its own work in between. */
import { expect, test } from 'vitest'
import { ExitError, open, TimeoutError } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { settle } from '../support/outcomes.ts'
import { until } from '../support/until.ts'

/** Bytes that one turn of the event loop may bring: two shares, of what is heard of and of what was left. */
const MOST_BYTES_IN_A_TURN = 2 * 128 * 1024

test('each turn of the event loop takes a bounded share of a flood', async () => {
  const options = { timeout: 1000, stdout: 'pipe', stderr: 'pipe' } as const
  const library = await open(fixture('prints-forever'), { deed: 'int deed(void)' }, options)
  let inTurn = 0
  let turns = 0
  let most = 0
  let bytes = 0
  for (const stream of ['stdout', 'stderr'] as const)
    library.thread.on(stream, (taken) => {
      bytes += taken.length
      // How many parts they come in is the kernel's affair; what is said of dropped ones is no part of the flood.
      if (String.fromCharCode(taken[0] ?? 0) === 'x') inTurn += taken.length
      most = Math.max(most, inTurn)
    })
  const endTurn = (): void => {
    inTurn = 0
    turns++
    next = setImmediate(endTurn)
  }
  let next = setImmediate(endTurn)
  const { error } = await settle(() => library.symbols.deed())
  clearImmediate(next)
  await library.close()
  expect(error).toBeInstanceOf(TimeoutError)
  expect(bytes, 'it does flood').toBeGreaterThan(2 ** 20)
  expect(turns).toBeGreaterThan(10)
  expect(most).toBeLessThanOrEqual(MOST_BYTES_IN_A_TURN)
})

test('each turn brings a bounded part of what was printed, in order, and all of it before the end', async () => {
  const options = { stdout: 'pipe', restart: 'never' } as const
  const library = await open(
    fixture('counts-on-its-output'),
    { end: 'int count_and_exit(int lines)' },
    options,
  )
  const parts: Buffer[] = []
  let inTurn = 0
  let most = 0
  let ended = false
  library.thread.on('stdout', (taken) => {
    expect(ended, 'what is printed comes before the end').toBe(false)
    parts.push(taken)
    inTurn += taken.length
    most = Math.max(most, inTurn)
  })
  library.thread.on('exit', () => {
    ended = true
  })
  const endTurn = (): void => {
    inTurn = 0
    next = setImmediate(endTurn)
  }
  let next = setImmediate(endTurn)
  const lines = 50_000 // of 16 bytes: less than what is kept
  const { error } = await settle(() => library.symbols.end(lines))
  clearImmediate(next)
  expect(error).toBeInstanceOf(ExitError)
  const text = Buffer.concat(parts).toString()
  const wanted = Array.from({ length: lines }, (_, index) => `${String(index).padStart(15)}\n`)
  expect(text === wanted.join(''), 'nothing is lost, and all is in order').toBe(true)
  expect(most).toBeLessThanOrEqual(MOST_BYTES_IN_A_TURN)
  await library.close()
})

test('a blocking call ends with its process, and all that was printed is there behind it', async () => {
  const library = await open(
    fixture('counts-on-its-output'),
    { end: 'int count_and_exit(int lines)' },
    { stdout: 'pipe', restart: 'never' },
  )
  let bytes = 0
  library.thread.on('stdout', (taken) => {
    bytes += taken.length
  })
  expect(() => library.symbols.end.sync(50_000)).toThrow(ExitError)
  await library.close()
  await new Promise(setImmediate)
  expect(bytes).toBe(50_000 * 16)
})

test('whoever is slow to read takes no turn for long, however little comes at a time', async () => {
  const options = { stdout: 'pipe' } as const
  await using library = await open(
    fixture('prints-drops'),
    { print_drops: 'int print_drops(int)' },
    options,
  )
  let inTurn = 0
  let most = 0
  let bytes = 0
  library.thread.on('stdout', (taken) => {
    bytes += taken.length
    most = Math.max(most, ++inTurn)
    const end = performance.now() + 3
    while (performance.now() < end);
  })
  let watching = true
  const endTurn = (): void => {
    inTurn = 0
    if (watching) setImmediate(endTurn)
  }
  endTurn()
  expect(await library.symbols.print_drops(3000)).toBe(1)
  await until(() => bytes >= 5 * 3000, 'the rest of what was printed')
  expect(bytes).toBe(5 * 3000)
  watching = false
  // One portion for what is heard of, one for what was left.
  expect(most).toBeLessThanOrEqual(2)
})
