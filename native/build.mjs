#!/usr/bin/env node
// Builds the host, the addon and the laboratory with plain cc.
//   node native/build.mjs              into build/native/<platform>
//   node native/build.mjs --sanitize   with AddressSanitizer and UndefinedBehaviorSanitizer, into <platform>-sanitized
//   node native/build.mjs --analyze    compiles with -fanalyzer and keeps nothing
//   node native/build.mjs --fuzz       the fuzz targets, with clang's libFuzzer, into build/fuzz
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildLaboratory } from './laboratory/build.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NATIVE = join(ROOT, 'native')
const fuzz = process.argv.includes('--fuzz')
const CC = fuzz ? (process.env.CLANG ?? 'clang') : (process.env.CC ?? 'cc')
const sanitize = process.argv.includes('--sanitize')
const analyze = process.argv.includes('--analyze')
const platform = `${process.platform}-${process.arch}`
const OUT = fuzz
  ? join(ROOT, 'build', 'fuzz')
  : join(ROOT, 'build', 'native', sanitize ? `${platform}-sanitized` : platform)

const common = [
  '-std=c11',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wshadow',
  '-Wstrict-prototypes',
  '-D_FORTIFY_SOURCE=2',
  '-fstack-protector-strong',
  '-fno-common',
  '-fvisibility=hidden',
  `-I${join(NATIVE, 'include')}`,
  ...(sanitize
    ? [
        '-O1',
        '-g',
        '-fno-omit-frame-pointer',
        '-fsanitize=address,undefined',
        '-U_FORTIFY_SOURCE',
        '-DFT_SANITIZED',
      ]
    : ['-O2', '-g0']),
  ...(analyze ? ['-fanalyzer'] : []),
]
// The host's large tables come last in its memory, by their name.
const linked = ['-Wl,-z,relro,-z,now', '-Wl,-z,noexecstack', ...(sanitize ? [] : ['-s'])]

// The first process of a namespace: no C library, so nothing of one in its options either.
const bare = [
  '-std=gnu11',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wshadow',
  '-Wstrict-prototypes',
  '-O2',
  '-g0',
  '-ffreestanding',
  '-fno-stack-protector',
  '-fno-asynchronous-unwind-tables',
  '-fno-tree-loop-distribute-patterns',
  '-fvisibility=hidden',
  `-I${join(NATIVE, 'include')}`,
]

const sources = (folder) =>
  readdirSync(join(NATIVE, folder))
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => join(NATIVE, folder, name))

const nodeHeaders = () => [`-I${createRequire(import.meta.url)('node-api-headers').include_dir}`]

const targets = {
  // libffi and the unwinder are linked in: the fat thread holds nothing that its library does not need.
  host: [
    ...common,
    '-fPIE',
    ...sources('host'),
    '-pie',
    ...linked,
    '-Wl,--sort-section=name',
    '-static-libgcc',
    ...(sanitize ? ['-static-libasan', '-static-libubsan'] : []),
    '-Wl,-Bstatic,-lffi,-Bdynamic',
    '-ldl',
  ],
  first: [
    ...bare,
    ...(analyze ? ['-fanalyzer'] : []),
    '-fPIE',
    ...sources('first'),
    '-static-pie',
    '-nostdlib',
    '-nostartfiles',
    '-Wl,-z,relro,-z,now',
    '-Wl,-z,noexecstack',
    '-Wl,-z,noseparate-code',
    '-Wl,--build-id=none',
    '-s',
  ],
  'addon.node': [
    ...common,
    '-fPIC',
    ...nodeHeaders(),
    ...sources('addon'),
    '-shared',
    '-Wl,-z,nodelete',
    ...linked,
    '-lpthread',
  ],
}

function inputsTime() {
  const parts = ['host', 'first', 'addon', 'include', 'numbers', 'laboratory']
  const folders = parts.map((name) => join(NATIVE, name))
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => join(folder, name)),
  )
  return Math.max(
    ...[...files, fileURLToPath(import.meta.url)].map((file) => statSync(file).mtimeMs),
  )
}

function upToDate() {
  const manifest = join(OUT, 'manifest.json')
  return !analyze && existsSync(manifest) && statSync(manifest).mtimeMs >= inputsTime()
}

function compile(name, options, output = join(OUT, name)) {
  // -fanalyzer works on one file at a time and does not link.
  const runs = analyze
    ? options
        .filter((o) => o.endsWith('.c'))
        .map((file) => [
          ...options.filter(
            (o) =>
              o.startsWith('-') &&
              !o.startsWith('-Wl') &&
              !o.startsWith('-l') &&
              !['-shared', '-pie', '-static-pie'].includes(o),
          ),
          '-c',
          file,
        ])
    : [options]
  for (const run of runs) compileOne(name, run, analyze ? '/dev/null' : output)
}

