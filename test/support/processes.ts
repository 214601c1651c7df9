import { readdirSync, readFileSync } from 'node:fs'

interface Process {
  readonly pid: number
  readonly parent: number
  readonly name: string
  /** One letter, as in `/proc/<pid>/stat`: `Z` is a zombie. */
  readonly state: string
}

/** Free of the descriptor that reading needs, and of files that vanish while they are read. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Every process of the machine that this user can see. */
export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      const stat = attempt(() => readFileSync(`/proc/${entry}/stat`, 'utf8'))
      // The name stands in parentheses and may hold anything, parentheses too.
      const parts = /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat ?? '')
      const [, name, state, parent] = parts ?? []
      if (name === undefined || state === undefined) return []
      return [{ pid: Number(entry), parent: Number(parent), name, state }]
    })
}
