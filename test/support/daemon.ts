/** A daemon that a test starts, and stops again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds until it must serve, and until it must have ended. */
const PATIENCE = 10_000

/** What the kernel says of a socket that takes connections. */
const LISTENING = '00010000'

/** Whether somebody listens at a local socket: its file is there a moment before. */
export function listens(path: string): boolean {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .some((words) => words[3] === LISTENING && words.at(-1) === path)
}

export class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess
  #output = ''
  #hasEnded = false

  private constructor(child: ChildProcess) {
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output = `${this.#output}${chunk}`.slice(-4096)
      })
    child.once('close', () => {
      this.#hasEnded = true
    })
  }

  /** Starts it, and waits until it serves, as what it has printed or something else tells. */
  static async start(
    command: string,
    args: readonly string[],
    serves: (output: string) => boolean | Promise<boolean>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Daemon> {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    const daemon = new Daemon(child)
    const limit = performance.now() + PATIENCE
    while (!(await serves(daemon.#output))) {
      await sleep(10)
      if (!daemon.#hasEnded && performance.now() < limit) continue
      await daemon[Symbol.asyncDispose]()
      throw new Error(`${command} does not serve: ${daemon.#output}`)
    }
    return daemon
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    const limit = performance.now() + PATIENCE
    while (!this.#hasEnded && performance.now() < limit) await sleep(10)
    this.#child.kill('SIGKILL')
  }
}
