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
export const qsort = {
  name: 'qsort',
  title: 'qsort of doubles with a comparator in JavaScript',
  unit: 'nanoseconds',
  driver: 'once',
  mostRounds: 3,
  series: [
    { name: '10,000', count: 10_000 },
    { name: '1,000,000', count: 1_000_000 },
  ],
  subjects: [
    { subject: 'fat-thread', title: 'fat thread, .sync, thread.alloc' },
    { subject: 'koffi', title: 'koffi, in the same process' },
  ],
}
