/** What a test needs from the machine: a missing Debian package, or a kernel that lacks something. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** What the kernel lacks; the only reason to skip that CI takes. */
    kernelLacks?: string
  }
}

const FOLDERS = [
  ...(process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== ''),
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
  '/usr/local/lib',
]

let cached: string | undefined

/** The loader's own list; `ldconfig` is not on the path of an ordinary user. */
function loaderCache(): string {
  cached ??=
    ['ldconfig', '/sbin/ldconfig', '/usr/sbin/ldconfig']
      .map((command) => spawnSync(command, ['-p'], { encoding: 'utf8' }).stdout)
      .find((text) => text) ?? ''
  return cached
}

const installed = (libraryName: string): boolean =>
  loaderCache().includes(`\t${libraryName} `) ||
  FOLDERS.some((folder) => existsSync(join(folder, libraryName)))

/**
 * Whether to skip for want of a library, for `test.skipIf(needs('zlib1g', 'libz.so.1'))`.
 * Under CI a missing package is an error: the list in `.ci/packages` is then incomplete.
 */
export function needs(packageName: string, libraryName: string): boolean {
  return needed(installed(libraryName), libraryName, packageName)
}

function needed(found: boolean, what: string, packageName: string): boolean {
  if (found) return false
  const missing = `${what} is missing: apt-get install ${packageName}`
  if (process.env['CI'] === 'true') throw new Error(missing)
  process.stderr.write(`skipped: ${missing}\n`)
  return true
}

/** Whether to skip for want of a file. */
export function needsFile(packageName: string, path: string): boolean {
  return needed(existsSync(path), path, packageName)
}

/**
 * Whether to skip for want of a header that the C compiler finds, for `test.skipIf(needsHeader('zlib1g-dev', 'zlib.h'))`.
 */
export function needsHeader(packageName: string, header: string): boolean {
  const compile = ['-E', '-x', 'c', '-include', header, '-o', '/dev/null', '/dev/null']
  return needed(spawnSync('cc', compile).status === 0, header, packageName)
}

/** Whether to skip for want of npm's pkcs11js, which `npm test` builds where there is a C++ compiler. */
export function needsPkcs11js(): boolean {
  const addon = new URL('../../node_modules/pkcs11js/build/Release/pkcs11.node', import.meta.url)
  return needed(existsSync(addon), "pkcs11js's addon", 'g++, and npm run setup -- --peers')
}

/** Whether to skip for want of a program on the path; its path is `commandPath(command)`. */
export function needsCommand(packageName: string, command: string): boolean {
  return needed(commandPath(command) !== undefined, command, packageName)
}

export function commandPath(command: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path))
}

/** Skips the running test, with its reason in the report: `skipWithoutKernel(context, found, 'Landlock')`. */
export function skipWithoutKernel(context: TestContext, present: boolean, feature: string): void {
  if (present) return
  context.task.meta.kernelLacks = feature
  context.skip(`the kernel lacks ${feature}`)
}
