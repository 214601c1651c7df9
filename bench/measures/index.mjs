import { awaitedCall } from './awaited-call.mjs'
import { callback, qsort } from './callback.mjs'
import { callsInFlight } from './calls-in-flight.mjs'
import { copy } from './copy.mjs'
import { memory } from './memory.mjs'
import { firstOpen, open } from './open.mjs'
import { restart } from './restart.mjs'
import { structCall } from './struct-call.mjs'
import { syncCall } from './sync-call.mjs'

/** In the order in which they run. */
export const MEASURES = [
  syncCall,
  awaitedCall,
  callsInFlight,
  open,
  firstOpen,
  memory,
  restart,
  copy,
  callback,
  qsort,
  structCall,
]
