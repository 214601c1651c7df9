import { Piscina } from 'piscina'
import { workloadsOf } from './pools.mjs'

export const workloads = workloadsOf(
  (filename, count) => new Piscina({ filename, minThreads: count, maxThreads: count }),
)
