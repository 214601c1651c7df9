const counts = [1, 10, 100, 1000]
const series = (bar) =>
  counts.map((count) => ({
    name: `${count.toLocaleString('en')} of them`,
    count,
    ...(count === 1000 ? { bar } : {}),
  }))

/** Fat threads that are there together. */
export const alive = {
  name: 'alive',
  title: 'open so many fat threads at once, call each, close all',
  unit: 'nanoseconds',
  driver: 'once',
  mostRounds: 3,
  series: series({ atMost: 3e9 }),
  subjects: [
    { subject: 'fat-thread', title: 'fat threads with libm' },
    { subject: 'native-shut-in', title: 'limit: the same starts and sandboxes in C, no program' },
  ],
}

export const aliveMemory = {
  name: 'alive-memory',
  title: 'memory of so many idle fat threads together (PSS)',
  unit: 'bytes',
  driver: 'once',
  mostRounds: 2,
  series: series({ atMost: 500 * 2 ** 20 }),
  subjects: [{ subject: 'fat-thread', title: 'fat threads with libm' }],
}