function compileOne(name, options, output) {
  const { status, error, stderr } = spawnSync(CC, [...options, '-o', output], { encoding: 'utf8' })
  if (error) fail(`the C compiler ${CC} can't be started (${error.message}).`)
  if (status !== 0) fail(`${CC} failed on ${name}:\n${stderr}`)
}

function fail(text) {
  const lacksFuzzer = fuzz && /can't be started|cannot find .*clang_rt/.test(text)
  const missing =
    lacksFuzzer ||
    /ffi\.h: No such file|cannot find -l(:libffi|ffi)/.test(text) ||
    /can't be started/.test(text)
  const advice = missing
    ? `\nInstall what is needed: apt-get install ${fuzz ? 'clang libclang-rt-14-dev' : 'gcc libc6-dev libffi-dev'}\n`
    : '\n'
  process.stderr.write(`${text}${advice}`)
  process.exit(1)
}

// System-call numbers differ by processor: a small program prints those that the C headers name.
function printNumbers() {
  const macros = spawnSync(CC, ['-E', '-dM', '-include', 'sys/syscall.h', '-x', 'c', '/dev/null'], {
    encoding: 'utf8',
  })
  const names = [...(macros.stdout ?? '').matchAll(/^#define __NR_(\w+) /gm)].map(
    ([, name]) => name,
  )
  if (names.length === 0) fail(`${CC} knows no system calls:\n${macros.stderr}`)
  const lines = names.sort().map((name) => `{"${name}", __NR_${name}},\n`)
  writeFileSync(join(OUT, 'calls.inc'), lines.join(''))
  const program = join(OUT, 'numbers')
  compileOne('numbers', [...common, `-I${OUT}`, join(NATIVE, 'numbers', 'main.c')], program)
  const printed = spawnSync(program, { encoding: 'utf8' })
  if (printed.status !== 0) fail(`${program} failed: ${printed.stderr}`)
  writeFileSync(join(OUT, 'syscalls.json'), printed.stdout)
  rmSync(program)
  rmSync(join(OUT, 'calls.inc'))
}

// Each target is one file, which includes the source that it is about; the rest of the addon is linked beside it,
// and what the kernel would do is replaced where the target says so.
const besideWait = sources('addon').filter((path) => !/\/(addon|wait)\.c$/.test(path))
const fuzzTargets = {
  denials: ['-Wl,--wrap=ioctl,--wrap=stat,--wrap=process_vm_readv'],
  socket: besideWait,
  streams: besideWait,
}

function buildFuzzTargets() {
  mkdirSync(OUT, { recursive: true })
  const checks = ['-g', '-O1', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all']
  const plain = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-Wno-unused-function']
  const folders = [`-I${NATIVE}`, `-I${join(NATIVE, 'include')}`]
  for (const [name, options] of Object.entries(fuzzTargets)) {
    const inputs = [join(NATIVE, 'fuzz', `${name}.c`), ...options]
    compileOne(name, [...plain, ...checks, ...folders, ...inputs, '-lpthread'], join(OUT, name))
  }
  process.stdout.write(`${JSON.stringify(Object.keys(fuzzTargets))}\n`)
}

const hash = (name) =>
  createHash('sha256')
    .update(readFileSync(join(OUT, name)))
    .digest('hex')

if (fuzz) {
  buildFuzzTargets()
} else if (!upToDate()) {
  if (process.platform !== 'linux') fail('The native host needs Linux.')
  mkdirSync(OUT, { recursive: true })
  if (!analyze) rmSync(join(OUT, 'manifest.json'), { force: true })
  for (const [name, options] of Object.entries(targets)) compile(name, options)
  // It is about strategies, not about what the sanitizers find in the host and the addon.
  if (!sanitize)
    buildLaboratory({
      folder: join(NATIVE, 'laboratory'),
      out: join(OUT, 'laboratory'),
      common,
      linked,
      nodeHeaders: nodeHeaders(),
      compile,
      keep: !analyze,
    })
  if (!analyze) printNumbers()
  if (!analyze) {
    const manifest = {
      platform,
      host: `sha256-${hash('host')}`,
      first: `sha256-${hash('first')}`,
      addon: `sha256-${hash('addon.node')}`,
    }
    writeFileSync(join(OUT, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  }
}
