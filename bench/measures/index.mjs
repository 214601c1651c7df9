import { alive, aliveMemory } from './alive.mjs'
import { awaitedCall } from './awaited-call.mjs'
import { busyAwaitedCall, busyCallsInFlight, busySyncCall } from './busy.mjs'
import { callback, qsort, qsortMillion } from './callback.mjs'
import { callsInFlight } from './calls-in-flight.mjs'
import { copy } from './copy.mjs'
import { eventLoop } from './event-loop.mjs'
import { idle } from './idle.mjs'
import { memory } from './memory.mjs'
import { firstOpen, open, openWarm } from './open.mjs'
import { PKCS11 } from './pkcs11.mjs'
import { lanes, pool } from './pool.mjs'
import { restart } from './restart.mjs'
import { sharedMemory } from './shared-memory.mjs'
import { structCall } from './struct-call.mjs'
import { syncCall } from './sync-call.mjs'
import { textCall } from './text-call.mjs'
import { corruptedImages, thumbnails } from './thumbnails.mjs'

/** In the order in which they run. */
export const MEASURES = [
  syncCall,
  awaitedCall,
  callsInFlight,
  open,
  openWarm,
  firstOpen,
  memory,
  restart,
  copy,
  sharedMemory,
  textCall,
  structCall,
  callback,
  qsort,
  qsortMillion,
  alive,
  aliveMemory,
  idle,
  eventLoop,
  lanes,
  pool,
  ...PKCS11,
  busySyncCall,
  busyAwaitedCall,
  busyCallsInFlight,
  thumbnails,
  corruptedImages,
]
