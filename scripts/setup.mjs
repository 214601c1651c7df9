#!/usr/bin/env node
// Makes a checkout ready to run: npm packages, what the C compiler needs, dist/ and build/native/.
//   node scripts/setup.mjs              the usual build
//   node scripts/setup.mjs --sanitize   the native part with the sanitizers
//   node scripts/setup.mjs --peers      with what tests and benchmarks put beside fat threads, where it can be built
// Stands on Node alone, since it runs before anything is installed. Silent when nothing is to do.
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { buildPkcs11js } from './pkcs11js.mjs'
import { clock, ROOT, run, script, tool } from './steps.mjs'

const NODE = [20, 19]
const DEBIAN = ['gcc', 'libc6-dev', 'libffi-dev']
const CC = process.env.CC ?? 'cc'

const say = (text) => process.stderr.write(`setup: ${text}\n`)

class Stop extends Error {}

function stop(text, output = '') {
  throw new Stop(output ? `${text}\n${output}` : text)
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > NODE[0] || (major === NODE[0] && minor >= NODE[1])) return
  stop(`Node.js ${NODE.join('.')} or newer is needed; this is ${process.versions.node}.`)
}

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)

/**
 * `npm ci` refuses a lock file when the registry lacks an optional package of some other platform
 * (npm/cli#9846). `npm install --no-save` installs the same locked versions, checks the same hashes
 * and leaves package.json and package-lock.json alone.
 */
function installPackages() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json')
  if (modified(installed) >= modified(join(ROOT, 'package-lock.json'))) return
  const time = clock()
  say('installing npm packages')
  const options = ['--no-save', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']
  const { ok, output } = run('npm', ['install', ...options])
  if (!ok) stop('npm install failed.', output)
  utimesSync(installed, new Date(), new Date())
  say(`npm packages installed (${time()})`)
}

/** What the build needs and the machine lacks, in words. */
function missingForC() {
  if (!run(CC, ['--version']).ok) return [`the C compiler ${CC}`]
  const headers = ['stdio.h', 'linux/futex.h', 'ffi.h'].filter(
    (name) => !run(CC, ['-E', '-x', 'c', '-include', name, '-o', '/dev/null', '/dev/null']).ok,
  )
  // The compiler answers with the bare name when it knows no such file.
  const library = run(CC, ['-print-file-name=libffi.a']).stdout.trim()
  return library === 'libffi.a' ? [...headers, library] : headers
}

function requireC() {
  const missing = missingForC()
  if (missing.length === 0) return
  const command = `apt-get install ${DEBIAN.join(' ')}`
  const lacks = `missing: ${missing.join(', ')}`
  if (process.getuid?.() !== 0 || !run('apt-get', ['--version']).ok)
    stop(`${lacks}. On Debian or Ubuntu, run:\n  sudo ${command}\nand start again.`)
  const time = clock()
  say(`${lacks}; running ${command}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['update'], { env })
  const { ok, output } = run('apt-get', ['install', '-y', '--no-install-recommends', ...DEBIAN], {
    env,
  })
  if (!ok) stop(`${command} failed.`, output)
  const still = missingForC()
  if (still.length > 0) stop(`still missing after ${command}: ${still.join(', ')}`)
  say(`C compiler and libffi installed (${time()})`)
}

function compileTypeScript() {
  const time = clock()
  const { ok, output } = tool('tsc', ['-p', 'tsconfig.build.json', '--listEmittedFiles'])
  if (!ok) {
    const errors = output.split('\n').filter((line) => !line.startsWith('TSFILE:'))
    stop('TypeScript does not compile.', errors.join('\n'))
  }
  const compiled = output.includes('TSFILE:')
  if (compiled) say(`TypeScript compiled (${time()})`)
  // Written last, so the whole is older than what writes it only where that has changed.
  const doors = modified(join(ROOT, 'dist', 'doors', 'pkcs11js.d.ts'))
  if (compiled || doors < modified(join(ROOT, 'scripts', 'doors.mjs'))) makeDoors()
}

function makeDoors() {
  const { ok, output } = script('scripts/doors.mjs')
  if (!ok) stop('What programs import is not made.', output)
}

function copyGrammar() {
  const { ok, output } = script('scripts/grammar.mjs')
  if (!ok) stop('The C grammar is missing.', output)
}

function newest(folder) {
  if (!existsSync(folder)) return 0
  const files = readdirSync(folder, { recursive: true }).map((name) => join(folder, name))
  return Math.max(0, ...files.map(modified))
}

function buildNative(args) {
  const time = clock()
  const folder = join(ROOT, 'build', 'native')
  const before = newest(folder)
  const { ok, output } = script('native/build.mjs', args)
  if (!ok) stop('The native part does not build.', output)
  if (newest(folder) > before) say(`native part built (${time()})`)
}

/** Nothing else needs it, so whoever lacks a C++ compiler loses some tests and no more. */
function buildPeers() {
  const time = clock()
  let begun = false
  const missing = buildPkcs11js(() => {
    begun = true
  })
  if (missing !== undefined) say(`pkcs11js is left out of tests and benchmarks: ${missing}`)
  else if (begun) say(`pkcs11js built (${time()})`)
}

try {
  checkNode()
  installPackages()
  requireC()
  compileTypeScript()
  copyGrammar()
  buildNative(process.argv.slice(2).filter((arg) => arg === '--sanitize'))
  if (process.argv.includes('--peers')) buildPeers()
} catch (error) {
  if (!(error instanceof Stop)) throw error
  process.stderr.write(`setup: ${error.message}\n`)
  process.exitCode = 1
}
