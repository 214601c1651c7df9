import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type Definitions,
  define,
  HeaderError,
  type Macro,
  type Place,
  type Preprocessed,
} from './header.ts'
import { plainHeader } from './plain-header.ts'

const COMPILER = process.env['CC'] ?? 'cc'
const TIMEOUT = 60_000
const MOST_OUTPUT = 2 ** 28
/** Begins the lines that show what macros become. */
const MARK = '__fat_threads_macro__'

/**
 * A header by its path, or by the name that an `#include` has, preprocessed by the C compiler.
 *
 * Without a compiler a path is read as it is, see {@link plainHeader}.
 * @throws {HeaderError} if there is no such header, or the compiler refuses it
 */
export function preprocess(header: string, flags: readonly string[]): Preprocessed {
  const path = existsSync(header) ? resolve(header) : undefined
  const include = path === undefined ? `#include <${header}>\n` : `#include "${path}"\n`
  const output = compile(include, ['-dD', ...flags], header)
  if (output === undefined) {
    if (path === undefined)
      throw new HeaderError(
        `there is no C compiler ${COMPILER} to find ${header}: give the header's path, or set CC`,
      )
    return plainHeader(path, readFileSync(path, 'utf8'))
  }
  const found = read(output)
  const names = [...found.defined].filter(([, { isFunction }]) => !isFunction)
  const uses = names.map(([name], index) => `${MARK} ${index} ${name}\n`).join('')
  const expanded = compile(include + uses, ['-P', ...flags], header) ?? ''
  const expansions = new Map<string, string>()
  for (const [, index, text = ''] of expanded.matchAll(
    new RegExp(`^${MARK} (\\d+) ?(.*)$`, 'gm'),
  )) {
    const name = names[Number(index)]?.[0]
    if (name !== undefined) expansions.set(name, text.trim())
  }
  const macros: Macro[] = [...found.defined].map(([name, macro]) => ({
    ...macro,
    expansion: expansions.get(name) ?? '',
  }))
  const { text, places, includes, file = header } = found
  return { file, text, places, macros, includes, compiled: true }
}

/** What the compiler prints; `undefined` where there is none. */
function compile(input: string, flags: readonly string[], header: string): string | undefined {
  const options = { input, encoding: 'utf8', timeout: TIMEOUT, maxBuffer: MOST_OUTPUT } as const
  const { error, status, stdout, stderr } = spawnSync(
    COMPILER,
    ['-E', '-x', 'c', ...flags, '-'],
    options,
  )
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return undefined
  if (status === 0) return stdout
  const reason = error?.message ?? stderr.trim()
  throw new HeaderError(`${COMPILER} can't preprocess ${header}:\n${reason}`)
}

interface Found {
  file: string | undefined
  readonly text: string
  readonly places: Place[]
  readonly defined: Definitions
  readonly includes: Map<string, Set<string>>
}

/** Takes the compiler's output apart: line markers, definitions of macros, and the rest. */
function read(output: string): Found {
  const places: Place[] = []
  const lines: string[] = []
  const defined: Definitions = new Map()
  const includes: Found['includes'] = new Map()
  let header: string | undefined
  let file = ''
  let line = 1
  for (const each of output.split('\n')) {
    const [, number, name, flag] = /^# (\d+) "((?:[^"\\]|\\.)*)"(?: (\d))?/.exec(each) ?? []
    if (number !== undefined && name !== undefined) {
      const entered = name.replace(/\\(.)/g, '$1')
      if (flag === '1') {
        includes.set(file, (includes.get(file) ?? new Set()).add(entered))
        if (file === '<stdin>') header ??= entered
      }
      file = entered
      line = Number(number)
      continue
    }
    const directive = each.startsWith('#')
    if (directive) define(each, { file, line }, defined)
    places.push({ file, line })
    lines.push(directive ? '' : each)
    line++
  }
  return { file: header, text: lines.join('\n'), places, defined, includes }
}
