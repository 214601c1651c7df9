export const callsInFlight = {
  name: 'calls-in-flight',
  title: '1,000 calls of abs(int) at once, time for each',
  unit: 'nanoseconds',
  driver: 'together',
  calls: 1000,
  subjects: [
    { subject: 'fat-thread', title: 'fat thread' },
    { subject: 'worker', title: 'echoes of a worker thread', bar: { fasterAtLeast: 3 } },
    { subject: 'koffi', title: 'koffi .async' },
    { subject: 'fork', title: 'echoes of a forked Node process' },
  ],
}
