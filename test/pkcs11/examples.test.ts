/** The examples with a token, as a reader would run them. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { needsSoftHsm } from '../support/softhsm.ts'

function run(name: string): string {
  const path = fileURLToPath(new URL(`../../examples/pkcs11/${name}`, import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [path], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

describe.skipIf(needsSoftHsm())('examples/pkcs11', () => {
  test('sign.mjs', () => {
    const said = run('sign.mjs')
    expect(said).toMatch(/^signature of .*sign\.mjs:\n[\w+/]{342}==\n/)
    expect(said).toContain('good: true\n')
    expect(said).toContain('private exponent: undefined\n')
  }, 60_000)

  test('tls-server.mjs', () => {
    const said = run('tls-server.mjs')
    const answer = 'TLSv1.3, authorized: true: signed by a token\n'
    // Before its module crashes, and after.
    expect(said.endsWith(`${answer}${answer}`)).toBe(true)
  }, 60_000)

  test('survives.mjs', () => {
    const lines = run('survives.mjs').trim().split('\n')
    const [first = ''] = lines
    expect(first).toMatch(/^\/sign 200 [\da-f]{64}$/)
    expect(lines.filter((line) => line === first)).toHaveLength(3)
    expect(lines.filter((line) => /^\/crash 503 CKR_\w+: C_\w+ /.test(line))).toHaveLength(2)
    expect(lines.filter((line) => /^crash: .*SIGSEGV/.test(line))).toHaveLength(2)
    expect(lines.filter((line) => line === 'restart')).toHaveLength(2)
  }, 60_000)
})
