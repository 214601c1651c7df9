import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { CAC } from 'cac'
import { UsageError } from '../failure.ts'
import { print, printJson } from '../output.ts'
import { type Bindings, bindings, shortName } from './bindings.ts'
import { HeaderError } from './header.ts'
import { readLibrary } from './library.ts'
import { describe } from './report.ts'
import type { LeftOut } from './select.ts'
import { type Counts, type Files, MARK } from './write.ts'

interface BindOptions {
  readonly library?: unknown
  readonly output?: unknown
  readonly include?: unknown
  readonly cflags?: unknown
  readonly force?: boolean
  readonly json?: boolean
}

/** What `--json` prints. */
export interface Bound {
  readonly header: string
  readonly library: string
  /** Where the bindings were written; `null` where `text` has them. */
  readonly output: string | null
  readonly text?: string
  readonly counts: Counts
  readonly leftOut: readonly LeftOut[]
  /** Whether the C compiler preprocessed the header. */
  readonly compiled: boolean
}

/** Below the options in the command's help. */
export const BIND_HELP = {
  title: 'It writes',
  body: `  one TypeScript file: the header's constants, enumerations and structures, its functions with
  their types and comments, and a function that opens the library with them. To a FILE that ends in
  .js or .mjs, JavaScript with a .d.ts beside it.

  HEADER is a path, or the name that an #include has. Bound are the functions that the header
  declares and the library exports, those of headers that it includes with quotes, and those of
  headers whose paths contain a PATTERN; with the types that they need from anywhere. What is left
  out is listed on standard error, with the reason.

With --json:
  { "header", "library", "output", "counts": { "functions", … }, "leftOut": [ { "kind", "name",
  "reason" } ], "compiled" }, and "text" without --output.

Exit status:
  0; 1 failure; 2 wrong usage.`,
}

export function addBind(cli: CAC): void {
  cli
    .command('bind <header>', 'Write typed bindings from a C header')
    .usage('bind HEADER --library NAME [-o FILE]')
    .option('--library <name>', 'The library that has the functions: a name or a path')
    .option('-o, --output <file>', 'Where to write; standard output otherwise')
    .option('--include <pattern>', 'Bind headers whose paths contain this too; may be repeated')
    .option('--cflags <flags>', "For the preprocessor, as --cflags='-I include -D X=1'")
    .option('--force', 'Overwrite a file that is not of this command')
    .example('  $ fat-threads bind zlib.h --library libz.so.1 --include zconf.h -o zlib.ts')
    .action(bind)
}

async function bind(header: string, options: BindOptions): Promise<void> {
  const name = text(options.library, '--library')
  if (name === undefined)
    throw new UsageError('--library is missing: which library has the functions?')
  if (header === '') throw new UsageError('HEADER is empty')
  const output = text(options.output, '--output')
  if (output !== undefined) requireOurs(output, options.force === true)
  const flags = (text(options.cflags, '--cflags') ?? '').split(/\s+/).filter((flag) => flag !== '')
  const library = readLibrary(name)
  const found = await bindings(header, library, { flags, include: texts(options.include) })
  if (output !== undefined) writeFiles(output, found.files)
  process.stderr.write(describe(found))
  if (options.json) printJson(asJson(header, library.name, output, found))
  else if (output === undefined) print(found.files.typescript.trimEnd())
}

function asJson(
  header: string,
  library: string,
  output: string | undefined,
  { files, leftOut, compiled }: Bindings,
): Bound {
  return {
    header: shortName(header),
    library,
    output: output ?? null,
    ...(output === undefined ? { text: files.typescript } : {}),
    counts: files.counts,
    leftOut,
    compiled,
  }
}

/** A file that somebody else wrote stays as it is. */
function requireOurs(path: string, force: boolean): void {
  for (const each of [path, ...besides(path)])
    if (!force && existsSync(each) && !readFileSync(each, 'utf8').slice(0, 1000).includes(MARK))
      throw new HeaderError(`${each} is not of \`fat-threads bind\`: --force overwrites it`)
}

/** Of a file of JavaScript, the one with its types. */
function besides(path: string): string[] {
  return /\.m?js$/.test(path) ? [path.replace(/\.(m?)js$/, '.d.$1ts')] : []
}

function writeFiles(path: string, files: Files): void {
  const types = besides(path)
  writeFileSync(path, types.length === 0 ? files.typescript : files.javascript)
  for (const each of types) writeFileSync(each, files.declarations)
}

function text(value: unknown, option: string): string | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value)) throw new UsageError(`${option} can be given once`)
  if (value === '') throw new UsageError(`${option} is empty`)
  return String(value)
}

function texts(value: unknown): string[] {
  if (value === undefined) return []
  return (Array.isArray(value) ? value : [value]).map(String)
}
