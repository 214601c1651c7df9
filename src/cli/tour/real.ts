import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { open } from '../../index.ts'
import { deflateInFatThread, deflateInProcess } from './deflate.ts'
import type { Step } from './step.ts'

async function cosine(): Promise<string> {
  await using libm = await open('libm.so.6', { cos: 'double cos(double x)' })
  const result = await libm.symbols.cos(0.5)
  assert.ok(Math.abs(result - Math.cos(0.5)) < 1e-15, `cos(0.5) is ${result}`)
  return `cos(0.5) = ${result}, as Math.cos says`
}

async function openssl(): Promise<string> {
  const declarations = { version: 'const char *OpenSSL_version(int type)' } as const
  await using libcrypto = await open('libcrypto.so.3', declarations)
  const version = await libcrypto.symbols.version(0)
  assert.match(version ?? '', /^OpenSSL \d/)
  assert.ok(readFileSync(libcrypto.path).includes(`${version}`), `${version} is not its own`)
  return `it is ${version}; Node itself has ${process.versions.openssl}`
}

export const REAL: readonly Step[] = [
  { title: 'libm: cos', run: cosine },
  { title: 'libz: compress a file', run: deflateInFatThread },
  { title: 'libz: the same without isolation', run: deflateInProcess },
  { title: 'libcrypto: its version', run: openssl },
]
