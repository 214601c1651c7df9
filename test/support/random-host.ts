/** Calls of every kind to a library that took the host's place and answers at random. */
import { expect } from 'vitest'
import { FatThread, FatThreadError, Pointer } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { LIMIT } from './outcomes.ts'

/** Calls in one batch, and batches in flight: about as many as the ring has slots. */
const BATCH = 100

const isInteger = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most
const isText = (value: unknown) => value === null || typeof value === 'string'

export interface Tally {
  /** Calls that gave a value of their type. */
  answered: number
  /** Of them, values that the library would never have given. */
  untrue: number
  /** Calls that failed with an error of this package, by its name. */
  readonly failures: Map<string, number>
  restarts: number
  state: string
}

/**
 * Makes `count` calls. Each must give a value of its declared type or fail with an error that says why;
 * `pause` is awaited now and then.
 */
export async function callRandomHost(
  count: number,
  seed: number,
  pause: () => Promise<void> = async () => {},
): Promise<Tally> {
  await using thread = await FatThread.spawn({ timeout: LIMIT, stdout: 'ignore', stderr: 'ignore' })
  const { symbols } = await thread.load(fixture('answers-at-random'), {
    deed: 'int deed(unsigned seed)',
    real: 'double real(double x)',
    truth: 'bool truth(void)',
    small: 'unsigned char small(int x)',
    wide: 'unsigned long long wide(void)',
    text: 'const char *text(void)',
    text16: 'const char16_t *text16(void)',
    place: 'void *place(void)',
    fill: 'void fill(uint8_t *bytes, size_t count)',
  })
  const bytes = new Uint8Array(40)
  const large = new Uint8Array(5000)
  const calls: readonly [() => unknown, (value: unknown) => boolean][] = [
    [() => symbols.real(1.5), (value) => typeof value === 'number'],
    [() => symbols.truth(), (value) => typeof value === 'boolean'],
    [() => symbols.small(3), isInteger(0, 255)],
    [
      () => symbols.wide(),
      (value) => typeof value === 'bigint' && value >= 0n && value < 2n ** 64n,
    ],
    [() => symbols.text(), isText],
    [() => symbols.text16(), isText],
    [() => symbols.place(), (value) => value === null || value instanceof Pointer],
    [() => symbols.fill(bytes, bytes.length), (value) => value === undefined],
    [() => symbols.fill(large, large.length), (value) => value === undefined],
    [() => symbols.deed.with({ errno: true })(1), (value) => typeof value === 'object'],
    [() => symbols.real.sync(1), (value) => typeof value === 'number'],
    [() => symbols.text.sync(), isText],
  ]
  const tally: Tally = {
    answered: 0,
    untrue: 0,
    failures: new Map(),
    restarts: 0,
    state: 'running',
  }

  const settle = async (make: () => unknown, fits: (value: unknown) => boolean): Promise<void> => {
    try {
      const value = await make()
      if (!fits(value)) expect.unreachable(`no value of its type: ${String(value)} of ${make}`)
      tally.answered++
      if (typeof value === 'number' && value !== 1.5 && value !== 3) tally.untrue++
    } catch (error) {
      if (!(error instanceof FatThreadError)) throw error
      tally.failures.set(error.name, (tally.failures.get(error.name) ?? 0) + 1)
    }
  }

  for (let made = 0, turn = 0; made < count; turn++) {
    // A new process is the real host's until the library takes over.
    const batch = [settle(() => symbols.deed((seed + turn) >>> 0), Number.isInteger)]
    for (let index = 0; index < BATCH; index++) {
      const [make, fits] = calls[(turn + index * 7) % calls.length] as (typeof calls)[number]
      batch.push(settle(make, fits))
    }
    await Promise.all(batch)
    made += batch.length
    if (turn % 500 === 0) await pause()
  }
  const { restarts, state } = thread.stats()
  return Object.assign(tally, { restarts, state })
}
