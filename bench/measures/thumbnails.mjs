const prepare = async (say) => (await import('../job/collection.mjs')).collect(say)

const pool = { subject: 'fat-thread-pool', title: 'pool of two fat threads' }
const thread = { subject: 'fat-thread', title: 'one fat thread' }
const koffi = { subject: 'koffi', title: 'koffi, in the same process' }
const tinypool = { subject: 'tinypool', title: 'tinypool, two processes with koffi' }
const asynchronous = (name) => ({
  subject: 'koffi',
  workload: `${name}-async`,
  title: 'koffi .async, two images at once',
})

/** A real job: libspng and turbojpeg decode real images, some of them corrupted. */
export const thumbnails = {
  name: 'thumbnails',
  title: 'a real job: thumbnails of images from Debian packages',
  prepare,
  driver: 'once',
  mostRounds: 5,
  parts: [
    {
      name: 'thumbnails',
      title: 'images that become thumbnails, a second',
      unit: 'images/s',
      series: [{ name: '', key: 'rate' }],
    },
    {
      name: 'thumbnails-delay',
      title: 'delay of the event loop (p99) meanwhile',
      unit: 'nanoseconds',
      series: [{ name: '', key: 'delay', bar: { atMost: 5e6 } }],
    },
    {
      name: 'thumbnails-memory',
      title: 'memory of the program and all its processes afterwards (PSS)',
      unit: 'bytes',
      series: [{ name: '', key: 'memory' }],
    },
  ],
  subjects: [
    pool,
    thread,
    { ...koffi, bar: { of: 'rate', fasterAtLeast: 1.7 } },
    {
      subject: 'koffi',
      workload: 'thumbnails-deep',
      title: "koffi with the library's own zlib (RTLD_DEEPBIND)",
    },
    asynchronous('thumbnails'),
    tinypool,
    {
      subject: 'koffi',
      workload: 'thumbnails-side-by-side',
      title: 'limit: two programs with koffi, each with half of the images',
    },
  ],
}

/** The same images, decoded by libpng and libjpeg without an error handler: a bad file ends the process. */
export const corruptedImages = {
  name: 'corrupted-images',
  title: 'the same images, decoded by libpng and libjpeg, which end the process for a bad one',
  prepare,
  driver: 'once',
  mostRounds: 1,
  parts: [
    {
      name: 'corrupted-images',
      title: 'whole images that become thumbnails though corrupted ones end the process',
      unit: 'images',
      series: [{ name: '', key: 'made' }],
    },
    {
      name: 'lost-images',
      title: 'whole images that are lost',
      unit: 'images',
      series: [{ name: '', key: 'lost', bar: { atMost: 0 } }],
    },
  ],
  subjects: [pool, thread, koffi, asynchronous('corrupted-images'), tinypool],
}
