/** The subjects by name; each is loaded only in its own process. */
export const SUBJECTS = {
  'fat-thread': () => import('./fat-thread.mjs'),
  'fat-thread-pool': () => import('./fat-thread-pool.mjs'),
  'fat-thread-off': () => import('./fat-thread-off.mjs'),
  'fat-thread-spare': () => import('./fat-thread-spare.mjs'),
  koffi: () => import('./koffi.mjs'),
  worker: () => import('./worker.mjs'),
  fork: () => import('./fork.mjs'),
  native: () => import('./native.mjs'),
  'node-ffi': () => import('./node-ffi.mjs'),
  piscina: () => import('./piscina.mjs'),
  tinypool: () => import('./tinypool.mjs'),
  workerpool: () => import('./workerpool.mjs'),
  buffer: () => import('./buffer.mjs'),
}
