export const syncCall = {
  name: 'sync-call',
  title: 'one blocking call of abs(int)',
  unit: 'nanoseconds',
  driver: 'blocking',
  subjects: [
    { subject: 'fat-thread', title: 'fat thread, .sync' },
    { subject: 'fat-thread-off', title: 'fat thread without its sandbox, .sync' },
    { subject: 'koffi', title: 'koffi, in the same process', bar: { slowerAtMost: 3 } },
    { subject: 'node-ffi', title: 'node:ffi, in the same process' },
    {
      subject: 'native',
      title: 'limit: ping-pong of two C processes on two cores',
      bar: { slowerAtMost: 1.6 },
    },
  ],
}
