#!/usr/bin/env node
// Everything that a change must pass beside its tests.
//   node scripts/check.mjs            all checks; NAME... runs only those
//   node scripts/check.mjs --json     the results as one JSON value on standard output, the lines on standard error
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { strangers } from './homes.mjs'
import { clock, run, script, tool } from './steps.mjs'

/** The package as a user gets it: packed first, so that what is checked is what would be published. */
function checkPackage() {
  const folder = mkdtempSync(join(tmpdir(), 'fat-threads-pack-'))
  try {
    // Already built; the prepack script would only build again.
    const options = ['--json', '--silent', '--ignore-scripts', '--pack-destination', folder]
    const packed = run('npm', ['pack', ...options])
    if (!packed.ok) return packed
    const tarball = join(folder, JSON.parse(packed.stdout)[0].filename)
    const results = [
      tool('publint', ['run', tarball, '--strict']),
      // The profile node16 leaves out Node 10, which knows no "exports".
      tool('attw', [tarball, '--profile', 'node16']),
    ]
    return {
      ok: results.every(({ ok }) => ok),
      output: results.flatMap(({ ok, output }) => (ok ? [] : [output])).join('\n'),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function checkHomes() {
  const found = strangers()
  return { ok: found.length === 0, output: found.join('\n') }
}

const CHECKS = {
  format: () => tool('biome', ['check', '--error-on-warnings', '.']),
  types: () => tool('tsc', ['--noEmit', '-p', 'tsconfig.json']),
  imports: () => tool('depcruise', ['src', 'test']),
  homes: checkHomes,
  unused: () => tool('knip', []),
  package: checkPackage,
  protocol: () => script('scripts/protocol-header.mjs', ['--check']),
  analyze: () => script('native/build.mjs', ['--analyze']),
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !Object.hasOwn(CHECKS, name))
if (unknown.length > 0) {
  process.stderr.write(
    `no such check: ${unknown.join(', ')}. There are: ${Object.keys(CHECKS).join(', ')}\n`,
  )
  process.exit(2)
}

const lines = values.json ? process.stderr : process.stdout
const names = positionals.length > 0 ? positionals : Object.keys(CHECKS)
const results = names.map((name) => {
  const time = clock()
  const { ok, output } = CHECKS[name]()
  lines.write(ok ? `ok ${name} ${time()}\n` : `${output}\nFAILED ${name} ${time()}\n`)
  return { name, ok, output: ok ? '' : output }
})

const failed = results.filter(({ ok }) => !ok).map(({ name }) => name)
if (failed.length > 0) lines.write(`failed: ${failed.join(', ')}\n`)
if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`)
process.exitCode = failed.length > 0 ? 1 : 0
