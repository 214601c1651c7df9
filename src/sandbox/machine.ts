import { readFileSync } from 'node:fs'
import { addon } from '../host/addon.ts'

/** What this kernel lets a process give up, tried once in a program. */
export interface Machine {
  /** Whether a program can be asked about denied calls, and can read what they are about. */
  readonly listener: boolean
  /** Why not. */
  readonly listenerWhy: string | undefined
  /** The version of Landlock; 0 where there is none. */
  readonly landlock: number
}

let machine: Machine | undefined

export function machineOf(): Machine {
  machine ??= probe()
  return machine
}

function probe(): Machine {
  const [listenerError, landlock] = addon().probe()
  const why =
    listenerError === 0
      ? tracingRefused()
      : `seccomp gives no listener (errno ${listenerError}; another one may be in force)`
  return { listener: why === undefined, listenerWhy: why, landlock: Math.max(landlock, 0) }
}

/** Paths are read from the fat thread, which is a child. */
function tracingRefused(): string | undefined {
  try {
    const scope = Number(readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'latin1'))
    return scope > 1 && process.geteuid?.() !== 0
      ? `kernel.yama.ptrace_scope is ${scope}: the arguments of denied calls can't be read`
      : undefined
  } catch {
    return undefined // no such restriction
  }
}
