export const restart = {
  name: 'restart',
  title: 'from a crash to the next result',
  unit: 'nanoseconds',
  driver: 'once',
  subjects: [
    { subject: 'fat-thread-spare', title: 'fat thread with a spare: abort(), then abs(int)' },
    { subject: 'fat-thread', title: 'the same without a spare' },
    { subject: 'fork', title: 'forked Node process: killed, forked again, first echo' },
    {
      subject: 'workerpool',
      title: 'workerpool: its process is killed, next task',
      bar: { fasterAtLeast: 50 },
    },
  ],
}
