/** Files that a library must not read or change; made once in a test process. */
import { writeFileSync } from 'node:fs'
import { Scratch } from './scratch.ts'

interface SandboxFixture {
  readonly folder: string
  readonly secret: string
  /** To stay as it is. */
  readonly canary: string
  /** For the harm without isolation. */
  readonly victim: string
}

let made: SandboxFixture | undefined

export function sandboxFixture(): SandboxFixture {
  if (made !== undefined) return made
  const scratch = new Scratch()
  process.once('exit', () => scratch[Symbol.dispose]())
  const [secret, canary, victim] = ['secret', 'canary', 'victim'].map((name) =>
    scratch.path(name),
  ) as [string, string, string]
  made = { folder: scratch.folder, secret, canary, victim }
  writeFileSync(secret, 'a secret\n')
  writeFileSync(canary, 'canary')
  writeFileSync(victim, 'victim')
  return made
}
