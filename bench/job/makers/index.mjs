/** Who makes thumbnails, by name. Each is loaded only where it is asked for. */
export const MAKERS = {
  pool: async (codecs) => (await import('./fat-threads.mjs')).pool(codecs),
  'fat-thread': async (codecs) => (await import('./fat-threads.mjs')).one(codecs),
  koffi: async (codecs) => (await import('./koffi.mjs')).blocking(codecs),
  'koffi-deep': async (codecs) => (await import('./koffi.mjs')).blocking(codecs, { deep: true }),
  'koffi-async': async (codecs) => (await import('./koffi.mjs')).asynchronous(codecs),
  tinypool: async (codecs) => (await import('./tinypool.mjs')).pool(codecs),
}
