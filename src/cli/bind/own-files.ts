import { readFileSync } from 'node:fs'
import type { Preprocessed } from './header.ts'

/**
 * The files whose declarations are bound: the header, what it and they include with quotes, as headers do for those of
 * their own package, and all whose paths contain a pattern.
 */
export function ownFiles(
  { file, includes }: Preprocessed,
  patterns: readonly string[],
): ReadonlySet<string> {
  const own = new Set([file])
  const all = new Set([...includes.values()].flatMap((each) => [...each]))
  for (const each of all) if (patterns.some((pattern) => each.includes(pattern))) own.add(each)
  // A set gives what is added while it is gone through.
  for (const each of own)
    for (const included of includes.get(each) ?? [])
      if (quotedIn(each).some((name) => included.endsWith(`/${name}`))) own.add(included)
  return own
}

function quotedIn(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm)].map(([, name = '']) =>
    name.replace(/^(\.\.?\/)+/, ''),
  )
}
