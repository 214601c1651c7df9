import { workloadsWith } from './fat-thread.mjs'

/** A process waits for the next start. */
export const workloads = workloadsWith({ spares: 1 })
