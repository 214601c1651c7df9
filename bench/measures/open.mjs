const shared = {
  unit: 'nanoseconds',
  driver: 'once',
  subjects: [
    { subject: 'fat-thread', title: 'fat thread: open libm, cos(0)' },
    { subject: 'fat-thread-off', title: 'fat thread without its sandbox' },
    { subject: 'fork', title: 'forked Node process: first echo' },
    { subject: 'worker', title: 'worker thread: first echo', bar: { fasterAtLeast: 15 } },
    { subject: 'native-shut-in', title: 'limit: the same start and sandbox in C, no program' },
    {
      subject: 'native',
      title: 'limit: posix_spawn and wait in C',
      bar: { slowerAtMost: 2.5 },
    },
  ],
}

export const open = {
  ...shared,
  name: 'open',
  title: 'from nothing to the first result, in a program that did it before',
}

export const openWarm = {
  ...shared,
  name: 'open-warm',
  title: 'the same, where a process waits already',
  subjects: [
    { subject: 'fat-thread', title: 'fat thread from a spare: open libm, cos(0)' },
    { subject: 'fat-thread-off', title: 'the same without its sandbox' },
    { subject: 'native-shut-in', title: 'limit: a process that waits loads libm in C, no program' },
    { subject: 'native', title: 'limit: posix_spawn and wait in C', bar: { slowerAtMost: 0.7 } },
  ],
}

export const firstOpen = {
  ...shared,
  name: 'first-open',
  title: 'from nothing to the first result, once in each new program',
  fresh: true,
}
