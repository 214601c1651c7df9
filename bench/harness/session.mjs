// The runner's side of a subject's process.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { placing } from './conditions.mjs'
import { Unavailable } from './unavailable.mjs'

const ENTRY = fileURLToPath(new URL('subject-process.mjs', import.meta.url))

/** A process that says nothing for so many milliseconds hangs. */
const PATIENCE = 300_000

export class Session {
  #child
  #lines
  #ended

  /** `condition` is the one under which its turns will be. */
  constructor(measure, { subject, workload = measure.name }, warmUp, condition) {
    const [command, ...words] = [
      ...placing(condition),
      process.execPath,
      ...[ENTRY, measure.name, subject, workload, String(warmUp), condition],
    ]
    this.#child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child.on('error', () => {}) // there is no such command; it ends early
    this.#child.stdin.on('error', () => {}) // it ended; reading from it tells
    this.#ended = once(this.#child, 'exit')
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** Waits until it is warm. */
  async ready() {
    await this.#answer()
  }

  /** One turn: its samples by series, and what it came to. */
  async turn(turn) {
    this.#child.stdin.write(`${JSON.stringify(turn)}\n`)
    return await this.#answer()
  }

  async close() {
    this.#child.stdin.end()
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE)
    await this.#ended
    clearTimeout(kill)
  }

  async #answer() {
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE)
    const { value, done } = await this.#lines.next()
    clearTimeout(kill)
    if (done) {
      const [status, signal] = await this.#ended
      throw new Error(`ended early, ${signal ?? `with status ${status}`}`)
    }
    const answer = JSON.parse(value)
    if (answer.unavailable !== undefined) throw new Unavailable(answer.unavailable)
    return answer
  }
}
