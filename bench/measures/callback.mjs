export const callback = {
  name: 'callback',
  title: 'one blocking call that calls back once',
  unit: 'nanoseconds',
  driver: 'blocking',
  subjects: [
    { subject: 'fat-thread', title: 'fat thread, .sync' },
    { subject: 'koffi', title: 'koffi, in the same process', bar: { slowerAtMost: 4 } },
  ],
}

/** The comparator finds the numbers in memory that both sides see, or by their addresses. */
const sorting = {
  unit: 'nanoseconds',
  driver: 'once',
  subjects: [
    { subject: 'fat-thread', workload: 'qsort', title: 'fat thread, .sync, thread.alloc' },
    { subject: 'koffi', workload: 'qsort', title: 'koffi, in the same process' },
  ],
}

export const qsort = {
  ...sorting,
  name: 'qsort',
  title: 'qsort of 10,000 doubles with a comparator in JavaScript',
  mostRounds: 5,
  series: [{ name: '', count: 10_000 }],
}

/** About 20 million comparisons: once is enough. */
export const qsortMillion = {
  ...sorting,
  name: 'qsort-million',
  title: 'qsort of a million doubles with a comparator in JavaScript',
  fresh: true,
  mostRounds: 1,
  series: [{ name: '', count: 1_000_000 }],
}
