import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { CAC } from 'cac'
import { resolveClosure } from '../loader/closure.ts'
import type { ElfObject } from '../loader/elf.ts'
import { type Collision, collisionsBetween } from '../loader/elf-collisions.ts'
import { readElfFile } from '../loader/elf-file.ts'
import type { ExportKind } from '../loader/elf-symbols.ts'
import { type Hardening, hardeningOf } from '../loader/hardening.ts'
import { resolveLibrary } from '../loader/search.ts'
import { errorJson, report, UsageError } from './failure.ts'
import { describe } from './inspect-text.ts'
import { print, printJson } from './output.ts'

/** What `--json` prints. */
export interface Inspection extends FileFacts {
  readonly path: string
  readonly soname: string | null
  readonly exports: Exports
  /** The library first, as the loader would search; `null` where a needed object is missing, or one can't be loaded: `error` says why. */
  readonly closure: readonly InspectedObject[] | null
  readonly hardening: Hardening
  readonly collisions: Collisions
  readonly error?: object
}

interface FileFacts {
  /** In bytes. */
  readonly size: number
  /** In the form that the option `integrity` takes. */
  readonly hash: string
}

export interface Exports {
  /** How many there are of each kind, whatever the filter. */
  readonly counts: Readonly<Partial<Record<ExportKind, number>>>
  readonly shown: readonly InspectedExport[]
}

export interface InspectedExport {
  readonly name: string
  readonly kind: ExportKind
  readonly version: string | null
  /** `false` for an old version, kept for programs that were linked long ago. */
  readonly default: boolean
}

export interface InspectedObject extends FileFacts {
  readonly path: string
  readonly neededBy: readonly string[]
  /** The C library or its loader, which every process has already. */
  readonly provided: boolean
  /** How many names it and Node's executable both export; 0 where both use the one that is provided. */
  readonly collisions: number
}

export interface Collisions {
  readonly executable: string
  /** How many names both export. */
  readonly total: number
  readonly names: readonly Collision[]
}

interface InspectOptions {
  readonly filter?: unknown
  readonly json?: boolean
}

/** Below the options in the command's help. */
export const INSPECT_HELP = {
  title: 'It shows',
  body: `  exports      what the library offers, with kinds and versions
  needs        every object that it reaches, with its size and its hash
  hardening    how it was built to withstand attacks
  collisions   names that Node's own executable exports too: inside Node, calls within the
               library reach Node's functions of these names; in a fat thread they don't
  Nothing is executed.

Exit status:
  0; 1 when the library can't be loaded; 2 wrong usage.`,
}

export function addInspect(cli: CAC): void {
  cli
    .command('inspect <library>', 'Show what a library exports, needs and clashes with')
    .usage('inspect LIBRARY')
    .option('--filter <text>', 'Only exports whose names contain this')
    .example('  $ fat-threads inspect libz.so.1 --filter deflate')
    .action(inspect)
}

function inspect(library: string, options: InspectOptions): void {
  if (library === '') throw new UsageError('LIBRARY is empty')
  if (Array.isArray(options.filter)) throw new UsageError('--filter can be given once')
  const filter = String(options.filter ?? '')
  const path = resolveLibrary(library)
  const elf = readElfFile(path)
  const { closure, failure } = closureOrFailure(path)
  const inspection: Inspection = {
    path,
    soname: elf.soname ?? null,
    ...fileFacts(path),
    exports: exportsOf(elf, filter),
    closure,
    hardening: hardeningOf(elf),
    collisions: collisionsOf(elf),
    ...(failure === undefined ? {} : { error: errorJson(failure) }),
  }
  if (options.json) printJson(inspection)
  else print(...describe(inspection))
  if (failure !== undefined) report(failure)
}

function closureOrFailure(path: string): { closure: InspectedObject[] | null; failure?: unknown } {
  try {
    return { closure: closureOf(path) }
  } catch (failure) {
    return { closure: null, failure }
  }
}

function exportsOf(elf: ElfObject, filter: string): Exports {
  const counts: Partial<Record<ExportKind, number>> = {}
  for (const { kind } of elf.exports) counts[kind] = (counts[kind] ?? 0) + 1
  const shown = elf.exports.filter(({ name }) => name.includes(filter)).sort(byName)
  return {
    counts,
    shown: shown.map(({ name, kind, version, isDefault }) => ({
      name,
      kind,
      version: version ?? null,
      default: isDefault,
    })),
  }
}

function closureOf(path: string): InspectedObject[] {
  const { lookupOrder } = resolveClosure(path)
  return lookupOrder.map((object) => ({
    path: object.path,
    ...fileFacts(object.path),
    neededBy: lookupOrder
      .filter(({ dependencies }) => dependencies.includes(object))
      .map((other) => other.path),
    provided: object.provided,
    collisions: object.provided ? 0 : collisionsOf(object.elf).total,
  }))
}

function fileFacts(path: string): FileFacts {
  const bytes = readFileSync(path)
  const hash = createHash('sha256').update(bytes).digest('base64')
  return { size: bytes.length, hash: `sha256-${hash}` }
}

function collisionsOf(elf: ElfObject): Collisions {
  const executable = process.execPath
  const names = collisionsBetween(elf, readElfFile(executable, { executables: true }))
  return { executable, total: names.length, names: names.sort(byName) }
}

/** In the order of code units, which is the same everywhere. */
function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1
}
