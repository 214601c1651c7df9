const KIB = 1024
const MIB = 1024 * KIB

export const copy = {
  name: 'copy',
  title: 'one blocking call that is given bytes and does not look at them',
  unit: 'nanoseconds',
  driver: 'blocking',
  series: [
    { name: '1 KiB', bytes: KIB },
    { name: '1 MiB', bytes: MIB },
    { name: '64 MiB', bytes: 64 * MIB },
  ],
  subjects: [
    { subject: 'fat-thread', title: 'fat thread, Buffer copied in' },
    {
      subject: 'buffer',
      title: 'limit: Buffer.copy, no call',
      bar: { of: '64 MiB', slowerAtMost: 1.3 },
    },
    { subject: 'fat-thread', workload: 'copy-shared', title: 'fat thread, thread.alloc, no copy' },
    { subject: 'koffi', title: 'koffi, in the same process, no copy' },
  ],
}
