/** A folder of its own for a test file, with small libraries made on the spot. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from '../fixtures/build.ts'

export class Scratch implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'fat-threads-'))

  path(name: string): string {
    return join(this.folder, name)
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content)
    return this.path(name)
  }

  /** Compiles one C text to `<name>`. */
  compile(name: string, source: string, flags: readonly string[] = []): string {
    const file = this.write(`${name}.c`, source)
    build(file, this.path(name), flags)
    return this.path(name)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
