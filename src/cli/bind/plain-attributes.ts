/** Attributes where the grammar knows none: behind an enumerator, and in front of the `*` of a function pointer. */

const ATTRIBUTE = /\b__attribute(?:__)?\s*\(/g
/** They change a layout. */
const KEPT = /\b_*(?:packed|aligned)_*\b/

/** The same text, of the same length and lines, with spaces for them. */
export function withoutStrayAttributes(text: string): string {
  let plain = ''
  let done = 0
  let seen = 0
  for (const { index } of text.matchAll(ATTRIBUTE)) {
    if (index < seen) continue
    seen = endOfRun(text, index)
    const run = text.slice(index, seen)
    if (KEPT.test(run) || !isStray(text, index, seen)) continue
    plain += text.slice(done, index) + run.replace(/[^\n]/g, ' ')
    done = seen
  }
  return plain + text.slice(done)
}

/** The place behind the attributes that begin at `start`. */
function endOfRun(text: string, start: number): number {
  const another = /\s*__attribute(?:__)?\s*\(/y
  let end = start
  for (another.lastIndex = start; another.test(text); another.lastIndex = end)
    end = closing(text, another.lastIndex)
  return end
}

/** The place behind the parenthesis that closes the one before `at`. */
function closing(text: string, at: number): number {
  const tokens = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[()]/g
  tokens.lastIndex = at
  for (let depth = 1; depth > 0; ) {
    const [token] = tokens.exec(text) ?? []
    if (token === undefined) return text.length
    if (token === '(') depth++
    if (token === ')') depth--
  }
  return tokens.lastIndex
}

function isStray(text: string, start: number, end: number): boolean {
  const [before = ''] = /\S\s*$/.exec(text.slice(Math.max(0, start - 200), start)) ?? []
  const [, next = ''] = /^\s*(\S)/.exec(text.slice(end, end + 200)) ?? []
  if (before[0] === '(') return next === '*'
  return /^\w/.test(before) && /[,=}]/.test(next)
}
