const MIB = 2 ** 20

export const sharedMemory = {
  name: 'shared-memory',
  title: 'one blocking call that is given 64 MiB of thread.alloc',
  unit: 'nanoseconds',
  driver: 'blocking',
  series: [{ name: '', bytes: 64 * MIB }],
  subjects: [
    { subject: 'fat-thread', workload: 'copy-shared', title: 'fat thread, 64 MiB shared' },
    {
      subject: 'fat-thread',
      workload: 'empty-call',
      title: 'fat thread, the same call without memory',
      bar: { slowerAtMost: 1.2 },
    },
  ],
}
