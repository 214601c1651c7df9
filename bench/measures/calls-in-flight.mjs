const counts = [1, 10, 100, 1000, 10_000]

export const callsInFlight = {
  name: 'calls-in-flight',
  title: 'calls of abs(int) that are made at once, time for each',
  unit: 'nanoseconds',
  driver: 'together',
  series: counts.map((calls) => ({ name: `${calls.toLocaleString('en')} at once`, calls })),
  subjects: [
    { subject: 'fat-thread', title: 'fat thread' },
    {
      subject: 'worker',
      title: 'echoes of a worker thread',
      bar: { of: '1,000 at once', fasterAtLeast: 8 },
    },
    { subject: 'koffi', title: 'koffi .async', bar: { of: '1,000 at once', fasterAtLeast: 120 } },
    { subject: 'fork', title: 'echoes of a forked Node process' },
    { subject: 'piscina', title: 'tasks of piscina' },
    { subject: 'tinypool', title: 'tasks of tinypool, in a process' },
    { subject: 'workerpool', title: 'tasks of workerpool, in a process' },
  ],
}
