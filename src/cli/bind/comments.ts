/** What headers say of their declarations: the comments of the raw files. */
import { readFileSync } from 'node:fs'
import type { Place } from './header.ts'

interface Comment {
  readonly text: string
  /** Its first and last line, from 1 on. */
  readonly from: number
  readonly to: number
  /** Whether code stands before it on its first line. */
  readonly trails: boolean
}

/** Strings, so that no comment begins in them, and comments. */
const PATTERN = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\.)+'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g

/** The comments of one file. */
class Comments {
  readonly #byFirstLine = new Map<number, Comment>()
  readonly #byLastLine = new Map<number, Comment>()
  readonly #trailing = new Map<number, Comment>()
  readonly #lines: readonly string[]
  /** Whether this file has them below what they describe, as zlib's has. */
  #below: boolean | undefined

  constructor(raw: string) {
    this.#lines = raw.split('\n')
    let line = 1
    let at = 0
    for (const { 0: match, index } of raw.matchAll(PATTERN)) {
      if (!match.startsWith('/')) continue
      line += newLines(raw.slice(at, index))
      at = index
      const before = raw.slice(raw.lastIndexOf('\n', index - 1) + 1, index)
      this.#add({ text: match, from: line, to: line + newLines(match), trails: /\S/.test(before) })
    }
  }

  /** Lines of `//` that follow each other are one comment. */
  #add(comment: Comment): void {
    const above = this.#byLastLine.get(comment.from - 1)
    const joins = comment.text.startsWith('//') && above?.text.startsWith('//') && !comment.trails
    const whole =
      joins && above !== undefined
        ? { ...comment, text: `${above.text}\n${comment.text}`, from: above.from }
        : comment
    if (comment.trails) this.#trailing.set(comment.from, comment)
    else {
      this.#byFirstLine.set(whole.from, whole)
      this.#byLastLine.set(whole.to, whole)
    }
  }

  /** Learns from where functions begin whether comments stand above or below them. */
  learn(lines: readonly number[]): void {
    const above = lines.filter((line) => this.#byLastLine.has(line - 1)).length
    const below = lines.filter((line) => this.#byFirstLine.has(this.#end(line) + 1)).length
    this.#below = below > above
  }

  /** Of a declaration that begins on this line. */
  of(line: number): string | undefined {
    const found = this.#below
      ? this.#byFirstLine.get(this.#end(line) + 1)
      : this.#byLastLine.get(line - 1)
    return found === undefined ? this.#at(line) : plain(found.text)
  }

  /** Of a part of a declaration: behind it, or above it. */
  ofPart(line: number): string | undefined {
    const above = this.#byLastLine.get(line - 1)
    return this.#at(line) ?? (above === undefined ? undefined : plain(above.text))
  }

  #at(line: number): string | undefined {
    const trailing = this.#trailing.get(line)
    return trailing === undefined ? undefined : plain(trailing.text)
  }

  /** The line of the semicolon that ends a declaration. */
  #end(line: number): number {
    for (let at = line; at <= this.#lines.length; at++)
      if ((this.#lines[at - 1] ?? '').includes(';')) return at
    return line
  }
}

function newLines(text: string): number {
  return text.split('\n').length - 1
}

/** A comment's text without its stars. */
function plain(comment: string): string | undefined {
  const body = comment.startsWith('/*') ? comment.slice(2, -2) : comment
  const lines = body.split('\n').map((line) =>
    line
      .replace(/^\s*\/\/[/!]?<? ?/, '')
      .replace(/^[*!]*<?/, '')
      .replace(/^\s*\*+ ?/, '')
      .replace(/[\t\r\f\v]/g, ' ')
      .replace(/\s*\*+$/, '')
      .trimEnd(),
  )
  const kept = lines.filter((line) => !/^\s*[-=_*#~]{3,}\s*$/.test(line))
  const indent = Math.min(...kept.filter((line) => line !== '').map((line) => line.search(/\S/)))
  const text = kept.map((line) => line.slice(Number.isFinite(indent) ? indent : 0)).join('\n')
  const trimmed = text.replace(/\n{3,}/g, '\n\n').trim()
  return trimmed === '' ? undefined : trimmed
}

/** Comments by the places of what they describe. */
export class Docs {
  readonly #files = new Map<string, Comments>()

  /** `functions` are where functions begin. */
  constructor(functions: readonly Place[]) {
    const lines = new Map<string, number[]>()
    for (const { file, line } of functions) lines.set(file, [...(lines.get(file) ?? []), line])
    for (const [file, all] of lines) this.#of(file).learn(all)
  }

  of({ file, line }: Place): string | undefined {
    return this.#of(file).of(line)
  }

  ofPart({ file, line }: Place): string | undefined {
    return this.#of(file).ofPart(line)
  }

  #of(file: string): Comments {
    let comments = this.#files.get(file)
    if (comments === undefined) {
      comments = new Comments(readText(file))
      this.#files.set(file, comments)
    }
    return comments
  }
}

/** What can't be read says nothing. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
