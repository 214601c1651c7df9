export const structCall = {
  name: 'struct-call',
  title: 'one blocking call with a structure of four members by value',
  unit: 'nanoseconds',
  driver: 'blocking',
  series: [
    { name: 'passed', symbol: 'sum', prototype: 'double sum(mixed value)' },
    { name: 'passed and returned', symbol: 'turn', prototype: 'mixed turn(mixed value)' },
  ],
  subjects: [
    { subject: 'fat-thread', title: 'fat thread, .sync' },
    { subject: 'koffi', title: 'koffi, in the same process', bar: { slowerAtMost: 5 } },
  ],
}
