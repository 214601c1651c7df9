export const idle = {
  name: 'idle',
  title: 'processor time of 100 idle fat threads in ten seconds, the program included',
  unit: 'nanoseconds',
  driver: 'once',
  mostRounds: 1,
  series: [{ name: '', count: 100, milliseconds: 10_000, bar: { atMost: 1e7 } }],
  subjects: [{ subject: 'fat-thread', title: 'fat threads with libc' }],
}
