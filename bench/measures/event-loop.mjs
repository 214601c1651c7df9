export const eventLoop = {
  name: 'event-loop',
  title: 'delay of the event loop (p99) while a library works for 20 ms again and again',
  unit: 'nanoseconds',
  driver: 'once',
  mostRounds: 5,
  series: [{ name: '', work: 20, milliseconds: 500, bar: { atMost: 5e6 } }],
  subjects: [
    { subject: 'fat-thread', title: 'fat thread, awaited' },
    { subject: 'koffi', title: 'koffi .async' },
    { subject: 'koffi', workload: 'event-loop-blocking', title: 'koffi, blocking' },
  ],
}
