import { basename } from 'node:path'
import { printable } from '../loader/elf-strings.ts'
import type { Hardening } from '../loader/hardening.ts'
import type { Collisions, Exports, InspectedObject, Inspection } from './inspect.ts'
import { columns, paint } from './output.ts'

const SHOWN = 5

/** An inspection for people, as lines. The names in it come out of a file that may be hostile. */
export function describe(inspection: Inspection): string[] {
  const { path, soname, size, hash, exports, closure, hardening, collisions } = inspection
  const known = soname === null || soname === basename(path) ? '' : ` (${printable(soname)})`
  return [
    `${paint('bold', printable(path))}${known}`,
    `  ${bytes(size)}  ${hash}`,
    '',
    ...exportLines(exports),
    '',
    ...closureLines(closure),
    '',
    ...hardeningLines(hardening),
    '',
    ...collisionLines(collisions),
  ]
}

function title(text: string, count: string | number = ''): string {
  return `${paint('bold', text)}  ${count}`.trimEnd()
}

function bytes(size: number): string {
  return `${size.toLocaleString('en-US')} bytes`
}

function exportLines({ counts, shown }: Exports): string[] {
  const rows = shown.map(({ name, kind, version, default: isDefault }) => [
    printable(name),
    kind,
    `${printable(version ?? '')}${isDefault ? '' : ' (old)'}`,
  ])
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const kinds = Object.entries(counts).map(([kind, count]) => `${kind} ${count}`)
  const count = shown.length === total ? total : `${shown.length} of ${total}`
  return [title('Exports', `${count} (${kinds.join(', ')})`), ...columns(rows)]
}

function closureLines(closure: readonly InspectedObject[] | null): string[] {
  if (closure === null) return [title('Needs', paint('red', 'something that stops it, see below'))]
  const [, ...needed] = closure
  const rows = needed.map(({ path, neededBy, size, hash, provided, collisions }) => [
    printable(path),
    bytes(size).padStart(17),
    provided ? "the system's own" : collisions > 0 ? `${collisions} names are Node's too` : '',
    hash,
    `for ${someOf(neededBy.map((other) => basename(other)))}`,
  ])
  return [title('Needs', needed.length), ...columns(rows)]
}

function hardeningLines(hardening: Hardening): string[] {
  const { relro, fortified, rpath, runpath } = hardening
  const flag = (name: string, good: boolean, text = good ? 'yes' : 'no'): string[] => [
    name,
    paint(good ? 'green' : 'yellow', text),
  ]
  const rows = [
    flag('read-only relocations', relro !== 'none', relro),
    flag('binds all at load', hardening.bindNow),
    flag('non-executable stack', hardening.nonExecutableStack),
    flag('writable or executable, never both', hardening.writeXorExecute),
    flag('no text relocations', !hardening.textRelocations),
    flag('stack canaries', hardening.stackCanary),
    flag('checked functions', fortified.length > 0, `${fortified.length}`),
    ['search path', printable([...(rpath ?? []), ...(runpath ?? [])].join(':')) || 'none'],
    ['build id', hardening.buildId ?? 'none'],
  ]
  return [title('Hardening'), ...columns(rows)]
}

function collisionLines({ total, names }: Collisions): string[] {
  const heading = title(`Also exported by Node.js ${process.version}`, total)
  if (total === 0) return [heading]
  return [
    heading,
    `  ${someOf(names.map(({ name }) => name))}`,
    paint('dim', "  Inside Node, calls within the library reach Node's functions of these names."),
  ]
}

/** The first of many names; --json lists all. */
function someOf(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map(printable).join(', ')
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown
}
