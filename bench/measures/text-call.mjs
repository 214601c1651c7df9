export const textCall = {
  name: 'text-call',
  title: 'one blocking call that is given a string and returns it',
  unit: 'nanoseconds',
  driver: 'blocking',
  series: [
    { name: '16 characters', characters: 16 },
    { name: '1,024 characters', characters: 1024 },
  ],
  subjects: [
    { subject: 'fat-thread', title: 'fat thread, .sync' },
    { subject: 'koffi', title: 'koffi, in the same process' },
  ],
}
