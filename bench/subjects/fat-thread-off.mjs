import { workloadsWith } from './fat-thread.mjs'

/** A process of its own and nothing more: what the sandbox costs stands beside it. */
export const workloads = workloadsWith({ sandbox: 'off' })
