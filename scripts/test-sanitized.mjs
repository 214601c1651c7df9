#!/usr/bin/env node
// The tests with a host and an addon built with AddressSanitizer and UndefinedBehaviorSanitizer.
// Further arguments go to vitest: node scripts/test-sanitized.mjs test/channel
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT, run } from './steps.mjs'

const setup = [join(ROOT, 'scripts', 'setup.mjs'), '--sanitize']
if (spawnSync(process.execPath, setup, { stdio: 'inherit' }).status !== 0) process.exit(1)

const preload = run(process.env.CC ?? 'cc', ['-print-file-name=libasan.so']).stdout.trim()
if (!preload.includes('/')) {
  process.stderr.write('libasan is missing; on Debian it comes with the package gcc.\n')
  process.exit(1)
}

// What runs the host and the addon. Rows whose outcome is a signal, a size or a flood of output are left out:
// there the sanitizers' own handlers, allocator and shadow memory would be what is tested.
const FOLDERS = [
  'test/api',
  'test/cases',
  'test/lifecycle',
  'test/hostile/lying',
  'test/hostile/reaching',
]

const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--project', 'unit', ...FOLDERS, ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      // Node itself is not sanitized: the runtime must be there before it, and Node's own leaks are not ours.
      LD_PRELOAD: preload,
      ASAN_OPTIONS: 'detect_leaks=0',
      UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
      FAT_THREADS_NATIVE: 'sanitized',
    },
  },
)
process.exitCode = status ?? 1
