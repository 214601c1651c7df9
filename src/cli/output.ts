import { stripVTControlCharacters, styleText } from 'node:util'
import { Pointer } from '../index.ts'
import { printable } from '../loader/elf-strings.ts'

type Format = 'bold' | 'dim' | 'green' | 'red' | 'yellow'

/** What JSON leaves as it is, and a terminal may obey or hide. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Coloured where standard output is a terminal that wants colours: see NO_COLOR. */
export function paint(format: Format, text: string): string {
  return styleText(format, text, { stream: process.stdout })
}

export function print(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

/** Text of a library. A terminal would obey the control characters in it, a file or a pipe is given all. */
export function foreign(text: string): string {
  return process.stdout.isTTY ? text.split('\n').map(printable).join('\n') : text
}

/** Rows of cells as indented lines, each column as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, width(cell))
  return rows.map((row) => {
    const cells = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
    return `  ${cells.join('  ')}`.trimEnd()
  })
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length
}

/**
 * One JSON value. What JSON can't say is a string: 64-bit integers in decimal, `NaN` and the
 * infinities, pointers, and bytes as `hex:…`.
 */
export function printJson(value: unknown): void {
  // `each` of a Buffer would be what its toJSON says already.
  const replace = function (this: Record<string, unknown>, key: string, each: unknown): unknown {
    return this[key] instanceof Uint8Array ? hex(this[key]) : jsonValue(each)
  }
  print(JSON.stringify(value, replace).replace(OBEYED, escaped))
}

function escaped(characters: string): string {
  const units = Array.from({ length: characters.length }, (_, at) => characters.charCodeAt(at))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

function hex(bytes: Uint8Array): string {
  return `hex:${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`
}

function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint' || value instanceof Pointer) return String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return value
}
