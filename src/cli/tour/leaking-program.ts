/** A careless program: it holds a descriptor with a secret that every child process inherits. */
import { execFileSync } from 'node:child_process'
import { readSync } from 'node:fs'
import { open } from '../../index.ts'
import { type Findings, LEAKED } from './descriptors.ts'

async function main(path: string): Promise<void> {
  const secret = Buffer.alloc(32)
  readSync(LEAKED, secret, 0, secret.length, 0)
  // Under a mask, so that the request, which the library may read too, isn't what it finds.
  const masked = secret.map((byte) => byte ^ 0xff)
  await using library = await open(path, {
    scan: 'int scan(const uint8_t *masked, size_t length)',
    opened: 'int opened(void)',
  })
  const findings: Findings = {
    leaked: execFileSync('cat', [`/proc/self/fd/${LEAKED}`]).equals(secret),
    found: await library.symbols.scan(masked, masked.length),
    open: await library.symbols.opened(),
  }
  process.stdout.write(JSON.stringify(findings))
}

main(process.argv[2] ?? '')
