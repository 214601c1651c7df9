export const awaitedCall = {
  name: 'awaited-call',
  title: 'one awaited call of abs(int), one after the other',
  unit: 'nanoseconds',
  driver: 'awaited',
  subjects: [
    { subject: 'fat-thread', title: 'fat thread' },
    { subject: 'koffi', title: 'koffi .async', bar: { fasterAtLeast: 30 } },
    { subject: 'worker', title: 'echo of a worker thread' },
    { subject: 'fork', title: 'echo of a forked Node process' },
  ],
}
