export type State = 'running' | 'restarting' | 'closed'

export interface Stats {
  readonly pid: number | undefined
  readonly state: State
  /** Requests answered, in all incarnations. */
  readonly completed: number
  /** Handed to the process and not answered. */
  readonly inFlight: number
  /** Not handed to it yet. */
  readonly queued: number
  readonly restarts: number
  /** Processes that wait for a start with the same options, where `spares` asks for some. */
  readonly spares: number
  /** System calls that were denied and told of, in all incarnations. */
  readonly denied: number
  /** Bytes of resident memory of the process, shared pages included. */
  readonly residentMemory: number | undefined
  /** Seconds of processor time that the process has used. */
  readonly processorTime: number | undefined
}
