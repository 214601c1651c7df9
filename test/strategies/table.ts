/** The table as `fat-threads strategies --json` prints it. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Cell {
  readonly strategy: string
  readonly behaviour: string
  readonly outcome: string
  readonly reason: string
  readonly evidence: readonly (readonly [string, string])[]
  readonly milliseconds: number
}

export interface Table {
  readonly strategies: readonly {
    readonly id: string
    readonly costs: {
      readonly start: number
      readonly call: number
      readonly memory: number
    } | null
  }[]
  readonly behaviours: readonly { readonly id: string; readonly controls: readonly string[] }[]
  readonly cells: readonly Cell[]
}

export interface Made {
  readonly table: Table
  readonly status: number | null
  readonly stderr: string
}

/** `fat-threads strategies WORD… --json` */
export function makeTable(...words: readonly string[]): Promise<Made> {
  const child = spawn(process.execPath, [MAIN, 'strategies', ...words, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ table: JSON.parse(stdout), status, stderr }))
  })
}

/** What must be the same whenever the table is made. */
export function settled({ cells }: Table): readonly string[] {
  return cells.map(({ milliseconds: _, ...cell }) => JSON.stringify(cell))
}
