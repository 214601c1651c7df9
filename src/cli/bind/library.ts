import { basename } from 'node:path'
import { findExport, resolveClosure } from '../../loader/closure.ts'
import { resolveLibrary } from '../../loader/search.ts'
import type { Exports } from './select.ts'

/** A library that functions are bound to. */
export interface BoundLibrary extends Exports {
  /** What other machines find it by: its SONAME, not a path of this machine. */
  readonly name: string
}

/** @throws {LoadError} if it can't be found or loaded */
export function readLibrary(library: string): BoundLibrary {
  const closure = resolveClosure(resolveLibrary(library))
  const { soname, path } = closure.root
  return {
    name: soname ?? basename(path),
    kindOf(symbol) {
      const kind = findExport(closure, symbol)?.symbol.kind
      if (kind === undefined) return undefined
      return kind === 'object' || kind === 'tls' ? 'variable' : 'function'
    },
  }
}
