export const awaitedCall = {
  name: 'awaited-call',
  title: 'one awaited call of abs(int)',
  unit: 'nanoseconds',
  driver: 'awaited',
  subjects: [
    { subject: 'fat-thread', title: 'fat thread' },
    { subject: 'koffi', title: 'koffi .async', bar: { fasterAtLeast: 45 } },
    { subject: 'worker', title: 'echo of a worker thread', bar: { fasterAtLeast: 45 } },
    { subject: 'fork', title: 'echo of a forked Node process' },
    { subject: 'piscina', title: 'task of piscina' },
    { subject: 'tinypool', title: 'task of tinypool, in a process' },
    { subject: 'workerpool', title: 'task of workerpool, in a process' },
  ],
}
