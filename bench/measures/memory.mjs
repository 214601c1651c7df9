export const memory = {
  name: 'memory',
  title: 'memory of an idle process',
  unit: 'bytes',
  mostRounds: 5,
  series: [
    { name: 'private (USS)', key: 'uss', bar: { atMost: 250 * 1024 } },
    { name: 'private and its part of what is shared (PSS)', key: 'pss' },
    { name: 'resident (RSS)', key: 'rss' },
    { name: 'gone with the process (anonymous)', key: 'anonymous' },
  ],
  subjects: [
    { subject: 'fat-thread', title: 'fat thread with libm' },
    { subject: 'fork', title: 'forked Node process' },
  ],
}
