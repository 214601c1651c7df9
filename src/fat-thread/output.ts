import type { Output } from '../host/process.ts'
import type { Settings } from '../options.ts'
import type { Emitter } from './events.ts'

/** Bytes of a library's output that wait in the program for a slow reader; beyond that they are dropped. */
const MOST_UNREAD = 4 * 2 ** 20

/** Passes on what libraries print: to the program's own streams, or to listeners. */
export class OutputPassage {
  readonly #settings: Settings
  readonly #emitter: Emitter
  /** Bytes that could not be passed on and that nobody was told of. */
  readonly #dropped = { stdout: 0, stderr: 0 }

  constructor(settings: Settings, emitter: Emitter) {
    this.#settings = settings
    this.#emitter = emitter
  }

  pass({ stream, bytes, dropped }: Output): void {
    const pass = this.#settings[stream] === 'inherit' ? relay : this.#emit
    // Whoever reads the program's stream may be slower than the library writes.
    const full = pass === relay && process[stream].writableLength > MOST_UNREAD
    this.#dropped[stream] += full ? dropped + bytes.length : dropped
    if (full) return
    if (bytes.length > 0)
      pass(stream, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    const lost = this.#dropped[stream]
    this.#dropped[stream] = 0
    if (lost > 0) pass(stream, Buffer.from(`[fat-threads: ${lost} bytes dropped]\n`))
  }

  /** After all bookkeeping: what a listener throws must not stop it. */
  readonly #emit = (stream: Output['stream'], bytes: Buffer): void => {
    process.nextTick(() => this.#emitter.emit(stream, bytes))
  }
}

function relay(stream: Output['stream'], bytes: Buffer): void {
  process[stream].write(bytes)
}
