/** Bindings that the command line writes from headers as Debian ships them, in a folder where they can be used. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bound } from '../../src/cli/bind/command.ts'
import { runJson } from '../cli/run.ts'
import { needs, needsHeader } from '../support/needs.ts'
import type { Scratch } from '../support/scratch.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A header, its library, and the packages that have them. */
export interface Header {
  readonly header: string
  readonly library: string
  readonly packages: readonly [header: string, library: string]
}

export const HEADERS = {
  zlib: { header: 'zlib.h', library: 'libz.so.1', packages: ['zlib1g-dev', 'zlib1g'] },
  sqlite3: {
    header: 'sqlite3.h',
    library: 'libsqlite3.so.0',
    packages: ['libsqlite3-dev', 'libsqlite3-0'],
  },
  spng: { header: 'spng.h', library: 'libspng.so.0', packages: ['libspng-dev', 'libspng0'] },
  png: { header: 'png.h', library: 'libpng16.so.16', packages: ['libpng-dev', 'libpng16-16'] },
  zstd: { header: 'zstd.h', library: 'libzstd.so.1', packages: ['libzstd-dev', 'libzstd1'] },
  turbojpeg: {
    header: 'turbojpeg.h',
    library: 'libturbojpeg.so.0',
    packages: ['libturbojpeg0-dev', 'libturbojpeg0'],
  },
  sodium: {
    header: 'sodium.h',
    library: 'libsodium.so.23',
    packages: ['libsodium-dev', 'libsodium23'],
  },
} as const satisfies Readonly<Record<string, Header>>

export function isMissing({ header, library, packages }: Header): boolean {
  const [development, runtime] = packages
  return [needs(runtime, library), needsHeader(development, header)].includes(true)
}

/** A folder in which `fat-threads` is installed. */
export function installed(scratch: Scratch): string {
  mkdirSync(scratch.path('node_modules'))
  symlinkSync(ROOT, scratch.path('node_modules/fat-threads'))
  scratch.write('package.json', '{ "type": "module" }')
  return scratch.folder
}

/** Runs `fat-threads bind`, and gives what it said. */
export function bind(scratch: Scratch, { header, library }: Header, file: string): Bound {
  const { status, json, stderr } = runJson(
    'bind',
    header,
    '--library',
    library,
    '-o',
    scratch.path(file),
  )
  if (status !== 0) throw new Error(stderr)
  return json as Bound
}

export const textOf = (scratch: Scratch, file: string): string =>
  readFileSync(scratch.path(file), 'utf8')

/** The names before a parenthesis in what the compiler makes of a header: all functions are among them. */
export function declaredIn(header: string): ReadonlySet<string> {
  const options = { input: `#include <${header}>\n`, encoding: 'utf8' } as const
  const { stdout } = spawnSync('cc', ['-E', '-P', '-x', 'c', '-'], options)
  return new Set([...stdout.matchAll(/\b([A-Za-z_]\w*)\)?\s*\(/g)].map(([, name = '']) => name))
}

const OPTIONS = [
  ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'],
  ...['--target', 'es2022', '--module', 'nodenext', '--lib', 'es2023,esnext.disposable'],
  ...[
    '--erasableSyntaxOnly',
    '--verbatimModuleSyntax',
    '--isolatedModules',
    '--isolatedDeclarations',
  ],
  ...['--declaration', '--allowImportingTsExtensions', '--skipLibCheck', '--pretty', 'false'],
]

/** What TypeScript has to say of files in a folder of {@link installed}. */
export function typeErrors(scratch: Scratch, files: readonly string[]): string[] {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [compiler, ...OPTIONS, ...files], {
    cwd: scratch.folder,
    encoding: 'utf8',
  })
  return stdout.split('\n').filter((line) => line !== '')
}
