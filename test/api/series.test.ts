/** Several calls in one trip: results that feed later calls, what stops them, and how they end early. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  AbortError,
  ClosedError,
  CrashError,
  FatThreadError,
  open,
  Pool,
  type Series,
  TimeoutError,
} from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'

const text = `
struct account;
struct state { int32_t balance; int32_t bookings; };
struct account *account_open(const char *owner, int32_t balance);
int account_take(struct account *account, int32_t amount, _Out_ int32_t *left);
int32_t account_put(struct account *account, int32_t amount);
const char *account_owner(const struct account *account);
struct state account_state(const struct account *account);
void account_copy(const struct account *account, _Out_ struct state *state, uint8_t *owner, size_t bytes);
int account_each(struct account *account, int (*visit)(int32_t balance, void *context), void *context);
void account_close(struct account *account);
int accounts_open(void);
double half(double value);
float third(float value);
int64_t negative(int64_t value);
uint8_t low(uint32_t value);
int8_t smaller(int8_t value);
uint64_t sum_of_nine(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h, uint64_t i);
int rest(unsigned milliseconds);
void crash(struct account *account);
int answer(void);
`

const openAccounts = (options = {}) => open(fixture('keeps-accounts'), text, options)
type Accounts = Awaited<ReturnType<typeof openAccounts>>

let library: Accounts
beforeAll(async () => {
  library = await openAccounts()
})
afterAll(() => library.close())

const ways = {
  awaited: async (series: Series): Promise<void> => {
    await series.run()
  },
  sync: async (series: Series): Promise<void> => {
    series.run.sync()
  },
}

describe.each(Object.entries(ways))('%s', (_, run) => {
  test('each result feeds the calls behind it', async () => {
    const { symbols: c, thread } = library
    const series = thread.series()
    const account = series.call(c.account_open, 'Ada', 100)
    const taken = series.call(c.account_take, account, 30)
    const put = series.call(c.account_put, account, taken.part('left'))
    const owner = series.call(c.account_owner, account)
    const state = series.call(c.account_state, account)
    series.call(c.account_close, account)
    const open = series.call(c.accounts_open)
    await run(series)
    expect(taken.value).toEqual({ result: 0, left: 70 })
    expect(put.value).toBe(140)
    expect(owner.value).toBe('Ada')
    expect(state.value).toEqual({ balance: 140, bookings: 2 })
    expect(open.value).toBe(0)
    expect(series.stopped).toBeUndefined()
  })

  test('texts, bytes and structures of each call are its own', async () => {
    const { symbols: c, thread } = library
    const series = thread.series()
    const names = ['', 'Ada', 'é'.repeat(15), 'x'.repeat(31)]
    const seen = names.map((name, index) => {
      const account = series.call(c.account_open, name, index)
      const bytes = new Uint8Array(4)
      const copied = series.call(c.account_copy, account, bytes, 4)
      const owner = series.call(c.account_owner, account)
      series.call(c.account_close, account)
      return { name, bytes, copied, owner }
    })
    await run(series)
    for (const [index, { name, bytes, copied, owner }] of seen.entries()) {
      expect(owner.value).toBe(name)
      expect(copied.value).toEqual({ result: undefined, state: { balance: index, bookings: 0 } })
      const wanted = Buffer.alloc(4)
      wanted.write(name)
      expect(Buffer.from(bytes)).toEqual(wanted)
    }
  })

  test('values keep their kind from call to call', async () => {
    const { symbols: c, thread } = library
    const series = thread.series()
    const half = series.call(c.half, 5)
    const quarter = series.call(c.half, half)
    const third = series.call(c.third, 1.5)
    const ninth = series.call(c.third, third)
    const low = series.call(c.low, 0x1ff)
    const again = series.call(c.low, low)
    const smaller = series.call(c.smaller, -127)
    const wide = series.call(c.negative, smaller as never)
    const most = series.call(c.negative, -(2n ** 63n) + 1n)
    const sum = series.call(c.sum_of_nine, 1, 2, 3, 4, 5, 6, 7, most, 2n ** 63n)
    await run(series)
    expect([half.value, quarter.value]).toEqual([2.5, 1.25])
    expect([third.value, ninth.value]).toEqual([0.5, Math.fround(0.5 / 3)])
    expect([low.value, again.value]).toEqual([255, 255])
    expect([smaller.value, wide.value]).toEqual([-128, 128n])
    expect(sum.value).toBe(BigInt.asUintN(64, 28n + 2n ** 63n - 1n + 2n ** 63n))
  })

  test.each([
    ['zero', 'account_open'],
    ['nonzero', 'account_take'],
  ] as const)('what stops it: %s of %s', async (kind, name) => {
    const { symbols: c, thread } = library
    const account = await c.account_open('Ada', 1)
    const series = thread.series()
    const before = series.call(c.account_put, account, 1)
    const stops =
      name === 'account_open'
        ? series.call(c.account_open, 'Bob', -1).stopOn(kind)
        : series.call(c.account_take, account, 1000).stopOn(kind)
    const after = series.call(c.account_put, account, 1)
    await run(series)
    expect(series.stopped).toBe(stops)
    expect(before.value).toBe(2)
    expect(stops.ran).toBe(true)
    expect(after.ran).toBe(false)
    expect(() => after.value).toThrow(
      new FatThreadError(
        'account_put did not run: account_%s stopped the series'.replace('%s', name.slice(8)),
      ),
    )
    expect((await c.account_state(account)).bookings).toBe(1)
    await c.account_close(account)
  })

  test('a negative result stops it', async () => {
    const { symbols: c, thread } = library
    const series = thread.series()
    series.call(c.negative, -1).stopOn('negative')
    const second = series.call(c.smaller, 0).stopOn('negative')
    series.call(c.answer)
    await run(series)
    expect(series.stopped).toBe(second)
  })

  test('ten thousand calls', async () => {
    const { symbols: c, thread } = library
    const account = await c.account_open('Ada', 0)
    const series = thread.series()
    const steps = Array.from({ length: 10_000 }, () => series.call(c.account_put, account, 1))
    await run(series)
    expect(steps.map(({ value }) => value)).toEqual(steps.map((_, index) => index + 1))
    await c.account_close(account)
  })

  test('a callback is called where its turn is; what it throws rejects all and stops it', async () => {
    const { symbols: c, thread } = library
    const account = await c.account_open('Ada', 7)
    const seen: number[] = []
    const fine = thread.series()
    fine.call(c.account_put, account, 1)
    const visited = fine.call(c.account_each, account, (balance) => seen.push(balance) + 40, null)
    fine.call(c.account_put, account, visited)
    await run(fine)
    expect(seen).toEqual([8])
    expect((await c.account_state(account)).balance).toBe(49)

    const broken = thread.series()
    broken.call(
      c.account_each,
      account,
      () => {
        throw new Error('no')
      },
      null,
    )
    broken.call(c.account_put, account, 1)
    await expect(run(broken)).rejects.toThrow('no')
    expect((await c.account_state(account)).balance).toBe(49)
    await c.account_close(account)
  })

  test('a crash names the call, and the calls behind it never run', async () => {
    await using other = await openAccounts()
    const { symbols: c, thread } = other
    const series = thread.series()
    const account = series.call(c.account_open, 'Ada', 1)
    series.call(c.crash, account)
    const after = series.call(c.account_close, account)
    const error = await run(series).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(CrashError)
    expect(error).toMatchObject({ call: 'crash', signal: 'SIGSEGV', symbol: 'crash' })
    expect(after.ran).toBe(false)
    expect(() => account.value).toThrow('the series failed')
    expect(await c.answer()).toBe(42)
  })

  test('a time limit holds for all of it', async () => {
    await using other = await openAccounts({ timeout: 1000 })
    const { symbols: c, thread } = other
    const series = thread.series()
    for (let index = 0; index < 100; index++) series.call(c.rest, 50)
    const error = await run(series).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ call: 'rest' })
    expect(await c.answer()).toBe(42)
  })
})

test('errno comes where it is asked for', async () => {
  const c = library.thread.load.sync('libc.so.6', { close: 'int close(int fd)' }).symbols
  const series = library.thread.series()
  const plain = series.call(c.close, 1000)
  const known = series.call(c.close.with({ errno: true }), 1000)
  await series.run()
  expect(plain.value).toBe(-1)
  expect(known.value).toEqual({ result: -1, errno: 9 })
})

test('a limit and a signal of one run', async () => {
  await using other = await openAccounts()
  const { symbols: c, thread } = other
  const slow = thread.series()
  slow.call(c.rest, 5000)
  await expect(slow.run({ timeout: 30 })).rejects.toBeInstanceOf(TimeoutError)
  const aborted = thread.series()
  aborted.call(c.rest, 5000)
  await expect(aborted.run({ signal: AbortSignal.timeout(30) })).rejects.toBeInstanceOf(AbortError)
  const never = thread.series()
  never.call(c.rest, 5000)
  await expect(never.run({ signal: AbortSignal.abort() })).rejects.toBeInstanceOf(AbortError)
})

test.each([1, 2])(
  'a signal that was aborted before ends a blocking run too (threads: %i)',
  async (threads) => {
    await using libc = await open('libc.so.6', { abs: 'int abs(int value)' }, { threads })
    const { thread, symbols } = libc
    const series = thread.series()
    const step = series.call(symbols.abs, -3)
    expect(() => series.run.sync({ signal: AbortSignal.abort() })).toThrow(AbortError)
    expect(step.ran).toBe(false)
    expect(symbols.abs.sync(-4)).toBe(4)
  },
)

test('waits in line with its arguments as they were, and goes on in the next process', async () => {
  await using other = await openAccounts()
  const { symbols: c, thread } = other
  const account = await c.account_open('Ada', 1)
  const crashed = c.crash(account).catch((error: unknown) => error)
  const series = thread.series()
  const name = Buffer.from('Ada\0')
  const opened = series.call(c.account_open, name, 5)
  const owner = series.call(c.account_owner, opened)
  const running = series.run()
  name.fill(0)
  expect(await crashed).toBeInstanceOf(CrashError)
  await running
  expect(owner.value).toBe('Ada')
})

test('several lanes: a series has one of them', async () => {
  await using other = await openAccounts({ threads: 4 })
  const { symbols: c, thread } = other
  const all = Array.from({ length: 50 }, (_, index) => {
    const series = thread.series()
    const account = series.call(c.account_open, `${index}`, index)
    series.call(c.account_put, account, 1)
    const owner = series.call(c.account_owner, account)
    const state = series.call(c.account_state, account)
    series.call(c.account_close, account)
    return { series, owner, state, index }
  })
  await Promise.all(all.map(({ series }) => series.run()))
  for (const { owner, state, index } of all) {
    expect(owner.value).toBe(`${index}`)
    expect(state.value).toEqual({ balance: index + 1, bookings: 1 })
  }
  const late = other.func('int answer(void)')
  const series = thread.series()
  const step = series.call(late)
  await series.run()
  expect(step.value).toBe(42)
})

test('functions that are known by their address', async () => {
  const pointer = library.symbol('answer')
  const own = library.thread.series()
  const abs = own.call(library.thread.call(pointer, 'int answer(void)'))
  await own.run()
  expect(abs.value).toBe(42)
})

describe('what is refused, before anything is sent', () => {
  const started = (): [Series, Accounts['symbols']] => [library.thread.series(), library.symbols]

  test('a wrong argument names function and parameter, and nothing of the series runs', async () => {
    const [series, c] = started()
    const account = await c.account_open('Ada', 1)
    series.call(c.account_put, account, 1)
    series.call(c.account_put, account, 1.5)
    await expect(series.run()).rejects.toThrow(/account_put: amount/)
    expect((await c.account_state(account)).bookings).toBe(0)
    await c.account_close(account)
  })

  test('a result that its parameter can not hold', () => {
    const [series, c] = started()
    const wide = series.call(c.negative, 1)
    expect(() => series.call(c.low, wide as never)).toThrow(
      'low: value is smaller than the result of negative',
    )
    const half = series.call(c.half, 1)
    expect(() => series.call(c.low, half as never)).toThrow('low: value takes no result of half')
    const owner = series.call(c.account_owner, null)
    expect(() => series.call(c.account_owner, owner as never)).toThrow(
      'account_owner: account takes no result of account_owner: a text is copied',
    )
    const state = series.call(c.account_state, null)
    expect(() => series.call(c.low, state as never)).toThrow(TypeError)
    const copied = series.call(c.account_copy, null, null, 0)
    expect(() => series.call(c.low, copied.part('state') as never)).toThrow(TypeError)
    expect(() => series.call(c.low, copied as never)).toThrow(TypeError)
    expect(() => copied.part('nothing' as never)).toThrow('account_copy has no result nothing')
  })

  test('a step of another series, or of a later call', async () => {
    const [series, c] = started()
    const other = library.thread.series()
    const step = other.call(c.low, 1)
    expect(() => series.call(c.low, step)).toThrow('low: value is a step of another series')
  })

  test('a function of another fat thread, one with limits of its own, what is none', async () => {
    const [series, c] = started()
    await using other = await openAccounts()
    expect(() => series.call(other.symbols.answer)).toThrow(
      'answer is a function of another fat thread',
    )
    expect(() => series.call(c.answer.with({ timeout: 5 }))).toThrow(
      'answer: in a series a time limit or a signal is an option of run',
    )
    expect(() => series.call(c.answer.sync as never)).toThrow('call takes a function of a library')
    expect(() => series.call(null as never)).toThrow(TypeError)
  })

  test('a second run, a call after it, a result before it', async () => {
    const [series, c] = started()
    const step = series.call(c.answer)
    expect(() => step.value).toThrow('answer has not run: run the series first')
    const running = series.run()
    await expect(series.run()).rejects.toThrow('a series runs once')
    expect(() => series.run.sync()).toThrow('a series runs once')
    expect(() => series.call(c.answer)).toThrow('the series has begun')
    await running
    expect(step.value).toBe(42)
  })

  test('what can not stop it', () => {
    const [series, c] = started()
    expect(() => series.call(c.half, 1).stopOn('zero')).toThrow('half: only a whole number')
    expect(() => series.call(c.low, 1).stopOn('never' as never)).toThrow(TypeError)
    expect(() => series.call(c.low, 1).stopOn('negative')).toThrow('low has no negative results')
  })

  test('an empty series is over at once', async () => {
    const [series] = started()
    await series.run()
    expect(series.stopped).toBeUndefined()
  })

  test('after the end of the fat thread', async () => {
    const other = await openAccounts()
    const series = other.thread.series()
    series.call(other.symbols.answer)
    await other.close()
    await expect(series.run()).rejects.toBeInstanceOf(ClosedError)
    expect(() => other.thread.series()).not.toThrow()
  })
})

/** Each has `deed` and `answer`; what they say of the series is theirs to choose. */
test.each([
  'overwrites-the-channel-forever',
  'overwrites-the-channel-at-random',
  'overwrites-the-channel-with-ones',
  'overwrites-small-numbers-forever',
  'answers-as-fast-as-it-can',
  'flips-lengths-forever',
  'rewrites-requests',
])('a library that %s ends it, or is believed within bounds', async (name) => {
  const declarations = { deed: 'int deed(void)', answer: 'int answer(void)' }
  await using hostile = await open(fixture(name), declarations, { stderr: 'ignore' })
  const { deed, answer } = hostile.symbols
  for (let round = 0; round < 5; round++) {
    const series = hostile.thread.series()
    const steps = [
      series.call(answer),
      series.call(deed),
      ...Array.from({ length: 20 }, () => series.call(answer)),
    ]
    // Loading has no limit: a slow machine fails no test.
    const error = await series.run({ timeout: 500 }).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (error !== undefined) expect(error).toBeInstanceOf(FatThreadError)
    for (const step of steps) if (step.ran) expect(step.value).toEqual(expect.any(Number))
  }
})

test('of a pool: the member that has the turn', async () => {
  await using pool = await Pool.open(fixture('keeps-accounts'), text, { maxThreads: 2 })
  const owner = await pool.run(async ({ symbols: c, thread }) => {
    const series = thread.series()
    const account = series.call(c.account_open, 'Ada', 1)
    const name = series.call(c.account_owner, account)
    await series.run()
    return name.value
  })
  expect(owner).toBe('Ada')
})
