/** A card with a key, which a test puts into the reader of vpcd and takes out of it. */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Daemon } from './daemon.ts'
import { Scratch } from './scratch.ts'

const PROGRAM = fileURLToPath(new URL('../fixtures/programs/is-a-card.mjs', import.meta.url))
/** Of the first reader, as Debian configures it. */
const PORT = 0x8c7b

export class PivCard implements AsyncDisposable {
  static readonly PIN = '123456'
  readonly certificate: X509Certificate
  readonly #scratch = new Scratch()
  readonly #files: readonly [key: string, certificate: string]
  #inserted: Daemon | undefined

  constructor() {
    const [key, certificate] = [this.#scratch.path('key'), this.#scratch.path('certificate')]
    this.#files = [key, certificate]
    const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=A card']
    execFileSync('openssl', [...words, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
    this.certificate = new X509Certificate(readFileSync(certificate))
  }

  /** Waits until the reader has it. */
  async insert(): Promise<void> {
    const words = [PROGRAM, `${PORT}`, ...this.#files, PivCard.PIN]
    this.#inserted = await Daemon.start(process.execPath, words, (output) =>
      output.includes('inserted'),
    )
  }

  async remove(): Promise<void> {
    await this.#inserted?.[Symbol.asyncDispose]()
    this.#inserted = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove()
    this.#scratch[Symbol.dispose]()
  }
}
