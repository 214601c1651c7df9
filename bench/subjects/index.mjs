/** The subjects by name; each is loaded only in its own process. */
export const SUBJECTS = {
  'fat-thread': () => import('./fat-thread.mjs'),
  'fat-thread-off': () => import('./fat-thread-off.mjs'),
  koffi: () => import('./koffi.mjs'),
  worker: () => import('./worker.mjs'),
  fork: () => import('./fork.mjs'),
  native: () => import('./native.mjs'),
  buffer: () => import('./buffer.mjs'),
}
