/** Rounds of arithmetic that take about so long at 3 GHz. */
const SHORT = { work: '50 µs', rounds: 45_000, calls: 400 }
const LONG = { work: '1 ms', rounds: 900_000, calls: 40 }

const members = (count) => (count === 1 ? '1 member' : '2 members')

/** Calls that each take a while, in pools of one and of two. */
export const pool = {
  name: 'pool',
  title: 'calls of a C function that computes, made at once in a pool, time for each',
  unit: 'nanoseconds',
  driver: 'together',
  mostRounds: 8,
  series: [SHORT, LONG].flatMap(({ work, ...series }) =>
    [1, 2].map((count) => ({ name: `${work}, ${members(count)}`, members: count, ...series })),
  ),
  subjects: [
    { subject: 'fat-thread-pool', title: 'pool of fat threads' },
    { subject: 'tinypool', title: 'tinypool, processes with koffi' },
    { subject: 'workerpool', title: 'workerpool, processes with koffi' },
    { subject: 'piscina', title: 'piscina, threads with koffi' },
    { subject: 'koffi', title: 'koffi .async, on four threads of libuv' },
  ],
}

/** What several threads of one fat thread are for: calls that wait, and calls that compute. */
export const lanes = {
  name: 'lanes',
  title: 'four calls at once of a C function, time for each',
  unit: 'nanoseconds',
  driver: 'together',
  mostRounds: 8,
  series: [
    { name: 'that waits for 5 ms', symbol: 'wait_milliseconds', argument: 5, calls: 4 },
    { name: 'that computes for about 1 ms', symbol: 'compute', argument: 900_000, calls: 4 },
  ],
  subjects: [
    { subject: 'fat-thread', workload: 'lanes-2', title: 'fat thread, threads: 2' },
    { subject: 'fat-thread', workload: 'lanes-1', title: 'fat thread, threads: 1' },
    { subject: 'fat-thread', workload: 'lanes-4', title: 'fat thread, threads: 4' },
    { subject: 'fat-thread-pool', title: 'pool of two fat threads' },
    { subject: 'koffi', title: 'koffi .async, on four threads of libuv' },
  ],
}
