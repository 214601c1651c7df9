/** The machine as others leave it: neighbours that compute all the time, or one processor for both sides. */
const conditions = (more) => [
  { name: 'two cores', condition: 'ordinary', ...more },
  { name: 'two cores, busy', condition: 'busy', ...more },
  { name: 'one core', condition: 'one-core', ...more },
  { name: 'one core, busy', condition: 'busy-core', ...more },
]

const futex = {
  subject: 'native',
  workload: 'futex-trip',
  title: 'limit: ping-pong of two C processes that sleep',
}

export const busySyncCall = {
  name: 'busy-sync-call',
  title: 'one blocking call of abs(int) where processors are scarce',
  unit: 'nanoseconds',
  driver: 'blocking',
  mostRounds: 6,
  series: conditions(),
  subjects: [{ subject: 'fat-thread', workload: 'sync-call', title: 'fat thread, .sync' }, futex],
}

export const busyAwaitedCall = {
  name: 'busy-awaited-call',
  title: 'one awaited call of abs(int) where processors are scarce',
  unit: 'nanoseconds',
  driver: 'awaited',
  mostRounds: 6,
  series: conditions(),
  subjects: [
    { subject: 'fat-thread', workload: 'awaited-call', title: 'fat thread' },
    { subject: 'worker', workload: 'awaited-call', title: 'echo of a worker thread' },
    futex,
  ],
}

export const busyCallsInFlight = {
  name: 'busy-calls-in-flight',
  title: '1,000 calls of abs(int) at once where processors are scarce, time for each',
  unit: 'nanoseconds',
  driver: 'together',
  mostRounds: 6,
  series: conditions({ calls: 1000 }),
  subjects: [
    { subject: 'fat-thread', workload: 'calls-in-flight', title: 'fat thread' },
    { subject: 'worker', workload: 'calls-in-flight', title: 'echoes of a worker thread' },
  ],
}
